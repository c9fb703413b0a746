/* SPDX-License-Identifier: ISC */
#include "editor.h"

#include <stdlib.h>
#include <string.h>

enum err editor_init(struct editor *editor, const struct sim_host_settings *settings, struct fault *fault)
{
	size_t size;

	*editor = (struct editor){.settings = settings};
	size = editor_is_shell(editor) ? settings->line_limit : AT_BUFFER;
	editor->limit = size > 0 ? size - 1 : 0;
	editor->text = malloc(size > 0 ? size : 1);
	return editor->text != NULL ? ERR_OK : fault_memory(fault);
}

bool editor_is_shell(const struct editor *editor)
{
	return editor->settings->dialect == SIM_DIALECT_SHELL ||
	    editor->settings->dialect == SIM_DIALECT_CRED;
}

void editor_free(struct editor *editor)
{
	free(editor->text);
	*editor = (struct editor){0};
}

void editor_clear(struct editor *editor)
{
	editor->size = 0;
	editor->quoted = false;
	editor->escape = 0;
}

struct bytes editor_text(const struct editor *editor)
{
	return bytes_from(editor->text, editor->size);
}

struct bytes editor_command(const struct editor *editor)
{
	struct bytes text = editor_text(editor);

	if (editor->settings->dialect != SIM_DIALECT_SHELL || !bytes_starts(text, "at "))
		return text;
	text.data += 3;
	text.size -= 3;
	if (text.size > 0 && (text.data[0] == '\'' || text.data[0] == '"')) {
		text.data++;
		text.size--;
	}
	return text;
}

static bool ends_command(const struct editor *editor, uint8_t byte)
{
	if (editor->quoted)
		return false;
	switch (editor->settings->terminator) {
	case SIM_TERMINATOR_CR:
		return byte == '\r';
	case SIM_TERMINATOR_LF:
		return byte == '\n';
	default:
		return byte == '\n' && editor->size > 0 && editor->text[editor->size - 1] == '\r';
	}
}

/* Lines of white space are dropped, not sent to the modem. */
static bool has_ink(const struct editor *editor)
{
	for (size_t i = 0; i < editor->size; i++)
		if (editor->text[i] > ' ')
			return true;
	return false;
}

/* Backspace takes a quote away without closing it, and a quote beyond the buffer neither opens nor
 * closes: both are so in the AT host, and leave a command that never ends. */
static bool take(struct editor *editor, uint8_t byte)
{
	if (byte == '\b' || byte == 0x7f) {
		if (editor->size > 0)
			editor->size--;
		return false;
	}
	if (ends_command(editor, byte)) {
		if (has_ink(editor))
			return true;
		editor_clear(editor);
		return false;
	}
	if ((byte == '\0' && !editor->quoted) || editor->size == editor->limit)
		return false;
	editor->text[editor->size++] = byte;
	if (byte == '"')
		editor->quoted = !editor->quoted;
	return false;
}

bool editor_take(struct editor *editor, uint8_t byte, struct buffer *echo)
{
	if (editor_is_shell(editor))
		return editor_take_shell(editor, byte, echo);
	if (editor->settings->echo)
		buffer_byte(echo, byte);
	return editor->settings->dialect == SIM_DIALECT_SLM ? editor_take_slm(editor, byte)
	    : take(editor, byte);
}
