/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LEDGER_H
#define GAPSEAL_LEDGER_H

#include "gapseal/grant.h"
#include "gapseal/manifest.h"

/*
 * ledger: what an office has made and granted; SQLite in OFFICE/ledger.sqlite; no secrets. One row a
 * batch with a sorted blob of its IMEIs, not a row a device. Every change is one transaction, durable
 * when the function returns. Nothing waits: whoever meets another program's change gets "ledger-busy" and
 * may try again.
 *
 * Codes of all of them: ERR_CANNOT "ledger-open" (not there, not a file), "ledger-form" (no ledger, or of
 * another version), "ledger-busy", "ledger-failed" (disk full and the like), "memory".
 */
#define LEDGER_NAME "ledger.sqlite"
struct ledger;
/* Creates an empty ledger that appears whole or not at all; "file-exists". Its org is set when it is first
 * opened. */
enum err ledger_create(const char *office, struct fault *fault);
/* ERR_NO "ledger-org" if it is another org's; org NULL: whoever's it is, to look at it. */
enum err ledger_open(struct ledger **out, const char *office, const char *org, struct fault *fault);
void ledger_free(struct ledger **ledger);

/* The next number of a series, 1 for a new one. */
enum err ledger_next(uint64_t *seq, struct ledger *ledger, const char *series, struct fault *fault);
/* Takes the next number for a production batch before anything of it is written, so that no two folders ever
 * bear one number. What was taken before and never became a batch, because its compile was killed or its
 * folder never got here, is abandoned: *abandoned lists all such numbers of the series, ascending, allocated;
 * the manifest says so in public. Two compiles must not be under way in one office, or one would take the
 * other's number for abandoned. */
enum err ledger_take(uint64_t *seq, struct list *abandoned, struct ledger *ledger, const char *series,
    const char *batch, struct fault *fault);
/* Gives the last number back, if no batch has it: of a compile that failed in an orderly way, and left
 * nothing. */
enum err ledger_give_back(struct ledger *ledger, const char *series, uint64_t seq, struct fault *fault);
/* Whether a batch id is free: ERR_NO "batch-exists". */
enum err ledger_free_id(struct ledger *ledger, const char *batch, struct fault *fault);
/* Whether every device of a production batch (IMEIs as numbers, ascending) is new to every slot the batch
 * touches: ERR_NO "ledger-slot" names an earlier production batch and says how many devices it has in
 * common. What is superseded, as a whole or by index, by an earlier one or by this one, does not count. */
enum err ledger_check_slots(struct ledger *ledger, const struct manifest_fields *manifest,
    const uint64_t *imeis, size_t count, struct fault *fault);
/* What is asked to be superseded of an earlier batch. A device that is superseded is free again, whether the
 * new batch has it or not. */
enum supersede_how {
	SUPERSEDE_SAME,              /* the devices that the new batch has too */
	SUPERSEDE_ALL,               /* all of it, whatever the new batch has */
	SUPERSEDE_INDICES,
};
struct supersede_wish {
	char batch[NAME_SIZE];
	enum supersede_how how;
	struct list indices;         /* of uint64_t, ascending; allocated */
};
/* Devices of superseded batches that were not superseded before and are not made anew now. */
struct supersede_others {
	uint64_t dropped;            /* superseded, and the new batch has them not */
	uint64_t kept;               /* not superseded: still served */
};
/* What that means for a new batch of these devices (ascending). reason is left to the caller, indices are
 * allocated; all says that nothing of the batch is left. *others grows. ERR_NO "supersede-batch" (no
 * production batch of this office), "supersede-none" (no device in common), "supersede-index" (beyond the
 * batch). */
enum err ledger_supersede(struct manifest_supersede *out, struct supersede_others *others,
    struct ledger *ledger, const struct supersede_wish *wish, const uint64_t *imeis, size_t count,
    struct fault *fault);
/* The indices of a batch of so many devices that other ones supersede, ascending, in memory of its own
 * (free(3) its items). */
enum err ledger_superseded(struct list *out, struct ledger *ledger, const uint8_t manifest[static HASH_SIZE],
    uint64_t count, struct fault *fault);
/* The devices of a batch, and the certificates issued to them: of each its serial, 16 bytes, and the index of
 * its device, 4 bytes, ascending. */
#define LEDGER_SERIAL_SIZE 16
#define LEDGER_CERTIFICATE_SIZE (LEDGER_SERIAL_SIZE + 4)
struct ledger_devices {
	const uint64_t *imeis;       /* ascending */
	const uint32_t *indices;     /* in the batch, of each */
	size_t count;
	struct bytes certificates;
};
/* Commits a batch after checking all of it again: id, slots, and ERR_NO "ledger-seq" if its number is
 * another batch's, or not the next. */
