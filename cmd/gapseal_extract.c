/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "gapseal.h"
#include "gapseal/opening.h"

struct extract_options {
	const char *office, *trust, *pin, *batch, *imei, *opening;
	uint64_t fd;
};

static enum err run_extract(struct opening_result *result, const struct extract_options *options,
    struct fault *fault)
{
	struct office office = OFFICE_EMPTY;
	struct secret *identity = NULL;
	const struct trust *trust;
	char imei[IMEI_SIZE];
	enum err err = imei_parse(imei, bytes_of(options->imei), "--imei", fault);

	if (err == ERR_OK)
		err = office_begin(&office, &trust, options->office, options->trust, options->pin, fault);
	if (err == ERR_OK)
		err = identity_get(&identity, &office, options->fd, fault);
	if (err == ERR_OK)
		err = office_opening(result, &office, trust, identity, options->batch, imei, options->opening,
		    fault);
	secret_free(&identity);
	office_close(&office);
	return err;
}

static int do_extract(const struct command *command, const struct extract_options *options)
{
	struct opening_result result = {0};
	char hex[2 * HASH_SIZE + 1];
	struct fault fault;

	if (options->trust == NULL || options->batch == NULL)
		return command_missing(command, options->trust == NULL ? "trust" : "batch");
	if (options->imei == NULL || options->opening == NULL)
		return command_missing(command, options->imei == NULL ? "imei" : "opening");
	if (run_extract(&result, options, &fault) != ERR_OK)
		return command_fault(&fault, false);
	hex_encode(hex, bytes_from(result.commitment, HASH_SIZE));
	printf("record %llu commits to sha256 %s, which is that of %s\n", (unsigned long long)result.index,
	    hex,
	    options->opening);
	return ERR_OK;
}

int extract(const struct command *command, int argc, char **argv)
{
	struct extract_options given = {.fd = NO_FD};
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &given.office, "OFFICE", "office folder"},
		{"trust", OPTION_TEXT, &given.trust, "FILE", "trust file in force"},
		{"pin", OPTION_TEXT, &given.pin, "HEX", "fingerprint the trust file must have"},
		{"batch", OPTION_TEXT, &given.batch, "DIR", "batch folder"},
		{"imei", OPTION_TEXT, &given.imei, "N", "the device"},
		{"opening", OPTION_TEXT, &given.opening, "FILE",
		    "text to write that proves what its record holds"},
		{"passphrase-fd", OPTION_NUMBER, &given.fd, "N",
		    "read the passphrase of the office identity from descriptor N"},
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
		return command_fault(&fault, false);
	return do_extract(command, &given);
}
