/* SPDX-License-Identifier: ISC */
#include "script.h"

#include <stdlib.h>

static enum err parse_line(struct parser *parser, struct bytes line)
{
	struct bytes verb;
	enum err err;
	bool known;

	err = script_split(parser, line);
	if (err != ERR_OK || parser->count == 0)
		return err;
	verb = parser->tokens[0].text;
	if (parser->tokens[0].quoted)
		return script_refuse(parser, "no such verb");
	err = script_setup(parser, verb, &known);
	if (err == ERR_OK && !known)
		err = script_fault(parser, verb);
	if (err == ERR_OK && parser->next != parser->count)
		err = script_refuse(parser, "something follows the end of the line's meaning");
	return err;
}

enum err sim_script_parse(struct sim_script **out, struct bytes text, const char *where, const char *folder,
    struct fault *fault)
{
	struct parser parser = {.where = where, .folder = folder, .fault = fault};
	struct cursor cursor = cursor_of(text);
	struct bytes line;
	enum err err = ERR_OK;

	*out = NULL;
	parser.script = calloc(1, sizeof *parser.script);
	if (parser.script == NULL)
		return fault_memory(fault);
	while (err == ERR_OK && take_field(&cursor, '\n', &line)) {
		parser.line++;
		err = parse_line(&parser, line);
	}
	if (err != ERR_OK)
		sim_script_free(&parser.script);
	*out = parser.script;
	return err;
}
