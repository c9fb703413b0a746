/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LINE_PROVISION_PRIVATE_H
#define GAPSEAL_LINE_PROVISION_PRIVATE_H

#include "gapseal/cmng.h"
#include "gapseal/provision.h"

/*
 * The dialogue in four parts: provision_sync.c finds or recovers a modem, provision_identify.c asks who it
 * is, provision_steps.c changes its store, provision_list.c has it listed and ends a task. What differs
 * between dialects is in provision_dialect.c. provision.c holds the outside.
 */
enum stage {
	STAGE_OVER,     /* nothing in hand */
	STAGE_VAULT,    /* the vault has the word */
	STAGE_DRAIN,    /* listening until the line is quiet */
	STAGE_SYNC,     /* AT until something answers */
	STAGE_ERRORS,   /* AT+CMEE=1 */
	STAGE_IMEI,     /* AT+CGSN=1 */
	STAGE_FIRMWARE, /* AT+CGMR */
	STAGE_OFFLINE,  /* AT+CFUN=4 */
	STAGE_MODE,     /* AT+CFUN? */
	STAGE_SAME,     /* AT+CGSN=1 before the first step */
	STAGE_STEP,
	STAGE_CLEAR,    /* a delete because the write found its slot occupied */
	STAGE_GROUND,   /* AT+CFUN=4 because the modem went active in between */
	STAGE_SCRUB,    /* lines of no meaning for a shell's history */
	STAGE_LIST,     /* AT%CMNG=1 */
	STAGE_FENCE,    /* AT+CGSN=1 behind a listing */
	STAGE_FINISH,   /* AT+CFUN=0 */
	STAGE_RESET,    /* AT#XMODEMRESET */
	STAGE_LEAVE,    /* AT+CGSN=1 once a second until the device is gone */
	STAGES
};

#define NEVER UINT64_MAX

struct provision {
	unsigned port;
	struct provision_settings settings;
	struct at *at;
	bool flying;                    /* a command of ours is unanswered */
	enum stage stage;
	uint64_t next;                  /* when the stage wants to act by itself */
	uint64_t deadline;              /* of STAGE_DRAIN and STAGE_SYNC together */

	/* dialect */
	enum provision_dialect dialect; /* spoken */
	enum provision_dialect known;   /* the last one that was answered */
	bool lined;                     /* the command in hand has several lines: */
	unsigned part;                  /* the one in flight */
	char label[IMEI_SIZE];

	/* pacing */
	unsigned burst;                 /* bytes sent of the burst in hand */
	uint64_t resume;                /* when the next one may begin */

	/* What the vault is owed: DEVICE, LISTING or OUTCOME. Ready: it can be taken. */
	enum message_kind owed;
	bool ready;
	bool gone;                      /* the port is */
	const char *reason;             /* "" or a code of reason.c */

	/* sync */
	enum at_terminator terminator;  /* the last one that was answered */
	enum at_terminator probing;
	unsigned probes;                /* sent in this search, but for hurried ones */
	unsigned unheard;               /* of them the last ones, unanswered */
	bool alive;                     /* something answered in this presentation */
	bool hurried;                   /* an answer has already cut one period short */
	unsigned turns;                 /* of dialects in this period */
	uint64_t period_end;

	/* identity */
	unsigned tries;                 /* at asking who it is */
	char unit[UNIT_SIZE];
	char seen[IMEI_SIZE];           /* of the device in hand, "" if it shows no valid one */
	char imei[IMEI_SIZE];           /* of messages: the last valid one read, "" if a reason forbids it */
	char firmware[FIRMWARE_SIZE];
	unsigned missed;                /* of leaving */

	/* steps */
	struct cursor cursor;           /* into the body the vault lent */
	struct step step;
	enum finish finish;
	bool stepped;                   /* no further step will be sent */
	bool disturbed;
	bool cleared, grounded;         /* this step's two second chances */
	bool scrubbed;                  /* no further line for the history */
	size_t steps, done;
	uint32_t codes[STEPS_MAX];

	/* listing */
	unsigned recoveries;            /* in this task of the vault */
	bool listed;
	struct listing listing;

	char word[24];                  /* of provision_step */
};

/* provision.c */
void provision_send(struct provision *p, enum stage stage, const struct at_command *command,
    uint64_t deadline);
