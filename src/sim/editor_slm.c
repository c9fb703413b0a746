/* SPDX-License-Identifier: ISC */
#include "editor.h"

#include <ctype.h>

/*
 * Serial Modem's line: nothing is kept until AT has come, letter by letter, so that an A in front of it costs
 * the command. A backspace takes a quote away with what it opened. A command too long is answered at once;
 * what is left of it is looked through for the next AT.
 */

static bool has_begun(const struct editor *editor, uint8_t byte)
{
	if (editor->size == 0)
		return toupper(byte) == 'A';
	return editor->size > 1 || toupper(byte) == 'T';
}

static void take_back(struct editor *editor)
{
	editor->size--;
	if (editor->text[editor->size] == '"')
		editor->quoted = !editor->quoted;
}

static bool ends_command(struct editor *editor, uint8_t byte)
{
	if (editor->quoted)
		return false;
	if (editor->settings->terminator == SIM_TERMINATOR_CR)
		return byte == '\r';
	if (byte != '\n')
		return false;
	if (editor->settings->terminator == SIM_TERMINATOR_LF)
		return true;
	if (editor->text[editor->size - 1] != '\r')
		return false;
	editor->size--;
	return true;
}

bool editor_take_slm(struct editor *editor, uint8_t byte)
{
	if (!has_begun(editor, byte)) {
		editor_clear(editor);
		return false;
	}
	if (editor->size == editor->limit) {
		editor_clear(editor);
		editor->overflow = true;
		return false;
	}
	if (byte == '\b' || byte == 0x7f) {
		take_back(editor);
		return false;
	}
	if (ends_command(editor, byte))
		return true;
	editor->text[editor->size++] = byte;
	if (byte == '"')
		editor->quoted = !editor->quoted;
	return false;
}
