/* SPDX-License-Identifier: ISC */
#include "gapseal/at.h"

#include <stdlib.h>
#include <string.h>

#include "at_text.h"
#include "at_wire.h"

struct at {
	struct at_text text;           /* the answer */
	struct secret *command;        /* as on the wire, its terminator included */
	size_t sent;                   /* bytes of it that were taken */
	size_t echoed;                 /* bytes of it that came back */
	const char *prefix;
	enum at_result (*final)(struct bytes line, uint32_t *number);
	enum at_terminator terminator;
	enum at_frame frame;
	enum at_result result;
	uint32_t cme;
	bool unknown;
	uint64_t deadline;
};

enum err at_new(struct at **out, struct fault *fault)
{
	struct at *at;
	enum err err;

	*out = NULL;
	at = calloc(1, sizeof *at);
	if (at == NULL)
		return fault_memory(fault);
	at->result = AT_SILENT;
	err = secret_new(&at->command, AT_COMMAND_MAX, fault);
	if (err == ERR_OK)
		err = secret_new(&at->text.store, AT_LINES_MAX, fault);
	if (err != ERR_OK) {
		at_free(&at);
		return err;
	}
	*out = at;
	return ERR_OK;
}

void at_free(struct at **at)
{
	if (*at == NULL)
		return;
	secret_free(&(*at)->command);
	secret_free(&(*at)->text.store);
	free(*at);
	*at = NULL;
}

void at_terminator(struct at *at, enum at_terminator terminator)
{
	at->terminator = terminator;
}

void at_frame(struct at *at, enum at_frame frame)
{
	at->frame = frame;
}

/* The command is over: what it hid goes at once, its information stays until the next at_start. */
static void at_end(struct at *at, enum at_result result)
{
	at->result = result;
	secret_clear(at->command);
	at->sent = 0;
	at->echoed = 0;
}

void at_start(struct at *at, const struct at_command *command, uint64_t deadline)
{
	at_end(at, AT_BUSY);
	at_text_clear(&at->text);
	at->prefix = command->prefix;
	at->final = command->final;
	at->cme = 0;
	at->unknown = false;
	at->deadline = deadline;
	if (!at_wire_put(at->command, command, at->frame, at->terminator))
		at_end(at, AT_GARBAGE);
}

struct bytes at_output(const struct at *at)
{
	struct bytes command = secret_bytes(at->command);

	return bytes_from(command.data + at->sent, command.size - at->sent);
}

void at_sent(struct at *at, size_t count)
{
	at->sent += count;
}

/* A host that echoes sends back the lines of a PEM too, one by one, and unsolicited lines may come between
 * them. */
static bool is_host_echo(struct at *at, struct bytes line)
{
	struct bytes command = secret_bytes(at->command);
	size_t start = at->echoed;
	size_t end;

	while (start < command.size && (command.data[start] == '\r' || command.data[start] == '\n'))
		start++;
	end = start;
	while (end < command.size && command.data[end] != '\r' && command.data[end] != '\n')
		end++;
	if (end == start || !bytes_equal(at_text_trim(bytes_from(command.data + start, end - start)), line))
		return false;
	at->echoed = end;
	return true;
}

/* Whether the line is what the command goes on with at start; blanks at its ends were trimmed. */
static bool is_piece(struct at *at, struct bytes line, size_t start)
{
	struct bytes command = secret_bytes(at->command);

	while (start < command.size && command.data[start] <= ' ')
		start++;
	if (line.size > command.size - start || memcmp(command.data + start, line.data, line.size) != 0)
		return false;
	at->echoed = start + line.size;
	return true;
}

/* Whether the line is an echo of the command itself. A shell breaks its line wherever its terminal ends,
 * and draws it anew behind a line of a log. */
static bool is_echo(struct at *at, struct bytes line)
{
	if (at->frame == AT_FRAME_HOST)
		return is_host_echo(at, line);
	return is_piece(at, line, at->echoed) || is_piece(at, line, 0);
}

