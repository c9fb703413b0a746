/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal.h"
#include "gapseal/file.h"
#include "gapseal/json.h"

#define KEY_FILE_MAX 1024

/* Shows one document and, once agreed to, signs it. */
static enum err sign_one(const char *path, const struct officer_key *key, const struct trust_fields *trust,
    bool yes, struct fault *fault)
{
	struct signing signing;
	char name[600];
	bool already = false;
	enum err err = signing_open(&signing, path, trust, fault);

	if (err != ERR_OK)
		return err;
	fwrite(signing.summary.data, 1, signing.summary.size, stderr);
	if (signing.warning[0] != '\0')
		fprintf(stderr, "  %s\n", signing.warning);
	if (!yes)
		err = command_confirm("sign this? type yes: ", fault);
	if (err == ERR_OK)
		err = signing_sign(name, &already, &signing, key, fault);
	if (err == ERR_OK)
		printf("%s %s\n", already ? "already signed:" : "signed:", name);
	signing_free(&signing);
	return err;
}

static enum err unlock(struct officer_key **out, const char *path, uint64_t fd, struct fault *fault)
{
	struct secret *file = NULL, *passphrase = NULL;
	bool encrypted = false;
	enum err err = secret_read_file(&file, AT_FDCWD, path, KEY_FILE_MAX, fault);

	*out = NULL;
	if (err == ERR_OK)
		err = officer_key_encrypted(&encrypted, secret_bytes(file), path, fault);
	if (err == ERR_OK && encrypted)
		err = passphrase_get(&passphrase, fd, "Passphrase of the officer key: ", false, fault);
	if (err == ERR_OK)
		err = officer_key_open(out, secret_bytes(file), passphrase, path, fault);
	secret_free(&passphrase);
	secret_free(&file);
	return err;
}

static enum err load_trust(struct trust_fields *out, const char *path, struct fault *fault)
{
	struct document document = DOCUMENT_EMPTY;
	enum err err = document_load(&document, AT_FDCWD, path, fault);

	if (err == ERR_OK)
		err = trust_parse(out, buffer_bytes(&document.text), path, fault);
	document_free(&document);
	return err;
}

int sign(const struct command *command, int argc, char **argv)
{
	const char *key_path = NULL, *trust_path = NULL;
	bool yes = false;
	uint64_t fd = NO_FD;
	const struct command_option options[] = {
		{"key", OPTION_TEXT, &key_path, "NAME.key", "the officer's secret key"},
		{"trust", OPTION_TEXT, &trust_path, "FILE",
		    "also verify the signatures already there by this trust file"},
		{"yes", OPTION_FLAG, &yes, NULL, "do not ask"},
		{"passphrase-fd", OPTION_NUMBER, &fd, "N", "read the passphrase from descriptor N"},
	};
	struct operands operands;
	struct trust_fields trust = {0};
	struct officer_key *key = NULL;
	struct fault fault;
	enum err err = ERR_OK;
	int code;

	if (!command_options(command, options, 4, argc, argv, 1, SIZE_MAX, &operands, &code))
		return code;
	if (key_path == NULL)
		return command_missing(command, "key");
	if (trust_path != NULL)
		err = load_trust(&trust, trust_path, &fault);
	if (err == ERR_OK)
		err = unlock(&key, key_path, fd, &fault);
	for (size_t i = 0; err == ERR_OK && i < operands.count; i++)
		err = sign_one(operands.items[i], key, trust_path != NULL ? &trust : NULL, yes, &fault);
	officer_key_free(&key);
	if (trust_path != NULL)
		json_free(&trust, &trust_shape);
	return err == ERR_OK ? ERR_OK : command_fault(&fault, false);
}

/* What grant was asked for on the command line. */
struct grant_options {
	struct grant_request request;
	const char *office, *trust, *pin;
	struct texts stations, lots, replaces, again;
	bool all_lots;
	uint64_t fd;
};

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

enum err numbers_get(uint64_t **out, const struct texts *texts, const char *option, const char *what,
    struct fault *fault)
{
	uint64_t *numbers = calloc(texts->count + 1, sizeof *numbers);

	*out = numbers;
	if (numbers == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < texts->count; i++)
		if (!decimal_parse(bytes_of(texts->items[i]), INTEGER_MAX, &numbers[i]))
			return fault_set(fault, ERR_CANNOT, "usage", option, "not %s", what);
	if (texts->count > 1)
		qsort(numbers, texts->count, sizeof *numbers, compare_numbers);
	return ERR_OK;
}

