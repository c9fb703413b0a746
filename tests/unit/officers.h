/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_OFFICERS_H
#define GAPSEAL_OFFICERS_H

/* What the tests of signed documents share: officers who sign, a trust to sign under, documents in memory. */
#include "vectors.h"

#include <sodium.h>

#include "gapseal/json.h"
#include "gapseal/officer.h"
#include "gapseal/trust.h"

enum { ANNA, BERT, CLEO, DORA, OFFICERS }; /* Dora is no officer unless a test makes her one */
static const char *const officer_names[OFFICERS] = {"anna", "bert", "cleo", "dora"};
static struct officer_key *officers[OFFICERS];

/* Keys that are the same in every run: number tells them apart. */
static inline void specimen_recipient(char out[static RECIPIENT_SIZE], uint8_t number)
{
	uint8_t seed[32] = {number, 'r'}, secret[32];
	struct recipient recipient;

	crypto_box_seed_keypair(recipient.key, secret, seed);
	recipient_print(out, &recipient);
}

static inline void specimen_log_key(char out[static NOTE_VKEY_MAX], const char *name, uint8_t number)
{
	uint8_t seed[32] = {number, 'l'}, public[32], secret[64];
	struct note_key key;

	crypto_sign_seed_keypair(public, secret, seed);
	assert_int_equal(note_key_make(&key, name, NOTE_ED25519, public, &fault), ERR_OK);
	note_key_print(out, &key);
}

static inline int officers_setup(void **state)
{
	(void)state;
	if (secret_process(&fault) != ERR_OK)
		return -1;
	for (size_t i = 0; i < OFFICERS; i++) {
		struct buffer public = BUFFER_EMPTY;
		struct secret *text;

		assert_int_equal(officer_key_new(&public, &text, NULL, &fault), ERR_OK);
		assert_int_equal(officer_key_open(&officers[i], secret_bytes(text), NULL, "key", &fault),
		    ERR_OK);
		secret_free(&text);
		buffer_free(&public);
	}
	return 0;
}

static inline int officers_teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < OFFICERS; i++)
		officer_key_free(&officers[i]);
	return 0;
}

/* One change of a document's text, and the code it is refused with. */
struct spoiled {
	const char *from, *to, *code;
};

/* The text with the first `from` replaced. */
static inline void change(struct buffer *out, struct bytes text, const char *from, const char *to)
{
	const uint8_t *at = memmem(text.data, text.size, from, strlen(from)), *rest;

	if (at == NULL)
		fail_msg("the document has no %s", from);
	rest = at + strlen(from);
	buffer_put(out, bytes_from(text.data, (size_t)(at - text.data)));
	buffer_text(out, to);
	buffer_put(out, bytes_from(rest, (size_t)(text.data + text.size - rest)));
}

/* What json_write makes of value holds these parts, in this order. */
static inline void assert_written(const struct shape *shape, const void *value, const char *const *parts)
{
	struct buffer text = BUFFER_EMPTY;
	const char *at;

	json_write(&text, shape, value);
	buffer_byte(&text, '\0');
	at = (const char *)text.data;
	for (; *parts != NULL; parts++) {
		at = strstr(at, *parts);
		if (at == NULL)
			fail_msg("not in its place: %s", *parts);
	}
	buffer_free(&text);
}

/* A document in memory, as document_load would have it; nobody has signed. */
static inline void document_of(struct document *out, const char *name, struct bytes text)
{
	struct hash_wide wide;

	*out = DOCUMENT_EMPTY;
	snprintf(out->where, sizeof out->where, "%s", name);
	buffer_put(&out->text, text);
	hash_bytes(out->hash, text);
	hash_wide_begin(&wide);
	hash_wide_add(&wide, text);
	hash_wide_end(&wide, out->prehash);
}

static inline void sign_with_comment(struct document *document, size_t officer, const char *comment)
{
	struct document_signature *signature = &document->signatures[document->count++];

	assert_true(document->count <= DOCUMENT_SIGNATURES_MAX);
	minisig_key_id(signature->key_id, officer_key_public(officers[officer]));
	assert_int_equal(minisig_sign(&signature->text, officers[officer], document->prehash, comment,
	    &fault), ERR_OK);
}

static inline void sign(struct document *document, size_t officer, const char *type, const char *id)
{
	char comment[DOCUMENT_COMMENT_MAX];

	document_comment(comment, document, type, id);
	sign_with_comment(document, officer, comment);
}

