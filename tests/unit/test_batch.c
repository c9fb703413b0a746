/* SPDX-License-Identifier: ISC */
#include "batch_bench.h"

#include <errno.h>
#include <sys/stat.h>

static struct {
	bool fails;
	unsigned spoils;     /* the file that changes behind the compiler's back, counted from 1 */
	unsigned synced;
} medium;

/* Called for each file when all of it is written. */
int fsync(int file)
{
	struct stat status;

	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return 0;
	if (medium.fails) {
		errno = EIO;
		return -1;
	}
	if (++medium.synced == medium.spoils)
		assert_int_equal(pwrite(file, "--------", 8, 20), 8);
	return 0;
}

static void check_fails(struct bench *bench, enum err expected, const char *code, const char *where)
{
	struct folder_draft draft = FOLDER_DRAFT_EMPTY;
	struct batch_result result;
	struct fault fault;
	char **names;
	size_t count = 0;

	assert_int_equal(batch_make(&result, &draft, bench->plan, bench->seed, &bench->request, &fault),
	    expected);
	assert_string_equal(fault.code, code);
	assert_string_equal(fault.where, where);
	assert_int_equal(draft.folder, -1);
	assert_null(result.imeis);
	batch_result_free(&result);
	/* profile and CSV, and nothing of the batch */
	assert_int_equal(folder_list(&names, place, 100, "place", &fault), ERR_OK);
	while (names[count] != NULL)
		count++;
	assert_int_equal(count, 2);
	free(names);
}

static const char *in_out(const struct bench *bench, const char *name)
{
	static char full[400];

	snprintf(full, sizeof full, "%s/%s", bench->out, name);
	return full;
}

/* All files of a batch one after another. */
static void gather(struct buffer *out, const char *folder)
{
	struct fault fault;
	char **names;
	int fd;

	assert_int_equal(folder_open(&fd, AT_FDCWD, folder, &fault), ERR_OK);
	assert_int_equal(folder_list(&names, fd, 100, folder, &fault), ERR_OK);
	for (char **name = names; *name != NULL; name++) {
		buffer_format(out, "%s\n", *name);
		assert_int_equal(file_read(out, fd, *name, 1 << 24, &fault), ERR_OK);
	}
	free(names);
	close(fd);
}

static void check_sizes(const struct manifest_fields *manifest)
{
	const struct manifest_file *files = manifest->files.items;

	assert_int_equal(manifest->files.count, 2);
	assert_int_equal(files[0].bytes, 3 << 19);
	assert_int_equal(files[1].bytes, 9000 * 256 - (3 << 19));
}

/* More devices than one write takes, so that threads meet the end of a lot, of a file and of the buffer. */
static void test_same_bytes(void **state)
{
	static const unsigned threads[] = {0, 1, 2, 3, 7};
	char *csv = devices(9000, "", row_alone);
	struct buffer first = BUFFER_EMPTY;
	struct batch_result result;
	struct bench bench;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	bench.request.file_max = 3 << 19; /* a write and a half */
	for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
		struct buffer again = BUFFER_EMPTY;

		snprintf(bench.out, sizeof bench.out, "%s/out-%zu", place_path, i);
		bench.request.threads = threads[i];
		compile(&result, &bench);
		check_sizes(&result.manifest);
		gather(i == 0 ? &first : &again, bench.out);
		assert_true(i == 0 || bytes_equal(buffer_bytes(&first), buffer_bytes(&again)));
		buffer_free(&again);
		batch_result_free(&result);
	}
	/* another seed: another batch */
	secret_data(bench.seed)[31] ^= 1;
	snprintf(bench.out, sizeof bench.out, "%s/other", place_path);
	compile(&result, &bench);
	secret_data(bench.seed)[31] ^= 1;
	batch_result_free(&result);
	buffer_clear(&first);
	gather(&first, bench.out);
	snprintf(bench.out, sizeof bench.out, "%s/out-0", place_path);
	{
		struct buffer again = BUFFER_EMPTY;

		gather(&again, bench.out);
		assert_int_equal(first.size, again.size);
		assert_false(bytes_equal(buffer_bytes(&first), buffer_bytes(&again)));
		buffer_free(&again);
	}
	buffer_free(&first);
	end(&bench);
	free(csv);
}

