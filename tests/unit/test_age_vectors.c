/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include <dirent.h>
#include <sodium.h>

#include "gapseal/base64.h"
#include "gapseal/hash.h"

#include "../../src/secret/age_format.h"

#define LIMIT (32u << 20)

/* One vector file: its header of "key: value" lines, and the age file behind the empty line. */
struct vector {
	struct buffer file;
	struct bytes body;
	char expect[32];
	char payload[65];
	char identity[128];
	bool compressed;
};

static void set(char *out, size_t size, struct bytes line, const char *key)
{
	size_t length = strlen(key);

	if (bytes_starts(line, key))
		assert_true(text_copy(out, size, bytes_from(line.data + length, line.size - length)));
}

/* The few compressed ones are opened by Python, rather than have a library for them. */
static struct buffer inflate(const char *name)
{
	static const char script[] = "import sys,zlib; d=open(sys.argv[1],'rb').read(); "
	    "sys.stdout.buffer.write(zlib.decompress(d[d.index(b'\\n\\n')+2:]))";
	struct buffer out = BUFFER_EMPTY;
	char command[1024];
	uint8_t *space;
	size_t got;
	FILE *pipe;

	snprintf(command, sizeof command, "python3 -c \"%s\" '%s'", script, vector_path(name));
	pipe = popen(command, "r");
	assert_non_null(pipe);
	do {
		space = buffer_space(&out, 65536);
		assert_non_null(space);
		got = fread(space, 1, 65536, pipe);
		out.size -= 65536 - got;
	} while (got > 0);
	assert_int_equal(pclose(pipe), 0);
	return out;
}

static struct vector vector_read(const char *name)
{
	struct vector out = {.file = vector_file(name)};
	struct cursor cursor = cursor_of(buffer_bytes(&out.file));
	struct bytes line;

	while (take_line(&cursor, &line) && line.size != 0) {
		set(out.expect, sizeof out.expect, line, "expect: ");
		set(out.payload, sizeof out.payload, line, "payload: ");
		set(out.identity, sizeof out.identity, line, "identity: ");
		out.compressed |= bytes_is(line, "compressed: zlib");
	}
	out.body = bytes_from(cursor.at, cursor_left(&cursor));
	if (out.compressed) {
		buffer_free(&out.file);
		out.file = inflate(name);
		out.body = buffer_bytes(&out.file);
	}
	return out;
}

static struct secret *key_of(const char *identity)
{
	struct secret *key = NULL;

	assert_int_equal(age_identity_parse(&key, bytes_of(identity), "i", &fault), ERR_OK);
	return key;
}

static const char *expected_code(const char *expect)
{
	static const char *const codes[][2] = {
		{"header failure", "age-header"},
		{"no match", "age-no-match"},
		{"HMAC failure", "age-mac"},
		{"payload failure", "age-payload"},
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (strcmp(expect, codes[i][0]) == 0)
			return codes[i][1];
	fail_msg("unknown outcome %s", expect);
	return NULL;
}

static void check_vector(const struct vector *vector)
{
	/* "empty" comes without an identity; any will do. */
	const char *identity = vector->identity[0] != '\0' ? vector->identity :
	    "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
	struct secret *key = key_of(identity), *plain = NULL;
	enum err err = age_open(&plain, vector->body, key, LIMIT, "a", &fault);
	uint8_t digest[HASH_SIZE];
	char hex[65];

	if (strcmp(vector->expect, "success") == 0) {
		assert_int_equal(err, ERR_OK);
		hash_bytes(digest, secret_bytes(plain));
		hex_encode(hex, bytes_from(digest, sizeof digest));
		assert_string_equal(hex, vector->payload);
	} else {
		assert_fault(err, ERR_NO, expected_code(vector->expect));
		assert_null(plain);
	}
	secret_free(&plain);
	secret_free(&key);
}

/* Two of the vectors hold 16 MiB, which must all be locked. */
static bool can_lock(size_t size)
{
	struct secret *probe = NULL;
	enum err err = secret_new(&probe, size, &fault);

	secret_free(&probe);
	return err == ERR_OK;
}

static void test_vectors(void **state)
{
	DIR *folder = opendir(vector_path("age"));
	bool large = can_lock(LIMIT);
	struct dirent *entry;
	size_t count = 0;

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		struct vector vector;
		char name[300];

		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "README.md") == 0)
			continue;
		count++;
		snprintf(name, sizeof name, "age/%s", entry->d_name);
		vector = vector_read(name);
		if (vector.body.size < (1 << 20) || large) {
			print_message("%s: %s\n", entry->d_name, vector.expect);
			check_vector(&vector);
		} else {
			print_message("%s: left out, memory of that size cannot be locked here\n",
			    entry->d_name);
		}
		buffer_free(&vector.file);
	}
	closedir(folder);
	assert_int_equal(count, 34);
}

