/* SPDX-License-Identifier: ISC */
#include "scratch.h"

#include "gapseal/config.h"
#include "gapseal/home.h"

static const struct config_option top_options[] = {
	{"title", CONFIG_TEXT}, {"count", CONFIG_NUMBER}, {"flag", CONFIG_BOOLEAN}, {"list", CONFIG_TEXTS},
};
static const struct config_option item_options[] = {
	{"tag", CONFIG_NUMBER}, {"type", CONFIG_TEXT}, {"files", CONFIG_TEXTS},
};
static const struct config_option policy_options[] = {{"rework", CONFIG_TEXT}, {"count", CONFIG_NUMBER}};
static const struct config_section sections[] = {
	{.name = NULL, .options = top_options, .count = 4},
	{.name = "item", .titled = true, .options = item_options, .count = 3},
	{.name = "policy", .options = policy_options, .count = 2},
};

static enum err read_text(struct config **out, const char *text)
{
	put("a.conf", text);
	return config_read(out, home, "a.conf", sections, 3, &fault);
}

static struct config *good(const char *text)
{
	struct config *config;

	if (read_text(&config, text) != ERR_OK)
		fail_msg("%s: %s: %s: %s", text, fault.code, fault.where, fault.text);
	return config;
}

static struct config_place at(const char *section, size_t i)
{
	return (struct config_place){section, i};
}

/* Nothing is a value like others; it is no name. */
static void test_empty_values(void **state)
{
	struct config *config = good("title = \"\"\nlist = {'', \"\"}\n");
	const char *text = NULL;

	(void)state;
	assert_true(config_text(config, at("", 0), "title", &text, NULL));
	assert_string_equal(text, "");
	assert_true(config_texts(config, at("", 0), "list", 1, &text, NULL));
	assert_string_equal(text, "");
	assert_false(config_texts(config, at("", 0), "list", 2, &text, NULL));
	config_free(&config);
}

static void test_values(void **state)
{
	struct config *config = good("# all kinds\n"
	    "title = \"A {b} c\" count = 9007199254740991\r\n"
	    "flag = true // set off\n"
	    "list = {\"one\", 'two',\n  three}\n"
	    "/* over\n two lines */ item first { tag = 7\n type = psk }\n"
	    "item 'with blank' { files = \"x\" }\n"
	    "item empty { }\n"
	    "policy { rework = never count = 0 }\n");
	const char *text = NULL;
	unsigned line;
	uint64_t number;
	bool flag = false;

	(void)state;
	assert_true(config_text(config, at("", 0), "title", &text, &line));
	assert_string_equal(text, "A {b} c");
	assert_int_equal(line, 2);
	assert_true(config_number(config, at("", 0), "count", &number, NULL));
	assert_true(number == INTEGER_MAX);
	assert_true(config_boolean(config, at("", 0), "flag", &flag, &line) && flag);
	assert_int_equal(line, 3);
	assert_true(config_texts(config, at("", 0), "list", 1, &text, &line));
	assert_string_equal(text, "two");
	assert_int_equal(line, 4);
	assert_true(config_texts(config, at("", 0), "list", 2, &text, &line));
	assert_string_equal(text, "three");
	assert_int_equal(line, 5);
	assert_false(config_texts(config, at("", 0), "list", 3, &text, &line));
	assert_true(config_number(config, at("item", 0), "tag", &number, &line));
	assert_true(number == 7);
	assert_int_equal(line, 7); /* libconfuse alone would say 8 */
	assert_true(config_text(config, at("item", 1), "files", &text, NULL));
	assert_string_equal(text, "x");
	assert_true(config_number(config, at("policy", 0), "count", &number, NULL));
	assert_true(number == 0);
	config_free(&config);
	assert_null(config);
	config_free(&config);
}

static void test_absent(void **state)
{
	struct config *config = good("item a { tag = 1 }");
	const char *text = "unchanged";
	uint64_t number = 5;
	bool flag = true;

	(void)state;
	assert_false(config_text(config, at("", 0), "title", &text, NULL));
	assert_false(config_text(config, at("item", 0), "type", &text, NULL));
	assert_false(config_number(config, at("item", 1), "tag", &number, NULL));
	assert_false(config_number(config, at("policy", 0), "count", &number, NULL));
	assert_false(config_number(config, at("", 1), "count", &number, NULL));
	assert_false(config_boolean(config, at("", 0), "flag", &flag, NULL));
	assert_string_equal(text, "unchanged");
	assert_true(number == 5 && flag);
	config_free(&config);
}

