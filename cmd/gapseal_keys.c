/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gapseal.h"
#include "gapseal/file.h"

int keygen_office(const struct command *command, int argc, char **argv)
{
	const char *out = NULL;
	bool no_passphrase = false;
	uint64_t fd = NO_FD;
	const struct command_option options[] = {
		{"out", OPTION_TEXT, &out, "OFFICE", "folder to make"},
		{"no-passphrase", OPTION_FLAG, &no_passphrase, NULL,
		    "leave the identity unprotected on disk"},
		{"passphrase-fd", OPTION_NUMBER, &fd, "N", "read the passphrase from descriptor N"},
	};
	struct operands operands;
	struct secret *passphrase = NULL;
	struct fault fault;
	enum err err = ERR_OK;
	int code;

	if (!command_options(command, options, 3, argc, argv, 0, 0, &operands, &code))
		return code;
	if (out == NULL)
		return command_missing(command, "out");
	if (!no_passphrase)
		err = passphrase_get(&passphrase, fd, "Passphrase for the office identity: ", true, &fault);
	if (err == ERR_OK)
		err = office_create(out, passphrase, &fault);
	secret_free(&passphrase);
	if (err != ERR_OK)
		return command_fault(&fault, false);
	printf("office folder %s made; back up its identity and ledger\n", out);
	return ERR_OK;
}

/* Two files that belong together, and the folder they lie in, made if it is missing. */
struct pair {
	const char *out;
	char secret[512], public[512]; /* paths */
	bool force;
};

static enum err pair_name(struct pair *pair, const char *secret, const char *public, struct fault *fault)
{
	int longest = snprintf(pair->secret, sizeof pair->secret, "%s/%s", pair->out, secret);
	int length = snprintf(pair->public, sizeof pair->public, "%s/%s", pair->out, public);

	if (longest >= (int)sizeof pair->secret || length >= (int)sizeof pair->public)
		return fault_set(fault, ERR_CANNOT, "file-open", "--out", "the path is too long");
	return ERR_OK;
}

/* The secret half first: a public key without its secret misleads nobody for long, the reverse would be lost
 * unseen. */
static enum err put_both(const struct pair *pair, struct bytes secret, struct bytes public,
    struct fault *fault)
{
	enum err err = secret_write_file(AT_FDCWD, pair->secret, secret, pair->force, fault);

	return err == ERR_OK ? file_write(AT_FDCWD, pair->public, public, 0644, pair->force, fault) : err;
}

/* Both, or neither where there was none. */
static enum err write_pair(const struct pair *pair, struct bytes secret, struct bytes public,
    struct fault *fault)
{
	bool folder = file_exists(AT_FDCWD, pair->out), there = file_exists(AT_FDCWD, pair->secret) ||
	    file_exists(AT_FDCWD, pair->public);
	enum err err = folder ? ERR_OK : folder_create(AT_FDCWD, pair->out, 0700, fault);

	if (err == ERR_OK)
		err = put_both(pair, secret, public, fault);
	if (err == ERR_OK) {
		printf("%s (secret) and %s made\n", pair->secret, pair->public);
		return ERR_OK;
	}
	if (!there) { /* may not be there; the fault is already told */
		unlinkat(AT_FDCWD, pair->public, 0);
		unlinkat(AT_FDCWD, pair->secret, 0);
	}
	if (!folder)
		unlinkat(AT_FDCWD, pair->out, AT_REMOVEDIR);
	return err;
}

static enum err write_officer(const char *out, const char *name, struct secret *passphrase, bool force,
    struct fault *fault)
{
	char key[NAME_SIZE + 4], public_name[NAME_SIZE + 4];
	struct pair pair = {.out = out, .force = force};
	struct buffer public = BUFFER_EMPTY;
	struct secret *secret = NULL;
	enum err err;

	snprintf(key, sizeof key, "%s.key", name);
	snprintf(public_name, sizeof public_name, "%s.pub", name);
	err = pair_name(&pair, key, public_name, fault);
	if (err == ERR_OK)
		err = officer_key_new(&public, &secret, passphrase, fault);
	if (err == ERR_OK)
		err = write_pair(&pair, secret_bytes(secret), buffer_bytes(&public), fault);
	secret_free(&secret);
	buffer_free(&public);
	return err;
}