void provision_blame(struct provision *p, const char *reason); /* the first reason stands */
void provision_deliver(struct provision *p);                  /* what is owed is ready */

/* provision_dialect.c: commands in the dialect spoken. */
void dialect_attention(struct provision *p, enum stage stage, uint64_t deadline);
void dialect_list(struct provision *p, uint64_t now);                   /* STAGE_LIST */
void dialect_step(struct provision *p, uint64_t now);                   /* STAGE_STEP: the step in hand */
void dialect_clear(struct provision *p, uint64_t now);                  /* STAGE_CLEAR: deletes its slot */
/* STAGE_SCRUB: pushes what was written out of a shell's history; false if there is nothing to be hidden. */
bool dialect_scrub(struct provision *p, uint64_t now);
/* True if the command in hand has another line, which is sent. */
bool dialect_more(struct provision *p, enum at_result result, uint64_t now);
/* Why a step cannot be done, before anything is sent; NULL if it can. */
const char *dialect_refuses(const struct provision *p, const struct step *step);
bool dialect_listing(struct provision *p);                              /* the answer, into p->listing */
bool dialect_has_modem(const struct provision *p);

/* provision_sync.c */
void sync_begin(struct provision *p, uint64_t now);
/* The modem's answers and ours no longer match, or none came: quiet, then AT again. quote: an argument may
 * be open. */
void sync_recover(struct provision *p, bool quote, uint64_t now);
void sync_heard(struct provision *p, uint64_t now);           /* bytes arrived during STAGE_DRAIN */
void sync_tick(struct provision *p, uint64_t now);
void sync_answered(struct provision *p, enum at_result result, uint64_t now);

/* provision_identify.c */
void identify_begin(struct provision *p, uint64_t now);
void identify_errors_answered(struct provision *p, enum at_result result, uint64_t now);
void identify_imei_answered(struct provision *p, enum at_result result, uint64_t now);
void identify_firmware_answered(struct provision *p, enum at_result result, uint64_t now);
void identify_ask(struct provision *p, enum stage stage, uint64_t now);    /* AT+CGSN=1 */
/* What the answer to AT+CGSN=1 says of the device in hand: "" if it is still there, otherwise
 * "imei-changed", "no-answer", "modem-reset" or "garbage". */
const char *identify_confirm(struct provision *p, enum at_result result);
void leave_begin(struct provision *p, uint64_t now);
void leave_tick(struct provision *p, uint64_t now);
void leave_answered(struct provision *p, enum at_result result, uint64_t now);

/* provision_steps.c */
void steps_begin(struct provision *p, const struct message *message, uint64_t now);
void steps_offline(struct provision *p, uint64_t now);
void steps_next(struct provision *p, uint64_t now);
/* No step is left or can be done: the history first, then the listing. */
void steps_over(struct provision *p, uint64_t now);
void steps_scrub_answered(struct provision *p, enum at_result result, uint64_t now);
void steps_offline_answered(struct provision *p, enum at_result result, uint64_t now);
void steps_mode_answered(struct provision *p, enum at_result result, uint64_t now);
void steps_same_answered(struct provision *p, enum at_result result, uint64_t now);
void steps_answered(struct provision *p, enum at_result result, uint64_t now);
void steps_clear_answered(struct provision *p, enum at_result result, uint64_t now);
void steps_ground_answered(struct provision *p, enum at_result result, uint64_t now);
/* No further step: the listing says what the store holds now. */
void steps_end(struct provision *p, enum at_result result, const char *reason, uint64_t now);
/* The reason for an answer that is not OK. */
const char *steps_reason(const struct provision *p, enum at_result result);

/* provision_list.c */
void list_ask(struct provision *p, uint64_t now);
/* An answer was lost: recovers and lists again, or abandons with the reason if that was tried often
 * enough. */
void list_again(struct provision *p, const char *reason, bool quote, uint64_t now);
void list_answered(struct provision *p, enum at_result result, uint64_t now);
void list_fence_answered(struct provision *p, enum at_result result, uint64_t now);
/* The modem is out of reach: nothing more is sent. */
void list_abandon(struct provision *p, const char *reason);
void list_finish_answered(struct provision *p, enum at_result result, uint64_t now);
void list_reset_answered(struct provision *p, enum at_result result, uint64_t now);

#endif
