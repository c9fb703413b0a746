/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <jansson.h>

#include "gapseal/credential.h"

#define PEM "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
#define PEM_CRLF "-----BEGIN CERTIFICATE-----\r\nMAA=\r\n-----END CERTIFICATE-----\r\n"

static void test_slots(void **state)
{
	const struct slot a = {42, 3};
	const struct slot b = {42, 4};
	const struct slot c = {43, 0};
	const struct slot d = {UINT32_MAX, 11};

	(void)state;
	assert_int_equal(slot_compare(a, a), 0);
	assert_true(slot_compare(a, b) < 0);
	assert_true(slot_compare(b, a) > 0);
	assert_true(slot_compare(b, c) < 0);
	assert_true(slot_compare(d, c) > 0);
	assert_true(slot_compare(c, d) < 0);
	assert_true(slot_writable(a));
	assert_true(slot_writable((struct slot){0, 0}));
	assert_true(slot_writable((struct slot){SLOT_TAG_MAX, 4}));
	assert_false(slot_writable((struct slot){SLOT_TAG_MAX, 5}));
	assert_false(slot_writable((struct slot){SLOT_TAG_MAX + 1, 4}));
}

static void test_type_names(void **state)
{
	(void)state;
	assert_string_equal(credential_type_name(CREDENTIAL_CA), "ca");
	assert_string_equal(credential_type_name(CREDENTIAL_CERT), "cert");
	assert_string_equal(credential_type_name(CREDENTIAL_KEY), "key");
	assert_string_equal(credential_type_name(CREDENTIAL_PSK), "psk");
	assert_string_equal(credential_type_name(CREDENTIAL_IDENTITY), "identity");
	assert_null(credential_type_name(CREDENTIAL_TYPES));
	assert_null(credential_type_name(UINT32_MAX));
}

/* The command with the longest content is as long as the host's buffer, less its NUL. */
static void test_limits(void **state)
{
	static const uint32_t tags[] = {0, 9, 10, 42, 16842753, SLOT_TAG_MAX, UINT32_MAX};
	char head[32];

	(void)state;
	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		snprintf(head, sizeof head, "AT%%CMNG=0,%lu,3,\"\"", (unsigned long)tags[i]);
		assert_int_equal(strlen(head) + credential_limit(tags[i]), 4095);
	}
	assert_int_equal(credential_limit(0), CONTENT_MAX);
	assert_int_equal(credential_limit(16842753), 4072);
}

static const char *check(struct slot slot, struct bytes content)
{
	struct fault fault = {.code = NULL};
	enum err err = credential_check(slot, content, "psk.conf:3", &fault);

	if (err == ERR_OK)
		return "";
	assert_int_equal(err, ERR_NO);
	assert_int_equal(fault.err, ERR_NO);
	assert_string_equal(fault.where, "psk.conf:3");
	assert_true(strlen(fault.text) > 10);
	return fault.code;
}

static const char *check_text(uint32_t type, const char *text)
{
	return check((struct slot){42, type}, bytes_of(text));
}

static void test_good(void **state)
{
	(void)state;
	for (uint32_t type = CREDENTIAL_CA; type <= CREDENTIAL_KEY; type++) {
		assert_string_equal(check_text(type, PEM), "");
		assert_string_equal(check_text(type, PEM PEM), "");
		assert_string_equal(check_text(type, PEM_CRLF PEM_CRLF), "");
	}
	assert_string_equal(check_text(CREDENTIAL_PSK, "00112233445566778899aabbccddeeff"), "");
	assert_string_equal(check_text(CREDENTIAL_IDENTITY, "device 1 ~!#$%&'()*+,-./:;<=>?@[\\]^_`{|}"), "");
}

static void test_slot_codes(void **state)
{
	(void)state;
	assert_string_equal(check((struct slot){SLOT_TAG_MAX, 4}, bytes_of("a")), "");
	assert_string_equal(check((struct slot){SLOT_TAG_MAX + 1, 4}, bytes_of("a")), "slot-tag");
	assert_string_equal(check((struct slot){UINT32_MAX, 10}, bytes_of("a")), "slot-tag");
	assert_string_equal(check_text(CREDENTIAL_TYPES, "a"), "slot-type");
	assert_string_equal(check_text(11, "a"), "slot-type");
}

