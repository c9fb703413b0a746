/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <unistd.h>

#include "gapseal/rebuild.h"
#include "gapseal/words.h"
#include "gapseal_seed.h"

struct rebuild_options {
	struct rebuild_request request;
	const char *office;
	struct seed_options seed;
	bool json;
};

static int print_rebuilt(const struct batch_result *result, bool json)
{
	const struct manifest_fields *manifest = &result->manifest;
	char hash[2 * HASH_SIZE + 1], plan[2 * HASH_SIZE + 1], words[WORDS_SIZE];
	struct buffer out = BUFFER_EMPTY;
	int code;

	hex_encode(hash, bytes_from(result->manifest_sha256, HASH_SIZE));
	hex_encode(plan, bytes_from(result->plan_hash, HASH_SIZE));
	words_print(words, result->plan_hash);
	if (json)
		buffer_format(&out,
		    "{\"schema\":\"gapseal/rebuild/v1\",\"equal\":true,\"batch\":\"%s\",\"devices\":%llu,"
		    "\"manifest_sha256\":\"%s\",\"plan_sha256\":\"%s\"}\n", manifest->batch,
		    (unsigned long long)manifest->count, hash, plan);
	else
		buffer_format(&out,
		    "batch %s: manifest and all %llu records are what profile, CSV and seed make\n"
		    "taken from the manifest as it stands: %s number %llu, issued %s by %s under trust version %llu\n"
		    "manifest %s\nplan     %s\n         %s\n", manifest->batch, (unsigned long long)manifest->count,
		    manifest->series, (unsigned long long)manifest->seq, manifest->issued, manifest->tool,
		    (unsigned long long)manifest->trust, hash, plan, words);
	code = command_print(&out);
	buffer_free(&out);
	return code;
}

static enum err find_seed(struct seed *seed, struct rebuild_options *options, struct fault *fault)
{
	enum err err = seed_get(seed, &options->seed, options->office, fault);

	if (err == ERR_OK && seed->seed == NULL)
		err = fault_set(fault, ERR_CANNOT, "seed-needed", NULL,
		    "--master, with --office, or --seed-share-fd must give the seed");
	if (err != ERR_OK)
		return err;
	options->request.seed = seed->seed;
	options->request.plan = seed->recorded ? seed->plan : NULL;
	options->request.manifest = seed->recorded ? seed->manifest : NULL;
	return ERR_OK;
}

static int do_rebuild(struct rebuild_options *options)
{
	struct findings findings = {0};
	struct batch_result result = {0};
	struct seed seed = {0};
	struct progress progress;
	struct fault fault;
	int code;
	enum err err = find_seed(&seed, options, &fault);

	progress_begin(&progress, "devices");
	options->request.progress = progress_show;
	options->request.progress_context = &progress;
	if (err == ERR_OK)
		err = batch_rebuild_folder(&result, &findings, &options->request, &fault);
	findings_say(&findings);
	code = err == ERR_OK ? print_rebuilt(&result, options->json) : command_fault(&fault, options->json);
	batch_result_free(&result);
	findings_free(&findings);
	seed_free(&seed);
	return code;
}

int rebuild(const struct command *command, int argc, char **argv)
{
	struct rebuild_options given = {.seed = SEED_OPTIONS_NONE};
	struct rebuild_request *request = &given.request;
	const struct command_option options[] = {
		{"office", OPTION_TEXT, &given.office, "OFFICE",
		    "office folder, whose identity opens --master"},
		{"batch", OPTION_TEXT, &request->batch, "DIR", "batch folder to check, signed or not"},
		{"profile", OPTION_TEXT, &request->profile, "FILE", "the recipe"},
		{"csv", OPTION_TEXT, &request->csv, "FILE", "the devices"},
		{"ca", OPTION_TEXT, &request->ca, "PATH",
		    "the CA's certificate, or the folder of ca.pem; no key is needed"},
		{"master", OPTION_TEXT, &given.seed.master, "FILE", "the batch's master.age"},
		{"seed-share-fd", OPTION_TEXTS, &given.seed.shares, "N",
		    "read an officer's share of the seed from descriptor N; repeat"},
		{"seed-fd", OPTION_NUMBER, &given.seed.fd, "N", "read the seed from descriptor N"},
		{"threads", OPTION_NUMBER, &request->threads, "N", "threads that seal; default one a core"},
		{"passphrase-fd", OPTION_NUMBER, &given.seed.passphrase_fd, "N",
		    "read the passphrase of the office identity from descriptor N"},
		{"json", OPTION_FLAG, &given.json, NULL, "the result as one JSON object"},
	};
	struct operands operands;
	struct fault fault;
	const size_t count = sizeof options / sizeof options[0];
	int code;

	if (command_options(command, options, count, argc, argv, 0, 0, &operands, &code)) {
		if (given.office != NULL &&
		    command_defaults(options, count, &office_options, given.office, OFFICE_CONF,
		    &fault) != ERR_OK)
			code = command_fault(&fault, given.json);
		else if (request->batch == NULL || request->profile == NULL || request->csv == NULL) {
			code = command_missing(command,
			    request->batch == NULL ? "batch" : request->profile == NULL ? "profile" : "csv");
		} else {
			if (request->threads == 0)
				request->threads = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
			code = do_rebuild(&given);
		}
	}
	texts_free(&given.seed.shares);
	return code;
}
