/* SPDX-License-Identifier: ISC */
#include "editor.h"

/* The Zephyr shell's line: everything printable is kept and echoed, control characters edit. The cursor
 * never leaves the end: arrows, history and completion are taken and do nothing. */

#define CTRL_C 0x03
#define CTRL_L 0x0c
#define CTRL_U 0x15
#define ESCAPE 0x1b
#define TERMINAL_WIDTH 80

void shell_prompt(struct buffer *out)
{
	buffer_text(out, "\x1b[1;32m" SHELL_PROMPT "\x1b[m");
}

static bool at_margin(const struct editor *editor)
{
	return (editor->size + sizeof SHELL_PROMPT - 1) % TERMINAL_WIDTH == 0;
}

/* A line end; CR LF and LF CR are one. */
static bool is_newline(struct editor *editor, uint8_t byte)
{
	if (byte != '\r' && byte != '\n') {
		editor->newline = 0;
		return false;
	}
	if (editor->newline != 0 && editor->newline != byte)
		return false;
	editor->newline = byte;
	return true;
}

static bool end_line(struct editor *editor, struct buffer *echo)
{
	if (editor->size == 0 || !at_margin(editor))
		buffer_text(echo, "\r\n");
	if (editor->size > 0)
		return true;
	shell_prompt(echo);
	return false;
}

/* What does not fit is neither kept nor echoed. */
static void insert(struct editor *editor, uint8_t byte, struct buffer *echo)
{
	if (editor->size >= editor->limit)
		return;
	editor->text[editor->size++] = byte;
	buffer_byte(echo, byte);
	if (at_margin(editor))
		buffer_text(echo, "\r\n");
}

static void control(struct editor *editor, uint8_t byte, struct buffer *echo)
{
	switch (byte) {
	case '\b':
	case 0x7f:
		if (editor->size == 0)
			return;
		editor->size--;
		buffer_text(echo, "\x1b[1D\x1b[J");
		return;
	case CTRL_U:
		if (editor->size > 0)
			buffer_format(echo, "\x1b[%zuD", editor->size);
		editor->size = 0;
		buffer_text(echo, "\x1b[J");
		return;
	case CTRL_L:
		buffer_text(echo, "\x1b[H\x1b[2J");
		shell_prompt(echo);
		buffer_put(echo, editor_text(editor));
		return;
	case CTRL_C:
		editor->size = 0;
		buffer_text(echo, "\r\n");
		shell_prompt(echo);
		return;
	default:
		return;
	}
}

/* ESC [ and what follows up to a letter, or ESC and one byte. */
static bool in_escape(struct editor *editor, uint8_t byte)
{
	if (editor->escape == 0) {
		editor->escape = byte == ESCAPE ? 1 : 0;
		return byte == ESCAPE;
	}
	if (editor->escape == 1)
		editor->escape = byte == '[' ? 2 : 0;
	else if (byte < '0' || byte > '9')
		editor->escape = 0;
	return true;
}

bool editor_take_shell(struct editor *editor, uint8_t byte, struct buffer *echo)
{
	if (byte > 0x7f || in_escape(editor, byte))
		return false;
	if (is_newline(editor, byte))
		return end_line(editor, echo);
	if (byte >= ' ' && byte < 0x7f)
		insert(editor, byte, echo);
	else
		control(editor, byte, echo);
	return false;
}
