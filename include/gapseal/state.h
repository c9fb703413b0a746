/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_STATE_H
#define GAPSEAL_STATE_H

#include "gapseal/credential.h"
#include "gapseal/imei.h"

/*
 * state: the blinded commitment to what a modem lists when a record is in it. SHA-256 of
 *
 *     gapseal/state/v1
 *     <blind, 64 hex digits>
 *     imei <15 digits>
 *     <tag>,<type>,<digest in hex | present | absent>      one line a slot, numeric order of (tag, type)
 *
 * every line LF-ended. Public; useless without the blind, and with it proved by sha256sum alone.
 */
enum state_kind {
	STATE_DIGEST,  /* a digest must be listed */
	STATE_PRESENT, /* listed, whatever its digest */
	STATE_ABSENT   /* not listed */
};
struct state_slot {
	struct slot slot;
	enum state_kind kind;
	uint8_t digest[HASH_SIZE]; /* of STATE_DIGEST */
};

#define BLIND_SIZE 32

/* Slots in numeric order without repeats: what state_commit wants. */
bool state_ordered(const struct state_slot *slots, size_t count);

/* The commitment over slots that are state_ordered. */
void state_commit(uint8_t out[static HASH_SIZE], const uint8_t blind[static BLIND_SIZE],
    const char imei[static IMEI_SIZE], const struct state_slot *slots, size_t count);

/* Turns a plan of slots and kinds into what the modem lists:
 *   planned STATE_DIGEST    the listed digest; STATE_PRESENT if the line has none or a placeholder;
 *                           STATE_ABSENT if the slot is not listed
 *   planned otherwise       STATE_PRESENT or STATE_ABSENT, whichever it is
 * So the commitment over the result equals the record's if and only if the modem lists what the
 * record says, in whatever order. Digests of other kinds are zeroed. */
void state_observe(struct state_slot *slots, size_t count, const struct listing *listing);

#endif
