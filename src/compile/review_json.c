/* SPDX-License-Identifier: ISC */
#include "review_text.h"

#include "gapseal/json.h"
#include "gapseal/review.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const ending_words[] = {"crlf", "lf", NULL};

#define AT(member) offsetof(struct review_credential, member)
static const struct field credential_fields[] = {
	{"bytes", FIELD_INTEGER, AT(bytes), 0, NULL, NULL},
	{"chain", FIELD_BOOLEAN, AT(chain), 0, NULL, NULL},
	{"column", FIELD_TEXT, AT(column), NAME_SIZE, NULL, NULL},
	{"days", FIELD_INTEGER, AT(days), 0, NULL, NULL},
	{"digest", FIELD_HASH_OR_EMPTY, AT(digest), 0, NULL, NULL},
	{"line_ending", FIELD_CHOICE, AT(line_ending), 0, NULL, ending_words},
	{"lots", FIELD_LIST, AT(lots), 0, &names_shape, NULL},
	{"name", FIELD_NAME, AT(name), 0, NULL, NULL},
	{"password", FIELD_TEXT, AT(password), NAME_SIZE, NULL, NULL},
	{"source", FIELD_CHOICE, AT(source), 0, NULL, source_words},
	{"tag", FIELD_INTEGER, AT(tag), 0, NULL, NULL},
	{"template", FIELD_TEXT, AT(text), TEMPLATE_MAX + 1, NULL, NULL},
	{"type", FIELD_TEXT, AT(type), NAME_SIZE, NULL, NULL},
};
#undef AT
static const struct shape credentials_shape = {
	NULL, credential_fields, LENGTH(credential_fields), sizeof(struct review_credential)
};
static const struct field lot_fields[] = {
	{"count", FIELD_INTEGER, offsetof(struct review_lot, count), 0, NULL, NULL},
	{"name", FIELD_NAME, offsetof(struct review_lot, name), 0, NULL, NULL},
};
static const struct shape lots_shape = {NULL, lot_fields, LENGTH(lot_fields), sizeof(struct review_lot)};

void review_json(struct buffer *out, const struct review *review)
{
#define AT(member) offsetof(struct review, member)
	const struct field fields[] = {
		{"batch", FIELD_NAME, AT(batch), 0, NULL, NULL},
		{"ca_sha256", FIELD_HASH_OR_EMPTY, AT(ca_sha256), 0, NULL, NULL},
		{"credentials", FIELD_LIST, AT(credentials), 0, &credentials_shape, NULL},
		{"devices", FIELD_INTEGER, AT(devices), 0, NULL, NULL},
		{"first", FIELD_TEXT, AT(first), IMEI_SIZE, NULL, NULL},
		{"keyed", FIELD_BOOLEAN, AT(keyed), 0, NULL, NULL},
		{"last", FIELD_TEXT, AT(last), IMEI_SIZE, NULL, NULL},
		{"lots", FIELD_LIST, AT(lots), 0, &lots_shape, NULL},
		{"org", FIELD_NAME, AT(org), 0, NULL, NULL},
		{"plan_sha256", FIELD_HASH_OR_EMPTY, AT(plan_sha256), 0, NULL, NULL},
		{"policy", FIELD_OBJECT, AT(policy), 0, profile_policy_shape(), NULL},
		{"stride", FIELD_INTEGER, AT(stride), 0, NULL, NULL},
		{"title", FIELD_TEXT, AT(title), TITLE_SIZE, NULL, NULL},
		{"words", FIELD_TEXT, AT(words), WORDS_SIZE, NULL, NULL},
	};
#undef AT
	const struct shape shape = {REVIEW_SCHEMA, fields, LENGTH(fields), sizeof *review};

	json_write(out, &shape, review);
}
