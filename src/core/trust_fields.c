/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gapseal/json.h"
#include "gapseal/trust.h"

static const char *const officer_words[] = {"active", "compromised", "retired", NULL};
static const char *const station_words[] = {"active", "lost", "retired", "stolen", NULL};
static const char *const role_names[ROLES] = {"batch", "grant", "trust"};

static const struct field recipient_fields[] = {{.kind = FIELD_TEXT, .size = RECIPIENT_SIZE}};
const struct shape recipients_shape = {NULL, recipient_fields, 1, RECIPIENT_SIZE};

static const struct field witness_fields[] = {{.kind = FIELD_TEXT, .size = NOTE_VKEY_MAX}};
static const struct shape witnesses_shape = {NULL, witness_fields, 1, NOTE_VKEY_MAX};

static const struct field batch_fields[] = {{.kind = FIELD_TEXT, .size = 2 * HASH_SIZE + 1}};
static const struct shape batches_shape = {NULL, batch_fields, 1, 2 * HASH_SIZE + 1};

static const struct field officer_fields[] = {
	{"key", FIELD_TEXT, offsetof(struct trust_officer, key), MINISIG_TYPED_MAX, NULL, NULL},
	{"name", FIELD_NAME, offsetof(struct trust_officer, name), 0, NULL, NULL},
	{"status", FIELD_CHOICE, offsetof(struct trust_officer, status), 0, NULL, officer_words},
};
static const struct shape officers_shape = {NULL, officer_fields, 3, sizeof(struct trust_officer)};

static const struct field station_fields[] = {
	{"last_size", FIELD_INTEGER, offsetof(struct trust_station, last_size), 0, NULL, NULL},
	{"log_key", FIELD_TEXT, offsetof(struct trust_station, log_key), NOTE_VKEY_MAX, NULL, NULL},
	{"name", FIELD_NAME, offsetof(struct trust_station, name), 0, NULL, NULL},
	{"recipient", FIELD_TEXT, offsetof(struct trust_station, recipient), RECIPIENT_SIZE, NULL, NULL},
	{"status", FIELD_CHOICE, offsetof(struct trust_station, status), 0, NULL, station_words},
};
static const struct shape stations_shape = {NULL, station_fields, 5, sizeof(struct trust_station)};

static const struct field rule_fields[] = {
	{"officers", FIELD_LIST, offsetof(struct trust_rule, officers), 0, &names_shape, NULL},
	{"threshold", FIELD_INTEGER, offsetof(struct trust_rule, threshold), 0, NULL, NULL},
};
static const struct shape rule_shape = {NULL, rule_fields, 2, sizeof(struct trust_rule)};

static const struct field role_fields[] = {
	{"batch", FIELD_OBJECT, ROLE_BATCH * sizeof(struct trust_rule), 0, &rule_shape, NULL},
	{"grant", FIELD_OBJECT, ROLE_GRANT * sizeof(struct trust_rule), 0, &rule_shape, NULL},
	{"trust", FIELD_OBJECT, ROLE_TRUST * sizeof(struct trust_rule), 0, &rule_shape, NULL},
};
static const struct shape roles_shape = {NULL, role_fields, ROLES, ROLES * sizeof(struct trust_rule)};

static const struct field trust_table[] = {
	{"escrow", FIELD_LIST, offsetof(struct trust_fields, escrow), 0, &recipients_shape, NULL},
	{"issued", FIELD_TIME, offsetof(struct trust_fields, issued), 0, NULL, NULL},
	{"officers", FIELD_LIST, offsetof(struct trust_fields, officers), 0, &officers_shape, NULL},
	{"org", FIELD_NAME, offsetof(struct trust_fields, org), 0, NULL, NULL},
	{"prev", FIELD_TEXT, offsetof(struct trust_fields, prev), 2 * HASH_SIZE + 1, NULL, NULL},
	{"revoked_batches", FIELD_LIST, offsetof(struct trust_fields, revoked_batches), 0,
	    &batches_shape, NULL},
	{"revoked_grants", FIELD_LIST, offsetof(struct trust_fields, revoked_grants), 0,
	    &integers_shape, NULL},
	{"roles", FIELD_OBJECT, offsetof(struct trust_fields, roles), 0, &roles_shape, NULL},
	{"stations", FIELD_LIST, offsetof(struct trust_fields, stations), 0, &stations_shape, NULL},
	{"version", FIELD_INTEGER, offsetof(struct trust_fields, version), 0, NULL, NULL},
	{"witnesses", FIELD_LIST, offsetof(struct trust_fields, witnesses), 0, &witnesses_shape, NULL},
};
const struct shape trust_shape = {
	TRUST_SCHEMA, trust_table, sizeof trust_table / sizeof trust_table[0], sizeof(struct trust_fields)
};

const struct trust_officer *trust_officer(const struct trust_fields *fields, size_t i)
{
	return (const struct trust_officer *)fields->officers.items + i;
}

const struct trust_station *trust_station_at(const struct trust_fields *fields, size_t i)
{
	return (const struct trust_station *)fields->stations.items + i;
}

const struct trust_station *trust_station(const struct trust_fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->stations.count; i++) {
		const struct trust_station *station = trust_station_at(fields, i);

		if (strcmp(station->name, name) == 0)
			return station;
	}
	return NULL;
}

const char *trust_role_name(enum trust_role role)
{
	return role_names[role];
}

enum err trust_parse(struct trust_fields *out, struct bytes text, const char *where, struct fault *fault)
{
	enum err err;

	err = json_read(out, &trust_shape, text, where, fault);
	if (err != ERR_OK)
		return err;
	err = trust_check(out, where, fault);
	if (err != ERR_OK)
		json_free(out, &trust_shape);
	return err;
}
