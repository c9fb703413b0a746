/* SPDX-License-Identifier: ISC */
#include "gapseal/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct secret {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

static enum err library_init(struct fault *fault)
{
	if (sodium_init() < 0)
		return fault_set(fault, ERR_CANNOT, "crypto", NULL,
		    "the cryptographic library does not start");
	return ERR_OK;
}

enum err secret_new(struct secret **out, size_t capacity, struct fault *fault)
{
	struct secret *secret;

	*out = NULL;
	/* sodium_malloc needs it, and again it costs nothing. */
	if (library_init(fault) != ERR_OK)
		return ERR_CANNOT;
	if ((secret = malloc(sizeof *secret)) == NULL)
		return fault_memory(fault);
	secret->data = sodium_malloc(capacity);
	if (secret->data == NULL) {
		free(secret);
		return fault_memory(fault);
	}
	secret->capacity = capacity;
	/* sodium_malloc goes on when its own lock fails; locking again is harmless and tells. */
	if (sodium_mlock(secret->data, capacity) != 0) {
		secret_free(&secret);
		return fault_set(fault, ERR_CANNOT, "secret-lock", NULL,
		    "memory for secrets cannot be locked: raise the limit for locked memory (ulimit -l)");
	}
	secret_clear(secret);
	*out = secret;
	return ERR_OK;
}

void secret_free(struct secret **secret)
{
	if (*secret == NULL)
		return;
	sodium_free((*secret)->data); /* wipes */
	free(*secret);
	*secret = NULL;
}

uint8_t *secret_data(struct secret *secret)
{
	return secret->data;
}

size_t secret_size(const struct secret *secret)
{
	return secret->size;
}

size_t secret_capacity(const struct secret *secret)
{
	return secret->capacity;
}

struct bytes secret_bytes(const struct secret *secret)
{
	return bytes_from(secret->data, secret->size);
}

void secret_clear(struct secret *secret)
{
	sodium_memzero(secret->data, secret->capacity);
	secret->size = 0;
}

void secret_resize(struct secret *secret, size_t size)
{
	/* A size beyond the memory is a mistake of the program; going on would read foreign memory. */
	if (size > secret->capacity)
		abort();
	secret->size = size;
}

bool secret_put(struct secret *secret, struct bytes bytes)
{
	if (bytes.size > secret->capacity - secret->size)
		return false;
	if (bytes.size != 0)
		memcpy(secret->data + secret->size, bytes.data, bytes.size);
	secret->size += bytes.size;
	return true;
}

void secret_random(uint8_t *out, size_t size)
{
	randombytes_buf(out, size);
}

void secret_wipe(void *data, size_t size)
{
	sodium_memzero(data, size);
}

bool secret_equal(const void *a, const void *b, size_t size)
{
	return sodium_memcmp(a, b, size) == 0;
}

enum err secret_process(struct fault *fault)
{
	const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};

	umask(077);
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return fault_system(fault, NULL, "forbid core files");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return fault_system(fault, NULL, "make the process not dumpable");
	return library_init(fault);
}
