/* SPDX-License-Identifier: ISC */
#ifndef SIM_MODEM_PRIVATE_H
#define SIM_MODEM_PRIVATE_H

#include "gapseal/sim_modem.h"

/* The insides of a modem, shared by modem.c (life), identity.c and cmng.c (commands), state.c (its text). */

struct sim_device {
	char imei[SIM_IMEI_SIZE];
	struct sim_store store;
};

struct sim_modem {
	struct sim_modem_settings settings; /* imei and firmware point to the arrays below */
	char imei[SIM_IMEI_SIZE];
	char firmware[SIM_FIRMWARE_SIZE];
	unsigned version;       /* x.y.z of the firmware as x * 10000 + y * 100 + z */
	struct sim_device *devices;
	size_t device_count;
	size_t present;         /* the device plugged in */
	unsigned cmee;
	unsigned cfun;
	uint64_t changes;
};

/* What a command comes to: 0 and above is the number of a +CME ERROR. */
enum {
	SIM_OK = -1,
	SIM_ERROR = -2, /* ERROR whatever CMEE says */
	SIM_BROKE = -3  /* no memory */
};

#define CME_INCORRECT 50
#define CME_NOT_FOUND 513
#define CME_NO_ACCESS 514
#define CME_FULL 515
#define CME_ACTIVE 518
#define CME_CONTENT 527
#define CME_POWER 528

/* A command being done. */
struct sim_call {
	struct sim_modem *modem;
	const struct sim_command *command;
	struct buffer *answer;
	enum sim_deed deed;
	struct fault *fault;
};

/* The device of that IMEI, made if it is new; SIZE_MAX: no memory. */
size_t sim_device(struct sim_modem *modem, const char *imei);
struct sim_device *sim_present(const struct sim_modem *modem);
/* Whether the text is 15 digits. */
bool sim_is_imei(struct bytes text);
/* One numeric argument without quotes, 0..max. */
bool sim_number(const struct sim_call *call, size_t i, uint64_t max, uint64_t *out);

/* Firmware as far as behaviour goes. */
bool sim_has_factory_keys(const struct sim_modem *modem);
bool sim_has_digests(const struct sim_modem *modem);
bool sim_checks_certificates(const struct sim_modem *modem);
bool sim_knows_cfun(const struct sim_modem *modem, uint64_t value);

/* One command each. */
int sim_do_cgsn(const struct sim_call *call);
int sim_do_cgmi(const struct sim_call *call);
int sim_do_cgmm(const struct sim_call *call);
int sim_do_cgmr(const struct sim_call *call);
int sim_do_hwversion(const struct sim_call *call);
int sim_do_shortswver(const struct sim_call *call);
int sim_do_cmng(const struct sim_call *call);

#endif
