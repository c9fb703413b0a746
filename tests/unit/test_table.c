/* SPDX-License-Identifier: ISC */
/* The live picture, read back by a small terminal; and what it counts. */
#include "testing.h"

#include "gapseal/table.h"

#define ROWS 40
#define COLUMNS 132

static struct table table;

/* What a terminal shows after the bytes of a picture: letters, and the colour each stands on. */
static struct {
	char text[ROWS][COLUMNS + 1];
	char colour[ROWS][COLUMNS][16];
	size_t row, column;
	char now[16];
} screen;

static void blank(size_t row, size_t from)
{
	for (size_t i = from; i < table.width; i++) {
		screen.text[row][i] = ' ';
		screen.colour[row][i][0] = '\0';
	}
	screen.text[row][table.width] = '\0';
}

static void take_letter(char letter)
{
	const size_t last = table.width - 1, at = screen.column < last ? screen.column : last;

	assert_true(screen.row < table.height && letter >= 0x20 && letter <= 0x7e);
	screen.text[screen.row][at] = letter;
	snprintf(screen.colour[screen.row][at], sizeof screen.colour[0][0], "%s", screen.now);
	screen.column++;
}

/* Takes "ESC [ ... letter" at *text; the few the table uses, anything else fails. */
static void take_sequence(const char **text)
{
	char parameters[16];
	size_t size = strspn(*text + 2, "0123456789;?");

	assert_true((*text)[1] == '[' && size < sizeof parameters);
	memcpy(parameters, *text + 2, size);
	parameters[size] = '\0';
	*text += 2 + size;
	switch (**text) {
	case 'H':
		screen.row = screen.column = 0;
		break;
	case 'K':
		blank(screen.row, screen.column);
		break;
	case 'J':
		blank(screen.row, screen.column);
		for (size_t row = screen.row + 1; row < table.height; row++)
			blank(row, 0);
		break;
	case 'm':
		snprintf(screen.now, sizeof screen.now, "%s", strcmp(parameters, "0") == 0 ? "" : parameters);
		break;
	default:
		assert_true(strcmp(parameters, "?7") == 0 && (**text == 'l' || **text == 'h'));
	}
}

static void draw(uint64_t now)
{
	struct buffer out = BUFFER_EMPTY;
	const char *end;

	memset(&screen, 0, sizeof screen);
	for (size_t row = 0; row < table.height; row++)
		memset(screen.text[row], '~', table.width); /* what stood there before */
	table_draw(&out, &table, now);
	assert_false(out.failed);
	buffer_byte(&out, '\0');
	end = (const char *)out.data + out.size - 1;
	for (const char *at = (const char *)out.data; at < end; at++) {
		if (*at == '\033')
			take_sequence(&at);
		else if (*at == '\r')
			screen.column = 0;
		else if (*at == '\n')
			screen.row++;
		else
			take_letter(*at);
	}
	assert_true(screen.row < table.height);
	buffer_free(&out);
}

static void check_row(size_t row, const char *expected)
{
	char text[COLUMNS + 1];
	size_t size = table.width;

	memcpy(text, screen.text[row], table.width);
	while (size > 0 && text[size - 1] == ' ')
		size--;
	text[size] = '\0';
	if (strcmp(text, expected) != 0)
		fail_msg("row %zu\n|%s|\n|%s|", row, text, expected);
}

static void check_colour(size_t row, size_t column, const char *colour)
{
	assert_string_equal(screen.colour[row][column], colour);
}

static void make(unsigned ports, unsigned width, unsigned height)
{
	memset(&table, 0, sizeof table);
	table.width = width;
	table.height = height;
	table.colour = true;
	snprintf(table.station, sizeof table.station, "acme/line1");
	table.count = ports;
	for (unsigned i = 0; i < ports; i++) {
		snprintf(table.ports[i].name, NAME_SIZE, "bench%u", i + 1);
		snprintf(table.ports[i].step, sizeof table.ports[i].step, "wait");
	}
}

static void device(const char *port, enum result result, const char *reason, uint64_t attempt, uint64_t now)
{
	struct event event = {.kind = EVENT_DEVICE, .station = "line1", .port = port, .code = "", .text = "",
	    .device = {.result = result, .indexed = true, .attempt = attempt, .imei = "352656100367872"}};

	snprintf(event.device.reason, sizeof event.device.reason, "%s", reason);
	table_event(&table, &event, now);
}

static void say(enum event_kind kind, const char *port, const char *text)
{
	const struct event event = {.kind = kind, .station = "line1", .port = port, .code = "", .text = text};

	table_event(&table, &event, 0);
}

static void look(unsigned port, const char *step, const char *imei)
{
	const struct table before = table;
	struct station_look looks[BENCH_MAX];

	for (unsigned i = 0; i < table.count; i++)
		looks[i] = (struct station_look){before.ports[i].name, before.ports[i].step, before.ports[i].imei};
	looks[port] = (struct station_look){before.ports[port].name, step, imei};
	table_look(&table, looks, table.count);
}

