/* SPDX-License-Identifier: ISC */
#include "gapseal/seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/hash.h"

enum err seed_share_new(struct secret **out, struct fault *fault)
{
	struct secret *share = NULL;
	enum err err = secret_new(out, SEED_TEXT_SIZE, fault);

	if (err == ERR_OK)
		err = secret_new(&share, SEED_SIZE, fault);
	if (err == ERR_OK) {
		secret_random(secret_data(share), SEED_SIZE);
		hex_encode((char *)secret_data(*out), bytes_from(secret_data(share), SEED_SIZE));
		secret_data(*out)[2 * SEED_SIZE] = '\n'; /* where the NUL stood */
		secret_resize(*out, SEED_TEXT_SIZE);
	} else {
		secret_free(out);
	}
	secret_free(&share);
	return err;
}

/* What is said of a passphrase would put people on the wrong track. */
static enum err refuse_line(const char *where, struct fault *fault)
{
	if (strcmp(fault->code, "passphrase-read") == 0)
		return fault_set(fault, ERR_CANNOT, "seed-read", where,
		    "no seed or share of one can be read there");
	if (strcmp(fault->code, "passphrase-empty") == 0)
		return fault_set(fault, ERR_CANNOT, "seed-empty", where,
		    "there is no seed or share of one, or not another one");
	return fault->err;
}

enum err seed_read_fd(struct secret **out, int fd, struct fault *fault)
{
	struct secret *line = NULL;
	char where[32];
	enum err err = secret_new(out, SEED_SIZE, fault);

	snprintf(where, sizeof where, "descriptor %d", fd);
	if (err != ERR_OK)
		return err;
	err = secret_read_fd(&line, fd, fault);
	if (err != ERR_OK)
		err = refuse_line(where, fault);
	else if (hex_decode(secret_data(*out), SEED_SIZE, secret_bytes(line)))
		secret_resize(*out, SEED_SIZE);
	else
		err = fault_set(fault, ERR_CANNOT, "seed-form", where,
		    "a seed or a share of one is a line of %d lower-case hex digits", 2 * SEED_SIZE);
	secret_free(&line);
	if (err != ERR_OK)
		secret_free(out);
	return err;
}

static int compare(const void *a, const void *b)
{
	struct secret *const *x = a, *const *y = b;

	return memcmp(secret_data(*x), secret_data(*y), SEED_SIZE);
}

static enum err check(struct secret *const *sorted, size_t count, struct fault *fault)
{
	for (size_t i = 1; i < count; i++)
		if (secret_equal(secret_data(sorted[i - 1]), secret_data(sorted[i]), SEED_SIZE))
			return fault_set(fault, ERR_CANNOT, "seed-share-twice", NULL,
			    "the same share was given twice: each officer brings one of their own");
	return ERR_OK;
}

enum err seed_combine(struct secret **out, struct secret *const *shares, size_t count, struct fault *fault)
{
	struct bytes parts[SEED_SHARES_MAX] = {bytes_of("gapseal/seed/v1\n")};
	struct secret *sorted[SEED_SHARES_MAX];
	enum err err;

	*out = NULL;
	if (count < SEED_SHARES_MIN || count > SEED_SHARES_MAX)
		return fault_set(fault, ERR_CANNOT, "seed-shares", NULL, "a seed is made of %d to %d shares",
		    SEED_SHARES_MIN, SEED_SHARES_MAX);
	memcpy(sorted, shares, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, compare);
	err = check(sorted, count, fault);
	if (err == ERR_OK)
		err = secret_new(out, SEED_SIZE, fault);
	if (err != ERR_OK)
		return err;
	for (size_t i = 1; i < count; i++)
		parts[i] = secret_bytes(sorted[i]);
	hash_keyed(secret_data(*out), SEED_SIZE, secret_data(sorted[0]), parts, count);
	secret_resize(*out, SEED_SIZE);
	return ERR_OK;
}
