/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_GRANT_KEYS_H
#define GAPSEAL_GRANT_KEYS_H

#include "gapseal/grant.h"
#include "gapseal/keys.h"
#include "gapseal/secret.h"

/*
 * grant_keys: the keys of a grant, opened with a station's identity: keys.age beside grant.json. Station
 * only. Where a home keeps them, and how they are destroyed: lot_keys.h.
 */
struct grant_keys {
	struct secret *plain;
	bool records;          /* roots of records by index; otherwise lot keys by number of the lot */
	uint32_t count;
};
/* grant has been checked against manifest (grant_check). file must be the keys.age that grant names, and
 * its plaintext exactly as grant.h says: of this manifest, ascending, exactly the lots or records granted;
 * every lot key is the one the manifest commits to. A record root is committed to by its record alone:
 * whoever uses it compares keys_record's commitment with the record's. ERR_NO "grant-keys", age codes. Free
 * with grant_keys_free. */
enum err grant_keys_open(struct grant_keys *out, struct bytes file, const struct secret *identity,
    const struct grant_fields *grant, const struct manifest_fields *manifest, const char *where,
    struct fault *fault);
void grant_keys_free(struct grant_keys *keys);
/* The same for keys that are left of a grant after lots were closed: plain, which is taken over whatever
 * becomes of it, is the plaintext itself. At least one lot or record, only those that were granted, not all
 * of them need be there; everything else as above. ERR_NO "grant-keys". */
enum err grant_keys_take(struct grant_keys *out, struct secret **plain, const struct grant_fields *grant,
    const struct manifest_fields *manifest, const char *where, struct fault *fault);
/* Whether the i-th key is of a closed lot (an array, by the lot's number), or of a record in one. */
bool grant_key_closed(const struct grant_keys *keys, uint32_t i, const struct manifest_fields *manifest,
    const bool *closed);
/* The plaintext with those keys left out, in a new secret; NULL if none is left. ERR_CANNOT "memory",
 * "secret-lock". */
enum err grant_keys_without(struct secret **out, const struct grant_keys *keys,
    const struct manifest_fields *manifest, const bool *closed, struct fault *fault);
/* The i-th key, inside the secret, and the number of its lot or the index of its record. */
const uint8_t *grant_key(uint64_t *number, const struct grant_keys *keys, uint32_t i);

#endif