static enum err run_grant(uint64_t *serial, struct grant_options *options, struct fault *fault)
{
	struct office office = OFFICE_EMPTY;
	struct secret *passphrase = NULL, *identity = NULL;
	const struct trust *trust;
	uint64_t *replaces = NULL, *again = NULL;
	enum err err = numbers_get(&replaces, &options->replaces, "--replaces", "a grant's serial", fault);

	if (err == ERR_OK)
		err = numbers_get(&again, &options->again, "--again", "an index", fault);
	if (err == ERR_OK)
		err = office_begin(&office, &trust, options->office, options->trust, options->pin, fault);
	if (err == ERR_OK && office_identity_sealed(&office))
		err = passphrase_get(&passphrase, options->fd, "Passphrase of the office identity: ", false,
		    fault);
	if (err == ERR_OK)
		err = office_identity(&identity, &office, passphrase, fault);
	options->request.replaces = replaces;
	options->request.replace_count = options->replaces.count;
	options->request.again = again;
	options->request.again_count = options->again.count;
	if (err == ERR_OK)
		err = office_grant(serial, &office, trust, identity, &options->request, fault);
	secret_free(&identity);
	secret_free(&passphrase);
	free(replaces);
	free(again);
	office_close(&office);
	return err;
}

static int do_grant(const struct command *command, struct grant_options *options)
{
	struct grant_request *request = &options->request;
	struct fault fault;
	uint64_t serial;

	if (options->trust == NULL || request->batch == NULL || request->out == NULL)
		return command_missing(command, options->trust == NULL ? "trust" : request->batch == NULL
		    ? "batch" : "out");
	if (options->stations.count == 0 || (options->lots.count > 0) == options->all_lots)
		return command_missing(command, options->stations.count == 0 ? "station"
		    : "lot or --all-lots (one of them)");
	request->stations = options->stations.items;
	request->station_count = options->stations.count;
	request->lots = options->all_lots ? NULL : options->lots.items;
	request->lot_count = options->lots.count;
	request->now = utc_now();
	if (run_grant(&serial, options, &fault) != ERR_OK)
		return command_fault(&fault, false);
	printf("grant %llu in %s; it counts once officers have signed it\n", (unsigned long long)serial,
	    request->out);
	return ERR_OK;
}

int grant(const struct command *command, int argc, char **argv)
{
	struct grant_options given = {.fd = NO_FD, .request = {.days = 30}};
	struct grant_request *request = &given.request;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &given.office, "OFFICE", "office folder"},
		{"trust", OPTION_TEXT, &given.trust, "FILE", "trust file in force"},
		{"pin", OPTION_TEXT, &given.pin, "HEX", "fingerprint the trust file must have"},
		{"batch", OPTION_TEXT, &request->batch, "DIR", "signed batch folder"},
		{"station", OPTION_TEXTS, &given.stations, "NAME", "station that may open the lots; repeat"},
		{"lot", OPTION_TEXTS, &given.lots, "NAME", "lot to grant; repeat"},
		{"all-lots", OPTION_FLAG, &given.all_lots, NULL, "grant every lot"},
		{"days", OPTION_NUMBER, &request->days, "N", "validity from now; default 30"},
		{"max", OPTION_NUMBER, &request->max_success, "N",
		    "devices that may be done; default all of the lots"},
		{"replaces", OPTION_TEXTS, &given.replaces, "SERIAL", "grant withdrawn by this one; repeat"},
		{"again", OPTION_TEXTS, &given.again, "INDEX",
		    "device that may be done once more (rework permit); repeat"},
		{"note", OPTION_TEXT, &request->note, "TEXT", "remark carried in the grant"},
		{"out", OPTION_TEXT, &request->out, "GDIR", "grant folder to make"},
		{"passphrase-fd", OPTION_NUMBER, &given.fd, "N",
		    "read the passphrase of the office identity from descriptor N"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct operands operands;
	int code;

	if (command_options(command, options, count, argc, argv, 0, 0, &operands, &code) &&
	    office_given(command, options, count, given.office, false, &code))
		code = do_grant(command, &given);
	texts_free(&given.stations);
	texts_free(&given.lots);
	texts_free(&given.replaces);
	texts_free(&given.again);
	return code;
}
