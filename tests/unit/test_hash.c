/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <ctype.h>

#include <jansson.h>

#include "gapseal/hash.h"

static void check_hex(const uint8_t *hash, size_t size, const char *expected)
{
	char text[2 * HASH_WIDE_SIZE + 1];

	hex_encode(text, bytes_from(hash, size));
	assert_string_equal(text, expected);
}

static void check_sha256(struct bytes bytes, const char *expected)
{
	uint8_t hash[HASH_SIZE];

	hash_bytes(hash, bytes);
	check_hex(hash, sizeof hash, expected);
}

/* 1000 bytes that repeat at a length no block has. */
static struct bytes long_text(void)
{
	static uint8_t text[1000];

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i % 251);
	return bytes_from(text, sizeof text);
}

static void test_sha256_of_nist(void **state)
{
	(void)state;
	check_sha256(bytes_from(NULL, 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_sha256(bytes_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	check_sha256(bytes_of("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
	    "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
	    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static void test_sha256_of_a_million(void **state)
{
	struct hash hash;
	uint8_t out[HASH_SIZE];

	(void)state;
	hash_begin(&hash);
	for (int i = 0; i < 100000; i++)
		hash_add(&hash, bytes_of("aaaaaaaaaa"));
	hash_end(&hash, out);
	check_hex(out, sizeof out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_sha256_around_a_block(void **state)
{
	static const struct {
		size_t size;
		const char *hash;
	} known[] = {
		{55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
		{56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
		{63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
		{64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
		{65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
	};
	char text[65];

	(void)state;
	memset(text, 'a', sizeof text);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		check_sha256(bytes_from(text, known[i].size), known[i].hash);
}

/* Every cut into two parts, each also through a copy of the running state. */
static void test_sha256_in_parts(void **state)
{
	struct bytes text = long_text();
	const char *expected = "4e4c294b331f7a2099a379bec34b9f9fc03dc46ab465d998f4d683da53487e6d";

	(void)state;
	check_sha256(text, expected);
	for (size_t cut = 0; cut <= text.size; cut++) {
		struct hash hash, copy;
		uint8_t out[HASH_SIZE];

		hash_begin(&hash);
		hash_add(&hash, bytes_from(text.data, cut));
		copy = hash;
		hash_add(&hash, bytes_of("another way on"));
		hash_end(&hash, out);
		hash_add(&copy, bytes_from(text.data + cut, text.size - cut));
		hash_end(&copy, out);
		check_hex(out, sizeof out, expected);
	}
}

static void test_leaf_and_node(void **state)
{
	uint8_t leaf[HASH_SIZE], node[HASH_SIZE], joined[1 + 2 * HASH_SIZE] = {1}, other[HASH_SIZE];

	(void)state;
	hash_leaf(leaf, bytes_from(NULL, 0));
	check_hex(leaf, sizeof leaf, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
	hash_leaf(other, bytes_of("\x10 two leaves"));
	memcpy(joined + 1, leaf, HASH_SIZE);
	memcpy(joined + 1 + HASH_SIZE, other, HASH_SIZE);
	hash_node(node, leaf, other);
	hash_bytes(joined, bytes_from(joined, sizeof joined));
	assert_memory_equal(node, joined, HASH_SIZE);
	hash_node(leaf, leaf, other); /* the result may replace an input */
	assert_memory_equal(node, leaf, HASH_SIZE);
}

/* Expected values from Python's hashlib.blake2b(data, key=bytes(range(32)), digest_size=size). */
static void test_keyed(void **state)
{
	struct bytes text = long_text();
	struct bytes parts[] = {bytes_from(text.data, 1), bytes_from(NULL, 0), bytes_from(text.data + 1, 300),
	    bytes_from(text.data + 301, 699)};
	struct bytes abc = bytes_of("abc");
	uint8_t key[32], out[64];

	(void)state;
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	hash_keyed(out, 32, key, NULL, 0);
	check_hex(out, 32, "4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d");
	hash_keyed(out, 16, key, &abc, 1);
	check_hex(out, 16, "1a64be47e4729d951c302ee543f97cf3");
	hash_keyed(out, 64, key, parts, 4);
	check_hex(out, 64, "f647bfca63f4a691ae59ac8832f2a45e5735358a2316b430c75379a0cd6b853b"
	    "d6d1f760d0f5dd70e82634a5ca1f80b14e5e9b829dd78088488ab9bd495c7b2a");
	key[31] ^= 1;
	hash_keyed(out + 32, 16, key, &abc, 1);
	assert_memory_not_equal(out, out + 32, 16);
}

static void check_wide(struct bytes text, size_t cut, const char *expected)
{
	struct hash_wide hash;
	uint8_t out[HASH_WIDE_SIZE];

	hash_wide_begin(&hash);
	hash_wide_add(&hash, bytes_from(text.data, cut));
	hash_wide_add(&hash, bytes_from(text.data + cut, text.size - cut));
	hash_wide_end(&hash, out);
	check_hex(out, sizeof out, expected);
}

/* "abc" is the example of RFC 7693 appendix A, the others are Python's hashlib.blake2b(data). */
static void test_wide(void **state)
{
	(void)state;
	check_wide(bytes_of("abc"), 1, "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
	    "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
	check_wide(bytes_of(""), 0, "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419"
	    "d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce");
	check_wide(long_text(), 129, "c11e1c0340bd7e5a1b275f1230c962fad215ecb1391486e74e31b960a2f29963"
	    "81a5fad092da06841d5f26e38f6ecfeaf441acbcd1c2de61aef121e7927175f5");
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

/* SHA-256 of content_b64 as the upper-case hex a modem prints. */
static void digest_of(char out[static 2 * HASH_SIZE + 1], const json_t *vector)
{
	struct buffer content = BUFFER_EMPTY;
	uint8_t hash[HASH_SIZE];

	assert_true(base64_decode(&content, bytes_of(text_of(vector, "content_b64")), true));
	assert_int_equal(content.size, json_integer_value(json_object_get(vector, "length")));
	hash_bytes(hash, buffer_bytes(&content));
	buffer_free(&content);
	hex_encode(out, bytes_from(hash, sizeof hash));
	for (char *c = out; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
}

static void check_placeholders(const json_t *root, const char *digest)
{
	const json_t *values = json_object_get(json_object_get(root, "placeholders"), "values"), *value;
	size_t i;

	assert_int_equal(json_array_size(values), 6);
	json_array_foreach(values, i, value)
		assert_string_not_equal(text_of(value, "digest"), digest);
}

/* What real modems listed for known content, and what other spellings of the content would give. */
static void test_modem_digests(void **state)
{
	json_t *root = json_load_file(vector_path("nrf91-digests.json"), 0, NULL), *vector;
	char digest[2 * HASH_SIZE + 1];
	size_t i;

	(void)state;
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "vectors")), 6);
	json_array_foreach(json_object_get(root, "vectors"), i, vector) {
		digest_of(digest, vector);
		assert_string_equal(digest, text_of(vector, "digest"));
		check_placeholders(root, digest);
	}
	assert_int_equal(json_array_size(json_object_get(root, "negative")), 29);
	json_array_foreach(json_object_get(root, "negative"), i, vector) {
		digest_of(digest, vector);
		assert_string_equal(digest, text_of(vector, "digest"));
		assert_string_not_equal(digest, text_of(vector, "must_not_equal"));
		check_placeholders(root, digest);
	}
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_of_nist),
		cmocka_unit_test(test_sha256_of_a_million),
		cmocka_unit_test(test_sha256_around_a_block),
		cmocka_unit_test(test_sha256_in_parts),
		cmocka_unit_test(test_leaf_and_node),
		cmocka_unit_test(test_keyed),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_modem_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
