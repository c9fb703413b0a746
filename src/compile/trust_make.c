/* SPDX-License-Identifier: ISC */
#include "trust_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/card.h"
#include "gapseal/file.h"
#include "gapseal/json.h"

#define FILE_MAX 16384

/* Appends one item of size bytes to a list; what the list held stays. */
enum err trust_list_add(struct list *list, const void *item, size_t size, struct fault *fault)
{
	uint8_t *items = realloc(list->items, (list->count + 1) * size);

	if (items == NULL)
		return fault_memory(fault);
	memcpy(items + list->count * size, item, size);
	*list = (struct list){items, list->count + 1};
	return ERR_OK;
}

static enum err list_copy(struct list *out, const struct list *from, size_t size, struct fault *fault)
{
	*out = (struct list){0};
	for (size_t i = 0; i < from->count; i++) {
		enum err err = trust_list_add(out, (const uint8_t *)from->items + i * size, size, fault);

		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

/* "keys/anna.pub" is officer anna. */
static enum err officer_name(char out[static NAME_SIZE], const char *path, struct fault *fault)
{
	const char *base = strrchr(path, '/');
	size_t size;

	base = base != NULL ? base + 1 : path;
	size = strlen(base);
	if (size > 4 && strcmp(base + size - 4, ".pub") == 0)
		size -= 4;
	if (!text_is_name(bytes_from(base, size)) || !text_copy(out, NAME_SIZE, bytes_from(base, size)))
		return fault_set(fault, ERR_CANNOT, "name-form", path,
		    "the file is named NAME.pub after its officer; a name is 1 to 40 of a-z 0-9 . -");
	return ERR_OK;
}

static enum err add_officer(struct trust_fields *fields, const char *path, struct fault *fault)
{
	struct trust_officer officer = {.status = OFFICER_ACTIVE};
	struct buffer file = BUFFER_EMPTY;
	struct minisig_key key;
	enum err err = officer_name(officer.name, path, fault);

	if (err == ERR_OK)
		err = file_read(&file, AT_FDCWD, path, FILE_MAX, fault);
	if (err == ERR_OK)
		err = minisig_key_file(&key, buffer_bytes(&file), path, fault);
	if (err == ERR_OK) {
		minisig_key_print(officer.key, &key);
		err = trust_list_add(&fields->officers, &officer, sizeof officer, fault);
	}
	for (size_t role = 0; err == ERR_OK && role < ROLES; role++)
		err = trust_list_add(&fields->roles[role].officers, officer.name, NAME_SIZE, fault);
	buffer_free(&file);
	return err;
}

static enum err add_station(struct trust_fields *fields, const char *org, const char *path,
    struct fault *fault)
{
	struct trust_station station = {.status = STATION_ACTIVE};
	struct buffer file = BUFFER_EMPTY;
	struct card card;
	enum err err = file_read(&file, AT_FDCWD, path, FILE_MAX, fault);

	if (err == ERR_OK)
		err = card_open(&card, buffer_bytes(&file), path, fault);
	buffer_free(&file);
	if (err != ERR_OK)
		return err;
	if (strcmp(card.org, org) != 0)
		return fault_set(fault, ERR_NO, "trust-org", path, "this station enrolled for org %s, not %s",
		    card.org, org);
	memcpy(station.name, card.station, sizeof station.name);
	memcpy(station.recipient, card.recipient, sizeof station.recipient);
	memcpy(station.log_key, card.log_key, sizeof station.log_key);
	return trust_list_add(&fields->stations, &station, sizeof station, fault);
}

static enum err add_text(struct list *list, const char *text, size_t size, const char *option,
    struct fault *fault)
{
	char item[NOTE_VKEY_MAX] = {0};

	if (!text_copy(item, size, bytes_of(text)))
		return fault_set(fault, ERR_CANNOT, "trust-key", option, "too long");
	return trust_list_add(list, item, size, fault);
}

/* Version N+1 starts as a copy of version N. */
static enum err start_from(struct trust_fields *fields, const struct trust_fields *from,
    const uint8_t *from_hash, struct fault *fault)
{
	enum err err = list_copy(&fields->escrow, &from->escrow, RECIPIENT_SIZE, fault);

	if (err == ERR_OK)
		err = list_copy(&fields->officers, &from->officers, sizeof(struct trust_officer), fault);
	if (err == ERR_OK)
		err = list_copy(&fields->revoked_batches, &from->revoked_batches, 2 * HASH_SIZE + 1, fault);
	if (err == ERR_OK)
		err = list_copy(&fields->revoked_grants, &from->revoked_grants, sizeof(uint64_t), fault);
	if (err == ERR_OK)
		err = list_copy(&fields->stations, &from->stations, sizeof(struct trust_station), fault);
	if (err == ERR_OK)
		err = list_copy(&fields->witnesses, &from->witnesses, NOTE_VKEY_MAX, fault);
	for (size_t role = 0; err == ERR_OK && role < ROLES; role++) {
		fields->roles[role].threshold = from->roles[role].threshold;
		err = list_copy(&fields->roles[role].officers, &from->roles[role].officers, NAME_SIZE, fault);
	}
	fields->version = from->version + 1;
	hex_encode(fields->prev, bytes_from(from_hash, HASH_SIZE));
	return err;
}

static enum err add_parts(struct trust_fields *fields, const struct trust_request *request,
    struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; err == ERR_OK && i < request->officer_count; i++)
		err = add_officer(fields, request->officers[i], fault);
	for (size_t i = 0; err == ERR_OK && i < request->station_count; i++)
		err = add_station(fields, fields->org, request->stations[i], fault);
	for (size_t i = 0; err == ERR_OK && i < request->escrow_count; i++)
		err = add_text(&fields->escrow, request->escrow[i], RECIPIENT_SIZE, "--escrow", fault);
	for (size_t i = 0; err == ERR_OK && i < request->witness_count; i++)
		err = add_text(&fields->witnesses, request->witnesses[i], NOTE_VKEY_MAX, "--witness", fault);
	for (size_t role = 0; role < ROLES; role++)
		if (request->thresholds[role] != 0)
			fields->roles[role].threshold = request->thresholds[role];
	return err;
}

/* When every officer is needed for the next version, one lost key ends the org. */
static enum err check_spare(const struct trust_fields *fields, bool accepted, struct fault *fault)
{
	const struct trust_rule *rule = &fields->roles[ROLE_TRUST];

