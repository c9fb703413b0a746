/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_MEDIUM_H
#define GAPSEAL_MEDIUM_H

#include "gapseal/grant.h"

/*
 * medium: what an office hands to stations, on a stick or in a folder, in the layout that ingest searches:
 *
 *     trust/trust-000001.json           every version given, with its signatures
 *     batches/<id>/                     manifest.json, its signatures, records-*.bin, SHA256SUMS
 *     batches/<id>@<index>/             an extract: proof.json and record.bin in place of records-*.bin
 *     grants/<serial>/                  grant.json, its signatures, keys.age
 *     SHA256SUMS                        of every file above, paths sorted; "sha256sum -c SHA256SUMS"
 *
 * It is made for file systems that know no permissions, links or upper and lower case. Names are lower case
 * but for the key ids in signature names, which are all upper case, so no two differ in case alone.
 * SHA256SUMS begins as an empty SHA256SUMS.part, before anything else, and gets its name last: a medium that
 * has the one or lacks the other is not whole, and a station takes nothing from one with SHA256SUMS.part.
 * Documents are written after what they speak of.
 *
 * Every file is read back and compared with what was read from its source, after fsync and after the system
 * was told to drop what it remembers of the file (POSIX_FADV_DONTNEED). That finds what went wrong on the way
 * to the drive and what the drive reports or shows at once. It does not prove what the drive keeps: the
 * advice may be ignored, and the drive's own memory may answer in place of its cells. So unplug it, plug it
 * in again, and run sha256sum -c.
 */
#define MEDIUM_TRUST "trust"
#define MEDIUM_BATCHES "batches"
#define MEDIUM_GRANTS "grants"
#define MEDIUM_PATH_SIZE 128 /* of a file, below the medium's root */

struct medium_request {
	const char *office;              /* whose trust chain goes along, or NULL */
	const char *const *trusts;       /* files, in any order */
	size_t trust_count;
	const char *pin;                 /* fingerprint one of the versions must have, or NULL */
	const char *const *stations;
	size_t station_count;
	const char *const *batches;      /* folders, of batches and extracts */
	size_t batch_count;
	const char *const *held;         /* the same, but the stations have their records: not copied */
	size_t held_count;
	const char *const *grants;       /* folders; an extract's own is found inside it if none is for it */
	size_t grant_count;
	const char *out;                 /* the medium */
	bool force;
	int64_t now;
};

/* What a delivery slip tells; lists are views into the medium but for those of officers. */
struct delivery_trust {
	char issued[UTC_SIZE];
	uint8_t sha256[HASH_SIZE];
	uint64_t version;
};
struct delivery_station {
	char log_key[NOTE_VKEY_MAX];
	char name[NAME_SIZE];
};
struct delivery_batch {
	char batch[NAME_SIZE];
	uint64_t devices;
	bool held;
	struct list lots;                /* of struct manifest_lot */
	uint8_t manifest_sha256[HASH_SIZE];
	unsigned purpose;
	struct list officers;            /* of char[NAME_SIZE]: whose signatures it bears */
	struct list records;             /* of uint64_t: the index of an extract; empty: the whole batch */
	char title[TITLE_SIZE];
};
struct delivery_grant {
	struct list again;               /* of uint64_t */
	char batch[NAME_SIZE];
	uint8_t grant_sha256[HASH_SIZE];
	struct list lots;                /* of char[NAME_SIZE] */
	uint64_t max_success;
	char not_after[UTC_SIZE];
	char not_before[UTC_SIZE];
	struct list officers;
	struct list records;             /* of uint64_t */
	struct list replaces;            /* of uint64_t */
	uint64_t serial;
	struct list stations;            /* of struct grant_station */
};
#define DELIVERY_SCHEMA "gapseal/delivery/v1"
struct delivery {
	struct list batches;             /* of struct delivery_batch */
	uint64_t bytes;                  /* of the files, without SHA256SUMS */
	uint64_t files;
	struct list grants;              /* of struct delivery_grant */
	char org[NAME_SIZE];
	uint64_t other_names;            /* at the top of the medium, not ours, left alone */
	char packed[UTC_SIZE];
	bool rehearsal;                  /* one of the batches is */
	struct list stations;            /* of struct delivery_station */
	uint8_t sums_sha256[HASH_SIZE];  /* of SHA256SUMS: the one number that binds all */
	struct list trust;               /* of struct delivery_trust, ascending */
};

struct medium;
/* Reads and verifies everything, and writes nothing: by the newest version of trust, as a station will.
 * Records are read once, in bounded memory. ERR_NO, besides the codes of what verifies:
 *   "pack-station"        a station that the newest trust does not know or does not call active, or that is
 *                         named twice
 *   "pack-station-grant"  no grant names this station
 *   "pack-grant"          a grant that names none of the stations
 *   "pack-grant-batch"    a grant whose batch, or one of its records by extract, is neither given nor held
 *   "pack-batch"          a batch without a grant, or an extract without one of its record
 *   "pack-twice"          one batch, extract or serial given twice, or two batches of one id
 *   "pack-name"           a batch whose id cannot name a folder on such media: ends in a dot, or is one of
 *                         the words that DOS kept for devices
 *   "grant-expired"       past its not_after
 *   "grant-withdrawn"     another grant given withdraws this one
 * Without batches and grants a medium carries trust alone. request must outlive the medium. */
enum err medium_open(struct medium **out, const struct medium_request *request, struct fault *fault);
void medium_free(struct medium **medium);
/* Writes the medium and reads it back. The folder must be empty or not there. With force names of others may
 * lie at its top, which are left alone, and files of an earlier delivery are replaced; but what lies in our
 * folders and is no part of this delivery refuses, for a station would take it too. On failure what was made
 * is removed as far as the medium lets it. ERR_CANNOT: "medium-not-empty", "medium-foreign",
 * "medium-full", "medium-source" (a records file changed since it was verified),
 * "medium-readback" (the medium gives back other bytes), "interrupted" (progress, which may be NULL and
 * counts bytes written and read back, said false); file codes. */
enum err medium_write(struct medium *medium, bool (*progress)(void *context, uint64_t done, uint64_t total),
    void *context, struct fault *fault);
const struct delivery *medium_delivery(const struct medium *medium);

/* The delivery slip, for a person: at most 80 columns, no secret. It does not go on the medium: whoever
 * alters the one would alter the other. */
void delivery_text(struct buffer *out, const struct delivery *delivery, const char *place);
/* The same for machines, in canonical JSON. */
void delivery_json(struct buffer *out, const struct delivery *delivery);

#endif