enum err ledger_add_batch(struct ledger *ledger, const struct manifest_fields *manifest,
    const uint8_t hash[static HASH_SIZE], const uint8_t plan[static HASH_SIZE],
    const struct ledger_devices *devices, struct fault *fault);
/* Whether this manifest was committed here under this id: ERR_NO "ledger-batch". */
enum err ledger_has_batch(struct ledger *ledger, const uint8_t hash[static HASH_SIZE], const char *batch,
    struct fault *fault);

/* The next grant serial, 1 for the first. */
enum err ledger_next_grant(uint64_t *serial, struct ledger *ledger, struct fault *fault);
/* Commits a grant. ERR_NO "ledger-batch" (of a batch not committed here), "grant-superseded" (of a lot all of
 * whose devices, or of a record that, a later batch supersedes), "ledger-serial" (not above all before it),
 * "grant-replaces" (a serial that is no grant of the batch), "grant-overlap": one of its lots or single
 * records is in a grant that lives: not past its not_after at now (UTC), and replaced neither by this one nor
 * before. A lot and a single record in it may be in two: office_extract.h says why. */
enum err ledger_add_grant(struct ledger *ledger, const struct grant_fields *grant,
    const uint8_t hash[static HASH_SIZE], const char *now, struct fault *fault);

/* For people: all of it as text or one JSON object; and where a device (a number) was compiled, with its lot,
 * its certificates, the grants that cover it, and what became of it: *found. */
enum err ledger_show(struct buffer *out, struct ledger *ledger, bool json, struct fault *fault);
enum err ledger_find(struct buffer *out, bool *found, struct ledger *ledger, uint64_t imei, bool json,
    struct fault *fault);
/* The device a certificate was issued to: *found. */
enum err ledger_find_serial(uint64_t *imei, bool *found, struct ledger *ledger,
    const uint8_t serial[static LEDGER_SERIAL_SIZE], struct fault *fault);
/* SQLite's own check of the file, then the ledger's own rules: every list as long as its batch has devices,
 * ascending, each index once; every number its batch's, no hole in a series, before each batch as many
 * numbers without a batch as its manifest calls abandoned; lots that are all of their batch; nothing that
 * names what is not there; no slot of a device twice unless the later batch was made when the earlier one was
 * superseded. ERR_NO "ledger-broken" names the first that does not hold. What it cannot see: a batch that
 * was taken out together with its number and with all that followed it in its series; the manifests of those
 * show it. */
enum err ledger_verify(struct ledger *ledger, struct fault *fault);
/* Whether the ledger says of a batch what its manifest says: ERR_NO "ledger-batch" (of no such manifest),
 * "ledger-broken" (something else: number, lots, what it supersedes, which numbers were abandoned). */
enum err ledger_hold(struct ledger *ledger, const struct manifest_fields *manifest,
    const uint8_t hash[static HASH_SIZE], struct fault *fault);
/* Copies the ledger, as it is at one moment, to a new file that appears whole, verified and durable, or not
 * at all. */
enum err ledger_backup(struct ledger *ledger, const char *path, struct fault *fault);

/* What came back from the line: accepted is one activation a batch, the newest; heads are the logs seen last,
 * one a station. */
struct ledger_head {
	char station[NAME_SIZE];
	uint64_t size;
	uint8_t root[HASH_SIZE];
};
struct ledger_closeout {
	char station[NAME_SIZE];
	uint64_t entry;              /* its number in the station's log */
	char lot[NAME_SIZE];
	uint64_t grant;
	uint64_t done, failed, void_, unused;
};
struct ledger_return {
	const uint8_t *manifest;     /* SHA-256 */
	const uint8_t *document;     /* SHA-256 of the activation */
	uint64_t trust;              /* version the auditor held */
	const char *time;            /* UTC */
	const struct list *done;     /* of uint64_t, ascending */
	bool withdraw;               /* indices accepted before may be missing now */
	const struct ledger_head *heads;
	size_t head_count;
	const struct ledger_closeout *closeouts;
	size_t closeout_count;
};
/* The indices accepted for a manifest, in memory of its own (free(3) its items); *known: if any. */
enum err ledger_accepted(struct list *done, bool *known, struct ledger *ledger,
    const uint8_t manifest[static HASH_SIZE], struct fault *fault);
/* The head held of a station; *known: whether there is one. */
enum err ledger_find_head(struct ledger_head *out, bool *known, struct ledger *ledger, const char *station,
    struct fault *fault);
/* Commits all of it or nothing. ERR_NO "accept-fewer" (an index accepted before is missing, and withdraw is
 * not set), "accept-old" (made under an older trust version than what was accepted before), "accept-rollback"
 * (a head shorter than the one held), "accept-closeout" (of a lot or under a grant that is none of the
 * batch). The same again changes nothing. */
enum err ledger_add_return(struct ledger *ledger, const struct ledger_return *returned, struct fault *fault);

#endif
