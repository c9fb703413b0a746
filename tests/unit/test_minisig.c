/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "gapseal/base64.h"
#include "gapseal/hash.h"
#include "gapseal/minisig.h"

#define DIR "minisign/"

static struct buffer in_folder(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, DIR "%s", name);
	return vector_file(path);
}

static struct minisig_key key_of(const char *name)
{
	struct buffer file = in_folder(name);
	struct minisig_key key;

	assert_int_equal(minisig_key_file(&key, buffer_bytes(&file), name, &fault), ERR_OK);
	buffer_free(&file);
	return key;
}

static void prehash_of(uint8_t out[static 64], const char *name)
{
	struct buffer file = in_folder(name);
	struct hash_wide hash;

	hash_wide_begin(&hash);
	hash_wide_add(&hash, buffer_bytes(&file));
	hash_wide_end(&hash, out);
	buffer_free(&file);
}

static enum err check(struct bytes file, const uint8_t prehash[static 64], const struct minisig_key *key,
    struct minisig *minisig)
{
	enum err err = minisig_parse(minisig, file, "x.minisig", &fault);

	return err == ERR_OK ? minisig_verify(minisig, prehash, key, "x.minisig", &fault) : err;
}

static enum err check_entry(const json_t *entry, const char *file, const char *public_key,
    struct minisig *minisig)
{
	struct buffer text = in_folder(file);
	struct minisig_key key = key_of(public_key);
	uint8_t prehash[64];
	enum err err;

	prehash_of(prehash, json_text(entry, "message"));
	err = check(buffer_bytes(&text), prehash, &key, minisig);
	buffer_free(&text);
	return err;
}

static void test_good(void **state)
{
	json_t *root = vector_json(DIR "index.json"), *entry;
	struct minisig minisig;
	size_t i, good = 0;

	(void)state;
	json_array_foreach(json_object_get(root, "good"), i, entry) {
		enum err err = check_entry(entry, json_text(entry, "file"), json_text(entry, "public_key"),
		    &minisig);

		if (strcmp(json_text(entry, "expect"), "either") == 0) {
			/* TABs in the comment stock writes by itself: not printable, refused */
			assert_fault(err, ERR_NO, "minisig-form");
			assert_string_equal(fault.where, "x.minisig:3");
			continue;
		}
		assert_int_equal(err, ERR_OK);
		assert_string_equal(minisig.comment, json_text(entry, "trusted_comment"));
		good++;
	}
	assert_int_equal(good, 3);
	json_decref(root);
}

