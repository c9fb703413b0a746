/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gapseal.h"
#include "gapseal/export_office.h"

struct export_options {
	struct export_request request;
	const char *office, *trust, *pin;
	struct texts recipients;
	uint64_t fd;
};

static void say_choice(const struct export_options *options, const struct export_result *result)
{
	if (result->rehearsal)
		command_say("REHEARSAL batch %s: no device of it may be switched on", result->batch);
	if (options->request.all)
		command_say("WARNING: %llu devices were exported, also those that nothing proves done: a back "
		    "end that switches them on lets in devices that were never made, or stolen",
		    (unsigned long long)result->devices);
	if (result->unproven > 0)
		command_say("left out: %llu that nothing proves done", (unsigned long long)result->unproven);
	if (result->superseded > 0)
		command_say("left out: %llu that a later batch supersedes",
		    (unsigned long long)result->superseded);
	command_say("%llu device%s of batch %s exported", (unsigned long long)result->devices,
	    result->devices == 1 ? "" : "s", result->batch);
}

static enum err run_export(struct export_result *result, const struct export_options *options,
    struct fault *fault)
{
	struct office office = OFFICE_EMPTY;
	struct secret *identity = NULL;
	const struct trust *trust;
	enum err err = export_check(&options->request, fault);

	if (err == ERR_OK)
		err = office_begin(&office, &trust, options->office, options->trust, options->pin, fault);
	if (err == ERR_OK)
		err = identity_get(&identity, &office, options->fd, fault);
	if (err == ERR_OK)
		err = office_export(result, &office, trust, identity, &options->request, fault);
	secret_free(&identity);
	office_close(&office);
	return err;
}

static int do_export(const struct command *command, struct export_options *options)
{
	struct export_request *request = &options->request;
	struct export_result result = {0};
	struct fault fault;

	if (options->trust == NULL || request->batch == NULL)
		return command_missing(command, options->trust == NULL ? "trust" : "batch");
	if (request->format == NULL || request->out == NULL)
		return command_missing(command, request->format == NULL ? "format" : "out");
	request->recipients = options->recipients.items;
	request->recipient_count = options->recipients.count;
	if (run_export(&result, options, &fault) != ERR_OK)
		return command_fault(&fault, false);
	say_choice(options, &result);
	return ERR_OK;
}

int export_batch(const struct command *command, int argc, char **argv)
{
	struct export_options given = {.fd = NO_FD, .request = {.pipe = STDOUT_FILENO, .tag = EXPORT_NO_TAG}};
	struct export_request *request = &given.request;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &given.office, "OFFICE", "office folder"},
		{"trust", OPTION_TEXT, &given.trust, "FILE", "trust file in force"},
		{"pin", OPTION_TEXT, &given.pin, "HEX", "fingerprint the trust file must have"},
		{"batch", OPTION_TEXT, &request->batch, "DIR", "batch folder"},
		{"format", OPTION_TEXT, &request->format, "NAME", export_formats},
		{"out", OPTION_TEXT, &request->out, "PATH",
		    "file (nrfcloud: folder) to make, or - for a pipe"},
		{"only", OPTION_TEXT, &request->only, "FILE",
		    "signed activation; default what 'accept' recorded"},
		{"all", OPTION_FLAG, &request->all, NULL,
		    "every device, whether anything proves it done or not"},
		{"tag", OPTION_NUMBER, &request->tag, "N",
		    "security tag, where several hold such credentials"},
		{"recipient", OPTION_TEXTS, &given.recipients, "age1...",
		    "seal to this age recipient; repeat"},
		{"plain", OPTION_FLAG, &request->plain, NULL, "write secrets to a plain file (mode 0600)"},
		{"passphrase-fd", OPTION_NUMBER, &given.fd, "N",
		    "read the passphrase of the office identity from descriptor N"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct operands operands;
	int code;

	if (command_options(command, options, count, argc, argv, 0, 0, &operands, &code) &&
	    office_given(command, options, count, given.office, false, &code))
		code = do_export(command, &given);
	texts_free(&given.recipients);
	return code;
}
