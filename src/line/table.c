/* SPDX-License-Identifier: ISC */
#include "gapseal/table.h"

#include <stdio.h>
#include <string.h>

#include "gapseal/reason.h"

#define HEAD_ROWS 4     /* station, lot, a blank, the headings */
#define FOOT_ROWS 1     /* the notice */
#define BLOCK 12        /* the result */
#define NAME 11
#define STEP 11
#define BAR 10
#define NUMBER 5
#define INFO (NAME + IMEI_LENGTH + 1 + STEP + BAR + 2 + 3 * NUMBER)
#define HALF 40         /* a port, where two share a row */

unsigned table_progress(const char *step)
{
	static const struct {
		const char *step;
		unsigned percent;
	} words[] = {
		{"identify", 5}, {"label", 10}, {"permit", 10}, {"decide", 15}, {"list", 20}, {"offline", 25},
		{"finish", 95}, {"after", 100}, {"leave", 100},
	};
	unsigned now, all;

	if (sscanf(step, "write %u/%u", &now, &all) == 2 && all > 0 && now <= all)
		return 30 + 60 * now / all;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(step, words[i].step) == 0)
			return words[i].percent;
	return 0;
}

/* Text in exactly so many columns, to the left; right: to the right. */
static void cell(struct buffer *out, const char *text, size_t width, bool right)
{
	size_t size = strlen(text);

	size = size < width ? size : width;
	for (size_t i = size; right && i < width; i++)
		buffer_byte(out, ' ');
	buffer_put(out, bytes_from(text, size));
	for (size_t i = size; !right && i < width; i++)
		buffer_byte(out, ' ');
}

static void number(struct buffer *out, uint64_t value, size_t width)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	cell(out, text, width, true);
}

static void percent(struct buffer *out, uint64_t part, uint64_t whole, size_t width)
{
	char text[24] = "-";

	if (whole > 0)
		snprintf(text, sizeof text, "%llu%%", (unsigned long long)(part * 100 / whole));
	cell(out, text, width, true);
}

/* What the operator has to see of a port from across the bench. */
struct mark {
	const char *word, *colour;
};

static struct mark mark_of(const struct table_port *port)
{
	static const struct mark marks[] = {
		[RESULT_DONE] = {"PASS", "1;30;42"}, [RESULT_SAME] = {"PASS", "1;30;42"},
		[RESULT_REFUSED] = {"REFUSED", "1;37;45"}, [RESULT_FAILED] = {"FAIL", "1;37;41"},
		[RESULT_UNKNOWN] = {"UNKNOWN", "1;5;37;41"},
	};

	if (strcmp(port->step, "suspended") == 0)
		return (struct mark){"SUSPENDED", "1;30;43"};
	if (strcmp(port->step, "label") == 0)
		return (struct mark){"SCAN LABEL", "1;30;43"};
	if (port->judged)
		return marks[port->result];
	if (strcmp(port->step, "wait") == 0 || strcmp(port->step, "over") == 0)
		return (struct mark){"", ""};
	return (struct mark){"BUSY", "1;37;44"};
}

static void block(struct buffer *out, const struct table *table, const struct mark *mark, bool word,
    size_t width)
{
	const char *text = word ? mark->word : "";
	const size_t size = strlen(text), before = size < width ? (width - size) / 2 : 0;

	if (mark->word[0] != '\0')
		buffer_format(out, "\033[%sm", table->colour ? mark->colour : "7");
	cell(out, "", before, false);
	cell(out, text, width - before, false);
	if (mark->word[0] != '\0')
		buffer_text(out, "\033[0m");
}

/* Blank where nothing is under way. */
static void bar(struct buffer *out, const char *step)
{
	const unsigned full = table_progress(step) * BAR / 100;

	if (full == 0) {
		cell(out, "", BAR + 2, false);
		return;
	}
	buffer_byte(out, '[');
	for (unsigned i = 0; i < BAR; i++)
		buffer_byte(out, i < full ? '#' : '.');
	buffer_byte(out, ']');
}

static void end_row(struct buffer *out)
{
	buffer_text(out, "\033[K\r\n");
}

