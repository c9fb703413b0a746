/* SPDX-License-Identifier: ISC */
#include "gapseal/template.h"

#include <string.h>

enum template_part template_take(struct bytes *out, struct cursor *template)
{
	size_t left = cursor_left(template), length;
	const uint8_t *brace;

	if (left == 0)
		return TEMPLATE_END;
	if (template->at[0] != '{') {
		brace = memchr(template->at, '{', left);
		take_bytes(template, brace != NULL ? (size_t)(brace - template->at) : left, out);
		return TEMPLATE_TEXT;
	}
	if (left > 1 && template->at[1] == '{') {
		template->at++;
		take_bytes(template, 1, out);
		return TEMPLATE_TEXT;
	}
	template->at++;
	brace = memchr(template->at, '}', left - 1);
	length = brace != NULL ? (size_t)(brace - template->at) : 0;
	if (length == 0 || length > NAME_MAX_LENGTH || memchr(template->at, '{', length) != NULL)
		return TEMPLATE_BROKEN;
	take_bytes(template, length, out);
	template->at++;
	return TEMPLATE_FIELD;
}

enum err template_check(struct bytes template, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(template);
	enum template_part part;
	struct bytes text;

	if (template.size == 0 || template.size > TEMPLATE_MAX)
		return fault_set(fault, ERR_NO, "template-form", where, "a template has 1 to %d characters",
		    TEMPLATE_MAX);
	if (!text_is_printable(template))
		return fault_set(fault, ERR_NO, "template-form", where, "a template is printable ASCII");
	do
		part = template_take(&text, &cursor);
	while (part == TEMPLATE_TEXT || part == TEMPLATE_FIELD);
	if (part == TEMPLATE_BROKEN)
		return fault_set(fault, ERR_NO, "template-form", where,
		    "a brace at character %zu begins no {column}; a brace that is meant is written {{",
		    (size_t)(cursor.at - template.data));
	return ERR_OK;
}

bool template_only_imei(struct bytes template)
{
	struct cursor cursor = cursor_of(template);
	enum template_part part;
	bool imei = false;
	struct bytes text;

	while ((part = template_take(&text, &cursor)) == TEMPLATE_TEXT || part == TEMPLATE_FIELD) {
		if (part == TEMPLATE_FIELD && !bytes_is(text, "imei"))
			return false;
		imei = imei || part == TEMPLATE_FIELD;
	}
	return imei;
}