int keygen_officer(const struct command *command, int argc, char **argv)
{
	const char *out = NULL;
	bool no_passphrase = false, force = false;
	uint64_t fd = NO_FD;
	const struct command_option options[] = {
		{"out", OPTION_TEXT, &out, "DIR", "folder for NAME.key and NAME.pub (made if missing)"},
		{"no-passphrase", OPTION_FLAG, &no_passphrase, NULL, "leave the key unprotected on disk"},
		{"passphrase-fd", OPTION_NUMBER, &fd, "N", "read the passphrase from descriptor N"},
		{"force", OPTION_FLAG, &force, NULL, "replace existing files"},
	};
	struct operands operands;
	struct secret *passphrase = NULL;
	struct fault fault;
	enum err err = ERR_OK;
	int code;

	if (!command_options(command, options, 4, argc, argv, 1, 1, &operands, &code))
		return code;
	if (out == NULL)
		return command_missing(command, "out");
	if (!text_is_name(bytes_of(operands.items[0])))
		err = fault_set(&fault, ERR_CANNOT, "name-form", "NAME",
		    "a name is 1 to 40 of a-z 0-9 . - and begins with a letter or digit");
	if (err == ERR_OK && !no_passphrase)
		err = passphrase_get(&passphrase, fd, "Passphrase for the officer key: ", true, &fault);
	if (err == ERR_OK)
		err = write_officer(out, operands.items[0], passphrase, force, &fault);
	secret_free(&passphrase);
	return err == ERR_OK ? ERR_OK : command_fault(&fault, false);
}

static enum err write_ca(const char *out, const char *subject, uint64_t days, struct secret *passphrase,
    struct fault *fault)
{
	struct pair pair = {.out = out};
	struct buffer cert = BUFFER_EMPTY;
	struct secret *key = NULL;
	enum err err = pair_name(&pair, "ca.key", "ca.pem", fault);

	if (err == ERR_OK)
		err = ca_new(&cert, &key, subject, (unsigned)days, utc_now(), passphrase, fault);
	if (err == ERR_OK)
		err = write_pair(&pair, secret_bytes(key), buffer_bytes(&cert), fault);
	secret_free(&key);
	buffer_free(&cert);
	return err;
}

int ca_make(const struct command *command, int argc, char **argv)
{
	const char *out = NULL, *subject = NULL;
	bool no_passphrase = false;
	uint64_t fd = NO_FD, days = 0;
	const struct command_option options[] = {
		{"out", OPTION_TEXT, &out, "DIR", "folder for ca.pem and ca.key"},
		{"subject", OPTION_TEXT, &subject, "DN", "such as \"O=Example,CN=Example Device CA\""},
		{"days", OPTION_NUMBER, &days, "N", "validity, at most 36500"},
		{"no-passphrase", OPTION_FLAG, &no_passphrase, NULL, "leave the key unprotected on disk"},
		{"passphrase-fd", OPTION_NUMBER, &fd, "N", "read the passphrase from descriptor N"},
	};
	struct operands operands;
	struct secret *passphrase = NULL;
	struct fault fault;
	enum err err = ERR_OK;
	int code;

	if (!command_options(command, options, 5, argc, argv, 0, 0, &operands, &code))
		return code;
	if (out == NULL || subject == NULL || days == 0)
		return command_missing(command, out == NULL ? "out" : subject == NULL ? "subject" : "days");
	if (days > 36500)
		err = fault_set(&fault, ERR_CANNOT, "usage", "--days", "at most 36500");
	if (err == ERR_OK && !no_passphrase)
		err = passphrase_get(&passphrase, fd, "Passphrase for the CA key: ", true, &fault);
	if (err == ERR_OK)
		err = write_ca(out, subject, days, passphrase, &fault);
	secret_free(&passphrase);
	return err == ERR_OK ? ERR_OK : command_fault(&fault, false);
}
