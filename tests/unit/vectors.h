/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_VECTORS_H
#define GAPSEAL_VECTORS_H

/* Reading test vectors: files and the fields of JSON objects. A missing one fails the test. */
#include "testing.h"

#include <fcntl.h>
#include <jansson.h>

#include "gapseal/file.h"

static struct fault fault; /* of the last call */

static inline struct buffer vector_file(const char *name)
{
	struct buffer out = BUFFER_EMPTY;

	if (file_read(&out, AT_FDCWD, vector_path(name), 1 << 26, &fault) != ERR_OK)
		fail_msg("%s: %s", vector_path(name), fault.text);
	return out;
}

static inline json_t *vector_json(const char *name)
{
	json_error_t error;
	json_t *root = json_load_file(vector_path(name), 0, &error);

	if (root == NULL)
		fail_msg("%s: %s", vector_path(name), error.text);
	return root;
}

static inline const char *json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text == NULL)
		fail_msg("no text %s", key);
	return text;
}

static inline bool json_accepts(const json_t *object)
{
	const char *expect = json_text(object, "expect");

	if (strcmp(expect, "accept") != 0 && strcmp(expect, "refuse") != 0)
		fail_msg("neither accept nor refuse: %s", expect);
	return strcmp(expect, "accept") == 0;
}

static inline struct buffer json_base64(const json_t *object, const char *key)
{
	struct buffer out = BUFFER_EMPTY;

	if (!base64_decode(&out, bytes_of(json_text(object, key)), true))
		fail_msg("no base64 in %s", key);
	return out;
}

/* Any number of bytes, up to what out holds; returns how many. */
static inline size_t json_hex(uint8_t *out, size_t size, const json_t *object, const char *key)
{
	struct bytes text = bytes_of(json_text(object, key));

	if (text.size / 2 > size || !hex_decode(out, text.size / 2, text))
		fail_msg("no hex in %s", key);
	return text.size / 2;
}

static inline void assert_bytes(struct bytes got, struct bytes expected)
{
	assert_int_equal(got.size, expected.size);
	if (got.size != 0)
		assert_memory_equal(got.data, expected.data, got.size);
}

/* The call answered no (or could not), and with this code. */
static inline void assert_fault(enum err got, enum err expected, const char *code)
{
	assert_int_equal(got, expected);
	assert_int_equal(fault.err, expected);
	assert_string_equal(fault.code, code);
	assert_true(fault.text[0] != '\0' && strchr(fault.text, '\n') == NULL);
}

#endif
