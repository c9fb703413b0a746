/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "gapseal/checkpoint.h"
#include "gapseal/list.h"
#include "gapseal/trust.h"

#define KEY_SIZE 32
#define ID_SIZE 8

/* One check: what it looks at, and everything that may stand only once in the whole file. */
struct check {
	const struct trust_fields *fields;
	const char *where;
	struct fault *fault;
	struct buffer keys;           /* of KEY_SIZE: officers, log keys, recipients, escrow, witnesses */
	struct buffer ids;            /* of ID_SIZE: officers */
	struct buffer officer_names;  /* of NAME_SIZE */
	struct buffer station_names;  /* of NAME_SIZE */
	struct buffer note_names;     /* of NOTE_NAME_MAX + 1: log keys, witnesses */
};

static enum err refuse(const struct check *check, const char *code, const char *list, size_t i,
    const char *text)
{
	char place[FAULT_WHERE_MAX];

	list_place(place, check->where, list, i);
	return fault_set(check->fault, ERR_NO, code, place, "%s", text);
}

static bool is_hash(const char *text)
{
	uint8_t hash[HASH_SIZE];

	return hex_decode(hash, sizeof hash, bytes_of(text));
}

static enum err check_form(const struct check *check)
{
	const struct trust_fields *fields = check->fields;

	if (!text_is_name(bytes_of(fields->org)))
		return fault_set(check->fault, ERR_NO, "trust-form", check->where,
		    "the organisation has no name");
	if (fields->issued[0] == '\0')
		return fault_set(check->fault, ERR_NO, "trust-form", check->where,
		    "there is no time of issue");
	if (fields->version < 1 || fields->version > TRUST_VERSION_MAX)
		return fault_set(check->fault, ERR_NO, "trust-form", check->where,
		    "the version should be a number from 1 to %d", TRUST_VERSION_MAX);
	if (fields->officers.count > TRUST_OFFICERS_MAX || fields->stations.count > TRUST_STATIONS_MAX)
		return fault_set(check->fault, ERR_NO, "trust-form", check->where,
		    "there are more than %d officers or %d stations", TRUST_OFFICERS_MAX, TRUST_STATIONS_MAX);
	if (fields->version == 1 ? fields->prev[0] != '\0' : !is_hash(fields->prev))
		return fault_set(check->fault, ERR_NO, "trust-prev", check->where,
		    "prev should be the SHA-256 of the version before, and empty in version 1 alone");
	return ERR_OK;
}

static enum err check_officer(struct check *check, size_t i)
{
	const struct trust_officer *officer = trust_officer(check->fields, i);
	struct minisig_key key;

	if (!text_is_name(bytes_of(officer->name)))
		return refuse(check, "trust-officer", "officers", i, "this officer has no name");
	if (minisig_key_typed(&key, bytes_of(officer->key), check->where, check->fault) != ERR_OK)
		return refuse(check, "trust-key", "officers", i,
		    "the key of this officer is not minisign: and a minisign public key");
	list_collect(&check->officer_names, officer->name, NAME_SIZE);
	buffer_put(&check->keys, bytes_from(key.key, KEY_SIZE));
	buffer_put(&check->ids, bytes_from(key.id, ID_SIZE));
	return ERR_OK;
}

static enum err check_recipient(struct check *check, const char *text, const char *list, size_t i)
{
	struct recipient recipient;

	if (recipient_parse(&recipient, bytes_of(text), check->where, check->fault) != ERR_OK)
		return refuse(check, "trust-key", list, i, "the recipient is not an age X25519 recipient");
	buffer_put(&check->keys, bytes_from(recipient.key, KEY_SIZE));
	return ERR_OK;
}

static enum err check_station(struct check *check, size_t i)
{
	const struct trust_station *station = trust_station_at(check->fields, i);
	char note_name[2 * NAME_SIZE];
	struct note_key key;

	if (!text_is_name(bytes_of(station->name)))
		return refuse(check, "trust-station", "stations", i, "this station has no name");
	if (note_key_parse(&key, bytes_of(station->log_key), check->where, check->fault) != ERR_OK ||
	    key.algorithm != NOTE_ED25519)
		return refuse(check, "trust-key", "stations", i,
		    "the log key is not an Ed25519 verifier key");
	snprintf(note_name, sizeof note_name, "%s/%s", check->fields->org, station->name);
	if (strcmp(key.name, note_name) != 0)
		return refuse(check, "trust-station", "stations", i,
		    "the log key is not that of this station: it is not named <org>/<station>");
	list_collect(&check->station_names, station->name, NAME_SIZE);
	list_collect(&check->note_names, key.name, sizeof key.name);
	buffer_put(&check->keys, bytes_from(key.key, KEY_SIZE));
	return check_recipient(check, station->recipient, "stations", i);
}

static enum err check_witness(struct check *check, size_t i)
{
	const char *text = list_text(&check->fields->witnesses, i, NOTE_VKEY_MAX);
	struct note_key key;

	if (i == CHECKPOINT_WITNESSES_MAX)
		return refuse(check, "trust-key", "witnesses", i,
		    "there are more witnesses than a checkpoint may have");
	if (note_key_parse(&key, bytes_of(text), check->where, check->fault) != ERR_OK)
		return refuse(check, "trust-key", "witnesses", i, "the witness is not a verifier key");
	if (trust_station(check->fields, key.name) != NULL)
		return refuse(check, "trust-duplicate", "witnesses", i,
		    "the witness has the name of a station");
	list_collect(&check->note_names, key.name, sizeof key.name);
	buffer_put(&check->keys, bytes_from(key.key, KEY_SIZE));
	return ERR_OK;
}

