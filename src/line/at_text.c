/* SPDX-License-Identifier: ISC */
#include "at_text.h"

#include <string.h>

#define ESCAPE 0x1b

void at_text_clear(struct at_text *text)
{
	secret_wipe(secret_data(text->store), text->end);
	text->kept = 0;
	text->end = 0;
	text->state = AT_TEXT_PLAIN;
}

void at_text_drop(struct at_text *text)
{
	secret_wipe(secret_data(text->store) + text->kept, text->end - text->kept);
	text->end = text->kept;
}

/* Whether the byte belongs to a VT100 sequence: ESC, one byte that is not '[', or ESC '[', parameters and
 * one final byte 0x40..0x7e. A line end always ends a broken sequence, so that noise cannot swallow the
 * next line. */
static bool skip_sequence(struct at_text *text, uint8_t byte)
{
	enum at_text_state state = text->state;

	if (byte == ESCAPE) {
		text->state = AT_TEXT_ESCAPE;
		return true;
	}
	if (state == AT_TEXT_PLAIN)
		return false;
	if (state == AT_TEXT_ESCAPE && byte == '[')
		text->state = AT_TEXT_SEQUENCE;
	else if (state == AT_TEXT_ESCAPE || byte < 0x20 || byte > 0x3f)
		text->state = AT_TEXT_PLAIN;
	return byte != '\r' && byte != '\n';
}

enum at_text_event at_text_take(struct at_text *text, uint8_t byte)
{
	if (byte == '\0' || skip_sequence(text, byte))
		return AT_TEXT_MORE;
	if (byte == '\r' || byte == '\n') {
		if (at_text_line(text).size > 0)
			return AT_TEXT_LINE;
		at_text_drop(text);
		return AT_TEXT_MORE;
	}
	if (text->end + 1 >= secret_capacity(text->store)) { /* one byte is left for the LF of at_text_keep */
		at_text_drop(text);
		return AT_TEXT_FULL;
	}
	secret_data(text->store)[text->end++] = byte;
	return AT_TEXT_MORE;
}

struct bytes at_text_trim(struct bytes text)
{
	while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = bytes_from(text.data + 1, text.size - 1);
	while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
		text.size--;
	return text;
}

static bool is_name_byte(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	    (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

/* The size of a prompt ("uart:~$", "mosh:~$") at the head of a line, 0 if there is none. */
static size_t prompt_size(struct bytes line)
{
	static const char tail[] = ":~$";
	size_t name = 0;

	while (name < line.size && is_name_byte(line.data[name]))
		name++;
	if (name == 0 || line.size - name < strlen(tail) || memcmp(line.data + name, tail, strlen(tail)) != 0)
		return 0;
	return name + strlen(tail);
}

struct bytes at_text_line(const struct at_text *text)
{
	const uint8_t *data = secret_data(text->store);
	struct bytes line = at_text_trim(bytes_from(data + text->kept, text->end - text->kept));
	size_t prompt;

	while ((prompt = prompt_size(line)) > 0)
		line = at_text_trim(bytes_from(line.data + prompt, line.size - prompt));
	return line;
}

void at_text_keep(struct at_text *text)
{
	struct bytes line = at_text_line(text);
	uint8_t *data = secret_data(text->store);

	memmove(data + text->kept, line.data, line.size);
	text->kept += line.size;
	data[text->kept++] = '\n';
	if (text->kept > text->end) /* the LF took a byte of its own */
		text->end = text->kept;
	at_text_drop(text);
}

bool at_text_kept(const struct at_text *text, size_t i, struct bytes *out)
{
	struct cursor lines = cursor_of(bytes_from(secret_data(text->store), text->kept));

	do {
		if (!take_line(&lines, out))
			return false;
	} while (i-- > 0);
	return true;
}
