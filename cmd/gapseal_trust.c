/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "gapseal.h"
#include "gapseal/file.h"
#include "gapseal/json.h"

/* What both makers of trust files have in common. */
struct parts {
	struct texts officers, stations, escrow, witnesses;
	struct texts retired, compromised, stations_off, revoked_batches, revoked_grants;
	struct trust_request request;
};

static void parts_free(struct parts *parts)
{
	texts_free(&parts->officers);
	texts_free(&parts->stations);
	texts_free(&parts->escrow);
	texts_free(&parts->witnesses);
	texts_free(&parts->retired);
	texts_free(&parts->compromised);
	texts_free(&parts->stations_off);
	texts_free(&parts->revoked_batches);
	texts_free(&parts->revoked_grants);
}

static void fill(struct parts *parts)
{
	struct trust_request *request = &parts->request;

	request->officers = parts->officers.items;
	request->officer_count = parts->officers.count;
	request->stations = parts->stations.items;
	request->station_count = parts->stations.count;
	request->escrow = parts->escrow.items;
	request->escrow_count = parts->escrow.count;
	request->witnesses = parts->witnesses.items;
	request->witness_count = parts->witnesses.count;
	request->retired = parts->retired.items;
	request->retired_count = parts->retired.count;
	request->compromised = parts->compromised.items;
	request->compromised_count = parts->compromised.count;
	request->stations_off = parts->stations_off.items;
	request->station_off_count = parts->stations_off.count;
	request->revoked_batches = parts->revoked_batches.items;
	request->revoked_batch_count = parts->revoked_batches.count;
	request->revoked_grants = parts->revoked_grants.items;
	request->revoked_grant_count = parts->revoked_grants.count;
	request->now = utc_now();
}

static enum err make(struct parts *parts, const char *out, bool force, struct fault *fault)
{
	struct trust_request *request = &parts->request;
	struct buffer text = BUFFER_EMPTY;
	char fingerprint[FINGERPRINT_SIZE];
	uint8_t hash[HASH_SIZE];
	enum err err;

	fill(parts);
	err = trust_make(&text, request, fault);
	if (err == ERR_OK)
		err = file_write(AT_FDCWD, out, buffer_bytes(&text), 0644, force, fault);
	if (err == ERR_OK) {
		hash_bytes(hash, buffer_bytes(&text));
		fingerprint_print(fingerprint, hash);
		printf("%s made, fingerprint\n  %s\nit counts once its officers have signed it\n", out,
		    fingerprint);
	}
	buffer_free(&text);
	return err;
}

int trust_new(const struct command *command, int argc, char **argv)
{
	struct parts parts = {0};
	uint64_t *thresholds = parts.request.thresholds;
	const char *out = NULL;
	bool force = false;
	const struct command_option options[] = {
		{"org", OPTION_TEXT, &parts.request.org, "ORG", "name of the organisation"},
		{"officer", OPTION_TEXTS, &parts.officers, "NAME.pub", "an officer's public key; repeat"},
		{"batch-threshold", OPTION_NUMBER, &thresholds[ROLE_BATCH], "K",
		    "officers who must sign a batch"},
		{"grant-threshold", OPTION_NUMBER, &thresholds[ROLE_GRANT], "K",
		    "officers who must sign a grant"},
		{"trust-threshold", OPTION_NUMBER, &thresholds[ROLE_TRUST], "K",
		    "officers who must sign a trust file"},
		{"station", OPTION_TEXTS, &parts.stations, "NAME.station", "a station's card; repeat"},
		{"escrow", OPTION_TEXTS, &parts.escrow, "age1...",
		    "who can open batches besides the office; repeat"},
		{"witness", OPTION_TEXTS, &parts.witnesses, "VKEY", "a witness of station logs; repeat"},
		{"accept-no-spare", OPTION_FLAG, &parts.request.accept_no_spare, NULL,
		    "allow a trust threshold that needs every officer"},
		{"out", OPTION_TEXT, &out, "FILE", "file to make"},
		{"force", OPTION_FLAG, &force, NULL, "replace an existing file"},
	};
	struct operands operands;
	struct fault fault;
	int code;

	if (command_options(command, options, 11, argc, argv, 0, 0, &operands, &code)) {
		code = ERR_OK;
		if (out == NULL || parts.request.org == NULL || parts.officers.count == 0)
			code = command_missing(command, out == NULL ? "out" : parts.request.org == NULL
			    ? "org" : "officer");
		else if (make(&parts, out, force, &fault) != ERR_OK)
			code = command_fault(&fault, false);
	}
	parts_free(&parts);
	return code;
}

