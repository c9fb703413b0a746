/* SPDX-License-Identifier: ISC */
#ifndef SIM_SCRIPT_PRIVATE_H
#define SIM_SCRIPT_PRIVATE_H

#include "gapseal/sim_script.h"

/* The insides of a script, shared by script.c (striking) and the three that read it. */
struct sim_script {
	struct sim_setup setup;
	struct sim_store stock;
	size_t count;
	struct sim_fault faults[SIM_FAULTS_MAX];
	uint64_t commands; /* that came in so far */
};

/*
 * The language of scripts. A line is words separated by blanks; a word in double quotes may hold
 * anything but a quote. The first word is the verb, its arguments follow, then for a fault the
 * place where it strikes: "on N[+] COMMAND", "at input N" or "at output N". A word that begins with
 * # begins a comment.
 */
#define TOKENS_MAX 12

struct token {
	struct bytes text;
	bool quoted;
};

struct parser {
	struct sim_script *script;
	struct token tokens[TOKENS_MAX];
	size_t count;
	size_t next;         /* the token to be read */
	const char *where;
	const char *folder;
	unsigned line;
	struct fault *fault;
};

/* script_words.c: a line into words; "sim-script" at the line in hand; the next word, if it is such a one. */
enum err script_split(struct parser *parser, struct bytes line);
enum err script_refuse(const struct parser *parser, const char *what);
bool script_word(struct parser *parser, const char *word);
bool script_number(struct parser *parser, uint64_t max, uint64_t *out);
bool script_u32(struct parser *parser, uint32_t *out);
bool script_quoted(struct parser *parser, struct bytes *out);
bool script_plain(struct parser *parser, struct bytes *out);

/* script_setup.c: a line about how the modem starts; *known: it was one. */
enum err script_setup(struct parser *parser, struct bytes verb, bool *known);
/* script_fault.c: a line about a fault. */
enum err script_fault(struct parser *parser, struct bytes verb);

#endif
