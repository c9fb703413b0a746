/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "ingest_private.h"

enum err ingest_check_added(const struct ingest *ingest, const struct document *held,
    const struct document *brought, ingest_approve *approve, struct fault *fault)
{
	struct document joined;
	enum err err = document_join(&joined, held, brought, fault);

	if (err != ERR_OK || joined.count == held->count)
		return err;
	return approve(&joined, chain_newest(ingest->chain), fault);
}

enum err ingest_add_signatures(size_t *added, int parent, const char *folder, const char *name,
    const struct document *brought, struct fault *fault)
{
	struct document held, joined;
	int opened;
	enum err err;

	err = folder_open(&opened, parent, folder, fault);
	if (err != ERR_OK)
		return err;
	err = document_load_in(&held, opened, folder, name, fault);
	if (err == ERR_OK) {
		err = document_join(&joined, &held, brought, fault);
		if (err == ERR_OK)
			err = document_copy_signatures(opened, name, &joined, held.count, fault);
		if (err == ERR_OK && joined.count - held.count > *added)
			*added = joined.count - held.count;
		document_free(&held);
	}
	close(opened);
	return err;
}

void ingest_say_added(const struct ingest *ingest, const char *what, const char *name, size_t added)
{
	ingest_say(ingest, "%s %s: %zu signature%s added", what, name, added, added == 1 ? "" : "s");
}

static const struct trust_officer *officer_of(const struct trust_fields *fields, const char *key_id)
{
	for (size_t i = 0; i < fields->officers.count; i++) {
		const struct trust_officer *officer = trust_officer(fields, i);
		char id[MINISIG_KEYID_SIZE];
		struct minisig_key key;
		struct fault unused; /* trust_check has read this key before */

		if (minisig_key_typed(&key, bytes_of(officer->key), "", &unused) != ERR_OK)
			continue;
		minisig_key_id(id, &key);
		if (strcmp(id, key_id) == 0)
			return officer;
	}
	return NULL;
}

/* Has trust moved on from what is held? One signature is of an officer compromised since, or of one whom that
 * version did not know. */
static bool is_outlived(const struct document *held, const struct trust *then, const struct trust *newest)
{
	for (size_t i = 0; i < held->count; i++) {
		const char *key_id = held->signatures[i].key_id;
		const struct trust_officer *now = officer_of(trust_get(newest), key_id);

		if (officer_of(trust_get(then), key_id) == NULL ||
		    (now != NULL && now->status == OFFICER_COMPROMISED))
			return true;
	}
	return false;
}

bool ingest_is_unlogged(const struct ingest *ingest, const struct document *held, uint64_t accepted,
    ingest_approve *approve)
{
	const struct trust *newest = chain_newest(ingest->chain);
	const struct trust *then = chain_version(ingest->chain, accepted);
	struct fault unused;

	if (accepted == 0)
		return true;
	return then != NULL && then != newest && is_outlived(held, then, newest) &&
	    approve(held, newest, &unused) == ERR_OK;
}