static bool note_progress(void *context, uint64_t done, uint64_t total)
{
	uint64_t *last = context;

	assert_int_equal(total, 9000);
	assert_true(done > *last && done <= total);
	*last = done;
	return true;
}

static void test_progress(void **state)
{
	char *csv = devices(9000, "", row_alone);
	struct batch_result result;
	struct bench bench;
	uint64_t last = 0;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	bench.request.progress = note_progress;
	bench.request.progress_context = &last;
	compile(&result, &bench);
	assert_int_equal(last, 9000);
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

static bool stop_early(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	return done == total;
}

static void test_stopped(void **state)
{
	char *csv = devices(9000, "", row_alone);
	struct bench bench;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	bench.request.progress = stop_early;
	check_fails(&bench, ERR_CANNOT, "interrupted", "");
	end(&bench);
	free(csv);
}

static void test_faulty_medium(void **state)
{
	char *csv = devices(20, "", row_alone);
	struct batch_result result;
	struct bench bench;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	medium.spoils = medium.synced + 1;
	check_fails(&bench, ERR_CANNOT, "batch-readback", bench.out);
	medium.spoils = medium.synced + 2;
	check_fails(&bench, ERR_CANNOT, "batch-readback", MANIFEST_NAME);
	medium.spoils = medium.synced + 3;
	check_fails(&bench, ERR_CANNOT, "batch-readback", in_out(&bench, SUMS_NAME));
	medium.fails = true;
	check_fails(&bench, ERR_CANNOT, "file-write", in_out(&bench, "records-000.bin"));
	medium.fails = false;
	compile(&result, &bench);
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

static void test_refused(void **state)
{
	char *csv = devices(1001, "", row_alone);
	struct bench bench;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	bench.request.master_count = 0;
	check_fails(&bench, ERR_NO, "batch-request", "");
	bench.request.master_count = 1;
	bench.request.threads = BATCH_THREADS_MAX + 1;
	check_fails(&bench, ERR_NO, "batch-request", "");
	bench.request.threads = 0;
	bench.request.file_max = 255; /* not one record */
	check_fails(&bench, ERR_NO, "batch-request", "");
	bench.request.file_max = 256;
	check_fails(&bench, ERR_CANNOT, "batch-files", "");
	bench.request.file_max = RECORDS_FILE_MAX + 1;
	check_fails(&bench, ERR_NO, "batch-request", "");
	bench.request.file_max = 0;
	bench.request.issued = "yesterday";
	check_fails(&bench, ERR_NO, "batch-request", "");
	bench.request.issued = ISSUED;
	bench.request.trust = 0;
	check_fails(&bench, ERR_NO, "manifest-names", MANIFEST_NAME);
	bench.request.trust = 1;
	secret_resize(bench.seed, KEY_SIZE - 1);
	check_fails(&bench, ERR_NO, "batch-request", "");
	end(&bench);
	free(csv);
}

static void test_no_ca(void **state)
{
	static const char profile[] = "credential key { tag = 9 type = key }\n"
	    "credential cert { tag = 9 type = cert cn = \"{imei}\" days = 30 }\n";
	char *csv = devices(3, "", row_alone);
	struct folder_draft draft = FOLDER_DRAFT_EMPTY;
	struct batch_result result;
	struct bench bench;
	struct fault fault;

	(void)state;
	begin(&bench, profile, csv);
	bench.request.ca = NULL;
	assert_int_equal(batch_make(&result, &draft, bench.plan, bench.seed, &bench.request, &fault),
	    ERR_CANNOT);
	assert_string_equal(fault.code, "ca-needed");
	end(&bench);
	free(csv);
}

static void test_out_exists(void **state)
{
	char *csv = devices(3, "", row_alone);
	struct folder_draft draft = FOLDER_DRAFT_EMPTY;
	struct batch_result result;
	struct bench bench;
	struct fault fault;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	assert_int_equal(mkdir(bench.out, 0700), 0);
	if (batch_make(&result, &draft, bench.plan, bench.seed, &bench.request, &fault) == ERR_OK)
		assert_int_equal(folder_commit(&draft, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "file-exists");
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BATCH_TEST(test_same_bytes),
		BATCH_TEST(test_progress),
		BATCH_TEST(test_stopped),
		BATCH_TEST(test_faulty_medium),
		BATCH_TEST(test_refused),
		BATCH_TEST(test_no_ca),
		BATCH_TEST(test_out_exists),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
