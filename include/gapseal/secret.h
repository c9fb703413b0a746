/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SECRET_H
#define GAPSEAL_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"

/*
 * secret: memory that is locked, kept out of core files and wiped. The one type secrets live in.
 *
 * A secret has a fixed capacity and a size. Allocation costs some 40 microseconds and two guard pages, so
 * a program allocates a handful at start and reuses them; never one a record. A failed mlock is a fault here
 * ("secret-lock"), unlike in libsodium, which shrugs.
 */
struct secret;

/* A new secret of size 0. Free with secret_free. ERR_CANNOT "memory", "secret-lock", "crypto". */
enum err secret_new(struct secret **out, size_t capacity, struct fault *fault);
/* Wipes, frees and NULLs; NULL is fine. */
void secret_free(struct secret **secret);

uint8_t *secret_data(struct secret *secret);       /* capacity bytes */
size_t secret_size(const struct secret *secret);
size_t secret_capacity(const struct secret *secret);
struct bytes secret_bytes(const struct secret *secret); /* the first size bytes; valid while it lives */
void secret_clear(struct secret *secret);          /* wipes all of it, size 0 */
/* Sets the size after data was written in place; a size beyond the capacity ends the program. */
void secret_resize(struct secret *secret, size_t size);
/* Appends; false (nothing changed) if the capacity does not suffice. */
bool secret_put(struct secret *secret, struct bytes bytes);

/* The longest passphrase, in bytes. */
#define PASSPHRASE_MAX 1024

/* Fills memory from the kernel's random numbers. */
void secret_random(uint8_t *out, size_t size);
/* Wipes memory in a way the compiler keeps. */
void secret_wipe(void *data, size_t size);
/* Constant time comparison. */
bool secret_equal(const void *a, const void *b, size_t size);

/* Reads a whole regular file of secrets into a new secret, at most limit bytes ("file-size"); refuses a
 * file whose mode gives group or others anything ("file-mode", says chmod 600). Other codes, and links, as
 * file_open. */
enum err secret_read_file(struct secret **out, int folder, const char *name, size_t limit,
    struct fault *fault);
/* Writes a durable file of mode 0600 that appears whole or not at all; without force an existing
 * one is "file-exists". Nothing of it passes through a buffer or a temporary with wider rights. */
enum err secret_write_file(int folder, const char *name, struct bytes text, bool force,
    struct fault *fault);

/* Reads one passphrase line (without LF, at most 1024 bytes, not empty) from a descriptor given by the
 * user, never a byte beyond its LF: several may follow each other. ERR_CANNOT "passphrase-read",
 * "passphrase-empty". */
enum err secret_read_fd(struct secret **out, int fd, struct fault *fault);
/* Asks on /dev/tty with echo off; twice if confirm ("passphrase-differs"). Without a terminal ERR_CANNOT
 * "no-terminal". The interrupt and quit keys cancel ("passphrase-read"); signals that would leave the
 * terminal mute are held back meanwhile. */
enum err secret_ask(struct secret **out, const char *prompt, bool confirm, struct fault *fault);

/* First thing a program that handles secrets does: no core files, not dumpable, umask 077, sodium_init.
 * ERR_CANNOT "system" or "crypto". */
enum err secret_process(struct fault *fault);

#endif
