/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/words.h"
#include "gapseal_seed.h"

static void json_batch(struct buffer *out, const struct batch_result *result)
{
	const struct manifest_fields *manifest = &result->manifest;

	buffer_format(out,
	    "{\"schema\":\"gapseal/compile/v1\",\"batch\":\"%s\",\"devices\":%llu,\"lots\":%zu,"
	    "\"series\":\"%s\",\"seq\":%llu,\"manifest_sha256\":\"", manifest->batch,
	    (unsigned long long)manifest->count, manifest->lots.count, manifest->series,
	    (unsigned long long)manifest->seq);
	buffer_hex(out, bytes_from(result->manifest_sha256, HASH_SIZE));
	buffer_text(out, "\",\"plan_sha256\":\"");
	buffer_hex(out, bytes_from(result->plan_hash, HASH_SIZE));
	buffer_text(out, "\"}\n");
}

static void text_batch(struct buffer *out, const struct batch_result *result, const char *folder)
{
	const struct manifest_fields *manifest = &result->manifest;
	char fingerprint[FINGERPRINT_SIZE], words[WORDS_SIZE];

	fingerprint_print(fingerprint, result->manifest_sha256);
	words_print(words, result->plan_hash);
	buffer_format(out, "%sbatch %s: %llu devices in %zu lot%s, %s number %llu, in %s\n",
	    manifest->purpose == PURPOSE_REHEARSAL ? "REHEARSAL " : "", manifest->batch,
	    (unsigned long long)manifest->count, manifest->lots.count, manifest->lots.count == 1 ? "" : "s",
	    manifest->series, (unsigned long long)manifest->seq, folder);
	buffer_format(out, "manifest fingerprint\n  %s\nplan\n  ", fingerprint);
	buffer_hex(out, bytes_from(result->plan_hash, HASH_SIZE));
	buffer_format(out, "\n  %s\n", words);
}

static int print_batch(const struct batch_result *result, const char *folder, bool json)
{
	struct buffer out = BUFFER_EMPTY;
	int code;

	if (json)
		json_batch(&out, result);
	else
		text_batch(&out, result, folder);
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
	struct seed_options seed;
	struct texts supersede;
	struct supersede_others others;
};

/* What happens to devices of superseded batches that this CSV does not have. */
static void say_others(const struct supersede_others *others)
{
	if (others->dropped > 0)
		command_say("%llu superseded device%s not in this batch: no station that holds it serves %s any "
		    "more, and %s free to be compiled again", (unsigned long long)others->dropped,
		    others->dropped == 1 ? " is" : "s are", others->dropped == 1 ? "it" : "them",
		    others->dropped == 1 ? "it is" : "they are");
	if (others->kept > 0)
		command_say("%llu device%s of what is superseded %s not in this CSV and stay%s as before; "
		    "--supersede BATCH:all is for a batch none of which is to be served",
		    (unsigned long long)others->kept, others->kept == 1 ? "" : "s",
		    others->kept == 1 ? "is" : "are", others->kept == 1 ? "s" : "");
}

static enum err compile_once(struct batch_result *result, struct findings *findings, struct office *office,
    const struct trust *trust, struct compile_options *options, struct fault *fault)
{
	enum err err;

	command_catch(true);
	err = office_compile(result, findings, office, trust, &options->request, fault);
	command_catch(false);
	return err;
}

/* A CA key with a passphrase fails once without one, then it is asked for: an unprotected key asks nobody. */
static enum err run_compile(struct batch_result *result, struct findings *findings, struct office *office,
    const struct trust *trust,
    struct compile_options *options, struct fault *fault)
{
	enum err err = compile_once(result, findings, office, trust, options, fault);

	if (err == ERR_OK || strcmp(fault->code, "passphrase-needed") != 0)
		return err;
	err = passphrase_get(&options->request.ca_passphrase, options->fd, "Passphrase of the CA key: ",
	    false, fault);
	if (err != ERR_OK)
		return err;
	findings_free(findings);
	err = compile_once(result, findings, office, trust, options, fault);
	secret_free(&options->request.ca_passphrase);
	return err;
}

