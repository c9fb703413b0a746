/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal.h"

static void print_findings(struct buffer *out, const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		buffer_format(out, "%s: %s: %s [%s]\n", severity_name(finding->severity), finding->where, finding->text, finding->code);
	}
}

static void findings_json(struct buffer *out, const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		buffer_format(out, "%s{\"severity\":\"%s\",\"code\":\"%s\",\"where\":", i > 0 ? "," : "", severity_name(finding->severity),
		    finding->code);
		buffer_json_text(out, finding->where);
		buffer_text(out, ",\"text\":");
		buffer_json_text(out, finding->text);
		buffer_text(out, "}");
	}
}

static int print_lint(const struct findings *findings, size_t devices, bool json)
{
	struct buffer out = BUFFER_EMPTY;
	int code;

	if (json) {
		buffer_format(&out, "{\"schema\":\"gapseal/lint/v1\",\"devices\":%zu,\"errors\":%zu,\"warnings\":%zu,\"findings\":[", devices,
		    findings->errors, findings->warnings);
		findings_json(&out, findings);
		buffer_text(&out, "]}\n");
	} else {
		print_findings(&out, findings);
		buffer_format(&out, "%zu devices, %zu error%s, %zu warning%s\n", devices, findings->errors, findings->errors == 1 ? "" : "s",
		    findings->warnings, findings->warnings == 1 ? "" : "s");
	}
	code = command_print(&out);
	buffer_free(&out);
	return code != ERR_OK ? code : findings->errors > 0 ? ERR_NO : ERR_OK;
}

int lint(const struct command *command, int argc, char **argv)
{
	const char *profile = NULL, *csv = NULL;
	bool json = false;
	const struct command_option options[] = {
		{"profile", OPTION_TEXT, &profile, "FILE", "the recipe"},
		{"csv", OPTION_TEXT, &csv, "FILE", "the devices"},
		{"json", OPTION_FLAG, &json, NULL, "findings as one JSON object"},
	};
	struct findings findings = {0};
	struct operands operands;
	struct fault fault;
	size_t devices;
	enum err err;
	int code;

	if (!command_options(command, options, 3, argc, argv, 0, 0, &operands, &code))
		return code;
	if (profile == NULL || csv == NULL)
		return command_missing(command, profile == NULL ? "profile" : "csv");
	err = office_lint(&findings, &devices, profile, csv, &fault);
	code = err == ERR_OK || findings.errors > 0 ? print_lint(&findings, devices, json) : command_fault(&fault, json);
	findings_free(&findings);
	return code;
}

static void show_progress(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	fprintf(stderr, "\r%llu of %llu devices%s", (unsigned long long)done, (unsigned long long)total, done == total ? "\n" : "");
}

static int print_batch(const struct batch_result *result, const char *folder, bool json)
{
	struct buffer out = BUFFER_EMPTY;
	char fingerprint[FINGERPRINT_SIZE], hash[2 * HASH_SIZE + 1];
	const struct manifest_fields *manifest = &result->manifest;
	int code;

	fingerprint_print(fingerprint, result->manifest_sha256);
	hex_encode(hash, bytes_from(result->manifest_sha256, HASH_SIZE));
	if (json)
		buffer_format(&out, "{\"schema\":\"gapseal/compile/v1\",\"batch\":\"%s\",\"devices\":%llu,\"lots\":%zu,\"series\":\"%s\",\"seq\":%llu,\"manifest_sha256\":\"%s\"}\n",
		    manifest->batch, (unsigned long long)manifest->count, manifest->lots.count, manifest->series, (unsigned long long)manifest->seq, hash);
	else
		buffer_format(&out, "%sbatch %s: %llu devices in %zu lot%s, %s number %llu, in %s\nmanifest fingerprint\n  %s\n",
		    manifest->purpose == PURPOSE_REHEARSAL ? "REHEARSAL " : "", manifest->batch, (unsigned long long)manifest->count,
		    manifest->lots.count, manifest->lots.count == 1 ? "" : "s", manifest->series, (unsigned long long)manifest->seq, folder,
		    fingerprint);
	code = command_print(&out);
	buffer_free(&out);
	return code;
}

/* What compile was asked for on the command line. */
struct compile_options {
	struct compile_request request;
	const char *office, *trust, *pin;
	bool json;
	uint64_t fd;
};

/* A CA key with a passphrase fails once without one, then it is asked for: an unprotected key asks nobody. */
static enum err run_compile(struct batch_result *result, struct findings *findings, struct office *office, const struct trust *trust,
    struct compile_options *options, struct fault *fault)
{
	enum err err = office_compile(result, findings, office, trust, &options->request, fault);