static void test_sizes(void **state)
{
	static uint8_t text[CONTENT_MAX + 1];
	static uint8_t pem[CONTENT_MAX + 1];

	(void)state;
	for (uint32_t type = CREDENTIAL_CA; type < CREDENTIAL_TYPES; type++)
		assert_string_equal(check_text(type, ""), "content-empty");
	memset(text, 'a', sizeof text);
	assert_string_equal(check((struct slot){7, 4}, bytes_from(text, CONTENT_MAX)), "");
	assert_string_equal(check((struct slot){7, 4}, bytes_from(text, CONTENT_MAX + 1)), "content-size");
	assert_string_equal(check((struct slot){16842753, 3}, bytes_from(text, 4072)), "");
	assert_string_equal(check((struct slot){16842753, 3}, bytes_from(text, 4074)), "content-size");
	memset(pem, 'a', sizeof pem);
	memcpy(pem, "-----BEGIN ", 11);
	memcpy(pem + CONTENT_MAX - 6, "-----\n", 6);
	assert_string_equal(check((struct slot){7, 0}, bytes_from(pem, CONTENT_MAX)), "");
	assert_string_equal(check((struct slot){10, 0}, bytes_from(pem, CONTENT_MAX)), "content-size");
}

/* Every byte in the middle of an identity and of a PEM: only what reaches the modem unchanged. */
static void test_every_byte(void **state)
{
	char identity[] = "ab?cd";
	char pem[] = "-----BEGIN X-----\nAA?A\n-----END X-----\n";

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		bool plain = byte >= 0x20 && byte <= 0x7e && byte != '"';

		identity[2] = (char)byte;
		pem[20] = (char)byte;
		assert_string_equal(check((struct slot){1, 4}, bytes_from(identity, sizeof identity - 1)),
		    plain ? "" : "content-byte");
		for (uint32_t type = CREDENTIAL_CA; type <= CREDENTIAL_KEY; type++)
			assert_string_equal(check((struct slot){1, type}, bytes_from(pem, sizeof pem - 1)),
			    plain || byte == '\n' ? "" : "content-byte");
	}
}

static void test_line_ends(void **state)
{
	(void)state;
	assert_string_equal(check_text(0, PEM PEM_CRLF), "content-byte");
	assert_string_equal(check_text(0, PEM_CRLF PEM), "content-byte");
	assert_string_equal(check_text(0, "\n" PEM_CRLF), "content-byte");
	assert_string_equal(check_text(0, PEM_CRLF "\r"), "content-byte");
	assert_string_equal(check_text(0, "-----BEGIN A-----\r\r\n-----END A-----\r\n"), "content-byte");
	assert_string_equal(check_text(0, "-----BEGIN A-----\r-----END A-----\r"), "content-byte");
	assert_string_equal(check_text(0, "\r"), "content-byte");
	assert_string_equal(check_text(4, "a\nb"), "content-byte");
}

static void test_pem(void **state)
{
	(void)state;
	assert_string_equal(check_text(0, "HONKHONK"), "content-pem");
	assert_string_equal(check_text(1, "-----BEGIN A----- AA== -----END A-----"), "content-pem");
	assert_string_equal(check_text(1, "\n" PEM), "content-pem");
	assert_string_equal(check_text(2, PEM " "), "content-pem");
	assert_string_equal(check_text(2, PEM "\n"), "content-pem");
	assert_string_equal(check_text(2, "-----\n"), "content-pem");
}

static void test_psk(void **state)
{
	(void)state;
	assert_string_equal(check_text(3, "0"), "psk-hex");
	assert_string_equal(check_text(3, "001"), "psk-hex");
	assert_string_equal(check_text(3, "0A"), "psk-hex");
	assert_string_equal(check_text(3, "0g"), "psk-hex");
	assert_string_equal(check_text(3, "00 1"), "psk-hex");
	assert_string_equal(check_text(3, "00\n"), "psk-hex");
	assert_string_equal(check_text(3, "\"\""), "psk-hex");
	assert_string_equal(check_text(3, "/0"), "psk-hex");
	assert_string_equal(check_text(3, ":0"), "psk-hex");
	assert_string_equal(check_text(3, "`0"), "psk-hex");
}

/* A content that is refused does not show up in the sentence that says so. */
static void test_silent(void **state)
{
	struct fault fault;

	(void)state;
	assert_int_equal(credential_check((struct slot){1, 3}, bytes_of("deadbeefXX"), "w", &fault), ERR_NO);
	assert_null(strstr(fault.text, "dead"));
	assert_null(strchr(fault.text, 'X'));
	assert_string_equal(fault.text, "character 9 of the pre-shared key is no lower-case hex digit");
}

