/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gapseal/list.h"
#include "gapseal/trust.h"

/* The keys whose signatures beside a document verified. */
struct signers {
	size_t count;
	struct minisig_key keys[DOCUMENT_SIGNATURES_MAX];
};

static bool officer_key(struct minisig_key *out, const struct trust_officer *officer)
{
	struct fault unused; /* trust_check has read this key before */

	return minisig_key_typed(out, bytes_of(officer->key), "", &unused) == ERR_OK;
}

/* An id is only a name: two names for one key make no second key. */
static bool same_key(const struct minisig_key *a, const struct minisig_key *b)
{
	return memcmp(a->key, b->key, sizeof a->key) == 0;
}

static bool has_signed(const struct signers *signers, const struct minisig_key *key)
{
	for (size_t i = 0; i < signers->count; i++) {
		if (same_key(&signers->keys[i], key))
			return true;
	}
	return false;
}

/* The officer's key with this id; false if fields (NULL: nobody) knows none. */
static bool find_key(struct minisig_key *out, const struct trust_fields *fields, const uint8_t id[static 8])
{
	for (size_t i = 0; fields != NULL && i < fields->officers.count; i++) {
		if (officer_key(out, trust_officer(fields, i)) && memcmp(out->id, id, sizeof out->id) == 0)
			return true;
	}
	return false;
}

/* One signature file: of the key its name says, of an officer of one of the two, right, and for this
 * document of this type and id. */
static enum err verify_signature(struct signers *signers, const struct trust_fields *fields,
    const struct trust_fields *also, const struct document *document, size_t i, const char *comment,
    struct fault *fault)
{
	char place[DOCUMENT_PLACE_SIZE], key_id[MINISIG_KEYID_SIZE];
	struct minisig minisig;
	struct minisig_key key;
	enum err err;

	document_signature_place(place, document, i);
	err = minisig_parse(&minisig, buffer_bytes(&document->signatures[i].text), place, fault);
	if (err != ERR_OK)
		return err;
	if (!find_key(&key, fields, minisig.id) && !find_key(&key, also, minisig.id))
		return fault_set(fault, ERR_NO, "signature-key", place,
		    "a signature of a key that trust does not know: this is not what the officers signed");
	minisig_key_id(key_id, &key);
	if (strcmp(key_id, document->signatures[i].key_id) != 0)
		return fault_set(fault, ERR_NO, "signature-key", place,
		    "the signature was made by another key than its file name says");
	err = minisig_verify(&minisig, document->prehash, &key, place, fault);
	if (err != ERR_OK)
		return err;
	if (strcmp(minisig.comment, comment) != 0)
		return fault_set(fault, ERR_NO, "signature-comment", place,
		    "the signature was given for another document or purpose: its trusted comment "
		    "should be \"%s\"", comment);
	signers->keys[signers->count++] = key;
	return ERR_OK;
}

/* All signatures: one that is bad refuses, however many others are good. */
static enum err verify_all(struct signers *signers, const struct trust_fields *fields,
    const struct trust_fields *also, const struct document *document, const char *type, const char *id,
    struct fault *fault)
{
	char comment[DOCUMENT_COMMENT_MAX];
	enum err err = ERR_OK;

	signers->count = 0;
	document_comment(comment, document, type, id);
	for (size_t i = 0; i < document->count && err == ERR_OK; i++)
		err = verify_signature(signers, fields, also, document, i, comment, fault);
	return err;
}

static bool is_compromised(const struct trust_fields *newest, const struct minisig_key *key)
{
	struct minisig_key other;

	for (size_t i = 0; i < newest->officers.count; i++) {
		const struct trust_officer *officer = trust_officer(newest, i);

		if (officer->status == OFFICER_COMPROMISED && officer_key(&other, officer) &&
		    same_key(&other, key))
			return true;
	}
	return false;
}

/* Counts officers, not signatures: trust_check has seen to it that no two of them share a key. */
static unsigned count_role(const struct signers *signers, const struct trust_fields *fields,
    const struct trust_fields *newest, enum trust_role role)
{
	const struct list *members = &fields->roles[role].officers;
	unsigned counted = 0;

	for (size_t i = 0; i < fields->officers.count; i++) {
		const struct trust_officer *officer = trust_officer(fields, i);
		struct minisig_key key;

		counted += officer->status == OFFICER_ACTIVE &&
		    list_holds_text(members, officer->name, NAME_SIZE) && officer_key(&key, officer) &&
		    has_signed(signers, &key) && !is_compromised(newest, &key);
	}
	return counted;
}

enum err trust_count(unsigned *counted, bool *signed_by, const struct trust_fields *fields,
    const struct trust_fields *newest, enum trust_role role, const struct document *document,
    const char *type, const char *id, struct fault *fault)
{
	struct signers signers;
	enum err err;

	*counted = 0;
	err = verify_all(&signers, fields, newest, document, type, id, fault);
	if (err != ERR_OK)
		return err;
	for (size_t i = 0; signed_by != NULL && i < fields->officers.count; i++) {
		struct minisig_key key;

		signed_by[i] = officer_key(&key, trust_officer(fields, i)) && has_signed(&signers, &key);
	}
	*counted = count_role(&signers, fields, newest, role);
	return ERR_OK;
}

enum err trust_count_next(unsigned *counted, unsigned *before, const struct trust_fields *next,
    const struct trust_fields *previous, const struct document *document, struct fault *fault)
{
	struct signers signers;
	char id[NAME_SIZE];
	enum err err;

	*counted = 0;
	*before = 0;
	snprintf(id, sizeof id, "%" PRIu64, next->version);
	err = verify_all(&signers, next, previous, document, "trust", id, fault);
	if (err != ERR_OK)
		return err;
	*counted = count_role(&signers, next, next, ROLE_TRUST);
	if (previous != NULL)
		*before = count_role(&signers, previous, previous, ROLE_TRUST);
	return ERR_OK;
}

static enum err demand(unsigned counted, const struct trust_fields *fields, enum trust_role role,
    const struct document *document, struct fault *fault)
{
	uint64_t threshold = fields->roles[role].threshold;

	if (threshold >= 1 && counted >= threshold)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "signature-threshold", document->where,
	    "signatures of %u officers count, but trust version %" PRIu64 " asks for %" PRIu64
	    " of its %s officers", counted, fields->version, threshold, trust_role_name(role));
}

enum err trust_approve(const struct trust *in_force, const struct trust *newest, enum trust_role role,
    const struct document *document, const char *type, const char *id, struct fault *fault)
{
	const struct trust_fields *fields = trust_get(in_force);
	unsigned counted;
	enum err err;

	err = trust_count(&counted, NULL, fields, trust_get(newest), role, document, type, id, fault);
	if (err != ERR_OK)
		return err;
	return demand(counted, fields, role, document, fault);
}

enum err trust_approve_next(const struct trust_fields *next, const struct trust *previous,
    const struct document *document, struct fault *fault)
{
	const struct trust_fields *before = previous == NULL ? NULL : trust_get(previous);
	unsigned counted, counted_before;
	enum err err;

	err = trust_count_next(&counted, &counted_before, next, before, document, fault);
	if (err == ERR_OK)
		err = demand(counted, next, ROLE_TRUST, document, fault);
	if (err == ERR_OK && before != NULL)
		err = demand(counted_before, before, ROLE_TRUST, document, fault);
	return err;
}
