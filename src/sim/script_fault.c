/* SPDX-License-Identifier: ISC */
#include "script.h"

#include <stdio.h>

#include "modem.h"

/* Faults: their verbs, their arguments, and where they strike. */

static bool no_args(struct parser *parser, struct sim_fault *fault)
{
	(void)parser;
	(void)fault;
	return true;
}

static bool number_args(struct parser *parser, struct sim_fault *fault)
{
	return script_u32(parser, &fault->number);
}

static bool quote_args(struct parser *parser, struct sim_fault *fault)
{
	return script_u32(parser, &fault->number) && fault->number > 0;
}

static bool fail_args(struct parser *parser, struct sim_fault *fault)
{
	fault->plain = script_word(parser, "error");
	return fault->plain || script_u32(parser, &fault->number);
}

static bool urc_args(struct parser *parser, struct sim_fault *fault)
{
	struct bytes text;

	if (!script_quoted(parser, &text) || !text_copy(fault->text, sizeof fault->text, text))
		return false;
	(void)script_u32(parser, &fault->number); /* without it: before the first line */
	return true;
}

static bool reset_args(struct parser *parser, struct sim_fault *fault)
{
	fault->after = script_word(parser, "after");
	fault->quiet = script_word(parser, "quiet");
	return true;
}

static bool hangup_args(struct parser *parser, struct sim_fault *fault)
{
	fault->after = script_word(parser, "after");
	fault->returns = script_u32(parser, &fault->number);
	return !fault->returns || fault->number > 0;
}

static bool swap_args(struct parser *parser, struct sim_fault *fault)
{
	struct bytes text;

	return script_plain(parser, &text) && sim_is_imei(text) &&
	    text_copy(fault->text, sizeof fault->text, text);
}

static const struct verb {
	const char *word;
	enum sim_action action;
	bool (*args)(struct parser *parser, struct sim_fault *fault);
	bool at_bytes; /* may strike at a byte as well as on a command */
	const char *usage;
} verbs[] = {
	{"fail", SIM_FAIL, fail_args, false, "say: fail CODE|error on N COMMAND"},
	{"ignore", SIM_IGNORE, no_args, false, "say: ignore on N COMMAND"},
	{"swallow", SIM_SWALLOW, no_args, false, "say: swallow on N COMMAND"},
	{"slow", SIM_SLOW, number_args, false, "say: slow MILLISECONDS on N COMMAND"},
	{"corrupt", SIM_CORRUPT, no_args, false, "say: corrupt on N COMMAND"},
	{"hijack", SIM_HIJACK, no_args, false, "say: hijack on N COMMAND"},
	{"lose", SIM_LOSE, number_args, false, "say: lose OFFSET on N COMMAND"},
	{"lose-quote", SIM_LOSE_QUOTE, quote_args, false, "say: lose-quote WHICH on N COMMAND"},
	{"garbage", SIM_GARBAGE, number_args, false, "say: garbage BYTES on N COMMAND"},
	{"urc", SIM_URC, urc_args, true, "say: urc \"TEXT\" [LINES] on N COMMAND, or at input|output BYTES"},
	{"reset", SIM_RESET, reset_args, true,
	    "say: reset [after] [quiet] on N COMMAND, or at input|output BYTES"},
	{"hangup", SIM_HANGUP, hangup_args, true,
	    "say: hangup [after] [MILLISECONDS] on N COMMAND, or at input|output BYTES"},
	{"swap", SIM_SWAP, swap_args, false, "say: swap IMEI on N COMMAND"},
	{"exit", SIM_EXIT, no_args, false, "say: exit on N COMMAND"},
};

/* "N" or "N+". */
static bool take_nth(struct parser *parser, struct sim_fault *fault)
{
	struct bytes word;

	if (!script_plain(parser, &word))
		return false;
	fault->onwards = word.size > 1 && word.data[word.size - 1] == '+';
	if (fault->onwards)
		word.size--;
	return decimal_parse(word, INTEGER_MAX, &fault->nth) && fault->nth > 0;
}

/* The command's words, as sim_command_words has them: one or two. */
static bool take_match(struct parser *parser, struct sim_fault *fault)
{
	struct bytes first, second = {0};
	char verb[32], arg[32] = "";

	if (!script_plain(parser, &first) || !text_copy(verb, sizeof verb, first))
		return false;
	if (parser->next < parser->count &&
	    (!script_plain(parser, &second) || !text_copy(arg, sizeof arg, second)))
		return false;
	snprintf(fault->match, sizeof fault->match, "%s%s%s", verb, arg[0] != '\0' ? " " : "", arg);
	return true;
}

static bool take_place(struct parser *parser, const struct verb *verb, struct sim_fault *fault)
{
	if (script_word(parser, "on")) {
		fault->when = SIM_ON_COMMAND;
		return take_nth(parser, fault) && take_match(parser, fault);
	}
	if (!verb->at_bytes || !script_word(parser, "at"))
		return false;
	fault->when = script_word(parser, "input") ? SIM_AT_INPUT : SIM_AT_OUTPUT;
	return (fault->when == SIM_AT_INPUT || script_word(parser, "output")) &&
	    script_number(parser, INTEGER_MAX, &fault->nth);
}

enum err script_fault(struct parser *parser, struct bytes word)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		struct sim_fault fault = {.action = verbs[i].action};

		if (!bytes_is(word, verbs[i].word))
			continue;
		if (!verbs[i].args(parser, &fault) || !take_place(parser, &verbs[i], &fault))
			return script_refuse(parser, verbs[i].usage);
		if (parser->script->count == SIM_FAULTS_MAX)
			return script_refuse(parser, "too many faults in one script");
		parser->script->faults[parser->script->count++] = fault;
		return ERR_OK;
	}
	return script_refuse(parser, "no such verb");
}
