/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CMD_SEED_H
#define GAPSEAL_CMD_SEED_H

#include "gapseal.h"
#include "gapseal/seed.h"

/* The seed of a batch, from whatever names it: shares, the seed itself, or a master file that the office's
 * identity opens. */
struct seed_options {
	struct texts shares;         /* descriptors */
	uint64_t fd;                 /* of the seed itself; NO_FD */
	const char *master;          /* or NULL */
	uint64_t passphrase_fd;      /* of the identity; NO_FD */
};
#define SEED_OPTIONS_NONE ((struct seed_options){.fd = NO_FD, .passphrase_fd = NO_FD})
struct seed {
	struct secret *seed;         /* NULL: nothing names one */
	bool recorded;               /* it came from a master file, which says: */
	uint8_t plan[HASH_SIZE];
	uint8_t manifest[HASH_SIZE];
};
/* office may be NULL: then there is no identity, and a master file is "office-needed". */
enum err seed_get(struct seed *out, const struct seed_options *options, const char *office,
    struct fault *fault);
void seed_free(struct seed *seed);

#endif