/* The counts of four devices at the first port and one at the second. */
static void work(void)
{
	device("bench1", RESULT_DONE, "", 1, 1000);
	device("bench1", RESULT_FAILED, "digest-differs", 1, 2000);
	device("bench1", RESULT_DONE, "", 2, 61000);
	device("bench1", RESULT_SAME, "", 3, 121000);
	device("bench2", RESULT_REFUSED, "not-in-batch", 1, 122000);
	look(0, "leave", "352656100367872");
	look(1, "leave", "352656100367872");
}

static void test_tall(void **state)
{
	(void)state;
	make(4, 80, 24);
	work();
	look(2, "write 1/2", "490154203237518");
	look(3, "label", "490154203237518");
	say(EVENT_ERROR, "", "a label was not understood");
	snprintf(table.lot.batch, NAME_SIZE, "spring-1");
	snprintf(table.lot.lot, NAME_SIZE, "a");
	table.lot.count = 100;
	table.lot.left = 90;
	table.lot.others = 2;
	draw(121000);
	check_row(0, " acme/line1   pass 3  fail 2  first-pass yield  50%");
	check_row(1, " spring-1 a: 90 of 100 left, other lots open: 2   60/h   1 h 30 min to go");
	check_row(2, "");
	check_row(3, "   RESULT    PORT       IMEI            STEP                    PASS FAIL  FPY");
	check_row(4, "             bench1     352656100367872 leave      [##########]    3    1  50%");
	check_row(5, "    PASS");
	check_row(6, "");
	check_row(7, "");
	check_row(8, "             bench2     352656100367872 leave      [##########]    0    1    -");
	check_row(9, "  REFUSED    no batch open at this station holds this device: check that it");
	check_row(10, "             belongs to this work order");
	check_row(12, "             bench3     490154203237518 write 1/2  [######....]    0    0    -");
	check_row(13, "    BUSY");
	check_row(17, " SCAN LABEL");
	check_row(20, " a label was not understood");
	check_row(21, "");
	check_row(23, "");
}