static const char *port_text(const struct table_port *port)
{
	if (strcmp(port->step, "suspended") == 0)
		return reason_find("port-suspended")->text;
	return port->judged && port->reason[0] != '\0' ? reason_find(port->reason)->text : "";
}

/* name, IMEI, step, bar and three counts: INFO columns */
static void info(struct buffer *out, const struct table_port *port)
{
	cell(out, port->name, NAME - 1, false);
	buffer_byte(out, ' ');
	cell(out, port->imei, IMEI_LENGTH + 1, false);
	cell(out, port->step, STEP, false);
	bar(out, port->step);
	number(out, port->passed, NUMBER);
	number(out, port->failed, NUMBER);
	percent(out, port->first_passed, port->first, NUMBER);
}

/* As many whole words as fit; what is left is returned. */
static const char *words(struct buffer *out, const char *text, size_t width)
{
	size_t size = strlen(text);

	if (size > width)
		for (size = width; size > 0 && text[size] != ' ';)
			size--;
	if (size == 0)
		size = strlen(text) < width ? strlen(text) : width;
	buffer_put(out, bytes_from(text, size));
	return text + size + strspn(text + size, " ");
}

static size_t beside(const struct table *table, size_t used)
{
	return table->width > used ? table->width - used : 0;
}

/* One row: what else there is to say goes behind. */
static void low(struct buffer *out, const struct table *table, const struct table_port *port)
{
	const struct mark mark = mark_of(port);

	block(out, table, &mark, true, BLOCK);
	buffer_byte(out, ' ');
	info(out, port);
	buffer_text(out, "  ");
	words(out, port_text(port), beside(table, BLOCK + 1 + INFO + 2));
	end_row(out);
}

static void middle(struct buffer *out, const struct table *table, const struct table_port *port)
{
	const struct mark mark = mark_of(port);

	block(out, table, &mark, true, BLOCK);
	buffer_byte(out, ' ');
	info(out, port);
	end_row(out);
	cell(out, "", BLOCK + 1, false);
	words(out, port_text(port), beside(table, BLOCK + 1));
	end_row(out);
}

/* Three rows of colour, and one between it and the next. */
static void tall(struct buffer *out, const struct table *table, const struct table_port *port)
{
	const struct mark mark = mark_of(port);
	const char *text = port_text(port);

	block(out, table, &mark, false, BLOCK);
	buffer_byte(out, ' ');
	info(out, port);
	end_row(out);
	block(out, table, &mark, true, BLOCK);
	buffer_byte(out, ' ');
	text = words(out, text, beside(table, BLOCK + 1));
	end_row(out);
	block(out, table, &mark, false, BLOCK);
	buffer_byte(out, ' ');
	words(out, text, beside(table, BLOCK + 1));
	end_row(out);
	end_row(out);
}

static void half(struct buffer *out, const struct table *table, const struct table_port *port)
{
	const struct mark mark = mark_of(port);
	const struct mark busy = {port->step, mark.colour};

	block(out, table, strcmp(mark.word, "BUSY") == 0 ? &busy : &mark, true, 10);
	buffer_byte(out, ' ');
	cell(out, port->name, 8, false);
	buffer_byte(out, ' ');
	cell(out, port->imei, IMEI_LENGTH, false);
	number(out, port->failed, 4);
	buffer_byte(out, ' ');
}

static void headings(struct buffer *out)
{
	cell(out, "   RESULT", BLOCK + 1, false);
	cell(out, "PORT", NAME, false);
	cell(out, "IMEI", IMEI_LENGTH + 1, false);
	cell(out, "STEP", STEP + BAR + 2, false);
	cell(out, "PASS", NUMBER, true);
	cell(out, "FAIL", NUMBER, true);
	cell(out, "FPY", NUMBER, true);
	end_row(out);
}

static void totals(struct buffer *out, const struct table *table)
{
	uint64_t passed = 0, failed = 0, first_passed = 0, first = 0;

	for (unsigned i = 0; i < table->count; i++) {
		passed += table->ports[i].passed;
		failed += table->ports[i].failed;
		first_passed += table->ports[i].first_passed;
		first += table->ports[i].first;
	}
	buffer_format(out, "pass %llu  fail %llu  first-pass yield", (unsigned long long)passed,
	    (unsigned long long)failed);
	percent(out, first_passed, first, 5);
}

