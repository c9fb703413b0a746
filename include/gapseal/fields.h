/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_FIELDS_H
#define GAPSEAL_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/hash.h"

/*
 * fields: how a C struct stands for a JSON object. One table of fields per object is its reader and
 * its writer, for documents (json.h) and for log lines (line.h) alike. Fields stand in the order of
 * their keys (strcmp), which is the canonical order. No key is optional.
 */
enum field_kind {
	FIELD_TEXT,          /* char[size]: printable ASCII with a NUL */
	FIELD_LINES,         /* char *: printable ASCII and LF, allocated; documents only */
	FIELD_NAME,          /* char[NAME_SIZE]: a name ([a-z0-9][a-z0-9.-]{0,39}) or "" */
	FIELD_TIME,          /* char[UTC_SIZE]: YYYY-MM-DDTHH:MM:SSZ or "" */
	FIELD_HASH,          /* uint8_t[32]: 64 lower-case hex digits */
	FIELD_HASH_OR_EMPTY, /* struct maybe_hash: as FIELD_HASH, or "" for present = false */
	FIELD_INTEGER,       /* uint64_t: 0..2^53-1 */
	FIELD_BOOLEAN,       /* bool; documents only */
	FIELD_CHOICE,        /* unsigned: index into words */
	FIELD_OBJECT,        /* a struct described by shape; documents only */
	FIELD_LIST,          /* struct list of elements described by shape; documents only */
	FIELD_NUMBERS        /* struct numbers: integers below 2^32; log lines only */
};

struct maybe_hash {
	uint8_t hash[HASH_SIZE];
	bool present;
};
struct list {
	void *items; /* count elements of shape->size bytes, one allocation */
	size_t count;
};
#define NUMBERS_MAX 64
struct numbers {
	size_t count;
	unsigned items[NUMBERS_MAX];
};

struct shape;
struct field {
	const char *key;            /* NULL: see struct shape */
	enum field_kind kind;
	size_t offset;
	size_t size;                /* of FIELD_TEXT */
	const struct shape *shape;  /* of FIELD_OBJECT and FIELD_LIST */
	const char *const *words;   /* of FIELD_CHOICE, NULL-ended */
};
/* A shape of one field without a key is no object: elements of such a list are bare values. */
struct shape {
	const char *schema;         /* documents: the value of key "schema", which is no field; else NULL */
	const struct field *fields;
	size_t count;
	size_t size;                /* sizeof the struct */
};

extern const struct shape names_shape;    /* bare char[NAME_SIZE] */
extern const struct shape integers_shape; /* bare uint64_t */

/* The kinds that are a string within one line: TEXT, NAME, TIME, HASH, HASH_OR_EMPTY, CHOICE. */
bool field_is_text(const struct field *field);
/* Puts the text of such a field into the struct; false if the kind does not allow it. at points to the
 * field itself, cleared before. */
bool field_set(void *at, const struct field *field, struct bytes text);
/* The text of such a field; hex is room for a hash. The view lives as long as the struct and hex. */
#define FIELD_HEX_SIZE (2 * HASH_SIZE + 1)
struct bytes field_get(const void *at, const struct field *field, char hex[static FIELD_HEX_SIZE]);
/* Appends text as a JSON string with its quotes. What is neither printable ASCII nor LF is no text of a
 * field: it is escaped all the same, for a reader to refuse. */
void field_quote(struct buffer *out, struct bytes text);

#endif
