/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_OUTER_H
#define GAPSEAL_OUTER_H

/* A document with a field of every kind, for the tests of json. */
#include "vectors.h"

#include "gapseal/json.h"
#include "gapseal/utc.h"

struct leaf {
	uint64_t number;
	char word[12];
};
struct inner {
	bool flag;
	struct list leaves;    /* of struct leaf */
	struct maybe_hash maybe;
};
struct outer {
	unsigned choice;
	struct list choices;   /* of unsigned */
	uint8_t hash[HASH_SIZE];
	struct inner inner;
	char *lines;
	char name[NAME_SIZE];
	struct list names;     /* of char[NAME_SIZE] */
	struct list numbers;   /* of uint64_t */
	char text[40];
	char time[UTC_SIZE];
};

static const char *const words[] = {"alpha", "beta-two", "gamma", NULL};
static const struct field choice_fields[] = {{.kind = FIELD_CHOICE, .words = words}};
static const struct shape choices = {NULL, choice_fields, 1, sizeof(unsigned)};
static const struct field leaf_fields[] = {
	{"number", FIELD_INTEGER, offsetof(struct leaf, number), 0, NULL, NULL},
	{"word", FIELD_TEXT, offsetof(struct leaf, word), 12, NULL, NULL},
};
static const struct shape leaves = {NULL, leaf_fields, 2, sizeof(struct leaf)};
static const struct field inner_fields[] = {
	{"flag", FIELD_BOOLEAN, offsetof(struct inner, flag), 0, NULL, NULL},
	{"leaves", FIELD_LIST, offsetof(struct inner, leaves), 0, &leaves, NULL},
	{"maybe", FIELD_HASH_OR_EMPTY, offsetof(struct inner, maybe), 0, NULL, NULL},
};
static const struct shape inner = {NULL, inner_fields, 3, sizeof(struct inner)};
static const struct field outer_fields[] = {
	{"choice", FIELD_CHOICE, offsetof(struct outer, choice), 0, NULL, words},
	{"choices", FIELD_LIST, offsetof(struct outer, choices), 0, &choices, NULL},
	{"hash", FIELD_HASH, offsetof(struct outer, hash), 0, NULL, NULL},
	{"inner", FIELD_OBJECT, offsetof(struct outer, inner), 0, &inner, NULL},
	{"lines", FIELD_LINES, offsetof(struct outer, lines), 0, NULL, NULL},
	{"name", FIELD_NAME, offsetof(struct outer, name), 0, NULL, NULL},
	{"names", FIELD_LIST, offsetof(struct outer, names), 0, &names_shape, NULL},
	{"numbers", FIELD_LIST, offsetof(struct outer, numbers), 0, &integers_shape, NULL},
	{"text", FIELD_TEXT, offsetof(struct outer, text), 40, NULL, NULL},
	{"time", FIELD_TIME, offsetof(struct outer, time), 0, NULL, NULL},
};
static const struct shape outer = {"test/outer/v1", outer_fields, 10, sizeof(struct outer)};

#endif
