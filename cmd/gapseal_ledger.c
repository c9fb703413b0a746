/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gapseal.h"
#include "gapseal/json.h"

static enum err open_ledger(struct ledger **out, const char *office, struct fault *fault)
{
	return ledger_open(out, office, NULL, fault);
}

static int print(enum err err, struct buffer *out, bool json, const struct fault *fault)
{
	int code = err == ERR_OK ? command_print(out) : command_fault(fault, json);

	buffer_free(out);
	return code;
}

int ledger_show_all(const struct command *command, int argc, char **argv)
{
	const char *office = NULL;
	bool json = false;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &office, "OFFICE", "office folder"},
		{"json", OPTION_FLAG, &json, NULL, "as one JSON object"},
	};
	struct buffer out = BUFFER_EMPTY;
	struct ledger *ledger;
	struct operands operands;
	struct fault fault;
	enum err err;
	int code;

	if (!command_options(command, options, 2, argc, argv, 0, 0, &operands, &code))
		return code;
	if (office == NULL)
		return command_missing(command, "office");
	err = open_ledger(&ledger, office, &fault);
	if (err == ERR_OK)
		err = ledger_show(&out, ledger, json, &fault);
	ledger_free(&ledger);
	return print(err, &out, json, &fault);
}

int ledger_find_device(const struct command *command, int argc, char **argv)
{
	const char *office = NULL, *imei = NULL;
	bool json = false, found = false;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &office, "OFFICE", "office folder"},
		{"imei", OPTION_TEXT, &imei, "N", "15 digits"},
		{"json", OPTION_FLAG, &json, NULL, "as one JSON object"},
	};
	struct buffer out = BUFFER_EMPTY;
	struct ledger *ledger = NULL;
	struct operands operands;
	char digits[IMEI_SIZE];
	struct fault fault;
	enum err err;
	int code;

	if (!command_options(command, options, 3, argc, argv, 0, 0, &operands, &code))
		return code;
	if (office == NULL || imei == NULL)
		return command_missing(command, office == NULL ? "office" : "imei");
	err = imei_parse(digits, bytes_of(imei), "--imei", &fault);
	if (err == ERR_OK)
		err = open_ledger(&ledger, office, &fault);
	if (err == ERR_OK)
		err = ledger_find(&out, &found, ledger, strtoull(digits, NULL, 10), json, &fault);
	ledger_free(&ledger);
	if (err == ERR_OK && !found && !json)
		buffer_format(&out, "no batch of this office has %s\n", digits);
	code = print(err, &out, json, &fault);
	return code == ERR_OK && !found ? ERR_NO : code;
}

/* A batch folder as the ledger knows it, and whole. */
static enum err verify_folder(struct ledger *ledger, const char *path, struct fault *fault)
{
	struct manifest_fields manifest = {0};
	struct buffer text = BUFFER_EMPTY;
	uint8_t hash[HASH_SIZE];
	int folder;
	enum err err = folder_open(&folder, AT_FDCWD, path, fault);

	if (err != ERR_OK)
		return err;
	err = file_read(&text, folder, MANIFEST_NAME, DOCUMENT_MAX, fault);
	if (err == ERR_OK)
		err = manifest_parse(&manifest, buffer_bytes(&text), MANIFEST_NAME, fault);
	if (err != ERR_OK)
		fault_inside(fault, path);
	hash_bytes(hash, buffer_bytes(&text));
	if (err == ERR_OK)
		err = ledger_hold(ledger, &manifest, hash, fault);
	if (err == ERR_OK)
		err = sums_verify(folder, &manifest, hash, path, fault);
	if (err == ERR_OK)
		err = records_verify(folder, &manifest, 1, NULL, NULL, path, fault);
	json_free(&manifest, &manifest_shape);
	buffer_free(&text);
	close(folder);
	return err;
}

int ledger_verify_all(const struct command *command, int argc, char **argv)
{
	const char *office = NULL;
	struct texts batches = {0};
	bool json = false;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &office, "OFFICE", "office folder"},
		{"batch", OPTION_TEXTS, &batches, "DIR", "batch folder to hold against it; repeat"},
		{"json", OPTION_FLAG, &json, NULL, "as one JSON object"},
	};
	struct buffer out = BUFFER_EMPTY;
	struct ledger *ledger = NULL;
	struct operands operands;
	struct fault fault;
	int code;

	if (command_options(command, options, 3, argc, argv, 0, 0, &operands, &code)) {
		enum err err = office != NULL ? open_ledger(&ledger, office, &fault) : ERR_OK;

		if (err == ERR_OK && office != NULL)
			err = ledger_verify(ledger, &fault);
		for (size_t i = 0; i < batches.count && err == ERR_OK && office != NULL; i++)
			err = verify_folder(ledger, batches.items[i], &fault);
		ledger_free(&ledger);
		buffer_text(&out, json ? "{\"schema\":\"gapseal/ledger-verify/v1\",\"fine\":true}\n" :
		    "the ledger holds together\n");
		code = office != NULL ? print(err, &out, json, &fault) : command_missing(command, "office");
	}
	texts_free(&batches);
	return code;
}

int ledger_back_up(const struct command *command, int argc, char **argv)
{
	const char *office = NULL, *out = NULL;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &office, "OFFICE", "office folder"},
		{"out", OPTION_TEXT, &out, "FILE", "file to make"},
	};
	struct ledger *ledger;
	struct operands operands;
	struct fault fault;
	enum err err;
	int code;

	if (!command_options(command, options, 2, argc, argv, 0, 0, &operands, &code))
		return code;
	if (office == NULL || out == NULL)
		return command_missing(command, office == NULL ? "office" : "out");
	err = open_ledger(&ledger, office, &fault);
	if (err == ERR_OK)
		err = ledger_backup(ledger, out, &fault);
	ledger_free(&ledger);
	if (err != ERR_OK)
		return command_fault(&fault, false);
	printf("ledger copied to %s and verified\n", out);
	return ERR_OK;
}
