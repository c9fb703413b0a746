/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CONFIG_H
#define GAPSEAL_CONFIG_H

#include <stdbool.h>

#include "gapseal/bytes.h"

/*
 * config: files in libconfuse syntax (profiles, office.conf, station.conf), strictly read.
 *
 *     # a comment; so are // and what stands between slash-star and star-slash
 *     title = "Spring run"
 *     policy { attempts = 3  log_imei = true }
 *     credential ca { tag = 42  files = {"root.pem", "spare.pem"} }
 *
 * Refused, although libconfuse would take it: '$', backslash and '|' anywhere, in comments too; every
 * byte but printable ASCII, TAB and line ends (LF or CR LF); an option given twice; a number that is
 * not plain decimal, up to 2^53-1; a boolean but true and false; an untitled section or a title given
 * twice; an empty list; "+=" and stray '*'; a quoted value over two lines; a brace, quote or comment
 * that is never closed; a comment that touches what stands before it. At most CONFIG_MAX bytes.
 *
 * A file is described by tables of static storage; the result is a flat list of what was given.
 */
#define CONFIG_MAX (1 << 20)

enum config_kind {
	CONFIG_TEXT,
	CONFIG_NUMBER,
	CONFIG_BOOLEAN,
	CONFIG_TEXTS   /* a list: one text or {"one", "two"} */
};
struct config_option {
	const char *name;
	enum config_kind kind;
};
struct config_section {       /* titled sections may occur many times, untitled at most once */
	const char *name;     /* NULL: the top level */
	bool titled;
	const struct config_option *options;
	size_t count;         /* at least 1 */
};

struct config;
/* File codes, and ERR_NO with file:line: "config-form", "config-option" (unknown, or given twice),
 * "config-value", "config-section" (title or untitled section given twice). The first fault ends the
 * reading. */
enum err config_read(struct config **out, int folder, const char *name, const struct config_section *sections,
    size_t count, struct fault *fault);
void config_free(struct config **config);

/* The i-th occurrence of a section, in the order of the file ("" for the top level, which is always
 * there). */
struct config_place {
	const char *section;
	size_t i;
};
/* Its title ("" if untitled) and the line its first option stands on (or it ends on, if it has none; 0
 * for the top level); false beyond the last. title and line may be NULL here and below. */
bool config_has(const struct config *config, struct config_place place, const char **title, unsigned *line);
/* Values of an option in a section; false, and out untouched, if it was not given. */
bool config_text(const struct config *config, struct config_place place, const char *option, const char **out,
    unsigned *line);
bool config_number(const struct config *config, struct config_place place, const char *option, uint64_t *out,
    unsigned *line);
bool config_boolean(const struct config *config, struct config_place place, const char *option, bool *out,
    unsigned *line);
/* The i-th text of a list option; false beyond. */
bool config_texts(const struct config *config, struct config_place place, const char *option, size_t i,
    const char **out, unsigned *line);

#endif
