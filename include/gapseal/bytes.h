/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_BYTES_H
#define GAPSEAL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gapseal/err.h"

/*
 * bytes: bounded reading and writing of text and numbers.
 *
 * Every reader refuses rather than repairs: numbers have one spelling (no sign, no leading zero),
 * hex is lower case, base64 is canonical. Binary integers are little-endian.
 */

/* The largest integer a document or log line may hold: 2^53-1, exact in every JSON reader. */
#define INTEGER_MAX UINT64_C(9007199254740991)

/* The longest name (org, station, officer, series, batch id, lot): [a-z0-9][a-z0-9.-]{0,39}. */
#define NAME_MAX_LENGTH 40
#define NAME_SIZE (NAME_MAX_LENGTH + 1)

/* A view of memory that somebody else owns. */
struct bytes {
	const uint8_t *data;
	size_t size;
};

/* A growing byte string, owned by whoever declared it; start from BUFFER_EMPTY, end with
 * buffer_free. A failed allocation sets failed, after which puts do nothing: check once, at the end,
 * with buffer_check. Not for secrets: see secret.h. */
struct buffer {
	uint8_t *data;
	size_t size;
	size_t capacity;
	bool failed;
};
#define BUFFER_EMPTY ((struct buffer){0})

/* A reading position inside a view. Each take_* returns false and moves nothing if what it wants is
 * not there. */
struct cursor {
	const uint8_t *at;
	const uint8_t *end;
};

struct bytes bytes_of(const char *text);          /* the characters without the NUL */
struct bytes bytes_from(const void *data, size_t size);
bool bytes_equal(struct bytes a, struct bytes b); /* not constant time: public values only */
bool bytes_is(struct bytes a, const char *text);
bool bytes_starts(struct bytes a, const char *prefix);

void buffer_free(struct buffer *buffer);          /* frees, leaves BUFFER_EMPTY */
void buffer_clear(struct buffer *buffer);         /* size 0, memory kept, failed reset */
void buffer_put(struct buffer *buffer, struct bytes bytes);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_byte(struct buffer *buffer, uint8_t byte);
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_hex(struct buffer *buffer, struct bytes bytes);
void buffer_decimal(struct buffer *buffer, uint64_t value);
/* text as a JSON string with its quotes; anything but printable ASCII becomes \u00xx. */
void buffer_json_text(struct buffer *buffer, const char *text);
/* Appends size bytes to be filled by the caller; NULL if failed. */
uint8_t *buffer_space(struct buffer *buffer, size_t size);
struct bytes buffer_bytes(const struct buffer *buffer);
enum err buffer_check(const struct buffer *buffer, struct fault *fault); /* ERR_CANNOT "memory" if failed */

struct cursor cursor_of(struct bytes bytes);
size_t cursor_left(const struct cursor *cursor);
bool take_bytes(struct cursor *cursor, size_t size, struct bytes *out);
bool take_u8(struct cursor *cursor, uint8_t *out);
bool take_u16(struct cursor *cursor, uint16_t *out);
bool take_u32(struct cursor *cursor, uint32_t *out);
bool take_u64(struct cursor *cursor, uint64_t *out);
/* The text up to the next LF; the LF is consumed, not returned. False if there is none. */
bool take_line(struct cursor *cursor, struct bytes *out);
/* The text up to the next separator byte or, without one, the rest. False at the end; so a separator that
 * ends the text goes unseen, and who reads a list refuses such a text before. */
bool take_field(struct cursor *cursor, uint8_t separator, struct bytes *out);

void put_u16(uint8_t out[static 2], uint16_t value);
void put_u32(uint8_t out[static 4], uint32_t value);
void put_u64(uint8_t out[static 8], uint64_t value);

/* Writes 2 * bytes.size lower-case digits and a NUL. */
void hex_encode(char *out, struct bytes bytes);
/* Exactly 2 * size lower-case digits; false for anything else. */
bool hex_decode(uint8_t *out, size_t size, struct bytes text);

/* Canonical base64 of RFC 4648 section 4, on one line. padded: with '='; otherwise without (age). */
void base64_encode(struct buffer *out, struct bytes bytes, bool padded);
/* Appends the decoded bytes. False (out unchanged) for white space, wrong padding, foreign letters or
 * bits that are not zero behind the last byte. */
bool base64_decode(struct buffer *out, struct bytes text, bool padded);

/* A decimal integer 0..max in its one spelling. */
bool decimal_parse(struct bytes text, uint64_t max, uint64_t *out);

bool text_is_name(struct bytes text);      /* [a-z0-9][a-z0-9.-]{0,39} */
bool text_is_printable(struct bytes text); /* every byte 0x20..0x7e */
/* Copies text and a NUL into out; false if it does not fit or holds a NUL. */
bool text_copy(char *out, size_t size, struct bytes text);

#endif
