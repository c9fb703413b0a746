/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "gapseal/note.h"
#include "gapseal/signer.h"

#define NAMES_MAX 8

/* The known keys of a case. */
static size_t keys_of(struct note_key *out, const json_t *vkeys)
{
	json_t *text;
	size_t i;

	json_array_foreach(vkeys, i, text) {
		assert_true(i < NAMES_MAX);
		assert_int_equal(note_key_parse(&out[i], bytes_of(json_string_value(text)), "v", &fault),
		    ERR_OK);
	}
	return json_array_size(vkeys);
}

static void test_vkeys(void **state)
{
	json_t *root = vector_json("notes/vkeys.json"), *entry;
	size_t i, good = 0, bad = 0;

	(void)state;
	json_array_foreach(json_object_get(root, "cases"), i, entry) {
		struct bytes text = bytes_of(json_text(entry, "vkey"));
		char id[9], printed[NOTE_VKEY_MAX];
		struct note_key key, made;
		uint8_t public_key[32];

		if (!json_accepts(entry)) {
			assert_fault(note_key_parse(&key, text, "v", &fault), ERR_NO, "note-key");
			bad++;
			continue;
		}
		assert_int_equal(note_key_parse(&key, text, "v", &fault), ERR_OK);
		assert_string_equal(key.name, json_text(entry, "key_name"));
		hex_encode(id, bytes_from(key.id, sizeof key.id));
		assert_string_equal(id, json_text(entry, "key_id"));
		assert_int_equal(key.algorithm, json_integer_value(json_object_get(entry, "type")));
		json_hex(public_key, sizeof public_key, entry, "public_key_hex");
		assert_memory_equal(key.key, public_key, sizeof public_key);
		note_key_print(printed, &key);
		assert_string_equal(printed, json_text(entry, "vkey"));
		assert_int_equal(note_key_make(&made, key.name, key.algorithm, public_key, &fault), ERR_OK);
		assert_memory_equal(made.id, key.id, sizeof key.id);
		good++;
	}
	assert_int_equal(good, 4);
	assert_int_equal(bad, 7);
	json_decref(root);
}

static void test_key_make_refuses(void **state)
{
	static const uint8_t neutral[32] = {1};
	char name[NOTE_NAME_MAX + 2];
	struct note_key good, key;

	(void)state;
	assert_int_equal(note_key_parse(&good,
	    bytes_of("Log+2271c621+AemuH5ooBpEPcr+W8onrjA1NfuzBVHdezakU81Ekarvs"), "v", &fault), ERR_OK);
	memset(name, 'n', sizeof name);
	name[NOTE_NAME_MAX] = '\0';
	assert_int_equal(note_key_make(&key, name, NOTE_ED25519, good.key, &fault), ERR_OK);
	name[NOTE_NAME_MAX] = 'n';
	name[NOTE_NAME_MAX + 1] = '\0';
	assert_fault(note_key_make(&key, name, NOTE_ED25519, good.key, &fault), ERR_NO, "note-key");
	assert_fault(note_key_make(&key, "", NOTE_ED25519, good.key, &fault), ERR_NO, "note-key");
	assert_fault(note_key_make(&key, "a+b", NOTE_ED25519, good.key, &fault), ERR_NO, "note-key");
	assert_fault(note_key_make(&key, "a\xe2\x80\x83""b", NOTE_ED25519, good.key, &fault), ERR_NO,
	    "note-key");
	assert_fault(note_key_make(&key, "a\xff", NOTE_ED25519, good.key, &fault), ERR_NO, "note-key");
	assert_fault(note_key_make(&key, "a", 2, good.key, &fault), ERR_NO, "note-key");
	assert_fault(note_key_make(&key, "a", NOTE_ED25519, neutral, &fault), ERR_NO, "note-key");
}

static void assert_accepted(const json_t *entry, struct bytes raw, struct bytes text, const bool *verified,
    const struct note_key *keys, size_t count)
{
	const json_t *names = json_object_get(entry, "verified");
	size_t signed_by = 0;

	for (size_t i = 0; i < count; i++) {
		bool expected = false;
		json_t *name;
		size_t j;

		json_array_foreach(names, j, name)
			expected |= strcmp(json_string_value(name), keys[i].name) == 0;
		assert_int_equal(verified[i], expected);
		signed_by += verified[i];
	}
	assert_int_equal(signed_by, json_array_size(names));
	assert_ptr_equal(text.data, raw.data);
	assert_int_equal(text.size, json_integer_value(json_object_get(entry, "text_bytes")));
}