static int do_compile(struct compile_options *options)
{
	struct office office = OFFICE_EMPTY;
	const struct trust *trust;
	struct findings findings = {0};
	struct batch_result result = {0};
	struct seed seed = {0};
	struct progress progress;
	struct fault fault;
	int code;
	enum err err = office_begin(&office, &trust, options->office, options->trust, options->pin, &fault);

	progress_begin(&progress, "devices");
	options->request.progress = progress_show;
	options->request.progress_context = &progress;
	if (err == ERR_OK)
		err = seed_get(&seed, &options->seed, options->office, &fault);
	options->request.seed = seed.seed;
	if (err == ERR_OK)
		err = run_compile(&result, &findings, &office, trust, options, &fault);
	findings_say(&findings);
	if (err == ERR_OK)
		say_others(&options->others);
	code = err == ERR_OK ? print_batch(&result, options->request.out, options->json)
	    : command_fault(&fault, options->json);
	seed_free(&seed);
	batch_result_free(&result);
	findings_free(&findings);
	office_close(&office);
	return code;
}

/* What the command line left out, and what compiling needs besides. */
static int start_compile(const struct command *command, struct compile_options *options)
{
	struct compile_request *request = &options->request;

	if (options->trust == NULL || request->profile == NULL || request->csv == NULL)
		return command_missing(command, options->trust == NULL ? "trust" : request->profile == NULL
		    ? "profile" : "csv");
	if (request->id == NULL || request->out == NULL)
		return command_missing(command, request->id == NULL ? "id" : "out");
	if (options->supersede.count > 0 && request->reason == NULL)
		return command_missing(command, "reason");
	request->supersede = options->supersede.items;
	request->supersede_count = options->supersede.count;
	request->others = &options->others;
	request->now = utc_now();
	if (request->threads == 0)
		request->threads = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	return do_compile(options);
}

int compile(const struct command *command, int argc, char **argv)
{
	struct compile_options given = {.fd = NO_FD, .request = {.tool = TOOL}, .seed = SEED_OPTIONS_NONE};
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
		{"series", OPTION_TEXT, &request->series, "NAME",
		    "series of the batch; default the organisation"},
		{"title", OPTION_TEXT, &request->title, "TEXT", "title; default the profile's"},
		{"lot-size", OPTION_NUMBER, &request->lot_size, "N", "devices a lot, at most 65536"},
		{"threads", OPTION_NUMBER, &request->threads, "N", "threads that seal; default one a core"},
		{"verify-all", OPTION_FLAG, &request->verify_all, NULL,
		    "verify the CA's signature on every certificate, not only on each 1000th"},
		{"supersede", OPTION_TEXTS, &given.supersede, "BATCH",
		    "batch it supersedes, or BATCH:all, BATCH:3,17-20; repeat; needs --reason"},
		{"reason", OPTION_TEXT, &request->reason, "TEXT", "why, carried in the manifest"},
		{"rehearsal", OPTION_FLAG, &request->rehearsal, NULL, "make a rehearsal batch"},
		{"no-escrow", OPTION_FLAG, &request->no_escrow, NULL,
		    "accept that only this office can open the batch"},
		{"passphrase-fd", OPTION_NUMBER, &given.fd, "N",
		    "read the passphrase of the CA key from descriptor N"},
		{"seed-share-fd", OPTION_TEXTS, &given.seed.shares, "N",
		    "read an officer's share of the seed from descriptor N; repeat; default a random seed"},
		{"json", OPTION_FLAG, &given.json, NULL, "the result as one JSON object"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct operands operands;
	int code;

	if (command_options(command, options, count, argc, argv, 0, 0, &operands, &code) &&
	    office_given(command, options, count, given.office, given.json, &code))
		code = start_compile(command, &given);
	texts_free(&given.seed.shares);
	texts_free(&given.supersede);
	return code;
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
	buffer_format(&signing.summary, "  signatures   %zu beside it%s\n", signing.document.count,
	    signing.kind == SIGNING_TRUST ? "" : ", not verified here");
	code = command_print(&signing.summary);
	signing_free(&signing);
	return code;
}
