/* SPDX-License-Identifier: ISC */
/* A medium as it comes: everything on it in one go. */
#include "officers.h"

#include "stations.h"

#include "media.h"

#include "ingests.h"

/* A stick as it comes: everything on it in one go, in whatever order it lies there. */
static void test_medium(void **state)
{
	struct media_grant grant = good_grant();
	struct media_batch batch = small_batch;
	uint8_t hash[HASH_SIZE];

	(void)state;
	media_folder(in_place("m"));
	media_folder(in_place("m/a-grants"));
	media_make_grant(in_place("m/a-grants/5"), &grant);
	grant.serial = 6;
	grant.station = "line2";
	media_make_grant(in_place("m/a-grants/6"), &grant);
	assert_int_equal(rename(in_place("b-1"), in_place("m/b-1")), 0);
	media_make_trust(hash, in_place("m"), "trust.json", NULL);
	media_write(in_place("m"), "readme.json", bytes_of("{}"));
	media_folder(in_place("m/.trash"));
	media_write(in_place("m/.trash"), "trust.json", bytes_of("{}"));
	batch.id = "b-2";
	batch.seq = 2;
	media_folder(in_place("m/1"));
	media_folder(in_place("m/1/2"));
	media_make_batch(hash, in_place("m/1/2/3"), &batch);
	assert_int_equal(symlink("1/2/3", in_place("m/link")), 0);
	assert_int_equal(ingest(in_place("m")), ERR_OK);
	check_report(3, 0, 0);
	assert_true(was_said("passed over"));
	assert_false(file_exists(home.folder, "batches/b-2"));
	assert_int_equal(log_size(), 5);
	assert_int_equal(last_entry.grant, 5);
	assert_int_equal(last_entry.trust, 2);
	assert_int_equal(ingest(in_place("m")), ERR_OK);
	check_report(0, 3, 0);
	/* what the person names may be a link */
	assert_int_equal(ingest(in_place("m/link")), ERR_OK);
	check_report(1, 0, 0);
	/* and then a grant for others is a mistake */
	assert_fault(ingest(in_place("m/a-grants/6")), ERR_NO, "grant-station");
}

static void test_goes_on(void **state)
{
	struct media_batch batch = small_batch;
	const char *paths[4];
	uint8_t hash[HASH_SIZE];

	(void)state;
	batch.id = "b-2";
	batch.one_signature = true;
	media_make_batch(hash, in_place("b-2"), &batch);
	batch.id = "b-3";
	batch.one_signature = false;
	media_make_batch(hash, in_place("b-3"), &batch);
	media_folder(in_place("empty"));
	paths[0] = in_place("b-2");
	paths[1] = in_place("empty");
	paths[2] = in_place("b-3");
	paths[3] = in_place("nowhere");
	buffer_clear(&said);
	report = (struct ingest_report){.say = say};
	assert_fault(ingest_paths(&home, paths, 4, &report, &fault), ERR_NO, "ingest-nothing");
	check_report(1, 0, 3);
	assert_true(was_said("signatures of"));
	assert_true(file_exists(home.folder, "batches/b-3"));
	assert_int_equal(ingest_paths(&home, paths, 0, &report, &fault), ERR_OK);
}

static void write_sums(const char *name, const char *path)
{
	struct buffer text = BUFFER_EMPTY;

	buffer_format(&text, "not a line of sha256sum\n%064d  %s\n", 0, path);
	media_write(in_place("m"), name, buffer_bytes(&text));
	buffer_free(&text);
}

/* What SHA256SUMS of a medium lists must be there, as far as a search would take it; and a medium that was
 * never finished is not looked into. */
static void test_whole(void **state)
{
	static const char *const fine[] = {
		"b-1/manifest.json", "b-1/records-000.bin", "notes/readme.txt", "a/b/c/grant.json",
		"not/\001printable/grant.json", "",
	};
	static const char *const missing[] = {"grants/1/grant.json", "trust.json", "b-2/manifest.json"};

	(void)state;
	media_folder(in_place("m"));
	assert_int_equal(rename(in_place("b-1"), in_place("m/b-1")), 0);
	write_sums(SUMS_PART_NAME, "b-1/manifest.json");
	assert_fault(ingest(in_place("m")), ERR_NO, "medium-incomplete");
	check_report(0, 0, 1);
	assert_false(file_exists(home.folder, "batches/b-1"));
	assert_int_equal(unlink(in_place("m/" SUMS_PART_NAME)), 0);
	for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
		write_sums(SUMS_NAME, missing[i]);
		assert_fault(ingest(in_place("m")), ERR_NO, "medium-missing");
		check_report(i == 0, i != 0, 1); /* the rest is taken all the same */
	}
	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
		write_sums(SUMS_NAME, fine[i]);
		assert_int_equal(ingest(in_place("m")), ERR_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRUSTING_TEST(test_medium),
		TRUSTING_TEST(test_goes_on),
		TRUSTING_TEST(test_whole),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