static const char *expected_code(const char *name)
{
	static const char *const codes[][2] = {
		{"unknown-key-only", "note-unsigned"},
		{"other-key-id", "note-unsigned"},
		{"text-changed", "note-signature"},
		{"long-signature", "note-signature"},
		{"signed-with-empty-line", "note-signature"},
		{"byte-order-mark", "note-signature"},
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (strcmp(name, codes[i][0]) == 0)
			return codes[i][1];
	return "note-form";
}

static void test_notes(void **state)
{
	json_t *root = vector_json("notes/notes.json"), *entry;
	size_t i, good = 0, bad = 0;

	(void)state;
	json_array_foreach(json_object_get(root, "cases"), i, entry) {
		struct buffer raw = json_base64(entry, "note_b64");
		struct note_key keys[NAMES_MAX];
		bool verified[NAMES_MAX];
		size_t count = keys_of(keys, json_object_get(entry, "vkeys"));
		struct bytes text;
		enum err err;

		print_message("%s\n", json_text(entry, "name"));
		err = note_open(&text, verified, buffer_bytes(&raw), keys, count, "n", &fault);
		if (json_accepts(entry)) {
			assert_int_equal(err, ERR_OK);
			assert_accepted(entry, buffer_bytes(&raw), text, verified, keys, count);
			assert_int_equal(note_open(&text, NULL, buffer_bytes(&raw), keys, count, "n", &fault),
			    ERR_OK);
			good++;
		} else {
			assert_fault(err, ERR_NO, expected_code(json_text(entry, "name")));
			bad++;
		}
		buffer_free(&raw);
	}
	assert_int_equal(good, 6);
	assert_int_equal(bad, 17);
	json_decref(root);
}

static struct signer *signer_of(const json_t *root, const char *name)
{
	struct secret *seed = NULL;
	struct signer *signer = NULL;
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(root, "test_signers"), i, entry) {
		char vkey[NOTE_VKEY_MAX];

		if (strcmp(json_text(entry, "name"), name) != 0)
			continue;
		assert_int_equal(secret_new(&seed, SIGNER_SEED_SIZE, &fault), ERR_OK);
		json_hex(secret_data(seed), SIGNER_SEED_SIZE, entry, "seed_hex");
		secret_resize(seed, SIGNER_SEED_SIZE);
		assert_int_equal(signer_new(&signer, name, seed, &fault), ERR_OK);
		secret_free(&seed);
		note_key_print(vkey, signer_key(signer));
		assert_string_equal(vkey, json_text(entry, "vkey"));
	}
	return signer;
}

/* What note_sign writes over the text of a case is the signature line of that case, byte for byte. */
static size_t sign_again(const json_t *root, const json_t *entry, struct bytes raw, struct bytes text)
{
	json_t *name;
	size_t i, signed_again = 0;

	json_array_foreach(json_object_get(entry, "verified"), i, name) {
		struct signer *signer = signer_of(root, json_string_value(name));
		struct buffer note = BUFFER_EMPTY;
		size_t line;

		if (signer == NULL)
			continue;
		assert_int_equal(note_sign(&note, signer, text, &fault), ERR_OK);
		assert_memory_equal(note.data, raw.data, text.size + 1);
		line = note.size - text.size - 1;
		assert_non_null(memmem(raw.data + text.size + 1, raw.size - text.size - 1,
		    note.data + text.size + 1, line));
		if (json_array_size(json_object_get(entry, "verified")) == 1 && raw.size == note.size)
			assert_bytes(buffer_bytes(&note), raw);
		buffer_free(&note);
		signer_free(&signer);
		signed_again++;
	}
	return signed_again;
}

static void test_sign(void **state)
{
	json_t *root = vector_json("notes/notes.json"), *entry;
	size_t i, signed_again = 0;

	(void)state;
	json_array_foreach(json_object_get(root, "cases"), i, entry) {
		struct buffer raw;
		struct note_key keys[NAMES_MAX];
		struct bytes text;
		size_t count;

		if (!json_accepts(entry))
			continue;
		raw = json_base64(entry, "note_b64");
		count = keys_of(keys, json_object_get(entry, "vkeys"));
		assert_int_equal(note_open(&text, NULL, buffer_bytes(&raw), keys, count, "n", &fault),
		    ERR_OK);
		signed_again += sign_again(root, entry, buffer_bytes(&raw), text);
		buffer_free(&raw);
	}
	assert_int_equal(signed_again, 5);
	json_decref(root);
}