	if (err == ERR_OK || strcmp(fault->code, "passphrase-needed") != 0)
		return err;
	err = passphrase_get(&options->request.ca_passphrase, options->fd, "Passphrase of the CA key: ", false, fault);
	if (err != ERR_OK)
		return err;
	findings_free(findings);
	err = office_compile(result, findings, office, trust, &options->request, fault);
	secret_free(&options->request.ca_passphrase);
	return err;
}

static int do_compile(struct compile_options *options)
{
	struct office office = OFFICE_EMPTY;
	const struct trust *trust;
	struct findings findings = {0};
	struct batch_result result = {0};
	struct buffer said = BUFFER_EMPTY;
	struct fault fault;
	int code;
	enum err err = office_begin(&office, &trust, options->office, options->trust, options->pin, &fault);

	if (isatty(STDERR_FILENO))
		options->request.progress = show_progress;
	if (err == ERR_OK)
		err = run_compile(&result, &findings, &office, trust, options, &fault);
	print_findings(&said, &findings);
	if (said.size > 0)
		fwrite(said.data, 1, said.size, stderr);
	code = err == ERR_OK ? print_batch(&result, options->request.out, options->json) : command_fault(&fault, options->json);
	buffer_free(&said);
	batch_result_free(&result);
	findings_free(&findings);
	office_close(&office);
	return code;
}

int compile(const struct command *command, int argc, char **argv)
{
	struct compile_options given = {.fd = NO_FD, .request = {.tool = TOOL}};
	struct compile_request *request = &given.request;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &given.office, "OFFICE", "office folder"},
		{"trust", OPTION_TEXT, &given.trust, "FILE", "trust file in force"},
		{"pin", OPTION_TEXT, &given.pin, "HEX", "fingerprint the trust file must have"},
		{"profile", OPTION_TEXT, &request->profile, "FILE", "the recipe"},
		{"csv", OPTION_TEXT, &request->csv, "FILE", "the devices"},
		{"id", OPTION_TEXT, &request->id, "ID", "name of the batch"},
		{"out", OPTION_TEXT, &request->out, "DIR", "batch folder to make"},
		{"ca", OPTION_TEXT, &request->ca, "DIR", "folder of ca.pem and ca.key"},
		{"series", OPTION_TEXT, &request->series, "NAME", "series of the batch; default the organisation"},
		{"title", OPTION_TEXT, &request->title, "TEXT", "title; default the profile's"},
		{"lot-size", OPTION_NUMBER, &request->lot_size, "N", "devices a lot, at most 65536"},
		{"threads", OPTION_NUMBER, &request->threads, "N", "threads that seal; default one a core"},
		{"rehearsal", OPTION_FLAG, &request->rehearsal, NULL, "make a rehearsal batch"},
		{"no-escrow", OPTION_FLAG, &request->no_escrow, NULL, "accept that only this office can open the batch"},
		{"passphrase-fd", OPTION_NUMBER, &given.fd, "N", "read the passphrase of the CA key from descriptor N"},
		{"json", OPTION_FLAG, &given.json, NULL, "the result as one JSON object"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct operands operands;
	struct fault fault;
	int code;

	if (!command_options(command, options, count, argc, argv, 0, 0, &operands, &code))
		return code;
	if (given.office == NULL)
		return command_missing(command, "office");
	if (command_defaults(options, count, &office_options, given.office, OFFICE_CONF, &fault) != ERR_OK)
		return command_fault(&fault, given.json);
	if (given.trust == NULL || request->profile == NULL || request->csv == NULL)
		return command_missing(command, given.trust == NULL ? "trust" : request->profile == NULL ? "profile" : "csv");
	if (request->id == NULL || request->out == NULL)
		return command_missing(command, request->id == NULL ? "id" : "out");
	request->now = utc_now();
	if (request->threads == 0)
		request->threads = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	return do_compile(&given);
}

int inspect(const struct command *command, int argc, char **argv)
{
	struct operands operands;
	struct signing signing;
	struct fault fault;
	int code;

	if (!command_options(command, NULL, 0, argc, argv, 1, 1, &operands, &code))
		return code;
	if (signing_open(&signing, operands.items[0], NULL, &fault) != ERR_OK)
		return command_fault(&fault, false);
	buffer_format(&signing.summary, "  signatures   %zu beside it, not verified here\n", signing.document.count);
	code = command_print(&signing.summary);
	signing_free(&signing);
	return code;
}
