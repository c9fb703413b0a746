/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PROFILE_PRIVATE_H
#define GAPSEAL_PROFILE_PRIVATE_H

#include "gapseal/config.h"
#include "gapseal/profile.h"

/* What the parts of profile_read share. */
struct profile_reading {
	struct profile *profile;
	const char *path;
	const struct config *config;
	struct findings *findings;
	struct fault *fault;
};
extern const struct config_section profile_section;    /* credential */
extern const struct config_section profile_policy_section;

/* A finding at a line of the profile. */
void profile_say(struct profile_reading *reading, enum rule rule, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* One section; adds the credential if there is no error in it. ERR_CANNOT "memory". */
enum err profile_take_credential(struct profile_reading *reading, struct config_place place);
/* The files of a credential: fills pem. ERR_CANNOT "memory". */
enum err profile_take_files(struct profile_credential *credential, struct profile_reading *reading,
    struct config_place place);
void profile_free_credential(struct profile_credential *credential);
/* What the credentials make of slots, in order: fills the policy's list and says what does not go together.
 * whole: no credential was left out. ERR_CANNOT "memory". */
enum err profile_take_slots(struct profile_reading *reading, bool whole);
/* Everything of the policy but its slots. ERR_CANNOT "memory". */
enum err profile_take_policy(struct profile_reading *reading);

#endif
