/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_REWORK_H
#define GAPSEAL_REWORK_H

#include "gapseal/vault.h"

/*
 * rework: what a person decides about single devices: released (may be written once more), void (must not
 * be provisioned or shipped), or void no longer. Each decision is an entry with operator and reason. Those
 * asked for together are one durable step of the log: all of them are entered, or none is.
 *
 * Wishes are added or read from a list, then rework_find turns them into devices, then rework_decide says of
 * each what became of it.
 */
#define REWORK_MAX 10000        /* wishes */
#define REWORK_FILE_MAX (1u << 20)

struct rework_wish {            /* one device asked for */
	unsigned line;          /* of the list, 0 without one */
	char imei[IMEI_SIZE];   /* "": to be found by its unit */
	char unit[UNIT_SIZE];   /* "" if not known */
	const char *code;       /* "", or why it leads to no device */
	char text[FAULT_TEXT_MAX];
};
struct rework_device {          /* a record that a wish led to */
	size_t wish;
	size_t number;          /* of the batch in the home */
	char batch[NAME_SIZE];
	char lot[NAME_SIZE];
	uint32_t lot_number;
	uint64_t index;
	bool rehearsal;
	const char *code;       /* "" if decided, otherwise why not */
	const char *text;
	uint64_t entry;         /* that says so */
};
struct rework_list {
	struct rework_wish *wishes;
	size_t wish_count;
	struct rework_device *devices; /* after rework_find; by wish, then batch */
	size_t device_count;
};
#define REWORK_EMPTY ((struct rework_list){0})
void rework_free(struct rework_list *rework);

/* Adds one wish; imei or unit may be "". ERR_NO with the codes of imei_parse, "unit-form"; ERR_CANNOT
 * "rework-many", "memory". */
enum err rework_add(struct rework_list *rework, const char *imei, const char *unit, struct fault *fault);
/* Adds every line of a list: one IMEI (15 digits) or unit each; or CSV without quotes whose header names the
 * columns imei, unit or both, others are passed over; with both the IMEI counts and the unit is noted. A
 * line that is none becomes a wish with a code. ERR_NO "rework-form" (nothing in it, quotes, no such
 * columns); ERR_CANNOT "rework-many", file codes. */
enum err rework_read(struct rework_list *rework, int folder, const char *name, struct fault *fault);

/* Finds the records of every wish in the open lots granted to this station (batch: only in that one; "" in
 * all): by IMEI, or by the unit with which the log names a device that was opened or found to be the same.
 * Codes of wishes: "not-in-batch"; "not-in-log" (only batches whose policy logs units can be found so);
 * "unit-ambiguous" (it stood at two devices of a batch); "asked-twice". Other codes: those of reader_answer
 * and log_verify. */
enum err rework_find(struct rework_list *rework, struct vault *vault, struct reader *reader,
    const char *batch, struct fault *fault);

struct rework_request {
	enum entry_type type;   /* ENTRY_RELEASE, ENTRY_VOID, ENTRY_UNVOID */
	const char *operator_;
	const char *text;       /* why */
};
/* Decides about every device found. Codes of devices that need no decision: "not-needed" (of a release: it is
 * not done and has attempts left, or was released before), "already-void", "not-void". Codes that refuse:
 * "lot-closed"; of a release "void", "device-open" (a begin has no end), "rework-policy" (done, and the batch
 * lets no station release it). If a wish or a device is refused, ERR_NO "nothing-changed" and nothing is
 * entered. Codes of the logbook. */
enum err rework_decide(struct rework_list *rework, struct vault *vault, const struct rework_request *request,
    struct fault *fault);

#endif
