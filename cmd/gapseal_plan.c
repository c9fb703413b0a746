/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "gapseal/review.h"
#include "gapseal_seed.h"

struct plan_options {
	struct review_request request;
	const char *office, *trust, *pin;
	struct seed_options seed;
};

/* Whose plan it is: from the office's chain, or, without an office, from the file as it says of itself. */
static enum err find_org(char out[static NAME_SIZE], const struct plan_options *options, struct fault *fault)
{
	struct document document = DOCUMENT_EMPTY;
	struct office office = OFFICE_EMPTY;
	struct chain *chain = NULL;
	const struct trust *trust = NULL;
	bool added;
	enum err err;

	if (options->office != NULL) {
		err = office_begin(&office, &trust, options->office, options->trust, options->pin, fault);
	} else {
		err = document_load(&document, AT_FDCWD, options->trust, fault);
		if (err == ERR_OK && options->pin != NULL)
			err = fingerprint_check(document.hash, options->pin, false, options->trust, fault);
		if (err == ERR_OK)
			err = chain_new(&chain, fault);
		if (err == ERR_OK)
			err = chain_add(chain, &document, &added, fault);
		if (err == ERR_OK)
			trust = chain_newest(chain);
	}
	if (err == ERR_OK)
		memcpy(out, trust_get(trust)->org, NAME_SIZE);
	chain_free(&chain);
	document_free(&document);
	office_close(&office);
	return err;
}

static void say_recorded(const struct seed *seed, const uint8_t hash[static HASH_SIZE])
{
	if (seed->recorded)
		command_say("%s", memcmp(seed->plan, hash, HASH_SIZE) == 0 ?
		    "the batch of this master file was compiled from this plan" :
		    "the batch of this master file was compiled from another plan");
}

static int do_plan(struct plan_options *options)
{
	struct findings findings = {0};
	struct buffer text = BUFFER_EMPTY;
	struct seed seed = {0};
	struct fault fault;
	char org[NAME_SIZE];
	uint8_t hash[HASH_SIZE];
	bool hashed = false;
	int code;
	enum err err = find_org(org, options, &fault);

	options->request.org = org;
	if (err == ERR_OK)
		err = seed_get(&seed, &options->seed, options->office, &fault);
	options->request.seed = seed.seed;
	if (err == ERR_OK)
		err = review_make(&text, hash, &hashed, &findings, &options->request, &fault);
	findings_say(&findings);
	code = err == ERR_OK ? command_print(&text) : command_fault(&fault, options->request.json);
	if (err == ERR_OK)
		say_recorded(&seed, hash);
	seed_free(&seed);
	buffer_free(&text);
	findings_free(&findings);
	return code;
}

int plan(const struct command *command, int argc, char **argv)
{
	struct plan_options given = {.seed = SEED_OPTIONS_NONE};
	struct review_request *request = &given.request;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &given.office, "OFFICE", "office folder; may be left out"},
		{"trust", OPTION_TEXT, &given.trust, "FILE", "trust file in force"},
		{"pin", OPTION_TEXT, &given.pin, "HEX", "fingerprint the trust file must have"},
		{"profile", OPTION_TEXT, &request->profile, "FILE", "the recipe"},
		{"csv", OPTION_TEXT, &request->csv, "FILE", "the devices"},
		{"id", OPTION_TEXT, &request->id, "ID", "name of the batch"},
		{"ca", OPTION_TEXT, &request->ca, "PATH", "the CA's certificate, or the folder of ca.pem"},
		{"lot-size", OPTION_NUMBER, &request->lot_size, "N", "devices a lot, at most 65536"},
		{"seed-share-fd", OPTION_TEXTS, &given.seed.shares, "N",
		    "read an officer's share of the seed from descriptor N; repeat"},
		{"seed-fd", OPTION_NUMBER, &given.seed.fd, "N", "read the seed from descriptor N"},
		{"master", OPTION_TEXT, &given.seed.master, "FILE",
		    "the seed of a batch already compiled; needs --office"},
		{"passphrase-fd", OPTION_NUMBER, &given.seed.passphrase_fd, "N",
		    "read the passphrase of the office identity from descriptor N"},
		{"json", OPTION_FLAG, &request->json, NULL, "the plan as one JSON object"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct operands operands;
	struct fault fault;
	int code;

	if (command_options(command, options, count, argc, argv, 0, 0, &operands, &code)) {
		if (given.office != NULL &&
		    command_defaults(options, count, &office_options, given.office, OFFICE_CONF,
		    &fault) != ERR_OK)
			code = command_fault(&fault, request->json);
		else if (given.trust == NULL || request->profile == NULL)
			code = command_missing(command, given.trust == NULL ? "trust" : "profile");
		else if (request->csv == NULL || request->id == NULL)
			code = command_missing(command, request->csv == NULL ? "csv" : "id");
		else
			code = do_plan(&given);
	}
	texts_free(&given.seed.shares);
	return code;
}
