/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal.h"
#include "gapseal/office_extract.h"
#include "gapseal/opening.h"

struct extract_options {
	struct extract_request request;
	const char *office, *trust, *pin, *imei, *opening;
	struct texts stations, replaces;
	uint64_t fd;
};

struct extract_answer {
	struct opening_result opening;
	struct extract_result extract;
};

static enum err make(struct extract_answer *answer, const struct office *office, const struct trust *trust,
    struct secret *identity, const struct extract_options *options, struct fault *fault)
{
	const struct grant_request *grant = &options->request.grant;
	enum err err = ERR_OK;

	if (options->opening != NULL)
		err = office_opening(&answer->opening, office, trust, identity, grant->batch,
		    options->request.imei, options->opening, fault);
	if (err == ERR_OK && grant->out != NULL)
		err = office_extract(&answer->extract, office, trust, identity, &options->request, fault);
	return err;
}

static enum err run_extract(struct extract_answer *answer, struct extract_options *options,
    struct fault *fault)
{
	struct office office = OFFICE_EMPTY;
	struct secret *identity = NULL;
	const struct trust *trust;
	uint64_t *replaces = NULL;
	enum err err = imei_parse(options->request.imei, bytes_of(options->imei), "--imei", fault);

	if (err == ERR_OK)
		err = numbers_get(&replaces, &options->replaces, "--replaces", "a grant's serial", fault);
	options->request.grant.replaces = replaces;
	options->request.grant.replace_count = options->replaces.count;
	if (err == ERR_OK)
		err = office_begin(&office, &trust, options->office, options->trust, options->pin, fault);
	if (err == ERR_OK)
		err = identity_get(&identity, &office, options->fd, fault);
	if (err == ERR_OK)
		err = make(answer, &office, trust, identity, options, fault);
	secret_free(&identity);
	office_close(&office);
	free(replaces);
	return err;
}

static void say(const struct extract_answer *answer, const struct extract_options *options)
{
	const char *out = options->request.grant.out;
	char hex[2 * HASH_SIZE + 1];

	hex_encode(hex, bytes_from(answer->opening.commitment, HASH_SIZE));
	if (options->opening != NULL)
		printf("record %llu commits to sha256 %s, which is that of %s\n",
		    (unsigned long long)answer->opening.index, hex, options->opening);
	if (out != NULL)
		printf("record %llu in %s; its grant %llu in %s/grant counts once officers have signed it\n",
		    (unsigned long long)answer->extract.index, out,
		    (unsigned long long)answer->extract.serial, out);
}

static int do_extract(const struct command *command, struct extract_options *options)
{
	struct grant_request *grant = &options->request.grant;
	struct extract_answer answer = {0};
	struct fault fault;

	if (options->trust == NULL || grant->batch == NULL || options->imei == NULL)
		return command_missing(command, options->trust == NULL ? "trust" : grant->batch == NULL
		    ? "batch" : "imei");
	if (grant->out == NULL && options->opening == NULL)
		return command_missing(command, "out or --opening (or both)");
	if (grant->out != NULL && options->stations.count == 0)
		return command_missing(command, "station");
	grant->stations = options->stations.items;
	grant->station_count = options->stations.count;
	grant->now = utc_now();
	if (run_extract(&answer, options, &fault) != ERR_OK)
		return command_fault(&fault, false);
	say(&answer, options);
	return ERR_OK;
}

int extract(const struct command *command, int argc, char **argv)
{
	struct extract_options given = {.fd = NO_FD, .request = {.grant = {.days = 30}}};
	struct grant_request *grant = &given.request.grant;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &given.office, "OFFICE", "office folder"},
		{"trust", OPTION_TEXT, &given.trust, "FILE", "trust file in force"},
		{"pin", OPTION_TEXT, &given.pin, "HEX", "fingerprint the trust file must have"},
		{"batch", OPTION_TEXT, &grant->batch, "DIR", "batch folder"},
		{"imei", OPTION_TEXT, &given.imei, "N", "the device"},
		{"out", OPTION_TEXT, &grant->out, "XDIR", "folder to make: its record, proof and grant"},
		{"station", OPTION_TEXTS, &given.stations, "NAME", "station that may open it; repeat"},
		{"days", OPTION_NUMBER, &grant->days, "N", "validity from now; default 30"},
		{"again", OPTION_FLAG, &given.request.again, NULL,
		    "the device may be done once more (rework permit)"},
		{"replaces", OPTION_TEXTS, &given.replaces, "SERIAL", "grant withdrawn by this one; repeat"},
		{"note", OPTION_TEXT, &grant->note, "TEXT", "remark carried in the grant"},
		{"opening", OPTION_TEXT, &given.opening, "FILE",
		    "text to write that proves what its record holds"},
		{"passphrase-fd", OPTION_NUMBER, &given.fd, "N",
		    "read the passphrase of the office identity from descriptor N"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct operands operands;
	int code;

	if (command_options(command, options, count, argc, argv, 0, 0, &operands, &code) &&
	    office_given(command, options, count, given.office, false, &code))
		code = do_extract(command, &given);
	texts_free(&given.stations);
	texts_free(&given.replaces);
	return code;
}