static void test_colours(void **state)
{
	static const struct {
		const char *step;
		bool judged;
		enum result result;
		const char *word, *colour;
	} cases[] = {
		{"leave", true, RESULT_DONE, "PASS", "1;30;42"}, {"leave", true, RESULT_SAME, "PASS", "1;30;42"},
		{"over", true, RESULT_FAILED, "FAIL", "1;37;41"}, {"leave", true, RESULT_REFUSED, "REFUSED", "1;37;45"},
		{"leave", true, RESULT_UNKNOWN, "UNKNOWN", "1;5;37;41"},
		{"label", false, RESULT_DONE, "SCAN LABEL", "1;30;43"},
		{"suspended", true, RESULT_FAILED, "SUSPENDED", "1;30;43"}, {"list", false, RESULT_DONE, "BUSY", "1;37;44"},
		{"prepare", false, RESULT_DONE, "BUSY", "1;37;44"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		make(1, 80, 24);
		table.ports[0].judged = cases[i].judged;
		table.ports[0].result = cases[i].result;
		look(0, cases[i].step, "");
		for (int colour = 0; colour < 2; colour++) {
			table.colour = colour != 0;
			draw(0);
			assert_non_null(strstr(screen.text[5], cases[i].word));
			for (size_t row = 4; row < 7; row++)
				for (size_t column = 0; column < 12; column++)
					check_colour(row, column, colour != 0 ? cases[i].colour : "7");
			check_colour(5, 12, "");
			check_colour(7, 0, "");
		}
	}
}

/* A device that has left takes its result with it: what comes next has none yet. */
static void test_waiting(void **state)
{
	(void)state;
	make(1, 80, 24);
	work();
	say(EVENT_WAITING, "bench1", "waiting for a device");
	look(0, "wait", "");
	draw(200000);
	check_row(4, "             bench1                     wait                       3    1  50%");
	check_row(5, "");
	check_colour(5, 0, "");
}

static void test_middle_and_low(void **state)
{
	(void)state;
	make(9, 80, 24);
	work();
	draw(0);
	check_row(4, "    PASS     bench1     352656100367872 leave      [##########]    3    1  50%");
	check_row(6, "  REFUSED    bench2     352656100367872 leave      [##########]    0    1    -");
	check_row(7, "             no batch open at this station holds this device: check that it");
	make(19, 100, 24);
	work();
	draw(0);
	check_row(4, "    PASS     bench1     352656100367872 leave      [##########]    3    1  50%");
	check_row(5, "  REFUSED    bench2     352656100367872 leave      [##########]    0    1    -"
	    "  no batch open at");
	check_row(22, "             bench19                    wait                       0    0    -");
}

static void test_halves(void **state)
{
	(void)state;
	make(32, 80, 24);
	work();
	look(16, "write 2/4", "490154203237518");
	look(31, "label", "490154203237518");
	draw(0);
	check_row(4, "   PASS    bench1   352656100367872   1 write 2/4  bench17  490154203237518   0");
	check_row(5, " REFUSED   bench2   352656100367872   1            bench18                    0");
	check_row(19, "           bench16                    0 SCAN LABEL bench32  490154203237518   0");
	check_colour(4, 40, "1;37;44");
	check_row(23, "");
}

/* Whatever the size, nothing is drawn outside of it. */
static void test_any_size(void **state)
{
	(void)state;
	for (unsigned ports = 1; ports <= 32; ports += 5)
		for (unsigned height = 6; height < ROWS; height++)
			for (unsigned width = 20; width < COLUMNS; width += 7) {
				make(ports, width, height);
				work();
				say(EVENT_PORT, "bench1", "a long sentence that says what is wrong with this port, and what to do");
				draw(0);
			}
}

static void test_rehearsal(void **state)
{
	(void)state;
	make(1, 80, 24);
	table.rehearsal = true;
	draw(0);
	check_row(0, " acme/line1    REHEARSAL    pass 0  fail 0  first-pass yield    -");
	check_colour(0, 15, "1;30;43");
	check_row(1, " lots open: 0");
}

static void test_rate(void **state)
{
	(void)state;
	make(1, 80, 24);
	assert_int_equal(table_rate(&table, 5000), 0);
	device("bench1", RESULT_DONE, "", 1, 5000);
	assert_int_equal(table_rate(&table, 6000), 0);
	device("bench1", RESULT_FAILED, "digest-differs", 1, 6000);
	assert_int_equal(table_rate(&table, 7000), 0);
	device("bench1", RESULT_DONE, "", 1, 15000);
	assert_int_equal(table_rate(&table, 15000), 360);
	assert_int_equal(table_rate(&table, 25000), 180); /* it falls when nothing comes */
	for (uint64_t i = 1; i <= 100; i++)
		device("bench1", RESULT_DONE, "", 1, 15000 + i * 1000);
	assert_int_equal(table_rate(&table, 115000), 3600);
}

static void test_progress(void **state)
{
	(void)state;
	assert_int_equal(table_progress("wait"), 0);
	assert_int_equal(table_progress("write 0/4"), 30);
	assert_int_equal(table_progress("write 4/4"), 90);
	assert_int_equal(table_progress("write 5/4"), 0);
	assert_int_equal(table_progress("write 1/0"), 0);
	assert_int_equal(table_progress("leave"), 100);
	assert_true(table_progress("list") > table_progress("identify"));
	assert_true(table_progress("finish") > table_progress("write 4/4"));
	assert_int_equal(table_progress("nonsense"), 0);
}

static void test_summary(void **state)
{
	struct buffer out = BUFFER_EMPTY;

	(void)state;
	make(2, 80, 24);
	work();
	table_summary(&out, &table);
	buffer_byte(&out, '\0');
	assert_string_equal((const char *)out.data,
	    "bench1           pass 3  fail 1  first-pass yield  50%\n"
	    "bench2           pass 0  fail 1  first-pass yield    -\n"
	    "acme/line1       pass 3  fail 2  first-pass yield  50%\n");
	buffer_free(&out);
}

/* The bytes themselves, once. */
static void test_golden(void **state)
{
	struct buffer out = BUFFER_EMPTY;

	(void)state;
	make(1, 80, 24);
	device("bench1", RESULT_DONE, "", 1, 1000);
	look(0, "leave", "352656100367872");
	table_draw(&out, &table, 1000);
	buffer_byte(&out, '\0');
	assert_string_equal((const char *)out.data, "\033[?7l\033[H"
	    " acme/line1   pass 1  fail 0  first-pass yield 100%\033[K\r\n"
	    " lots open: 0\033[K\r\n"
	    "\033[K\r\n"
	    "   RESULT    PORT       IMEI            STEP                    PASS FAIL  FPY\033[K\r\n"
	    "\033[1;30;42m            \033[0m bench1     352656100367872 leave      [##########]"
	    "    1    0 100%\033[K\r\n"
	    "\033[1;30;42m    PASS    \033[0m \033[K\r\n"
	    "\033[1;30;42m            \033[0m \033[K\r\n"
	    "\033[K\r\n"
	    "\033[J \033[K\033[?7h");
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tall), cmocka_unit_test(test_colours), cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_middle_and_low), cmocka_unit_test(test_halves), cmocka_unit_test(test_any_size),
		cmocka_unit_test(test_rehearsal), cmocka_unit_test(test_rate), cmocka_unit_test(test_progress),
		cmocka_unit_test(test_summary), cmocka_unit_test(test_golden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
