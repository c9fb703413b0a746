/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SIM_MODEM_H
#define GAPSEAL_SIM_MODEM_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"
#include "gapseal/sim_command.h"
#include "gapseal/sim_store.h"

/*
 * sim_modem: an nRF91 modem as its AT interface shows it: one whole command in, its answer out. No
 * descriptor, no clock.
 *
 * It knows every device that was ever plugged in (sim_modem_swap), each with its IMEI and its own
 * store, so that taking a device away and bringing it back finds its credentials again. What only
 * the running modem holds (CMEE, CFUN) is lost by a reset.
 */
#define SIM_IMEI_SIZE 16     /* 15 digits and a NUL; bad check digits are wanted in tests */
#define SIM_FIRMWARE_SIZE 64
#define SIM_ROOM 128         /* slots of user tags before 515: what real modems take is not documented */

enum sim_imei_answer {
	SIM_IMEI_TOLD,
	SIM_IMEI_ERROR, /* never burned: ERROR */
	SIM_IMEI_ZEROS
};

struct sim_modem_settings {
	const char *imei;                 /* 15 digits */
	const char *firmware;             /* at most 63 characters: +CGMR, and what the modem can do */
	unsigned cfun;                    /* after power-up and reset */
	unsigned room;
	enum sim_imei_answer imei_answer;
	bool placeholder;                 /* no true digests, as in firmware before 1.3.0 */
	bool power_warning;               /* a power-off warning is active: 528 */
};
/* Firmware mfw_nrf91x1_2.0.2, CFUN 0, SIM_ROOM slots. There is no default IMEI: set it. */
extern const struct sim_modem_settings sim_modem_defaults;

/* What a script does to a write that the modem would do. */
enum sim_deed {
	SIM_DEED_DONE,
	SIM_DEED_CORRUPT, /* one bit of the content is stored wrong */
	SIM_DEED_HIJACK   /* OK, but nothing is stored */
};

struct sim_modem;
/* ERR_CANNOT: "sim-imei", "sim-firmware", "sim-cfun", "memory". */
enum err sim_modem_new(struct sim_modem **out, const struct sim_modem_settings *settings,
    struct fault *fault);
void sim_modem_free(struct sim_modem **modem);

/* Does one command and appends the answer: information lines, then OK, ERROR or +CME ERROR: n, each
 * ended by CR LF. ERR_CANNOT "memory" only: what the modem refuses is an answer. */
enum err sim_modem_execute(struct sim_modem *modem, struct buffer *answer, const struct sim_command *command,
    enum sim_deed deed, struct fault *fault);
/* Appends the final line of an error as +CMEE has it. */
void sim_modem_error(const struct sim_modem *modem, struct buffer *answer, uint32_t code);

/* Power-up: CMEE 0, CFUN as at the start. */
void sim_modem_reset(struct sim_modem *modem);
/* Another device is plugged in, a new one with an empty store or one seen before; reset. ERR_CANNOT
 * "sim-imei", "memory". */
enum err sim_modem_swap(struct sim_modem *modem, const char *imei, struct fault *fault);

/* The store of the device plugged in. */
struct sim_store *sim_modem_store(struct sim_modem *modem);

/* Grows with every change of a store. */
uint64_t sim_modem_changes(const struct sim_modem *modem);
/* All stores as text, without what the factory put in:
 *
 *     gapseal-sim/state/v1
 *     imei 350457790000009
 *     slot 42 3 <content in hex>
 *     digest 1140 2 <digest in hex>
 */
void sim_modem_save(const struct sim_modem *modem, struct buffer *out);
/* Takes the stores of such a text; call once, before any command. *known: it held the device plugged
 * in. ERR_CANNOT "sim-state" with the line, "memory". */
enum err sim_modem_load(struct sim_modem *modem, struct bytes text, bool *known, const char *where,
    struct fault *fault);

#endif
