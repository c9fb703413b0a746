/* SPDX-License-Identifier: ISC */
#include "gapseal/json.h"
#include "gapseal/medium.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const purpose_words[] = {"production", "rehearsal", NULL};

static const struct field lot_fields[] = {
	{"count", FIELD_INTEGER, offsetof(struct manifest_lot, count), 0, NULL, NULL},
	{"name", FIELD_NAME, offsetof(struct manifest_lot, name), 0, NULL, NULL},
};
static const struct shape lots_shape = {NULL, lot_fields, LENGTH(lot_fields), sizeof(struct manifest_lot)};

#define AT(member) offsetof(struct delivery_batch, member)
static const struct field batch_fields[] = {
	{"batch", FIELD_NAME, AT(batch), 0, NULL, NULL},
	{"devices", FIELD_INTEGER, AT(devices), 0, NULL, NULL},
	{"held", FIELD_BOOLEAN, AT(held), 0, NULL, NULL},
	{"lots", FIELD_LIST, AT(lots), 0, &lots_shape, NULL},
	{"manifest_sha256", FIELD_HASH, AT(manifest_sha256), 0, NULL, NULL},
	{"officers", FIELD_LIST, AT(officers), 0, &names_shape, NULL},
	{"purpose", FIELD_CHOICE, AT(purpose), 0, NULL, purpose_words},
	{"records", FIELD_LIST, AT(records), 0, &integers_shape, NULL},
	{"title", FIELD_TEXT, AT(title), TITLE_SIZE, NULL, NULL},
};
#undef AT
static const struct shape batches_shape = {
	NULL, batch_fields, LENGTH(batch_fields), sizeof(struct delivery_batch)
};

/* The stations of a grant by name alone. */
static const struct field grant_station_fields[] = {
	{NULL, FIELD_NAME, offsetof(struct grant_station, name), 0, NULL, NULL},
};
static const struct shape grant_stations_shape = {
	NULL, grant_station_fields, 1, sizeof(struct grant_station)
};

#define AT(member) offsetof(struct delivery_grant, member)
static const struct field grant_fields_told[] = {
	{"again", FIELD_LIST, AT(again), 0, &integers_shape, NULL},
	{"batch", FIELD_NAME, AT(batch), 0, NULL, NULL},
	{"grant_sha256", FIELD_HASH, AT(grant_sha256), 0, NULL, NULL},
	{"lots", FIELD_LIST, AT(lots), 0, &names_shape, NULL},
	{"max_success", FIELD_INTEGER, AT(max_success), 0, NULL, NULL},
	{"not_after", FIELD_TIME, AT(not_after), 0, NULL, NULL},
	{"not_before", FIELD_TIME, AT(not_before), 0, NULL, NULL},
	{"officers", FIELD_LIST, AT(officers), 0, &names_shape, NULL},
	{"records", FIELD_LIST, AT(records), 0, &integers_shape, NULL},
	{"replaces", FIELD_LIST, AT(replaces), 0, &integers_shape, NULL},
	{"serial", FIELD_INTEGER, AT(serial), 0, NULL, NULL},
	{"stations", FIELD_LIST, AT(stations), 0, &grant_stations_shape, NULL},
};
#undef AT
static const struct shape grants_shape = {
	NULL, grant_fields_told, LENGTH(grant_fields_told), sizeof(struct delivery_grant)
};

static const struct field station_fields[] = {
	{"log_key", FIELD_TEXT, offsetof(struct delivery_station, log_key), NOTE_VKEY_MAX, NULL, NULL},
	{"name", FIELD_NAME, offsetof(struct delivery_station, name), 0, NULL, NULL},
};
static const struct shape stations_shape = {
	NULL, station_fields, LENGTH(station_fields), sizeof(struct delivery_station)
};

static const struct field trust_fields_told[] = {
	{"issued", FIELD_TIME, offsetof(struct delivery_trust, issued), 0, NULL, NULL},
	{"sha256", FIELD_HASH, offsetof(struct delivery_trust, sha256), 0, NULL, NULL},
	{"version", FIELD_INTEGER, offsetof(struct delivery_trust, version), 0, NULL, NULL},
};
static const struct shape trusts_shape = {
	NULL, trust_fields_told, LENGTH(trust_fields_told), sizeof(struct delivery_trust)
};

void delivery_json(struct buffer *out, const struct delivery *delivery)
{
#define AT(member) offsetof(struct delivery, member)
	static const struct field fields[] = {
		{"batches", FIELD_LIST, AT(batches), 0, &batches_shape, NULL},
		{"bytes", FIELD_INTEGER, AT(bytes), 0, NULL, NULL},
		{"files", FIELD_INTEGER, AT(files), 0, NULL, NULL},
		{"grants", FIELD_LIST, AT(grants), 0, &grants_shape, NULL},
		{"org", FIELD_NAME, AT(org), 0, NULL, NULL},
		{"other_names", FIELD_INTEGER, AT(other_names), 0, NULL, NULL},
		{"packed", FIELD_TIME, AT(packed), 0, NULL, NULL},
		{"rehearsal", FIELD_BOOLEAN, AT(rehearsal), 0, NULL, NULL},
		{"stations", FIELD_LIST, AT(stations), 0, &stations_shape, NULL},
		{"sums_sha256", FIELD_HASH, AT(sums_sha256), 0, NULL, NULL},
		{"trust", FIELD_LIST, AT(trust), 0, &trusts_shape, NULL},
	};
#undef AT
	static const struct shape shape = {DELIVERY_SCHEMA, fields, LENGTH(fields), sizeof *delivery};

	json_write(out, &shape, delivery);
}
