/* SPDX-License-Identifier: ISC */
/* The head of a log on one line: nothing of the checkpoint is lost, and what is no checkpoint is refused. */
#include "officers.h"

#include "stations.h"

#include "gapseal/head.h"

static void append(const char *operator_)
{
	const struct log_position whole = {0};
	struct entry entry = {.type = ENTRY_START, .sha256.present = true, .tool = "test"};
	struct logbook *logbook;

	snprintf(entry.operator_, sizeof entry.operator_, "%s", operator_);
	assert_int_equal(logbook_open(&logbook, home.folder, home.origin, signer, &whole, NULL, NULL, &fault),
	    ERR_OK);
	assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
	assert_int_equal(logbook_append(logbook, &entry, &fault), ERR_OK);
	assert_int_equal(logbook_commit(logbook, &fault), ERR_OK);
	logbook_close(&logbook);
}

/* What the manual says of it, done by hand. */
static void check_line(void)
{
	struct buffer line = BUFFER_EMPTY, note = BUFFER_EMPTY, checkpoint = home_file("log/checkpoint");
	struct bytes parts[4];
	struct cursor cursor;

	assert_int_equal(head_line(&line, &home, &fault), ERR_OK);
	assert_true(line.size <= HEAD_LINE_MAX && text_is_printable(buffer_bytes(&line)));
	cursor = cursor_of(buffer_bytes(&line));
	for (int i = 0; i < 4; i++)
		assert_true(take_field(&cursor, '|', &parts[i]));
	assert_int_equal(cursor_left(&cursor), 0);
	for (int i = 0; i < 3; i++) {
		buffer_put(&note, parts[i]);
		buffer_byte(&note, '\n');
	}
	buffer_text(&note, "\n\xe2\x80\x94 ");
	buffer_put(&note, parts[0]);
	buffer_byte(&note, ' ');
	buffer_put(&note, parts[3]);
	buffer_byte(&note, '\n');
	assert_true(bytes_equal(buffer_bytes(&note), buffer_bytes(&checkpoint)));
	buffer_free(&line);
	buffer_free(&note);
	buffer_free(&checkpoint);
}

static void test_line(void **state)
{
	(void)state;
	check_line();
	append("op-7");
	check_line();
}

/* The longest names there are. */
static void test_longest(void **state)
{
	(void)state;
	assert_true(strlen("9007199254740991") + 44 + 92 + 3 + (size_t)(2 * NAME_MAX_LENGTH + 1) <= HEAD_LINE_MAX);
}

static void check_refused(const char *checkpoint)
{
	struct buffer line = BUFFER_EMPTY;

	home_put("log/checkpoint", bytes_of(checkpoint));
	assert_int_equal(head_line(&line, &home, &fault), ERR_UNKNOWN);
	assert_string_equal(fault.code, "log-checkpoint");
	buffer_free(&line);
}

static void test_refused(void **state)
{
	(void)state;
	check_refused("");
	check_refused("acme/line1\n1\nroot\n\n");
	check_refused("acme/line1\n1\nroot\n\n\xe2\x80\x94 acme/line2 c2ln\n");
	check_refused("acme/line1\n1\nroot\n\n- acme/line1 c2ln\n");
	check_refused("acme/line2\n1\nroot\n\n\xe2\x80\x94 acme/line1 c2ln\n");
	check_refused("acme/line1\n1\nroot\nmore\n\xe2\x80\x94 acme/line1 c2ln\n");
	check_refused("acme/line1\n1\nroot\n\n\xe2\x80\x94 acme/line1 c2ln\n\xe2\x80\x94 witness c2ln\n");
	check_refused("acme/line1\n1\nroot\n\n\xe2\x80\x94 acme/line1 \n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATION_TEST(test_line), STATION_TEST(test_longest), STATION_TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