static json_t *vectors_load(void)
{
	json_error_t error;
	json_t *vectors = json_load_file(vector_path("nrf91-digests.json"), JSON_REJECT_DUPLICATES, &error);

	assert_non_null(vectors);
	return vectors;
}

static const char *member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

/* A digest as a modem prints it. */
static void read_digest(uint8_t out[static HASH_SIZE], const char *upper)
{
	char lower[2 * HASH_SIZE + 1] = "";

	assert_int_equal(strlen(upper), 2 * HASH_SIZE);
	for (size_t i = 0; i < 2 * HASH_SIZE; i++)
		lower[i] = (char)(upper[i] >= 'A' && upper[i] <= 'F' ? upper[i] + 32 : upper[i]);
	assert_true(hex_decode(out, HASH_SIZE, bytes_of(lower)));
}

static void check_digest(const json_t *vector, struct buffer *content)
{
	uint8_t expected[HASH_SIZE];
	uint8_t got[HASH_SIZE];

	buffer_clear(content);
	assert_true(base64_decode(content, bytes_of(member(vector, "content_b64")), true));
	read_digest(expected, member(vector, "digest"));
	credential_digest(got, buffer_bytes(content), false);
	assert_memory_equal(got, expected, HASH_SIZE);
	assert_false(credential_placeholder(got));
}

/* What real modems listed, and what they would not have. */
static void test_digests(void **state)
{
	json_t *vectors = vectors_load();
	struct buffer content = BUFFER_EMPTY;
	json_t *vector;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(vectors, "vectors")), 6);
	json_array_foreach(json_object_get(vectors, "vectors"), i, vector)
		check_digest(vector, &content);
	assert_int_equal(json_array_size(json_object_get(vectors, "negative")), 29);
	json_array_foreach(json_object_get(vectors, "negative"), i, vector) {
		check_digest(vector, &content);
		assert_string_not_equal(member(vector, "digest"), member(vector, "must_not_equal"));
	}
	buffer_free(&content);
	json_decref(vectors);
}

/* The listing of a dialect that hashes a NUL too is the digest of the content and that NUL. */
static void test_nul_form(void **state)
{
	json_t *vectors = vectors_load();
	uint8_t expected[HASH_SIZE];
	uint8_t got[HASH_SIZE];
	json_t *vector;
	size_t found = 0;
	size_t i;

	(void)state;
	credential_digest(got, bytes_of("6578616d706c652d7765616b2d70736b2d76616c7565"), true);
	json_array_foreach(json_object_get(vectors, "negative"), i, vector)
		if (strcmp(member(vector, "id"), "psk-hex-nul") == 0) {
			read_digest(expected, member(vector, "digest"));
			assert_memory_equal(got, expected, HASH_SIZE);
			found++;
		}
	assert_int_equal(found, 1);
	json_decref(vectors);
}

static void test_placeholders(void **state)
{
	json_t *vectors = vectors_load();
	uint8_t digest[HASH_SIZE];
	json_t *value;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(json_object_get(vectors, "placeholders"), "values"), i, value) {
		read_digest(digest, member(value, "digest"));
		assert_true(credential_placeholder(digest));
	}
	assert_int_equal(i, 6);
	for (i = 0; i < HASH_SIZE; i++) { /* one byte that differs makes it a digest */
		memset(digest, 0xff, sizeof digest);
		digest[i] = 0xfe;
		assert_false(credential_placeholder(digest));
	}
	json_decref(vectors);
}

static void test_listing(void **state)
{
	static const struct listing listing = {
	    .count = 3,
	    .items = {{.slot = {42, 3}}, {.slot = {42, 4}}, {.slot = {4294967293, 10}}, {.slot = {1, 1}}},
	};

	(void)state;
	assert_ptr_equal(listing_find(&listing, (struct slot){42, 4}), &listing.items[1]);
	assert_ptr_equal(listing_find(&listing, (struct slot){4294967293, 10}), &listing.items[2]);
	assert_null(listing_find(&listing, (struct slot){42, 0}));
	assert_null(listing_find(&listing, (struct slot){43, 4}));
	assert_null(listing_find(&listing, (struct slot){1, 1})); /* beyond the count */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_slots),
	    cmocka_unit_test(test_type_names),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_slot_codes),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_every_byte),
	    cmocka_unit_test(test_line_ends),
	    cmocka_unit_test(test_pem),
	    cmocka_unit_test(test_psk),
	    cmocka_unit_test(test_silent),
	    cmocka_unit_test(test_digests),
	    cmocka_unit_test(test_nul_form),
	    cmocka_unit_test(test_placeholders),
	    cmocka_unit_test(test_listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
