/* SPDX-License-Identifier: ISC */
#include "script.h"

#include <fcntl.h>
#include <stdio.h>

#include "gapseal/file.h"

/* How the modem starts. */

#define FILE_MAX 65536

static bool take_slot(struct parser *parser, uint64_t *tag, uint64_t *type)
{
	struct bytes word, tag_text, type_text;
	struct cursor cursor;

	if (!script_plain(parser, &word))
		return false;
	cursor = cursor_of(word);
	return take_field(&cursor, ',', &tag_text) && take_field(&cursor, ',', &type_text) &&
	    cursor_left(&cursor) == 0 &&
	    decimal_parse(tag_text, SIM_TAG_USER_MAX, tag) && decimal_parse(type_text, SIM_TYPE_MAX, type);
}

static enum err stock_file(struct parser *parser, uint32_t tag, uint32_t type, struct bytes name)
{
	struct buffer content = BUFFER_EMPTY;
	char path[4096];
	int written;
	enum err err;

	written = snprintf(path, sizeof path, "%s%s%.*s", name.data[0] == '/' ? "" : parser->folder,
	    name.data[0] == '/' ? "" : "/", (int)name.size, (const char *)name.data);
	if (written < 0 || (size_t)written >= sizeof path)
		return script_refuse(parser, "the name of the file is too long");
	err = file_read(&content, AT_FDCWD, path, FILE_MAX, parser->fault);
	if (err == ERR_OK && content.size == 0)
		err = script_refuse(parser, "the file is empty");
	if (err == ERR_OK)
		err = sim_store_put(&parser->script->stock, tag, type, buffer_bytes(&content), parser->fault);
	buffer_free(&content);
	return err;
}

static enum err stock_digest(struct parser *parser, uint32_t tag, uint32_t type, struct bytes hex)
{
	uint8_t digest[HASH_SIZE];
	char lower[2 * HASH_SIZE + 1];

	if (!text_copy(lower, sizeof lower, hex))
		return script_refuse(parser, "a digest is 64 digits of hex");
	for (char *c = lower; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c - 'A' + 'a');
	if (!hex_decode(digest, sizeof digest, bytes_of(lower)))
		return script_refuse(parser, "a digest is 64 digits of hex");
	return sim_store_mark(&parser->script->stock, tag, type, digest, parser->fault);
}

static enum err parse_store(struct parser *parser)
{
	static const char usage[] =
	    "say: store TAG,TYPE \"TEXT\", store TAG,TYPE file NAME or store TAG,TYPE digest HEX";
	uint64_t tag, type;
	struct bytes text;

	if (!take_slot(parser, &tag, &type))
		return script_refuse(parser, usage);
	if (script_word(parser, "file") && script_plain(parser, &text))
		return stock_file(parser, (uint32_t)tag, (uint32_t)type, text);
	if (script_word(parser, "digest") && script_plain(parser, &text))
		return stock_digest(parser, (uint32_t)tag, (uint32_t)type, text);
	if (!script_quoted(parser, &text) || text.size == 0)
		return script_refuse(parser, usage);
	return sim_store_put(&parser->script->stock, (uint32_t)tag, (uint32_t)type, text, parser->fault);
}

static enum err parse_imei(struct parser *parser)
{
	if (script_word(parser, "error"))
		parser->script->setup.imei_answer = SIM_IMEI_ERROR;
	else if (script_word(parser, "zeros"))
		parser->script->setup.imei_answer = SIM_IMEI_ZEROS;
	else
		return script_refuse(parser, "say: imei error or imei zeros");
	return ERR_OK;
}

enum err script_setup(struct parser *parser, struct bytes verb, bool *known)
{
	struct sim_setup *setup = &parser->script->setup;
	const struct {
		const char *verb;
		bool *flag;
		unsigned *number; /* NULL: the verb stands alone */
	} table[] = {
		{"cfun", &setup->has_cfun, &setup->cfun}, {"room", &setup->has_room, &setup->room},
		{"boot", NULL, &setup->boot_ms}, {"placeholder", &setup->placeholder, NULL},
		{"power-warning", &setup->power_warning, NULL}, {"echo", &setup->echo, NULL},
		{"unescape-lf", &setup->unescape_lf, NULL},
	};

	*known = true;
	if (bytes_is(verb, "store"))
		return parse_store(parser);
	if (bytes_is(verb, "imei"))
		return parse_imei(parser);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (!bytes_is(verb, table[i].verb))
			continue;
		if (table[i].flag != NULL)
			*table[i].flag = true;
		if (table[i].number != NULL && !script_u32(parser, table[i].number))
			return script_refuse(parser, "a number must follow");
		return ERR_OK;
	}
	*known = false;
	return ERR_OK;
}