/* The function by which age_open and age_seal agree on keys. A zero shared secret is refused, whatever the
 * flags say. */
static void test_x25519(void **state)
{
	json_t *root = vector_json("wycheproof/x25519_test.json"), *group, *test;
	size_t i, j, agreed = 0, zero = 0;

	(void)state;
	json_array_foreach(json_object_get(root, "testGroups"), i, group) {
		json_array_foreach(json_object_get(group, "tests"), j, test) {
			static const uint8_t none[32];
			uint8_t point[32], scalar[32], expected[32], shared[32];
			bool is_zero;

			assert_int_equal(json_hex(point, 32, test, "public"), 32);
			assert_int_equal(json_hex(scalar, 32, test, "private"), 32);
			assert_int_equal(json_hex(expected, 32, test, "shared"), 32);
			is_zero = memcmp(expected, none, 32) == 0;
			assert_int_equal(age_shared(shared, scalar, point), !is_zero);
			if (!is_zero)
				assert_memory_equal(shared, expected, 32);
			agreed += !is_zero;
			zero += is_zero;
		}
	}
	assert_int_equal(agreed, 487);
	assert_int_equal(zero, 31);
	json_decref(root);
}

/* A file of one full chunk made again as a full chunk and an empty last one, which only an empty file may
 * have: all tags are right. */
static void test_empty_last_chunk(void **state)
{
	static uint8_t zeros[AGE_CHUNK_SIZE];
	struct secret *text = NULL, *key = NULL, *plain = NULL;
	uint8_t share[32], shared[32], wrap[32], file_key[AGE_FILE_KEY_SIZE], nonce[12], *space;
	struct buffer file = BUFFER_EMPTY, made = BUFFER_EMPTY;
	struct recipient recipient;
	struct age_header header;
	struct age_stanza stanza;
	struct cursor stanzas;

	(void)state;
	assert_int_equal(age_identity_new(&text, &recipient, &fault), ERR_OK);
	assert_int_equal(age_identity_parse(&key, secret_bytes(text), "i", &fault), ERR_OK);
	assert_int_equal(age_seal(&file, bytes_from(zeros, sizeof zeros), &recipient, 1, &fault), ERR_OK);
	assert_int_equal(age_header_parse(&header, buffer_bytes(&file), "a", &fault), ERR_OK);
	stanzas = cursor_of(header.stanzas);
	assert_true(age_stanza_take(&stanza, &stanzas));
	assert_true(base64_exact(share, 32, stanza.argument[0], false));
	assert_true(age_shared(shared, secret_data(key), share));
	age_wrap_key(wrap, shared, share, recipient.key);
	assert_true(age_unwrap(file_key, stanza.body, wrap));
	age_payload_key(wrap, file_key, header.nonce);

	buffer_put(&made, bytes_from(file.data, file.size - header.payload.size));
	space = buffer_space(&made, sizeof zeros + AGE_TAG_SIZE);
	age_chunk_nonce(nonce, 0, false);
	crypto_aead_chacha20poly1305_ietf_encrypt(space, NULL, zeros, sizeof zeros, NULL, 0, NULL, nonce,
	    wrap);
	space = buffer_space(&made, AGE_TAG_SIZE);
	age_chunk_nonce(nonce, 1, true);
	crypto_aead_chacha20poly1305_ietf_encrypt(space, NULL, zeros, 0, NULL, 0, NULL, nonce, wrap);
	assert_fault(age_open(&plain, buffer_bytes(&made), key, LIMIT, "a", &fault), ERR_NO, "age-payload");
	assert_null(plain);
	buffer_free(&file);
	buffer_free(&made);
	secret_free(&text);
	secret_free(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_x25519),
		cmocka_unit_test(test_empty_last_chunk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