static void test_sign_refuses(void **state)
{
	json_t *root = vector_json("notes/notes.json");
	struct signer *signer = signer_of(root, "Log");
	struct buffer note = BUFFER_EMPTY;
	struct secret *seed = NULL;

	(void)state;
	assert_fault(note_sign(&note, signer, bytes_of("no line end"), &fault), ERR_NO, "note-form");
	assert_fault(note_sign(&note, signer, bytes_of(""), &fault), ERR_NO, "note-form");
	assert_fault(note_sign(&note, signer, bytes_of("a\tb\n"), &fault), ERR_NO, "note-form");
	assert_fault(note_sign(&note, signer, bytes_of("\xc0\x80\n"), &fault), ERR_NO, "note-form");
	assert_int_equal(note.size, 0);
	signer_free(&signer);
	signer_free(&signer);

	assert_int_equal(secret_new(&seed, SIGNER_SEED_SIZE, &fault), ERR_OK);
	secret_resize(seed, SIGNER_SEED_SIZE - 1);
	assert_fault(signer_new(&signer, "Log", seed, &fault), ERR_NO, "signer-seed");
	assert_null(signer);
	secret_resize(seed, SIGNER_SEED_SIZE);
	assert_fault(signer_new(&signer, "a b", seed, &fault), ERR_NO, "note-key");
	assert_null(signer);
	secret_free(&seed);
	json_decref(root);
}

/* Every bit of a signed note counts, and so does every byte that is missing. */
static void test_every_bit(void **state)
{
	json_t *root = vector_json("notes/notes.json");
	struct signer *signer = signer_of(root, "Log");
	struct buffer note = BUFFER_EMPTY;
	struct bytes text;

	(void)state;
	assert_int_equal(note_sign(&note, signer, bytes_of("one\n\ntwo\n"), &fault), ERR_OK);
	for (size_t i = 0; i < note.size * 8; i++) {
		note.data[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(note_open(&text, NULL, buffer_bytes(&note), signer_key(signer), 1, "n",
		    &fault), ERR_NO);
		note.data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < note.size; i++)
		assert_int_equal(note_open(&text, NULL, bytes_from(note.data, i), signer_key(signer), 1, "n",
		    &fault),
		    ERR_NO);
	assert_int_equal(note_open(&text, NULL, buffer_bytes(&note), signer_key(signer), 1, "n", &fault),
	    ERR_OK);
	assert_bytes(text, bytes_of("one\n\ntwo\n"));
	buffer_free(&note);
	signer_free(&signer);
	json_decref(root);
}

static void test_limits(void **state)
{
	json_t *root = vector_json("notes/notes.json");
	struct signer *signer = signer_of(root, "Log");
	static struct note_key keys[NOTE_KEYS_MAX + 1];
	struct buffer note = BUFFER_EMPTY;
	struct bytes text;

	(void)state;
	for (size_t i = 0; i < NOTE_KEYS_MAX + 1; i++)
		keys[i] = *signer_key(signer);
	assert_int_equal(note_sign(&note, signer, bytes_of("x\n"), &fault), ERR_OK);
	for (size_t i = 1; i < NOTE_SIGNATURES_MAX; i++)
		buffer_text(&note, "\xe2\x80\x94 other AAAAAAA=\n");
	assert_int_equal(note_open(&text, NULL, buffer_bytes(&note), keys, NOTE_KEYS_MAX, "n", &fault),
	    ERR_OK);
	assert_fault(note_open(&text, NULL, buffer_bytes(&note), keys, NOTE_KEYS_MAX + 1, "n", &fault),
	    ERR_CANNOT,
	    "note-keys");
	buffer_text(&note, "\xe2\x80\x94 other AAAAAAA=\n");
	assert_fault(note_open(&text, NULL, buffer_bytes(&note), keys, 1, "n", &fault), ERR_NO, "note-form");
	buffer_free(&note);
	signer_free(&signer);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vkeys),
		cmocka_unit_test(test_key_make_refuses),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_sign_refuses),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