static enum err next_of(struct parts *parts, const char *from, const char *out, bool force,
    struct fault *fault)
{
	struct document document = DOCUMENT_EMPTY;
	struct trust_fields fields = {0};
	enum err err = document_load(&document, AT_FDCWD, from, fault);

	if (err == ERR_OK)
		err = trust_parse(&fields, buffer_bytes(&document.text), from, fault);
	if (err == ERR_OK) {
		parts->request.org = fields.org;
		parts->request.from = &fields;
		parts->request.from_hash = document.hash;
		err = make(parts, out, force, fault);
		json_free(&fields, &trust_shape);
	}
	document_free(&document);
	return err;
}

int trust_next(const struct command *command, int argc, char **argv)
{
	struct parts parts = {0};
	uint64_t *thresholds = parts.request.thresholds;
	const char *from = NULL, *out = NULL;
	bool force = false;
	const struct command_option options[] = {
		{"from", OPTION_TEXT, &from, "FILE", "the version before"},
		{"officer", OPTION_TEXTS, &parts.officers, "NAME.pub", "an officer to add; repeat"},
		{"batch-threshold", OPTION_NUMBER, &thresholds[ROLE_BATCH], "K", "new threshold"},
		{"grant-threshold", OPTION_NUMBER, &thresholds[ROLE_GRANT], "K", "new threshold"},
		{"trust-threshold", OPTION_NUMBER, &thresholds[ROLE_TRUST], "K", "new threshold"},
		{"station", OPTION_TEXTS, &parts.stations, "NAME.station", "a station to add; repeat"},
		{"escrow", OPTION_TEXTS, &parts.escrow, "age1...", "an escrow recipient to add; repeat"},
		{"witness", OPTION_TEXTS, &parts.witnesses, "VKEY", "a witness to add; repeat"},
		{"retire", OPTION_TEXTS, &parts.retired, "NAME", "an officer who leaves; repeat"},
		{"compromised", OPTION_TEXTS, &parts.compromised, "NAME",
		    "an officer whose key others may hold; repeat"},
		{"station-off", OPTION_TEXTS, &parts.stations_off, "NAME=WHY[:SIZE]",
		    "a station that is lost, stolen or retired; repeat"},
		{"revoke-batch", OPTION_TEXTS, &parts.revoked_batches, "HEX",
		    "manifest no longer accepted; repeat"},
		{"revoke-grant", OPTION_TEXTS, &parts.revoked_grants, "SERIAL",
		    "grant no longer accepted; repeat"},
		{"accept-no-spare", OPTION_FLAG, &parts.request.accept_no_spare, NULL,
		    "allow a trust threshold that needs every officer"},
		{"out", OPTION_TEXT, &out, "FILE", "file to make"},
		{"force", OPTION_FLAG, &force, NULL, "replace an existing file"},
	};
	struct operands operands;
	struct fault fault;
	int code;

	if (command_options(command, options, sizeof options / sizeof options[0], argc, argv, 0, 0, &operands,
	    &code)) {
		code = ERR_OK;
		if (out == NULL || from == NULL)
			code = command_missing(command, out == NULL ? "out" : "from");
		else if (next_of(&parts, from, out, force, &fault) != ERR_OK)
			code = command_fault(&fault, false);
	}
	parts_free(&parts);
	return code;
}

int trust_show(const struct command *command, int argc, char **argv)
{
	struct operands operands;
	struct signing signing;
	struct fault fault;
	int code;

	if (!command_options(command, NULL, 0, argc, argv, 1, 1, &operands, &code))
		return code;
	if (signing_open(&signing, operands.items[0], NULL, &fault) != ERR_OK)
		return command_fault(&fault, false);
	if (signing.kind != SIGNING_TRUST) {
		fault_set(&fault, ERR_CANNOT, "sign-kind", operands.items[0], "not a trust file");
		code = command_fault(&fault, false);
	} else {
		buffer_format(&signing.summary, "  signatures   %zu\n", signing.document.count);
		code = command_print(&signing.summary);
	}
	signing_free(&signing);
	return code;
}
