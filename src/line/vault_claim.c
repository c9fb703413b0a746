/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

enum err vault_claims_open(struct vault *vault, struct fault *fault)
{
	vault->claims = openat(vault->home->folder, HOME_CLAIMS, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	return vault->claims < 0 ? fault_errno(fault, "claim", HOME_CLAIMS, "opening") : ERR_OK;
}

/* The byte whose offset is the IMEI: 15 digits are far below the largest offset, and nothing is ever
 * written there. */
static int set_lock(int file, const char *imei, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_len = 1,
	    .l_start = (off_t)strtoull(imei, NULL, 10)};

	return fcntl(file, F_OFD_SETLK, &lock);
}

enum err vault_claim(bool *elsewhere, const struct vault *vault, struct vault_port *port, struct fault *fault)
{
	*elsewhere = false;
	if (set_lock(vault->claims, port->imei, F_WRLCK) == 0) {
		port->claimed = true;
		return ERR_OK;
	}
	if (errno != EAGAIN && errno != EACCES)
		return fault_errno(fault, "claim", HOME_CLAIMS, "locking");
	*elsewhere = true;
	return ERR_OK;
}

/* Giving up a lock that is held does not fail. */
void vault_unclaim(const struct vault *vault, struct vault_port *port)
{
	if (port->claimed)
		(void)set_lock(vault->claims, port->imei, F_UNLCK);
	port->claimed = false;
}
