/* SPDX-License-Identifier: ISC */
#include "at_wire.h"

#include <string.h>

#define CTRL_U "\x15" /* clears the line a shell is editing */
#define SHELL_OPEN "at '"
#define SHELL_CLOSE "'"
#define ESCAPED_MAX 4

static bool put_text(struct secret *out, const char *text)
{
	return secret_put(out, bytes_of(text));
}

/* A byte as it stands between a shell's single quotes; returns how many it became. The digits are always
 * two: a shell takes up to two, and the byte behind may be one. */
static size_t escape(uint8_t out[static ESCAPED_MAX], uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = byte;
	if (byte == '\'') {
		out[0] = '\\';
		out[1] = byte;
		return 2;
	}
	if (byte != '\n' && byte != '\r' && byte != '\\')
		return 1;
	out[0] = '\\';
	out[1] = 'x';
	out[2] = (uint8_t)digits[byte >> 4];
	out[3] = (uint8_t)digits[byte & 15];
	return 4;
}

static bool put_escaped(struct secret *out, struct bytes text)
{
	uint8_t escaped[ESCAPED_MAX];
	bool put = true;

	for (size_t i = 0; put && i < text.size; i++)
		put = secret_put(out, bytes_from(escaped, escape(escaped, text.data[i])));
	secret_wipe(escaped, sizeof escaped);
	return put;
}

/* The argument of an AT command between double quotes, for which the modem has no escape. */
static bool put_quoted(struct secret *out, struct bytes hidden, enum at_frame frame)
{
	if (memchr(hidden.data, '"', hidden.size) != NULL || memchr(hidden.data, '\0', hidden.size) != NULL)
		return false;
	return put_text(out, "\"") &&
	    (frame == AT_FRAME_SHELL ? put_escaped(out, hidden) : secret_put(out, hidden)) &&
	    put_text(out, "\"");
}

static bool put_arguments(struct secret *out, const struct at_command *command, enum at_frame frame)
{
	if (command->hidden.size > 0 && !put_quoted(out, command->hidden, frame))
		return false;
	return command->password.size == 0 ||
	    (put_text(out, ",") && put_quoted(out, command->password, frame));
}

static bool is_bare(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~' || memchr("\"'\\", text.data[i], 3) != NULL)
			return false;
	return true;
}

static bool put_line(struct secret *out, const struct at_command *command)
{
	return is_bare(command->hidden) && command->password.size == 0 && put_text(out, CTRL_U) &&
	    put_text(out, command->visible) && secret_put(out, command->hidden) && put_text(out, "\r");
}

bool at_wire_put(struct secret *out, const struct at_command *command, enum at_frame frame,
    enum at_terminator terminator)
{
	static const char *const terminators[] = {[AT_CR] = "\r", [AT_LF] = "\n", [AT_CRLF] = "\r\n"};

	switch (frame) {
	case AT_FRAME_HOST:
		return put_text(out, command->visible) && put_arguments(out, command, frame) &&
		    put_text(out, terminators[terminator]);
	case AT_FRAME_SHELL:
		return put_text(out, CTRL_U SHELL_OPEN) && put_text(out, command->visible) &&
		    put_arguments(out, command, frame) && put_text(out, SHELL_CLOSE "\r");
	case AT_FRAME_LINE:
		return put_line(out, command);
	}
	return false;
}

static size_t quoted_size(struct bytes hidden, enum at_frame frame)
{
	uint8_t escaped[ESCAPED_MAX];
	size_t size = 2;

	for (size_t i = 0; i < hidden.size; i++)
		size += frame == AT_FRAME_SHELL ? escape(escaped, hidden.data[i]) : 1;
	secret_wipe(escaped, sizeof escaped);
	return size;
}

size_t at_size(enum at_frame frame, const struct at_command *command)
{
	size_t size = strlen(command->visible) + 1;

	if (frame == AT_FRAME_LINE)
		return size + command->hidden.size;
	if (frame == AT_FRAME_SHELL)
		size += strlen(SHELL_OPEN SHELL_CLOSE);
	if (command->hidden.size > 0)
		size += quoted_size(command->hidden, frame);
	if (command->password.size > 0)
		size += 1 + quoted_size(command->password, frame);
	return size;
}
