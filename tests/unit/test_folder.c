/* SPDX-License-Identifier: ISC */
#include "scratch.h"

static void test_folders(void **state)
{
	int folder;

	(void)state;
	assert_int_equal(folder_create(home, "folder", 0700, &fault), ERR_OK);
	check_refused(folder_create(home, "folder", 0700, &fault), "file-exists", "folder");
	check_refused(folder_create(home, "none/folder", 0700, &fault), "file-write", "none/folder");
	put("file", "");
	assert_int_equal(symlinkat("folder", home, "link"), 0);
	assert_int_equal(folder_open(&folder, home, "folder", &fault), ERR_OK);
	assert_int_equal(fcntl(folder, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(folder_sync(folder, "folder", &fault), ERR_OK);
	close(folder);
	check_refused(folder_open(&folder, home, "file", &fault), "file-kind", "file");
	check_refused(folder_open(&folder, home, "link", &fault), "file-kind", "link");
	check_refused(folder_open(&folder, home, "none", &fault), "file-open", "none");
	assert_int_equal(folder_open(&folder, AT_FDCWD, in_home("link"), &fault), ERR_OK);
	close(folder);
	check_refused(folder_sync(-1, "x", &fault), "file-write", "x");
}

static void test_list(void **state)
{
	char **names;

	(void)state;
	check_names(home, "");
	put("b", "");
	put("a\xff", "");
	put("a", "");
	put(".hidden", "");
	put("B", "");
	check_names(home, ".hidden,B,a,a\xff,b");
	check_names(home, ".hidden,B,a,a\xff,b"); /* listing does not use up the descriptor */
	assert_int_equal(folder_list(&names, home, 5, "list", &fault), ERR_OK);
	free(names);
	check_refused(folder_list(&names, home, 4, "list", &fault), "file-size", "list");
	check_refused(folder_list(&names, -1, 4, "list", &fault), "file-open", "list");
}

static void begin(struct folder_draft *draft, const char *name)
{
	assert_int_equal(folder_begin(draft, name, &fault), ERR_OK);
	assert_int_equal(file_write(draft->folder, "inside", bytes_of("text"), 0600, false, &fault), ERR_OK);
	memset(&calls, 0, sizeof calls);
}

static void check_empty(const struct folder_draft *draft)
{
	assert_int_equal(draft->folder, -1);
	assert_int_equal(draft->parent, -1);
	assert_null(draft->base);
	assert_null(draft->draft);
}

static void test_draft_commit(void **state)
{
	struct folder_draft draft = FOLDER_DRAFT_EMPTY;

	(void)state;
	begin(&draft, in_home("batch"));
	assert_true(strncmp(draft.draft, ".batch.", 7) == 0);
	assert_string_equal(draft.draft + 7 + 16, ".part");
	check_names(home, draft.draft);
	assert_int_equal(folder_commit(&draft, &fault), ERR_OK);
	check_calls("FrF");
	check_empty(&draft);
	check_names(home, "batch");
	check_content(AT_FDCWD, in_home("batch/inside"), "text");
	begin(&draft, in_home("slashes//"));
	assert_int_equal(folder_commit(&draft, &fault), ERR_OK);
	check_names(home, "batch,slashes");
}

static void test_draft_abandon(void **state)
{
	struct folder_draft draft = FOLDER_DRAFT_EMPTY;

	(void)state;
	folder_abandon(&draft); /* nothing to do */
	begin(&draft, in_home("batch"));
	assert_int_equal(folder_create(draft.folder, "below", 0700, &fault), ERR_OK);
	assert_int_equal(file_write(draft.folder, "file", bytes_of("x"), 0600, false, &fault), ERR_OK);
	folder_abandon(&draft);
	check_empty(&draft);
	check_names(home, "");
}

static void test_draft_refuses_what_exists(void **state)
{
	static const char *const taken[] = {"file", "folder", "dangling", ".", ".."};
	struct folder_draft draft = FOLDER_DRAFT_EMPTY;

	(void)state;
	put("file", "");
	assert_int_equal(mkdirat(home, "folder", 0700), 0);
	assert_int_equal(symlinkat("none", home, "dangling"), 0);
	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
		const char *name = in_home(taken[i]);

		check_refused(folder_begin(&draft, name, &fault), "file-exists", name);
		check_empty(&draft);
	}
	check_refused(folder_begin(&draft, "/", &fault), "file-open", "/");
	check_refused(folder_begin(&draft, "", &fault), "file-open", "");
	check_refused(folder_begin(&draft, in_home("none/batch"), &fault), "file-open", in_home("none"));
	check_refused(folder_begin(&draft, in_home("file/batch"), &fault), "file-kind", in_home("file"));
	check_names(home, "dangling,file,folder");
}

/* Somebody else took the name between begin and commit, and not even an empty folder is replaced. */
static void test_draft_loses_a_race(void **state)
{
	struct folder_draft draft = FOLDER_DRAFT_EMPTY;

	(void)state;
	for (int plainly = 0; plainly < 2; plainly++) {
		begin(&draft, in_home("batch"));
		assert_int_equal(mkdirat(home, "batch", 0700), 0);
		calls.no_rename2 = calls.no_links = plainly;
		check_refused(folder_commit(&draft, &fault), "file-exists", in_home("batch"));
		check_empty(&draft);
		check_names(home, "batch");
		assert_int_equal(unlinkat(home, "batch", AT_REMOVEDIR), 0);
	}
}

static void test_draft_without_renameat2(void **state)
{
	struct folder_draft draft = FOLDER_DRAFT_EMPTY;

	(void)state;
	begin(&draft, in_home("batch"));
	calls.no_rename2 = true;
	assert_int_equal(folder_commit(&draft, &fault), ERR_OK);
	check_calls("FrlRF");
	check_names(home, "batch");
	check_content(AT_FDCWD, in_home("batch/inside"), "text");
}

static void test_draft_fails_at_every_call(void **state)
{
	struct folder_draft draft = FOLDER_DRAFT_EMPTY;

	(void)state;
	for (int step = 1; step <= 3; step++) {
		begin(&draft, in_home("batch"));
		calls.countdown = step;
		check_refused(folder_commit(&draft, &fault), "file-write", in_home("batch"));
		check_empty(&draft);
		check_names(home, step < 3 ? "" : "batch");
	}
	check_content(AT_FDCWD, in_home("batch/inside"), "text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_folders),
		SCRATCH_TEST(test_list),
		SCRATCH_TEST(test_draft_commit),
		SCRATCH_TEST(test_draft_abandon),
		SCRATCH_TEST(test_draft_refuses_what_exists),
		SCRATCH_TEST(test_draft_loses_a_race),
		SCRATCH_TEST(test_draft_without_renameat2),
		SCRATCH_TEST(test_draft_fails_at_every_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