static enum err check_keys(struct check *check)
{
	const struct trust_fields *fields = check->fields;
	enum err err = ERR_OK;

	for (size_t i = 0; i < fields->officers.count && err == ERR_OK; i++)
		err = check_officer(check, i);
	for (size_t i = 0; i < fields->stations.count && err == ERR_OK; i++)
		err = check_station(check, i);
	for (size_t i = 0; i < fields->escrow.count && err == ERR_OK; i++)
		err = check_recipient(check, list_text(&fields->escrow, i, RECIPIENT_SIZE), "escrow", i);
	for (size_t i = 0; i < fields->witnesses.count && err == ERR_OK; i++)
		err = check_witness(check, i);
	return err;
}

static enum err check_once(const struct check *check, struct buffer *elements, size_t size, const char *text)
{
	enum err err;

	err = buffer_check(elements, check->fault);
	if (err == ERR_OK && list_repeats(elements, size))
		err = fault_set(check->fault, ERR_NO, "trust-duplicate", check->where, "%s", text);
	return err;
}

/* A key that stood twice would be one person or machine with two voices. */
static enum err check_duplicates(struct check *check)
{
	enum err err;

	err = check_once(check, &check->officer_names, NAME_SIZE, "two officers have one name");
	if (err == ERR_OK)
		err = check_once(check, &check->station_names, NAME_SIZE, "two stations have one name");
	if (err == ERR_OK)
		err = check_once(check, &check->note_names, NOTE_NAME_MAX + 1,
		    "two witnesses, or a witness and a log key, have one name");
	if (err == ERR_OK)
		err = check_once(check, &check->keys, KEY_SIZE, "one key stands twice in the file");
	if (err == ERR_OK)
		err = check_once(check, &check->ids, ID_SIZE, "two officers have keys with one key id");
	return err;
}

static const struct trust_officer *find_officer(const struct trust_fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->officers.count; i++) {
		if (strcmp(trust_officer(fields, i)->name, name) == 0)
			return trust_officer(fields, i);
	}
	return NULL;
}

/* The officers of a role who can sign today decide how many signatures may be asked for: a threshold
 * above their number could never be reached, and one of 0 would let anything pass. */
static enum err check_role(const struct check *check, enum trust_role role)
{
	const struct trust_rule *rule = &check->fields->roles[role];
	uint64_t active = 0;
	bool repeats;
	enum err err;

	err = list_repeats_text(&repeats, &rule->officers, NAME_SIZE, check->fault);
	if (err != ERR_OK)
		return err;
	if (repeats)
		return refuse(check, "trust-duplicate", "roles", role, "this role names one officer twice");
	for (size_t i = 0; i < rule->officers.count; i++) {
		const struct trust_officer *officer;

		officer = find_officer(check->fields, list_text(&rule->officers, i, NAME_SIZE));
		if (officer == NULL)
			return refuse(check, "trust-officer", "roles", role,
			    "this role names somebody who is no officer");
		active += officer->status == OFFICER_ACTIVE;
	}
	if (rule->threshold < 1 || rule->threshold > active)
		return fault_set(check->fault, ERR_NO, "trust-threshold", check->where,
		    "the %s threshold should be at least 1 and at most %llu, the role's active officers",
		    trust_role_name(role), (unsigned long long)active);
	return ERR_OK;
}

static enum err check_revoked(const struct check *check)
{
	const struct list *batches = &check->fields->revoked_batches;
	const struct list *grants = &check->fields->revoked_grants;
	struct buffer serials = BUFFER_EMPTY;
	bool repeats;
	enum err err;

	for (size_t i = 0; i < batches->count; i++) {
		if (!is_hash(list_text(batches, i, 2 * HASH_SIZE + 1)))
			return refuse(check, "trust-revoked", "revoked_batches", i,
			    "this is not the SHA-256 of a manifest");
	}
	err = list_repeats_text(&repeats, batches, 2 * HASH_SIZE + 1, check->fault);
	if (err != ERR_OK)
		return err;
	if (repeats)
		return fault_set(check->fault, ERR_NO, "trust-duplicate", check->where,
		    "one batch is revoked twice");
	for (size_t i = 0; i < grants->count; i++) {
		if (list_integer(grants, i) == 0)
			return refuse(check, "trust-revoked", "revoked_grants", i,
			    "no grant has the serial 0");
	}
	buffer_put(&serials, bytes_from(grants->items, grants->count * sizeof(uint64_t)));
	err = check_once(check, &serials, sizeof(uint64_t), "one grant is revoked twice");
	buffer_free(&serials);
	return err;
}

enum err trust_check(const struct trust_fields *fields, const char *where, struct fault *fault)
{
	struct check check = {.fields = fields, .where = where, .fault = fault};
	enum err err;

	err = check_form(&check);
	if (err == ERR_OK)
		err = check_keys(&check);
	if (err == ERR_OK)
		err = check_duplicates(&check);
	for (enum trust_role role = 0; role < ROLES && err == ERR_OK; role++)
		err = check_role(&check, role);
	if (err == ERR_OK)
		err = check_revoked(&check);
	buffer_free(&check.keys);
	buffer_free(&check.ids);
	buffer_free(&check.officer_names);
	buffer_free(&check.station_names);
	buffer_free(&check.note_names);
	return err;
}