static bool is_banner(struct bytes line)
{
	return bytes_is(line, "Ready") || bytes_is(line, "The AT host sample started") ||
	    bytes_starts(line, "#XMODEM: FAULT") || bytes_starts(line, "#XMODEM: INIT") ||
	    bytes_starts(line, "*** Booting");
}

static bool ends(struct bytes line, const char *tail)
{
	size_t size = strlen(tail);

	return line.size >= size && memcmp(line.data + line.size - size, tail, size) == 0;
}

/* "AT: command not found": so a shell gives itself away. */
static bool is_unknown(struct bytes line)
{
	return ends(line, ": command not found");
}

/* What a shell says of a line it does not carry out. */
static bool is_shell_refusal(struct bytes line)
{
	static const char *const heads[] = {"Sending AT command failed with error code", "not terminated:",
	    "Usage: at ", "Please specify a subcommand"};
	bool refusal = ends(line, "wrong parameter count");

	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
		refusal = refusal || bytes_starts(line, heads[i]);
	return refusal;
}

/* "+CME ERROR: n". A text in place of n (AT+CMEE=2) is an error all the same. */
static enum at_result cme_result(struct at *at, struct bytes line)
{
	static const char head[] = "+CME ERROR:";
	struct bytes number = at_text_trim(bytes_from(line.data + strlen(head), line.size - strlen(head)));
	uint64_t value;

	if (!decimal_parse(number, UINT32_MAX, &value))
		return AT_ERROR;
	at->cme = (uint32_t)value;
	return AT_CME;
}

/* Whole lines only: base64 and echoes contain "OK". */
static enum at_result modem_result(struct at *at, struct bytes line)
{
	if (bytes_is(line, "OK"))
		return AT_OK;
	if (bytes_is(line, "ERROR") || bytes_starts(line, "+CMS ERROR:"))
		return AT_ERROR;
	if (bytes_starts(line, "+CME ERROR:"))
		return cme_result(at, line);
	return AT_BUSY;
}

/* The final result a line is, AT_BUSY if it is none. */
static enum at_result final_result(struct at *at, struct bytes line)
{
	enum at_result result =
	    at->final != NULL ? at->final(line, &at->cme) : modem_result(at, line);

	if (result != AT_BUSY)
		return result;
	at->unknown = is_unknown(line);
	if (at->unknown || (at->frame != AT_FRAME_HOST && is_shell_refusal(line)))
		return AT_ERROR;
	return is_banner(line) ? AT_RESTARTED : AT_BUSY;
}

static void take_text_line(struct at *at)
{
	struct bytes line = at_text_line(&at->text);
	enum at_result result;

	if (at->result == AT_BUSY && at->sent > 0 && !is_echo(at, line)) {
		result = final_result(at, line);
		if (result != AT_BUSY)
			at_end(at, result);
		else if (at->prefix != NULL && bytes_starts(line, at->prefix)) {
			at_text_keep(&at->text);
			return;
		}
	}
	at_text_drop(&at->text);
}

void at_feed(struct at *at, struct bytes bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		enum at_text_event event = at_text_take(&at->text, bytes.data[i]);

		if (event == AT_TEXT_LINE)
			take_text_line(at);
		else if (event == AT_TEXT_FULL && at->result == AT_BUSY)
			at_end(at, AT_GARBAGE);
	}
}

uint64_t at_due(const struct at *at)
{
	return at->result == AT_BUSY ? at->deadline : UINT64_MAX;
}

void at_tick(struct at *at, uint64_t now)
{
	if (at->result == AT_BUSY && now >= at->deadline)
		at_end(at, AT_SILENT);
}

enum at_result at_result(const struct at *at)
{
	return at->result;
}

uint32_t at_cme(const struct at *at)
{
	return at->cme;
}

bool at_unknown(const struct at *at)
{
	return at->unknown;
}

bool at_line(const struct at *at, size_t i, struct bytes *out)
{
	return at_text_kept(&at->text, i, out);
}
