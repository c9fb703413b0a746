/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PROVISION_H
#define GAPSEAL_PROVISION_H

#include "gapseal/at.h"
#include "gapseal/message.h"

/*
 * provision: one port's dialogue with the device in hand: the line role. It holds no key, opens no file and
 * touches no descriptor and no clock.
 *
 *            wait for a modem (AT) -> CMEE=1 -> CGSN=1 -> CGMR -> DEVICE
 *   LIST  -> list -> CGSN=1 again -> LISTING
 *   STEPS -> CMEE=1 -> CFUN=4, CFUN? -> CGSN=1 again -> each step -> list -> CGSN=1 again -> finish
 *         -> OUTCOME
 *   VERDICT
 *
 * A listing is the only proof; an OK is none. So a listing counts only if the AT+CGSN=1 behind it answers
 * with the IMEI in hand: that also catches a device swapped meanwhile, and an answer that belongs to an
 * earlier command. It is asked for whatever became of the steps, and again if it was lost (two recoveries a
 * task, of quote, quiet and AT); only a modem that does not come back gives listed = false.
 *
 * The codes of OUTCOME are what the modem said last to each step: a delete answered 513 (nothing there) is
 * 513 and no failure. A write answered 519 gets one delete and one more try, 518 one AT+CFUN=4; anything else
 * ends the steps.
 *
 * What a device understands is found out once and remembered: an AT host and what ends its lines, a Zephyr
 * shell with the command `at`, or one with only the credentials shell `cred`. Another device at the port, or
 * the same with other firmware, is noticed by what it answers. All of them are given the same bytes.
 *
 *   at     any AT host; SLM and Serial Modem too
 *   shell  the same commands, wrapped. A shell remembers its lines: before the listing, lines of no meaning
 *          push what was written out of its history. A write that does not fit a line is "line-limit",
 *          before any step is sent.
 *   cred   another store than the modem's, see cred.h. There is no modem to be asked: the device is who its
 *          label says (provision_label), its firmware is unknown, nothing is put offline or finished,
 *          and nothing tells it from another that took its place. Messages say that its digests of PEM
 *          are over content and a NUL.
 *
 * FINISH_RESET is AT+CFUN=0, which stores, then AT#XMODEMRESET. The modem itself has no documented reset
 * command; that one is Serial Modem's, so hosts without it, which answer ERROR or nothing, are as good: only
 * the AT+CFUN=0 must succeed. A finish that fails says "finish-failed" unless something worse was to be said.
 */
enum provision_phase {
	PROVISION_WAITING,  /* no modem has answered yet */
	PROVISION_ASKING,   /* identifying, listing, or the vault has the word */
	PROVISION_WRITING,  /* steps in hand: the store may change */
	PROVISION_OVER,     /* the last VERDICT came, or no modem answered before the deadline */
	PROVISION_LEAVING   /* provision_leave: waiting for the device to go */
};
enum provision_dialect { PROVISION_AUTO, PROVISION_AT, PROVISION_SHELL, PROVISION_CRED };

struct provision_settings {
	/* Milliseconds. */
	unsigned sync;        /* between two AT while waiting: 500 */
	unsigned command;     /* ordinary commands: 5000 */
	unsigned write;       /* CMNG write and delete: 30000 */
	unsigned cfun;        /* CFUN: 60000 */

	enum provision_dialect dialect;  /* PROVISION_AUTO: found out */
	/* every AT host ends its lines with terminator; otherwise found out */
	bool terminated;
	enum at_terminator terminator;
	/* For bridges and shells with small buffers: so many bytes (0: all), then nothing for so many
	 * milliseconds. Deadlines are the later for it. */
	unsigned pace_bytes, pace_ms;
	unsigned line_limit;             /* a shell's line, its NUL counted: 256, as Zephyr has it */
};
extern const struct provision_settings provision_defaults;

#define PROVISION_PACE_MAX 4096  /* bytes, and milliseconds */
#define PROVISION_LINE_MIN 64
#define PROVISION_LINE_MAX 8192
/* One setting by its name in station.conf:
 *
 *     dialect     auto | at | shell | cred
 *     terminator  auto | cr | lf | crlf
 *     pacing      none | BYTES/MS, such as 12/10
 *     line_limit  BYTES
 *
 * ERR_NO "setting-name": there is no such setting; ERR_CANNOT "setting-value"; the place is the name. */
enum err provision_set(struct provision_settings *settings, const char *name, const char *value,
    struct fault *fault);

struct provision;
enum err provision_new(struct provision **out, unsigned port, const struct provision_settings *settings,
    struct fault *fault);
void provision_free(struct provision **provision);

/* A fresh presentation: wait for a modem until deadline (UINT64_MAX: for ever). unit: what the operator
 * scanned, "" for none, cut at UNIT_SIZE. Not while a message is owed to the vault. */
void provision_start(struct provision *provision, const char *unit, uint64_t now, uint64_t deadline);
/* The IMEI on the label of the device awaited, for one that cannot say its own; "" for none, which
 * provision_start leaves. It counts until DEVICE is taken: without one such a device is "label-missing". */
void provision_label(struct provision *provision, const char *imei);
/* After the last VERDICT: until the device is silent for three seconds or its IMEI changes, asking once a
 * second; then PROVISION_OVER. At once if the port went while the device was in hand. */
void provision_leave(struct provision *provision, uint64_t now);

struct bytes provision_output(const struct provision *provision);
void provision_sent(struct provision *provision, size_t count, uint64_t now);
void provision_feed(struct provision *provision, struct bytes bytes, uint64_t now);
uint64_t provision_due(const struct provision *provision);
void provision_tick(struct provision *provision, uint64_t now);
/* The port is gone (POLLHUP). Before DEVICE: waits anew, for a port opened again. After it: what the vault
 * waits for comes with reason "port-gone", and so does every answer until VERDICT. */
void provision_hangup(struct provision *provision, uint64_t now);
/* The port was opened: what a search sent before reached nobody, so it begins anew with what was answered
 * last. */
void provision_opened(struct provision *provision, uint64_t now);

/* The next message for the vault; false if there is none. Each of the vault's LIST, STEPS gets exactly one
 * answer. */
bool provision_take(struct provision *provision, struct message *out);
/* LIST, STEPS or VERDICT, in answer to the message taken last; anything else is dropped. */
void provision_give(struct provision *provision, const struct message *message, uint64_t now);

enum provision_phase provision_phase(const struct provision *provision);
/* The dialect of the device in hand or, before it has one, of the last; PROVISION_AT at first. */
enum provision_dialect provision_dialect(const struct provision *provision);
/* A word for a face: "sync", "identify", "decide", "list", "offline", "write 2/4", "finish", "leave",
 * "over". */
const char *provision_step(const struct provision *provision);

#endif