static const char *expected_code(const char *file)
{
	static const char *const codes[][2] = {
		{"bad-signature.minisig", "minisig-signature"},
		{"foreign-key-same-id.minisig", "minisig-signature"},
		{"comment-changed-afterwards.minisig", "minisig-comment"},
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (strcmp(file, codes[i][0]) == 0)
			return codes[i][1];
	return "minisig-form";
}

static void refuse_signature(const json_t *entry, const char *name)
{
	struct minisig minisig;

	assert_fault(check_entry(entry, name, json_text(entry, "public_key"), &minisig), ERR_NO,
	    expected_code(name));
	if (strcmp(name, "legacy-algorithm.minisig") == 0)
		assert_non_null(strstr(fault.text, "sign again"));
}

static void refuse_key(const char *name)
{
	struct buffer file = in_folder(name);
	struct minisig_key key;

	assert_fault(minisig_key_file(&key, buffer_bytes(&file), name, &fault), ERR_NO, "minisig-key");
	assert_string_equal(fault.where, name);
	buffer_free(&file);
}

static void test_malformed(void **state)
{
	json_t *root = vector_json(DIR "index.json"), *entry;
	size_t i, count = 0;

	(void)state;
	json_array_foreach(json_object_get(root, "malformed"), i, entry) {
		print_message("%s\n", json_text(entry, "file"));
		if (strcmp(json_text(entry, "kind"), "signature") == 0)
			refuse_signature(entry, json_text(entry, "file"));
		else
			refuse_key(json_text(entry, "file"));
		count++;
	}
	assert_int_equal(count, 16);
	json_decref(root);
}

/* Every byte counts, but for the free text of the first line; so does every byte that is missing. */
static void test_every_byte(void **state)
{
	struct buffer file = in_folder("message.txt.minisig");
	struct minisig_key key = key_of("nopass.pub");
	struct minisig minisig;
	uint8_t prehash[64], *lf;
	size_t free_from = strlen("untrusted comment: "), free_to;

	(void)state;
	prehash_of(prehash, "message.txt");
	lf = memchr(file.data, '\n', file.size);
	free_to = (size_t)(lf - file.data);
	for (size_t i = 0; i < file.size; i++) {
		bool ignored = i >= free_from && i < free_to;

		for (unsigned bit = 0; bit < 8; bit++) {
			file.data[i] ^= (uint8_t)(1u << bit);
			if (file.data[i] != '\r' && file.data[i] != '\n')
				assert_int_equal(check(buffer_bytes(&file), prehash, &key,
				    &minisig) == ERR_OK, ignored);
			else
				assert_int_not_equal(check(buffer_bytes(&file), prehash, &key, &minisig),
				    ERR_OK);
			file.data[i] ^= (uint8_t)(1u << bit);
		}
		assert_fault(minisig_parse(&minisig, bytes_from(file.data, i), "x", &fault), ERR_NO,
		    "minisig-form");
	}
	assert_int_equal(check(buffer_bytes(&file), prehash, &key, &minisig), ERR_OK);
	buffer_byte(&file, '\n');
	assert_fault(minisig_parse(&minisig, buffer_bytes(&file), "x", &fault), ERR_NO, "minisig-form");
	assert_string_equal(fault.where, "x:5");
	buffer_free(&file);
}

static void test_other_key_other_message(void **state)
{
	struct buffer file = in_folder("message.txt.minisig");
	struct minisig_key key = key_of("nopass.pub"), other = key_of("pass.pub");
	struct minisig minisig;
	uint8_t prehash[64];

	(void)state;
	prehash_of(prehash, "message.txt");
	assert_fault(check(buffer_bytes(&file), prehash, &other, &minisig), ERR_NO, "minisig-key-id");
	prehash_of(prehash, "empty.bin");
	assert_fault(check(buffer_bytes(&file), prehash, &key, &minisig), ERR_NO, "minisig-signature");
	buffer_free(&file);
}

/* A file like the good one but for line 1 and line 3. */
static enum err parse_with(const char *first, size_t comment, struct minisig *minisig)
{
	struct buffer good = in_folder("message.txt.minisig"), file = BUFFER_EMPTY;
	struct cursor cursor = cursor_of(buffer_bytes(&good));
	struct bytes line;
	enum err err;

	take_line(&cursor, &line);
	buffer_format(&file, "%s\n", first);
	take_line(&cursor, &line);
	buffer_put(&file, line);
	buffer_text(&file, "\ntrusted comment: ");
	for (size_t i = 0; i < comment; i++)
		buffer_byte(&file, 'c');
	buffer_byte(&file, '\n');
	take_line(&cursor, &line);
	take_line(&cursor, &line);
	buffer_put(&file, line);
	buffer_byte(&file, '\n');
	err = minisig_parse(minisig, buffer_bytes(&file), "x", &fault);
	buffer_free(&file);
	buffer_free(&good);
	return err;
}

static void test_limits(void **state)
{
	static char first[1100] = "untrusted comment: ";
	struct minisig minisig;

	(void)state;
	assert_int_equal(parse_with("untrusted comment: ", 0, &minisig), ERR_OK);
	assert_string_equal(minisig.comment, "");
	assert_int_equal(parse_with("untrusted comment: ", MINISIG_COMMENT_MAX, &minisig), ERR_OK);
	assert_int_equal(strlen(minisig.comment), MINISIG_COMMENT_MAX);
	assert_fault(parse_with("untrusted comment: ", MINISIG_COMMENT_MAX + 1, &minisig), ERR_NO,
	    "minisig-form");
	assert_fault(parse_with("untrusted comment: ", MINISIG_FILE_MAX, &minisig), ERR_NO, "minisig-form");
	assert_string_equal(fault.where, "x:1");
	memset(first + strlen(first), 'u', 1024 - strlen(first));
	assert_int_equal(parse_with(first, 1, &minisig), ERR_OK);
	first[1024] = 'u';
	assert_fault(parse_with(first, 1, &minisig), ERR_NO, "minisig-form");
	assert_fault(parse_with("untrusted comment:x", 1, &minisig), ERR_NO, "minisig-form");
	assert_fault(parse_with("untrusted comment: a\rb", 1, &minisig), ERR_NO, "minisig-form");
}

static void test_key_text(void **state)
{
	struct minisig_key key = key_of("nopass.pub"), again;
	struct buffer stock = in_folder("nopass.pub"), file = BUFFER_EMPTY;
	char typed[MINISIG_TYPED_MAX], id[MINISIG_KEYID_SIZE];

	(void)state;
	minisig_key_id(id, &key);
	assert_string_equal(id, "05F1665CCBD3BDDD");
	minisig_key_print(typed, &key);
	assert_string_equal(typed, "minisign:RWTdvdPLXGbxBRtDF5FC99Rj++VvX5hrssIzYjfwa0rTB1JOQEiEc+t5");
	assert_int_equal(minisig_key_typed(&again, bytes_of(typed), "trust.json:1", &fault), ERR_OK);
	assert_memory_equal(&again, &key, sizeof key);
	assert_fault(minisig_key_typed(&again, bytes_of(typed + 1), "trust.json:1", &fault), ERR_NO,
	    "minisig-key");
	assert_fault(minisig_key_typed(&again, bytes_of("minisign:"), "t", &fault), ERR_NO, "minisig-key");
	typed[12] = ' ';
	assert_fault(minisig_key_typed(&again, bytes_of(typed), "t", &fault), ERR_NO, "minisig-key");

	minisig_key_format(&file, &key);
	assert_int_equal(minisig_key_file(&again, buffer_bytes(&file), "k", &fault), ERR_OK);
	assert_memory_equal(&again, &key, sizeof key);
	/* stock drops the leading zero of the id in its comment; the rest is the same */
	assert_memory_equal(file.data + file.size - 57, stock.data + stock.size - 57, 57);
	buffer_free(&stock);
	buffer_free(&file);
}

static void test_key_small_order(void **state)
{
	uint8_t blob[42] = "Ed";
	char typed[MINISIG_TYPED_MAX] = "minisign:";
	struct minisig_key key;

	(void)state;
	blob[10] = 1; /* the neutral point */
	base64_print(typed + strlen(typed), bytes_from(blob, sizeof blob), true);
	assert_fault(minisig_key_typed(&key, bytes_of(typed), "t", &fault), ERR_NO, "minisig-key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_other_key_other_message),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_key_text),
		cmocka_unit_test(test_key_small_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