static void test_sections(void **state)
{
	struct config *config = good("item one {\n\n tag = 1 }\nitem two {\n}\npolicy\n{ }\n");
	const char *title;
	unsigned line;

	(void)state;
	assert_true(config_has(config, at("", 0), &title, &line));
	assert_string_equal(title, "");
	assert_true(config_has(config, at("item", 0), &title, &line));
	assert_string_equal(title, "one");
	assert_int_equal(line, 3);
	assert_true(config_has(config, at("item", 1), &title, &line));
	assert_string_equal(title, "two");
	assert_int_equal(line, 5);
	assert_false(config_has(config, at("item", 2), &title, &line));
	assert_true(config_has(config, at("policy", 0), NULL, NULL));
	assert_false(config_has(config, at("policy", 1), NULL, NULL));
	assert_false(config_has(config, at("other", 0), NULL, NULL));
	config_free(&config);
}

static void test_empty(void **state)
{
	struct config *config = good("");

	(void)state;
	assert_true(config_has(config, at("", 0), NULL, NULL));
	config_free(&config);
	config = good("# a comment without an end of line");
	config_free(&config);
}

/* Each of these libconfuse alone would take, or take for something else. */
static void test_refused(void **state)
{
	static const struct { const char *text, *code, *where; } cases[] = {
		{"count = 1\ncount = 1\n", "config-option", "a.conf:2"},
		{"list = {a}\nlist = {b}\n", "config-option", "a.conf:2"},
		{"item a { tag = 1\ntag = 1 }", "config-option", "a.conf:2"},
		{"policy { count = 1 }\npolicy { rework = x }", "config-section", "a.conf:2"},
		{"item a { tag = 1 }\nitem a { tag = 2 }", "config-section", "a.conf:2"},
		{"\nitem a { tag = 1", "config-form", "a.conf:2"},
		{"item a { tag = 1\nitem b { tag = 2 }\n", "config-form", "a.conf:1"},
		{"item a { tag = 1\nitem b { tag = 2 } }\n", "config-option", "a.conf:2"},
		{"list = {a, b", "config-form", "a.conf:1"},
		{"title = \"a", "config-form", "a.conf:1"},
		{"title = \"a\nb\"", "config-form", "a.conf:1"},
		{"/* never\n closed", "config-form", "a.conf:1"},
		{"title = 'a\\n'", "config-form", "a.conf:1"},
		{"title = \"${HOME}\"", "config-form", "a.conf:1"},
		{"# $\n", "config-form", "a.conf:1"},
		{"policy { }\npolicy|count = 1", "config-form", "a.conf:2"},
		{"count = 042", "config-value", "a.conf:1"},
		{"count = 0x10", "config-value", "a.conf:1"},
		{"count = -1", "config-value", "a.conf:1"},
		{"count = 9007199254740992", "config-value", "a.conf:1"},
		{"count = \"\"", "config-value", "a.conf:1"},
		{"count = 1;", "config-value", "a.conf:1"},
		{"flag = yes", "config-value", "a.conf:1"},
		{"flag = TRUE", "config-value", "a.conf:1"},
		{"count = *1", "config-form", "a.conf:1"},
		{"list += {a}", "config-form", "a.conf:1"},
		{"list = { }", "config-form", "a.conf:1"},
		{"\n\"\" = a", "config-form", "a.conf:2"},
		{"title = \"a\"\n'' = b", "config-form", "a.conf:2"},
		{"policy { \"\" = 1 }", "config-form", "a.conf:1"},
		{"item \"\" { tag = 1 }", "config-form", "a.conf:1"},
		{"title = a//b", "config-form", "a.conf:1"},
		{"title = a#b", "config-form", "a.conf:1"},
		{"titel = a", "config-option", "a.conf:1"},
		{"tag = 1", "config-option", "a.conf:1"},
		{"policy { tag = 1 }", "config-option", "a.conf:1"},
		{"include(\"b.conf\")", "config-option", "a.conf:1"},
		{"title\n\n= }", "config-form", "a.conf:3"},
		{"title", "config-form", "a.conf:2"},
		{"}", "config-form", "a.conf:1"},
		{"item { tag = 1 }", "config-form", "a.conf:1"},
		{"title = {imei}", "config-form", "a.conf:1"},
		{"title = \"\xc3\xa4\"", "config-form", "a.conf:1"},
		{"title = a\001b", "config-form", "a.conf:1"},
		{"title = a\rcount = 1", "config-form", "a.conf:1"},
		{"end-of-configuration = 1", "config-form", "a.conf"},
	};
	struct config *config = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (read_text(&config, cases[i].text) != ERR_NO)
			fail_msg("taken: %s", cases[i].text);
		assert_null(config);
		if (strcmp(fault.code, cases[i].code) != 0 || strcmp(fault.where, cases[i].where) != 0)
			fail_msg("%s: %s: %s: %s", cases[i].text, fault.code, fault.where, fault.text);
		assert_true(strlen(fault.text) > 10);
	}
}

