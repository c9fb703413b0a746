/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_MESSAGE_H
#define GAPSEAL_MESSAGE_H

#include "gapseal/credential.h"
#include "gapseal/entry.h"
#include "gapseal/imei.h"
#include "gapseal/manifest.h"
#include "gapseal/record.h"
#include "gapseal/secret.h"
#include "gapseal/tree.h"

/*
 * message: what the three roles of a station say to each other. Flat, of fixed size, no pointers but the
 * secret body, so that three processes could send them over sockets; station.c routes them and never looks
 * inside.
 *
 *   line   -> vault   DEVICE     a modem said who it is
 *   vault  -> reader  LOOKUP     tags of that IMEI in one batch, or the index of a record granted by itself
 *   reader -> vault   RECORD     the record with its path, or none
 *   vault  -> station CLEARANCE  the record is found: may the device be gone on with, and what does its label say?
 *   station -> vault  CLEARANCE  what was scanned for it, or why it may not
 *   vault  -> line    LIST       list your store
 *   line   -> vault   LISTING    what the modem lists (or that it could not be had)
 *   vault  -> line    STEPS      do these (only after the begin entry is durable)
 *   line   -> vault   OUTCOME    what came of it, with the listing afterwards
 *   vault  -> line    VERDICT    the entry is durable; more: another batch holds this device too and follows
 */
enum message_kind {
	MESSAGE_DEVICE,
	MESSAGE_LOOKUP,
	MESSAGE_RECORD,
	MESSAGE_CLEARANCE,
	MESSAGE_LIST,
	MESSAGE_LISTING,
	MESSAGE_STEPS,
	MESSAGE_OUTCOME,
	MESSAGE_VERDICT
};

#define STEPS_MAX 64      /* commands that change the modem, for one device */
#define LOOKUP_MAX MANIFEST_LOTS_MAX /* granted lots of one batch */

enum result { RESULT_DONE, RESULT_SAME, RESULT_REFUSED, RESULT_FAILED, RESULT_UNKNOWN };
const char *result_name(enum result result);

/* One command of MESSAGE_STEPS inside the secret body, in order (little-endian):
 *   u8 op | u32 tag | u8 type | u16 length | content | u8 length | password
 * content and password are empty for a delete. Read with step_take. */
enum step_op { STEP_WRITE = 1, STEP_DELETE = 2 };
struct step {
	enum step_op op;
	struct slot slot;
	struct bytes content;  /* views into the body */
	struct bytes password;
};
bool step_take(struct cursor *cursor, struct step *out);       /* false at the end or for a malformed body */
bool step_put(struct secret *body, const struct step *step);   /* false if the body is full */

struct message {
	enum message_kind kind;
	unsigned port;                 /* index of the port the device is at */

	/* DEVICE; also valid in LISTING and OUTCOME (the IMEI as read again) */
	char imei[IMEI_SIZE];          /* "" if the modem has none (reason says why) */
	char firmware[FIRMWARE_SIZE];
	char unit[UNIT_SIZE];

	/* DEVICE, CLEARANCE, LISTING, OUTCOME: "" or the reason code why it could not be done (reason.h) */
	char reason[40];

	/* LOOKUP, RECORD */
	unsigned batch;                /* index of the batch in the home */
	bool single;                   /* of LOOKUP: by index, and not by tags */
	size_t lots;                   /* of LOOKUP */
	struct {
		uint32_t lot;          /* index of the lot in the manifest */
		uint8_t tag[RECORD_TAG_SIZE];
	} lookup[LOOKUP_MAX];
	bool found;                    /* of RECORD */
	uint32_t lot;
	uint64_t index;
	uint8_t record[RECORD_STRIDE_MAX];
	size_t path_count;
	uint8_t path[TREE_DEPTH_MAX][HASH_SIZE];

	/* CLEARANCE */
	enum label wanted;             /* to the station: the label the batch wants */
	char label[UNIT_SIZE];         /* from it: the IMEI or the serial that was read, "" if nothing was */

	/* DEVICE, LISTING, OUTCOME */
	bool nul;                      /* the digests this device lists of PEM are over content and a NUL */

	/* LISTING, OUTCOME */
	bool listed;
	struct listing listing;

	/* STEPS */
	enum finish finish;
	struct secret *body;           /* lent by the vault until the OUTCOME of this port */

	/* OUTCOME */
	bool disturbed;                /* at least one step was sent: the store may have changed */
	size_t steps;
	uint32_t codes[STEPS_MAX];

	/* VERDICT */
	enum result result;
	bool more;
};

#endif
