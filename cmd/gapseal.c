/* SPDX-License-Identifier: ISC */
#include "gapseal.h"

#include <stdio.h>
#include <string.h>

#include "gapseal/config.h"
#include "gapseal/utc.h"
#include "gapseal/x509.h"

/* The flags that may have a standing value. But for no_escrow not those that waive a protection, choose
 * lots or single devices, or name a descriptor: these are said each time. */
static const struct config_option conf_options[] = {
	{"batch", CONFIG_TEXTS},
	{"ca", CONFIG_TEXT},
	{"csv", CONFIG_TEXT},
	{"days", CONFIG_NUMBER},
	{"format", CONFIG_TEXT},
	{"id", CONFIG_TEXT},
	{"json", CONFIG_BOOLEAN},
	{"lot_size", CONFIG_NUMBER},
	{"max", CONFIG_NUMBER},
	{"no_escrow", CONFIG_BOOLEAN},
	{"note", CONFIG_TEXT},
	{"out", CONFIG_TEXT},
	{"pin", CONFIG_TEXT},
	{"profile", CONFIG_TEXT},
	{"recipient", CONFIG_TEXTS},
	{"rehearsal", CONFIG_BOOLEAN},
	{"series", CONFIG_TEXT},
	{"station", CONFIG_TEXTS},
	{"tag", CONFIG_NUMBER},
	{"threads", CONFIG_NUMBER},
	{"title", CONFIG_TEXT},
	{"trust", CONFIG_TEXTS},
	{"verify_all", CONFIG_BOOLEAN},
};
const struct config_section office_options = {
	.name = NULL,
	.options = conf_options,
	.count = sizeof conf_options / sizeof conf_options[0],
};

bool office_given(const struct command *command, const struct command_option *options, size_t count,
    const char *office, bool json, int *code)
{
	struct fault fault;

	if (office == NULL) {
		*code = command_missing(command, "office");
		return false;
	}
	if (command_defaults(options, count, &office_options, office, OFFICE_CONF, &fault) == ERR_OK)
		return true;
	*code = command_fault(&fault, json);
	return false;
}

enum err passphrase_get(struct secret **out, uint64_t fd, const char *prompt, bool confirm,
    struct fault *fault)
{
	if (fd == NO_FD)
		return secret_ask(out, prompt, confirm, fault);
	if (fd > 1024)
		return fault_set(fault, ERR_CANNOT, "usage", "--passphrase-fd", "not a descriptor");
	return secret_read_fd(out, (int)fd, fault);
}

/* Grants and certificates bear the time of this clock. */
static void look_at_clock(const struct trust *trust)
{
	const char *issued = trust_get(trust)->issued;
	char now[UTC_SIZE];

	utc_format(now, utc_now());
	if (strcmp(now, issued) < 0)
		command_say("WARNING: the clock of this machine says %s, the trust file was issued %s: set the clock, "
		    "or what is made now bears a wrong time", now, issued);
}

enum err office_begin(struct office *office, const struct trust **trust, const char *path,
    const char *trust_file,
    const char *pin, struct fault *fault)
{
	char fingerprint[FINGERPRINT_SIZE];
	enum err err = office_open(office, path, fault);

	if (err != ERR_OK)
		return err;
	err = office_trust(trust, office, trust_file, pin, fault);
	if (err != ERR_OK)
		return err;
	fingerprint_print(fingerprint, trust_hash(*trust));
	command_say("trust version %llu of %s, fingerprint %s",
	    (unsigned long long)trust_get(*trust)->version,
	    trust_get(*trust)->org, fingerprint);
	look_at_clock(*trust);
	return ERR_OK;
}

enum err identity_get(struct secret **out, const struct office *office, uint64_t fd, struct fault *fault)
{
	struct secret *passphrase = NULL;
	enum err err = ERR_OK;

	*out = NULL;
	if (office_identity_sealed(office))
		err = passphrase_get(&passphrase, fd, "Passphrase of the office identity: ", false, fault);
	if (err == ERR_OK)
		err = office_identity(out, office, passphrase, fault);
	secret_free(&passphrase);
	return err;
}

static const struct command commands[] = {
	{"keygen office", "", "make an office folder: age identity, office.conf, ledger", keygen_office},
	{"keygen officer", "NAME", "make an officer's signing key (minisign)", keygen_officer},
	{"keygen share", "", "make an officer's share of a batch seed", keygen_share},
	{"trust new", "", "make the first trust file", trust_new},
	{"trust next", "", "make the next version of a trust file", trust_next},
	{"trust show", "FILE", "show a trust file and its fingerprint", trust_show},
	{"ca new", "", "make a P-256 certificate authority", ca_make},
	{"lint", "", "check a profile and a CSV, write nothing", lint},
	{"plan", "", "show what a compile would make; writes nothing", plan},
	{"compile", "", "make a batch folder from a profile and a CSV", compile},
	{"rebuild", "", "make a batch again from its seed and compare", rebuild},
	{"sign", "PATH...", "sign batches, grants and trust files", sign},
	{"grant", "", "permit stations to open lots of a batch", grant},
	{"pack", "", "write a medium for named stations, and its delivery slip", pack},
	{"export", "", "write what a back end needs to know of the devices proven done", export_batch},
	{"accept", "", "take note of an activation and of the logs that came back", accept_returned},
	{"extract", "", "make the folder of one device, or what proves what it holds", extract},
	{"ledger show", "", "show batches, grants and close-outs", ledger_show_all},
	{"ledger find", "", "say where a device was compiled", ledger_find_device},
	{"ledger verify", "", "check the ledger, and batch folders against it", ledger_verify_all},
	{"ledger backup", "", "copy the ledger to a new file, verified", ledger_back_up},
	{"inspect", "PATH", "show what a document says", inspect},
};

int main(int argc, char **argv)
{
	struct fault fault;

	command_begin("gapseal");
	if (secret_process(&fault) != ERR_OK || x509_process(&fault) != ERR_OK)
		return command_fault(&fault, false);
	return command_main(commands, sizeof commands / sizeof commands[0], argc, argv);
}