	if (!accepted && rule->threshold >= rule->officers.count)
		return fault_set(fault, ERR_NO, "trust-no-spare", NULL,
		    "the trust threshold %llu needs every officer: one lost key and no next version can be made; add an officer, or --accept-no-spare",
		    (unsigned long long)rule->threshold);
	return ERR_OK;
}

enum err trust_make(struct buffer *out, const struct trust_request *request, struct fault *fault)
{
	struct trust_fields fields = {.version = 1, .roles = {{.threshold = 1}, {.threshold = 1},
	    {.threshold = 1}}};
	enum err err = ERR_OK;

	if (!text_is_name(bytes_of(request->org)) || !text_copy(fields.org, sizeof fields.org,
	    bytes_of(request->org)))
		return fault_set(fault, ERR_CANNOT, "name-form", "--org",
		    "an org is 1 to 40 of a-z 0-9 . - and begins with a letter or digit");
	utc_format(fields.issued, request->now);
	if (request->from != NULL)
		err = start_from(&fields, request->from, request->from_hash, fault);
	if (err == ERR_OK)
		err = add_parts(&fields, request, fault);
	if (err == ERR_OK)
		err = trust_apply_changes(&fields, request, fault);
	if (err == ERR_OK)
		err = trust_check(&fields, "trust", fault);
	if (err == ERR_OK)
		err = check_spare(&fields, request->accept_no_spare, fault);
	if (err == ERR_OK) {
		json_write(out, &trust_shape, &fields);
		err = buffer_check(out, fault);
	}
	json_free(&fields, &trust_shape);
	return err;
}
