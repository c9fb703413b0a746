/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CMNG_H
#define GAPSEAL_CMNG_H

#include "gapseal/at.h"
#include "gapseal/credential.h"
#include "gapseal/entry.h"

/*
 * cmng: the modem's commands a station uses and what their answers say. Nothing here knows when to send one.
 */

/* +CME ERROR codes the dialogue acts upon. */
#define CME_NOT_FOUND 513
#define CME_FULL 515
#define CME_ACTIVE 518
#define CME_EXISTS 519

void cmng_attention(struct at_command *out);    /* AT */
void cmng_unquote(struct at_command *out);      /* a lone quote: closes one that stayed open in the host */
void cmng_errors(struct at_command *out);       /* AT+CMEE=1: errors as numbers */
void cmng_ask_imei(struct at_command *out);     /* AT+CGSN=1 */
void cmng_ask_firmware(struct at_command *out); /* AT+CGMR */
void cmng_set_mode(struct at_command *out, unsigned mode); /* AT+CFUN=n */
void cmng_ask_mode(struct at_command *out);     /* AT+CFUN? */
void cmng_reset(struct at_command *out);        /* AT#XMODEMRESET: Serial Modem's; other hosts answer ERROR */
void cmng_list(struct at_command *out);         /* AT%CMNG=1 */
void cmng_delete(struct at_command *out, struct slot slot);
void cmng_write(struct at_command *out, struct slot slot, struct bytes content, struct bytes password);

/* What stands between the quotes of +CGSN: "...", unchecked. False if the answer has no such line: it
 * answers something else. */
bool cmng_imei(const struct at *at, struct bytes *out);
/* The bare line of AT+CGMR, cut to what FIRMWARE_SIZE promises; "" if there is none. */
void cmng_firmware(char out[static FIRMWARE_SIZE], const struct at *at);
/* A production-test image: not for shipping, and its IMEI means nothing. */
bool cmng_firmware_is_test(const char *firmware);
/* The n of +CFUN: n. False if there is none. */
bool cmng_mode(const struct at *at, unsigned *out);
/* Whether the modem refuses to write and delete credentials in this mode. */
bool cmng_mode_is_active(unsigned mode);
/* Every %CMNG line; unsolicited ones in between are passed over. False (out not to be used) if one of them
 * is malformed or repeats a slot, or there are more than LISTING_MAX: half a listing proves nothing. Types
 * and tags are kept as numbers, known or not; a digest may be written in either case. */
bool cmng_listing(const struct at *at, struct listing *out);

#endif
