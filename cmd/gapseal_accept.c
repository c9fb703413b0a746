/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "gapseal.h"
#include "gapseal/accept.h"

struct accept_options {
	struct accept_request request;
	const char *office, *trust, *pin;
	struct texts logs;
};

static enum err run_accept(struct accept_result *result, const struct accept_options *options,
    struct fault *fault)
{
	struct office office = OFFICE_EMPTY;
	const struct trust *trust;
	enum err err = office_begin(&office, &trust, options->office, options->trust, options->pin, fault);

	if (err == ERR_OK)
		err = office_accept(result, &office, trust, &options->request, fault);
	office_close(&office);
	return err;
}

static int do_accept(const struct command *command, struct accept_options *options)
{
	struct accept_request *request = &options->request;
	struct accept_result result = {0};
	struct fault fault;

	if (options->trust == NULL || request->batch == NULL || request->activation == NULL)
		return command_missing(command, options->trust == NULL ? "trust" :
		    request->batch == NULL ? "batch" : "activation");
	request->logs = options->logs.items;
	request->log_count = options->logs.count;
	request->now = utc_now();
	if (run_accept(&result, options, &fault) != ERR_OK)
		return command_fault(&fault, false);
	printf("batch %s: %llu of %llu devices accepted as done, %zu log%s, %llu close-out%s\n", result.batch,
	    (unsigned long long)result.done, (unsigned long long)result.count, request->log_count,
	    request->log_count == 1 ? "" : "s", (unsigned long long)result.closeouts,
	    result.closeouts == 1 ? "" : "s");
	return ERR_OK;
}

int accept_returned(const struct command *command, int argc, char **argv)
{
	struct accept_options given = {0};
	struct accept_request *request = &given.request;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &given.office, "OFFICE", "office folder"},
		{"trust", OPTION_TEXT, &given.trust, "FILE", "trust file in force"},
		{"pin", OPTION_TEXT, &given.pin, "HEX", "fingerprint the trust file must have"},
		{"batch", OPTION_TEXT, &request->batch, "DIR", "batch folder"},
		{"activation", OPTION_TEXT, &request->activation, "FILE", "signed activation of this batch"},
		{"log", OPTION_TEXTS, &given.logs, "DIR", "log returned by a station; repeat"},
		{"withdraw", OPTION_FLAG, &request->withdraw, NULL,
		    "devices accepted before may be missing now"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct operands operands;
	int code;

	if (command_options(command, options, count, argc, argv, 0, 0, &operands, &code) &&
	    office_given(command, options, count, given.office, false, &code))
		code = do_accept(command, &given);
	texts_free(&given.logs);
	return code;
}
