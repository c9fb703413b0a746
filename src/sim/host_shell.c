/* SPDX-License-Identifier: ISC */
#include "host.h"

#include <string.h>

#define SHELL_ANSWER 2700  /* bytes of an answer the shell's at command takes */
#define HISTORY_SIZE 512   /* bytes of lines it remembers, with what each costs besides */
#define HISTORY_ITEM 16

/* Text in red, as it prints what went wrong. */
static void shell_error(struct sim_host *host, const char *before, struct bytes what, const char *after,
    uint64_t now)
{
	struct buffer text = BUFFER_EMPTY;

	buffer_format(&text, "\x1b[1;31m%s", before);
	buffer_put(&text, what);
	buffer_format(&text, "%s\r\n\x1b[m", after);
	shell_prompt(&text);
	host->output.failed |= text.failed;
	host_put(host, buffer_bytes(&text), now);
	buffer_free(&text);
}

/* What a command printed, with a CR before every LF. */
static void print(struct sim_host *host, struct bytes text, uint64_t now)
{
	struct buffer out = BUFFER_EMPTY;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '\n')
			buffer_byte(&out, '\r');
		buffer_byte(&out, text.data[i]);
	}
	shell_prompt(&out);
	host->output.failed |= out.failed;
	host_put(host, buffer_bytes(&out), now);
	buffer_free(&out);
}

/* What LF-ended lines cost. */
static size_t history_cost(struct bytes history)
{
	size_t cost = history.size;

	for (size_t i = 0; i < history.size; i++)
		cost += history.data[i] == '\n' ? HISTORY_ITEM : 0;
	return cost;
}

/* Remembers a line, unless it is the one before again. The oldest go for it, and all of them for a line that
 * has no room at all. */
static void remember(struct sim_host *host, struct bytes line)
{
	struct buffer history = BUFFER_EMPTY;
	struct cursor cursor = cursor_of(buffer_bytes(&host->history));
	struct bytes old;

	if (line.size == 0 || (take_line(&cursor, &old) && bytes_equal(old, line)))
		return;
	buffer_put(&history, line);
	buffer_byte(&history, '\n');
	if (history_cost(buffer_bytes(&history)) > HISTORY_SIZE)
		buffer_clear(&history);
	cursor = cursor_of(buffer_bytes(&host->history));
	while (history.size > 0 && take_line(&cursor, &old) &&
	    history_cost(buffer_bytes(&history)) + old.size + 1 + HISTORY_ITEM <= HISTORY_SIZE) {
		buffer_put(&history, old);
		buffer_byte(&history, '\n');
	}
	host->output.failed |= history.failed;
	buffer_free(&host->history);
	host->history = history;
}

/* The two characters \n become CR LF, in writes only. */
static void unescape_lf(struct buffer *text)
{
	struct buffer out = BUFFER_EMPTY;

	if (!bytes_starts(buffer_bytes(text), "AT%CMNG=0"))
		return;
	for (size_t i = 0; i < text->size; i++) {
		if (text->data[i] == '\\' && i + 1 < text->size && text->data[i + 1] == 'n') {
			buffer_text(&out, "\r\n");
			i++;
		} else {
			buffer_byte(&out, text->data[i]);
		}
	}
	out.failed |= text->failed;
	buffer_free(text);
	*text = out;
}

/* The line's first word is the command's name; false if the shell itself had to answer. */
static bool take_name(struct sim_host *host, struct cursor *cursor, const char *command, uint64_t now)
{
	struct bytes line = editor_text(&host->editor);
	struct buffer name = BUFFER_EMPTY;
	uint8_t open = 0;
	bool known;

	remember(host, line);
	*cursor = cursor_of(line);
	if (!shell_word(cursor, &name, &open)) /* blanks */
		buffer_clear(&name);
	known = open == 0 && bytes_is(buffer_bytes(&name), command);
	if (open != 0)
		shell_error(host, "not terminated: ", bytes_from(&open, 1), "", now);
	else if (bytes_is(buffer_bytes(&name), "history"))
		print(host, buffer_bytes(&host->history), now);
	else if (!known)
		shell_error(host, "", buffer_bytes(&name), ": command not found", now);
	host->output.failed |= name.failed;
	buffer_free(&name);
	return known;
}

/* Subcommands of at that are no AT commands. */
static bool take_events(struct sim_host *host, uint64_t now)
{
	bool enable = bytes_is(buffer_bytes(&host->text), "events_enable");

	if (!enable && !bytes_is(buffer_bytes(&host->text), "events_disable"))
		return false;
	host->events = enable;
	print(host, bytes_of(enable ? "AT command event handler enabled\n" :
	    "AT command event handler disabled\n"), now);
	return true;
}

/* Only the first argument of at goes to the modem, as a C string: a NUL written as \x00 ends it. */
bool host_take_shell(struct sim_host *host, uint64_t now)
{
	struct cursor cursor;
	uint8_t open = 0;
	bool more;

	buffer_clear(&host->text);
	if (!take_name(host, &cursor, "at", now))
		return false;
	more = shell_word(&cursor, &host->text, &open);
	if (host->settings.unescape_lf)
		unescape_lf(&host->text);
	if (host->text.size > 0)
		host->text.size = strnlen((const char *)host->text.data, host->text.size);
	if (open != 0)
		shell_error(host, "not terminated: ", bytes_from(&open, 1), "", now);
	else if (!more)
		print(host, bytes_of("Usage: at <subcommand>\n"), now);
	return more && open == 0 && !take_events(host, now);
}

bool host_take_cred(struct sim_host *host, uint64_t now)
{
	struct cursor cursor;

	if (!take_name(host, &cursor, "cred", now))
		return false;
	cred_free(&host->cred);
	cred_parse(&host->cred, cursor);
	host->output.failed |= host->cred.data.failed;
	return true;
}

/* The command at adds a line end of its own. */
void host_answer_shell(struct sim_host *host, struct bytes answer, uint64_t now)
{
	struct buffer text = BUFFER_EMPTY;

	if (answer.size > SHELL_ANSWER)
		buffer_text(&text, "Sending AT command failed with error code -7");
	else
		host_decorate(host, &text, answer);
	buffer_text(&text, "\n");
	host->output.failed |= text.failed;
	print(host, buffer_bytes(&text), now);
	buffer_free(&text);
}

void host_answer_cred(struct sim_host *host, struct bytes answer, uint64_t now)
{
	struct buffer text = BUFFER_EMPTY;

	host_decorate(host, &text, answer);
	host->output.failed |= text.failed;
	print(host, buffer_bytes(&text), now);
	buffer_free(&text);
}
