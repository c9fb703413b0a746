/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_OFFICER_KEY_H
#define GAPSEAL_OFFICER_KEY_H

#include "gapseal/officer.h"

/* An unlocked key, as officer.c opens it and minisig_sign.c uses it. */
struct officer_key {
	struct minisig_key public_key;
	struct secret *pair; /* seed and public key, as libsodium signs with */
};

#endif
