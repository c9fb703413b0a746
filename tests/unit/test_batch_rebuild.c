/* SPDX-License-Identifier: ISC */
#include "batch_bench.h"

#include "gapseal/json.h"

/* A batch under check, as the second machine has it. */
struct check {
	struct buffer text;
	struct manifest_fields manifest;
	struct batch_given given;
};

static void check_begin(struct check *check, const struct bench *bench)
{
	struct fault fault;

	*check = (struct check){.text = BUFFER_EMPTY};
	assert_int_equal(folder_open(&check->given.folder, AT_FDCWD, bench->out, &fault), ERR_OK);
	assert_int_equal(file_read(&check->text, check->given.folder, MANIFEST_NAME, 1 << 20, &fault),
	    ERR_OK);
	assert_int_equal(manifest_parse(&check->manifest, buffer_bytes(&check->text), "m", &fault), ERR_OK);
	check->given.where = "again";
	check->given.text = buffer_bytes(&check->text);
	check->given.manifest = &check->manifest;
}

static void check_end(struct check *check)
{
	json_free(&check->manifest, &manifest_shape);
	buffer_free(&check->text);
	close(check->given.folder);
}

static void check_rebuild(struct bench *bench, const struct check *check, const char *code, const char *where)
{
	struct fault fault = {.code = "none", .where = ""};
	struct batch_result result;
	enum err err = batch_rebuild(&result, &check->given, bench->plan, bench->seed, &bench->request,
	    &fault);

	assert_string_equal(fault.code, code);
	assert_int_equal(err, strcmp(code, "none") == 0 ? ERR_OK : ERR_NO);
	if (where != NULL)
		assert_string_equal(fault.where, where);
	batch_result_free(&result);
}

static void flip(const struct check *check, unsigned file, off_t at)
{
	char name[RECORDS_NAME_SIZE];
	uint8_t byte;
	int fd;

	records_name(name, file);
	fd = openat(check->given.folder, name, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	assert_int_equal(close(fd), 0);
}

/* More devices than one piece takes, in several lots and files: the ends of all of them meet. */
static void test_many(void **state)
{
	static const unsigned threads[] = {1, 3};
	char *csv = devices(9000, "", row_alone);
	struct batch_result result;
	struct check check;
	struct bench bench;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	bench.request.file_max = 3 << 19;
	compile(&result, &bench);
	check_begin(&check, &bench);
	for (size_t i = 0; i < 2; i++) {
		bench.request.threads = threads[i];
		check_rebuild(&bench, &check, "none", NULL);
		flip(&check, 1, 256 * 100 + 200);
		flip(&check, 1, 256 * 2000 + 200);
		/* 6144 are in the first file */
		check_rebuild(&bench, &check, "rebuild-record", "again: index 6244");
		flip(&check, 1, 256 * 100 + 200);
		check_rebuild(&bench, &check, "rebuild-record", "again: index 8144");
		flip(&check, 1, 256 * 2000 + 200);
	}
	check_rebuild(&bench, &check, "none", NULL);
	check_end(&check);
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

static void test_differs(void **state)
{
	char *csv = devices(20, "", row_alone);
	uint8_t other[HASH_SIZE] = {1};
	struct batch_result result;
	struct check check;
	struct bench bench;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	compile(&result, &bench);
	check_begin(&check, &bench);
	check_rebuild(&bench, &check, "none", NULL);
	secret_data(bench.seed)[0] ^= 1;
	check_rebuild(&bench, &check, "rebuild-lot", "again");
	secret_data(bench.seed)[0] ^= 1;
	check.given.plan = result.plan_hash;
	check_rebuild(&bench, &check, "none", NULL);
	check.given.plan = other;
	check_rebuild(&bench, &check, "rebuild-lot", "again");
	check.given.plan = NULL;
	bench.request.seq++;
	check_rebuild(&bench, &check, "rebuild-manifest", NULL);
	bench.request.seq--;
	bench.request.master_count = 0;
	check_rebuild(&bench, &check, "batch-request", NULL);
	bench.request.master_count = 1;
	check_rebuild(&bench, &check, "none", NULL);
	assert_int_equal(unlinkat(check.given.folder, SUMS_NAME, 0), 0);
	check_end(&check);
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BATCH_TEST(test_many),
		BATCH_TEST(test_differs),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
