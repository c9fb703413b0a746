/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SIM_STORE_H
#define GAPSEAL_SIM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"
#include "gapseal/hash.h"

/*
 * sim_store: one modem's credentials, in the order the modem lists them: the user's tags ascending,
 * then the factory's 4294967293, 4294967294, 4294967292. What it holds are specimens: it is plain
 * memory, not a struct secret.
 */
#define SIM_TAG_USER_MAX UINT32_C(2147483647) /* above: the modem's own */
#define SIM_TYPE_MAX 13
#define SIM_TYPE_WRITABLE_MAX 4

struct sim_item {
	uint32_t tag;
	uint32_t type;
	uint8_t digest[HASH_SIZE];
	bool has_content; /* false: only listed, as keys the modem made itself are */
	struct buffer content;
};

struct sim_store { /* start from SIM_STORE_EMPTY, end with sim_store_free */
	struct sim_item *items;
	size_t count;
	size_t capacity;
};
#define SIM_STORE_EMPTY ((struct sim_store){0})

void sim_store_free(struct sim_store *store);
/* The item of a slot, NULL if there is none; valid until the next change. */
const struct sim_item *sim_store_find(const struct sim_store *store, uint32_t tag, uint32_t type);
/* Slots of the user's tags. */
size_t sim_store_users(const struct sim_store *store);

/* Puts content into a slot, over what is there; the digest is SHA-256 of exactly these bytes.
 * ERR_CANNOT "memory". */
enum err sim_store_put(struct sim_store *store, uint32_t tag, uint32_t type, struct bytes content,
    struct fault *fault);
/* Puts an item of which only the digest is known. ERR_CANNOT "memory". */
enum err sim_store_mark(struct sim_store *store, uint32_t tag, uint32_t type,
    const uint8_t digest[static HASH_SIZE], struct fault *fault);
/* False if there was nothing. */
bool sim_store_delete(struct sim_store *store, uint32_t tag, uint32_t type);

#endif