/* Appends an element of size bytes to a list. */
static inline void *list_grow(struct list *list, size_t size)
{
	char *items = realloc(list->items, (list->count + 1) * size);

	assert_non_null(items);
	list->items = items;
	memset(items + list->count * size, 0, size);
	return items + list->count++ * size;
}

static inline void add_officer(struct trust_fields *fields, size_t officer)
{
	struct trust_officer *added = list_grow(&fields->officers, sizeof *added);

	snprintf(added->name, sizeof added->name, "%s", officer_names[officer]);
	minisig_key_print(added->key, officer_key_public(officers[officer]));
	added->status = OFFICER_ACTIVE;
	for (size_t role = 0; role < ROLES; role++)
		snprintf(list_grow(&fields->roles[role].officers, NAME_SIZE), NAME_SIZE, "%s", added->name);
}

static inline struct trust_officer *officer_at(const struct trust_fields *fields, size_t i)
{
	return (struct trust_officer *)fields->officers.items + i;
}

static inline struct trust_station *station_at(const struct trust_fields *fields, size_t i)
{
	return (struct trust_station *)fields->stations.items + i;
}

static inline void add_station(struct trust_fields *fields, const char *name, uint8_t number)
{
	struct trust_station *station = list_grow(&fields->stations, sizeof *station);
	char note_name[2 * NAME_SIZE];

	snprintf(station->name, sizeof station->name, "%s", name);
	snprintf(note_name, sizeof note_name, "%s/%s", fields->org, name);
	specimen_recipient(station->recipient, number);
	specimen_log_key(station->log_key, note_name, number);
}

/* Version 1: three officers in every role, two of them needed for batch and trust and one for a grant, two
 * stations, one escrow recipient, one witness. Free with json_free. */
static inline void specimen_trust(struct trust_fields *out)
{
	memset(out, 0, sizeof *out);
	snprintf(out->org, sizeof out->org, "acme");
	snprintf(out->issued, sizeof out->issued, "2026-07-01T09:00:00Z");
	out->version = 1;
	for (size_t i = ANNA; i <= CLEO; i++)
		add_officer(out, i);
	out->roles[ROLE_BATCH].threshold = 2;
	out->roles[ROLE_GRANT].threshold = 1;
	out->roles[ROLE_TRUST].threshold = 2;
	add_station(out, "line1", 1);
	add_station(out, "line2", 2);
	specimen_recipient(list_grow(&out->escrow, RECIPIENT_SIZE), 3);
	specimen_log_key(list_grow(&out->witnesses, NOTE_VKEY_MAX), "shift-leader", 4);
}

static inline void trust_document(struct document *out, const struct trust_fields *fields)
{
	struct buffer text = BUFFER_EMPTY;

	json_write(&text, &trust_shape, fields);
	document_of(out, "trust.json", buffer_bytes(&text));
	buffer_free(&text);
}

static inline void sign_trust(struct document *document, size_t officer, uint64_t version)
{
	char id[24];

	snprintf(id, sizeof id, "%llu", (unsigned long long)version);
	sign(document, officer, "trust", id);
}

/* Signed by Anna and Bert, who are enough for it and for previous; fields are freed. */
static inline struct trust *open_trust(struct trust_fields *fields, const struct trust *previous)
{
	struct document document;
	struct trust *trust;

	if (previous != NULL)
		hex_encode(fields->prev, bytes_from(trust_hash(previous), HASH_SIZE));
	trust_document(&document, fields);
	sign_trust(&document, ANNA, fields->version);
	sign_trust(&document, BERT, fields->version);
	if (trust_open(&trust, &document, previous, &fault) != ERR_OK)
		fail_msg("%s: %s: %s", fault.where, fault.code, fault.text);
	document_free(&document);
	json_free(fields, &trust_shape);
	return trust;
}

static inline struct trust *specimen_trust_open(void)
{
	struct trust_fields fields;

	specimen_trust(&fields);
	return open_trust(&fields, NULL);
}

/* Version N+1 as it is made from version N: the same but for version; open_trust sets prev. */
static inline void next_trust(struct trust_fields *out, uint64_t version)
{
	specimen_trust(out);
	out->version = version;
	memset(out->prev, 'f', 2 * HASH_SIZE);
}

#endif