static void head(struct buffer *out, const struct table *table)
{
	buffer_format(out, " %s   ", table->station);
	if (table->rehearsal)
		buffer_text(out, table->colour ? "\033[1;30;43m REHEARSAL \033[0m   "
		    : "\033[7m REHEARSAL \033[0m   ");
	totals(out, table);
	end_row(out);
}

static void duration(struct buffer *out, uint64_t minutes)
{
	if (minutes >= 60)
		buffer_format(out, "%llu h ", (unsigned long long)(minutes / 60));
	buffer_format(out, "%llu min", (unsigned long long)(minutes % 60));
}

static void lot_row(struct buffer *out, const struct table *table, uint64_t now)
{
	const struct table_lot *lot = &table->lot;
	const uint64_t rate = table_rate(table, now);

	if (lot->batch[0] != '\0')
		buffer_format(out, " %s %s: %llu of %llu left, other lots open: %llu", lot->batch, lot->lot,
		    (unsigned long long)lot->left, (unsigned long long)lot->count,
		    (unsigned long long)lot->others);
	else
		buffer_format(out, " lots open: %llu", (unsigned long long)lot->others);
	if (rate > 0)
		buffer_format(out, "   %llu/h", (unsigned long long)rate);
	if (rate > 0 && lot->batch[0] != '\0') {
		buffer_text(out, "   ");
		duration(out, (lot->left * 60 + rate - 1) / rate);
		buffer_text(out, " to go");
	}
	end_row(out);
}

static void rows(struct buffer *out, const struct table *table, unsigned room)
{
	static const struct {
		unsigned rows;
		void (*draw)(struct buffer *, const struct table *, const struct table_port *);
	} kinds[] = {{4, tall}, {2, middle}, {1, low}};
	const size_t last = sizeof kinds / sizeof kinds[0] - 1;
	size_t kind = 0;

	while (kind < last && table->count * kinds[kind].rows > room)
		kind++;
	for (unsigned i = 0; i < table->count && (i + 1) * kinds[kind].rows <= room; i++)
		kinds[kind].draw(out, table, &table->ports[i]);
}

/* Down the left half first, as the ports stand on the bench. */
static void halves(struct buffer *out, const struct table *table, unsigned room)
{
	const unsigned wanted = (table->count + 1) / 2, high = wanted <= room ? wanted : room;

	for (unsigned i = 0; i < high; i++) {
		half(out, table, &table->ports[i]);
		if (high + i < table->count)
			half(out, table, &table->ports[high + i]);
		end_row(out);
	}
}

/* Long lines do not wrap while it is drawn: a narrow terminal shows what it can. */
void table_draw(struct buffer *out, const struct table *table, uint64_t now)
{
	const unsigned used = HEAD_ROWS + FOOT_ROWS, room = table->height > used ? table->height - used : 1;

	buffer_text(out, "\033[?7l\033[H");
	head(out, table);
	lot_row(out, table, now);
	end_row(out);
	if (table->count > room && table->width >= 2 * HALF) {
		end_row(out);
		halves(out, table, room);
	} else {
		headings(out);
		rows(out, table, room);
	}
	buffer_text(out, "\033[J ");
	buffer_text(out, table->notice);
	buffer_text(out, "\033[K\033[?7h");
}

void table_summary(struct buffer *out, const struct table *table)
{
	for (unsigned i = 0; i < table->count; i++) {
		const struct table_port *port = &table->ports[i];

		cell(out, port->name, 16, false);
		buffer_format(out, " pass %llu  fail %llu  first-pass yield",
		    (unsigned long long)port->passed,
		    (unsigned long long)port->failed);
		percent(out, port->first_passed, port->first, 5);
		buffer_byte(out, '\n');
	}
	cell(out, table->station, 16, false);
	buffer_byte(out, ' ');
	totals(out, table);
	buffer_byte(out, '\n');
}