/* A NUL ends no reading: libconfuse would see the first half alone. */
static void test_nul(void **state)
{
	static const char text[] = "count = 1\n\0count = 2\n";
	struct config *config;

	(void)state;
	assert_int_equal(file_write(home, "a.conf", bytes_from(text, sizeof text - 1), 0600, true, &fault),
	    ERR_OK);
	assert_int_equal(config_read(&config, home, "a.conf", sections, 3, &fault), ERR_NO);
	assert_string_equal(fault.where, "a.conf:2");
}

static void test_file(void **state)
{
	struct config *config = NULL;
	char *large = malloc(CONFIG_MAX + 2);

	(void)state;
	check_refused(config_read(&config, home, "none.conf", sections, 3, &fault), "file-open",
	    "none.conf");
	assert_non_null(large);
	memset(large, '\n', CONFIG_MAX + 1);
	large[CONFIG_MAX + 1] = '\0';
	put("a.conf", large);
	check_refused(config_read(&config, home, "a.conf", sections, 3, &fault), "file-size", "a.conf");
	large[CONFIG_MAX] = '\0';
	config = good(large);
	config_free(&config);
	free(large);
}

/* What goes to stderr from here on goes to a file; stderr_end brings it back and demands silence. */
static int stderr_begin(void)
{
	int file = openat(home, "stderr", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int old = dup(STDERR_FILENO);

	assert_true(old >= 0 && file >= 0);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	close(file);
	return old;
}

static void stderr_end(int old)
{
	struct stat status;

	fflush(stderr);
	assert_int_equal(fstat(STDERR_FILENO, &status), 0);
	assert_true(dup2(old, STDERR_FILENO) >= 0);
	close(old);
	assert_int_equal(status.st_size, 0);
}

/* Any byte anywhere in place of another: accepted or refused, never anything on stderr, never a crash. */
static void test_flips(void **state)
{
	static const char text[] =
	    "title = \"x\" # c\nitem a { tag = 7 files = {\"a\", 'b'} }\n/* d */ policy { count = 1 }\n";
	static const char bytes[] = "\0\n\r\t \"'#/*+={}(),|$\\~a0\x7f\xff";
	char changed[sizeof text];
	size_t accepted = 0;
	int old = stderr_begin();

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++) {
		for (size_t j = 0; j < sizeof bytes - 1; j++) {
			struct config *config;

			memcpy(changed, text, sizeof text);
			changed[i] = bytes[j];
			assert_int_equal(file_replace(home, "a.conf", bytes_from(changed, sizeof text - 1),
			    0600, &fault), ERR_OK);
			if (config_read(&config, home, "a.conf", sections, 3, &fault) == ERR_OK)
				accepted++;
			config_free(&config);
		}
	}
	stderr_end(old);
	assert_true(accepted > 100);
}

/* The examples for the programs' defaults, read by the keys their flags have. */
static void test_examples(void **state)
{
	static const struct config_option office[] = {
		{"ca", CONFIG_TEXT}, {"days", CONFIG_NUMBER}, {"lot_size", CONFIG_NUMBER},
		{"no_escrow", CONFIG_BOOLEAN},
		{"series", CONFIG_TEXT}, {"trust", CONFIG_TEXT},
	};
	static const struct config_section office_options = {
		.options = office, .count = sizeof office / sizeof office[0],
	};
	const struct config_section *const tables[] = {&office_options, &home_options};
	static const char *const names[] = {"office.conf", "station.conf"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char name[100];
		struct config *config;
		const char *text;

		snprintf(name, sizeof name, "../../manifests/example/%s", names[i]);
		assert_int_equal(config_read(&config, AT_FDCWD, vector_path(name), tables[i], 1, &fault),
		    ERR_OK);
		for (size_t j = 0; tables[i] == &office_options && j < office_options.count; j++) /* every key is shown */
			assert_true(config_text(config, at("", 0), office[j].name, &text, NULL));
		config_free(&config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_empty_values),
		SCRATCH_TEST(test_values), SCRATCH_TEST(test_absent), SCRATCH_TEST(test_sections),
		SCRATCH_TEST(test_empty),
		SCRATCH_TEST(test_refused), SCRATCH_TEST(test_nul), SCRATCH_TEST(test_file),
		SCRATCH_TEST(test_flips),
		SCRATCH_TEST(test_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
