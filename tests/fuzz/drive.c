/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "mutate.h"

/*
 * drive: a fuzzer without libFuzzer: every seed as it is, then so many rounds of changed ones, all of it in
 * a child that writes each input into shared memory first. Whatever ends the child, its input is left in a
 * file.
 */
#define ROUNDS 1000
#define KEPT "tests/fuzz/corpus" /* inputs that once found something, in a folder a target */
#define NOT_A_ROUND UINT64_MAX

struct options {
	uint64_t rounds, seed, round;
	const char *write;
	char **files;
	int file_count;
};
struct shared {
	uint64_t round;          /* NOT_A_ROUND: a seed or a file as it is */
	uint64_t runs;
	bool over;
	size_t size;
	uint8_t input[FUZZ_INPUT_MAX];
};

/* In memory of exactly its size, so that a byte read too far is seen. */
static void run(struct shared *shared, struct bytes input, uint64_t round)
{
	uint8_t *copy = malloc(input.size);

	FUZZ_WANT(copy != NULL || input.size == 0);
	shared->round = round;
	shared->runs++;
	shared->size = input.size;
	if (input.size > 0) {
		memcpy(shared->input, input.data, input.size);
		memcpy(copy, input.data, input.size);
	}
	LLVMFuzzerTestOneInput(copy, input.size);
	free(copy);
}

static void run_round(struct shared *shared, const struct corpus *corpus, uint64_t seed, uint64_t round)
{
	struct chance chance = chance_of(seed, round);
	struct buffer input = BUFFER_EMPTY;

	mutate(&input, corpus, &chance);
	run(shared, buffer_bytes(&input), round);
	buffer_free(&input);
}

static void run_all(struct shared *shared, const struct corpus *corpus, const struct options *options)
{
	for (size_t i = 0; i < corpus->count; i++)
		run(shared, buffer_bytes(&corpus->items[i]), NOT_A_ROUND);
	if (options->file_count > 0)
		return;
	for (uint64_t i = 0; i < options->rounds; i++)
		run_round(shared, corpus, options->seed, i);
}

/* Leaves the input that ended the child, and says how to have it again. */
static int report(const struct shared *shared, const char *name, uint64_t seed)
{
	const char *base = getenv("TMPDIR");
	struct fault fault;
	char path[512];

	if (shared->over) {
		fprintf(stderr, "%s: failed at its end: memory was not given back\n", name);
		return EXIT_FAILURE;
	}
	snprintf(path, sizeof path, "%s/fuzz-%s.input", base != NULL ? base : "/tmp", name);
	if (file_replace(AT_FDCWD, path, bytes_from(shared->input, shared->size), 0600, &fault) != ERR_OK)
		fprintf(stderr, "%s: %s\n", fault.where, fault.text);
	if (shared->round == NOT_A_ROUND)
		fprintf(stderr, "%s: failed at a seed: %s\n", name, path);
	else
		fprintf(stderr, "%s: failed with --seed %" PRIu64 " --round %" PRIu64 ": %s\n", name, seed,
		    shared->round, path);
	return EXIT_FAILURE;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int drive(const struct corpus *corpus, const char *name, const struct options *options)
{
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double start = seconds();
	int status = 0;
	pid_t child;

	FUZZ_WANT(shared != MAP_FAILED);
	fflush(NULL);
	child = fork();
	FUZZ_WANT(child >= 0);
	if (child == 0) {
		if (options->round != NOT_A_ROUND)
			run_round(shared, corpus, options->seed, options->round);
		else
			run_all(shared, corpus, options);
		shared->over = true;
		exit(EXIT_SUCCESS);
	}
	FUZZ_WANT(waitpid(child, &status, 0) == child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		return report(shared, name, options->seed);
	printf("%s: %" PRIu64 " runs, %.1f seconds\n", name, shared->runs, seconds() - start);
	munmap(shared, sizeof *shared);
	return EXIT_SUCCESS;
}

/* The seeds as files, for other fuzzers to begin with. */
static int write_seeds(const struct corpus *corpus, const char *name, const char *folder)
{
	struct fault fault;
	char path[512];

	if (mkdir(folder, 0777) != 0 && !file_exists(AT_FDCWD, folder)) {
		perror(folder);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < corpus->count; i++) {
		snprintf(path, sizeof path, "%s/%s-%04zu", folder, name, i);
		if (file_replace(AT_FDCWD, path, buffer_bytes(&corpus->items[i]), 0666, &fault) != ERR_OK) {
			fprintf(stderr, "%s: %s\n", fault.where, fault.text);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}

static void gather(struct corpus *corpus, const char *name, const struct options *options)
{
	char kept[256], all[sizeof kept + 2];

	for (int i = 0; i < options->file_count; i++)
		corpus_files(corpus, options->files[i]);
	if (options->file_count > 0)
		return;
	fuzz_seeds(corpus);
	snprintf(kept, sizeof kept, KEPT "/%s", name);
	snprintf(all, sizeof all, "%s/*", kept);
	if (file_exists(AT_FDCWD, kept))
		corpus_files(corpus, all);
}

static bool take_option(struct options *options, const char *name, const char *value)
{
	struct bytes text = bytes_of(value);

	if (strcmp(name, "--rounds") == 0)
		return decimal_parse(text, UINT64_MAX, &options->rounds);
	if (strcmp(name, "--seed") == 0)
		return decimal_parse(text, UINT64_MAX, &options->seed);
	if (strcmp(name, "--round") == 0)
		return decimal_parse(text, UINT64_MAX - 1, &options->round);
	options->write = value;
	return strcmp(name, "--write") == 0;
}

static bool take_options(struct options *options, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (i + 1 == argc || !take_option(options, argv[i], argv[i + 1]))
			return false;
	}
	options->files = argv + i;
	options->file_count = argc - i;
	return true;
}

int main(int argc, char **argv)
{
	struct options options = {.rounds = ROUNDS, .seed = 1, .round = NOT_A_ROUND};
	const char *name = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
	struct corpus corpus = CORPUS_EMPTY;
	int result;

	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	if (!take_options(&options, argc, argv)) {
		fprintf(stderr, "usage: %s [--rounds N] [--seed N] [--round N] [--write FOLDER] [FILE ...]\n",
		    argv[0]);
		return 2;
	}
	fuzz_folder();
	gather(&corpus, name, &options);
	if (options.write != NULL)
		result = write_seeds(&corpus, name, options.write);
	else
		result = drive(&corpus, name, &options);
	corpus_free(&corpus);
	return result;
}
