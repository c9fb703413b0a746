/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "gapseal/checkpoint.h"
#include "gapseal/signer.h"

#define WITNESSES_MAX 4

/* What a case says about keys and origin. */
struct setting {
	struct note_key log;
	struct note_key witnesses[WITNESSES_MAX];
	size_t count;
	const char *origin;
	bool witnessed[WITNESSES_MAX];
};

static void setting_read(struct setting *out, const json_t *entry)
{
	const json_t *vkeys = json_object_get(entry, "witness_vkeys");
	json_t *text;
	size_t i;

	*out = (struct setting){.origin = json_text(entry, "origin"), .count = json_array_size(vkeys)};
	assert_true(out->count <= WITNESSES_MAX);
	assert_int_equal(note_key_parse(&out->log, bytes_of(json_text(entry, "log_vkey")), "v", &fault),
	    ERR_OK);
	json_array_foreach(vkeys, i, text)
		assert_int_equal(note_key_parse(&out->witnesses[i], bytes_of(json_string_value(text)), "v",
		    &fault),
		    ERR_OK);
}

static void assert_verified(const json_t *entry, const struct setting *setting)
{
	const json_t *names = json_object_get(entry, "verified");
	size_t count = 1; /* the log */

	for (size_t i = 0; i < setting->count; i++)
		count += setting->witnessed[i];
	assert_int_equal(count, json_array_size(names));
}

static const char *expected_code(const char *name)
{
	static const char *const codes[][2] = {
		{"no-signature", "note-form"},
		{"wrong-origin", "checkpoint-origin"},
		{"cosignature-time-changed", "note-signature"},
		{"cosignature-time-2-63", "note-signature"},
		{"cosignature-of-other-size", "note-signature"},
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (strcmp(name, codes[i][0]) == 0)
			return codes[i][1];
	return "checkpoint-form";
}

static void check_checkpoint(const json_t *entry, struct bytes raw)
{
	struct checkpoint checkpoint;
	struct setting setting;
	uint8_t root[32];
	enum err err;

	setting_read(&setting, entry);
	err = checkpoint_open(&checkpoint, setting.witnessed, raw, setting.origin, &setting.log,
	    setting.witnesses,
	    setting.count, "c", &fault);
	/* Sizes no JSON reader could hold exactly are refused, though the standard takes them. */
	if (!json_accepts(entry) || strcmp(json_text(entry, "name"), "size-beyond-2-53") == 0) {
		assert_fault(err, ERR_NO, expected_code(json_text(entry, "name")));
		return;
	}
	assert_int_equal(err, ERR_OK);
	assert_string_equal(checkpoint.origin, setting.origin);
	assert_int_equal(checkpoint.size, json_integer_value(json_object_get(entry, "size")));
	json_hex(root, sizeof root, entry, "root_hex");
	assert_memory_equal(checkpoint.root, root, sizeof root);
	assert_verified(entry, &setting);
	assert_int_equal(checkpoint_open(&checkpoint, NULL, raw, setting.origin, &setting.log,
	    setting.witnesses,
	    setting.count, "c", &fault), ERR_OK);
}

static void test_checkpoints(void **state)
{
	json_t *root = vector_json("notes/checkpoints.json"), *entry;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(root, "cases"), i, entry) {
		struct buffer raw = json_base64(entry, "checkpoint_b64");

		print_message("%s\n", json_text(entry, "name"));
		check_checkpoint(entry, buffer_bytes(&raw));
		buffer_free(&raw);
	}
	assert_int_equal(i, 18);
	json_decref(root);
}

static const char *expected_proof_code(const char *name)
{
	static const char *const codes[][2] = {
		{"other-index", "proof-inclusion"},
		{"hash-missing", "proof-inclusion"},
		{"hashes-swapped", "proof-inclusion"},
		{"checkpoint-unsigned", "note-form"},
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (strcmp(name, codes[i][0]) == 0)
			return codes[i][1];
	return "proof-form";
}

static void check_proof(const json_t *entry, struct bytes raw, struct bytes leaf)
{
	struct checkpoint checkpoint;
	struct setting setting;
	uint64_t index;
	enum err err;

	setting_read(&setting, entry);
	err = proof_open(&index, &checkpoint, setting.witnessed, raw, leaf, setting.origin, &setting.log,
	    setting.witnesses, setting.count, "p", &fault);
	if (!json_accepts(entry)) {
		assert_fault(err, ERR_NO, expected_proof_code(json_text(entry, "name")));
		return;
	}
	assert_int_equal(err, ERR_OK);
	assert_int_equal(index, json_integer_value(json_object_get(entry, "index")));
	assert_int_equal(checkpoint.size, json_integer_value(json_object_get(entry, "size")));
	assert_verified(entry, &setting);
	/* of another leaf it proves nothing */
	assert_fault(proof_open(&index, &checkpoint, NULL, raw, bytes_of("other"), setting.origin,
	    &setting.log,
	    setting.witnesses, setting.count, "p", &fault), ERR_NO, "proof-inclusion");
}

static void test_proofs(void **state)
{
	json_t *root = vector_json("notes/proofs.json"), *entry;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(root, "cases"), i, entry) {
		struct buffer raw = json_base64(entry, "proof_b64"), leaf = json_base64(entry,
		    "leaf_data_b64");

		print_message("%s\n", json_text(entry, "name"));
		check_proof(entry, buffer_bytes(&raw), buffer_bytes(&leaf));
		buffer_free(&raw);
		buffer_free(&leaf);
	}
	assert_int_equal(i, 13);
	json_decref(root);
}

/* A proof that is cut short anywhere proves nothing. */
static void test_proof_cut(void **state)
{
	json_t *root = vector_json("notes/proofs.json"), *entry = json_array_get(json_object_get(root,
	    "cases"), 0);
	struct buffer raw = json_base64(entry, "proof_b64"), leaf = json_base64(entry, "leaf_data_b64");
	struct checkpoint checkpoint;
	struct setting setting;
	uint64_t index;

	(void)state;
	setting_read(&setting, entry);
	for (size_t i = 0; i < raw.size; i++)
		assert_int_equal(proof_open(&index, &checkpoint, NULL, bytes_from(raw.data, i),
		    buffer_bytes(&leaf),
		    setting.origin, &setting.log, NULL, 0, "p", &fault), ERR_NO);
	buffer_free(&raw);
	buffer_free(&leaf);
	json_decref(root);
}

static struct signer *signer_make(const char *name, uint8_t first)
{
	struct signer *signer = NULL;
	struct secret *seed = NULL;

	assert_int_equal(secret_new(&seed, SIGNER_SEED_SIZE, &fault), ERR_OK);
	secret_data(seed)[0] = first;
	secret_resize(seed, SIGNER_SEED_SIZE);
	assert_int_equal(signer_new(&signer, name, seed, &fault), ERR_OK);
	secret_free(&seed);
	return signer;
}

/* Ours, formatted and signed, opens; a witness alone does not make a checkpoint. */
static void test_own(void **state)
{
	struct checkpoint checkpoint = {.origin = "example/line1", .size = INTEGER_MAX, .root = {1, 2, 3}},
	    again;
	struct signer *log = signer_make("example/line1", 1), *other = signer_make("other", 2);
	struct buffer text = BUFFER_EMPTY, note = BUFFER_EMPTY;
	static struct note_key many[CHECKPOINT_WITNESSES_MAX + 1];
	bool witnessed = true;

	(void)state;
	checkpoint_format(&text, &checkpoint);
	assert_int_equal(note_sign(&note, log, buffer_bytes(&text), &fault), ERR_OK);
	assert_int_equal(checkpoint_open(&again, &witnessed, buffer_bytes(&note), "example/line1",
	    signer_key(log),
	    signer_key(other), 1, "c", &fault), ERR_OK);
	assert_false(witnessed);
	assert_string_equal(again.origin, checkpoint.origin);
	assert_int_equal(again.size, checkpoint.size);
	assert_memory_equal(again.root, checkpoint.root, sizeof again.root);
	assert_fault(checkpoint_open(&again, NULL, buffer_bytes(&note), "example/line1", signer_key(other),
	    signer_key(log), 1, "c", &fault), ERR_NO, "checkpoint-unsigned");
	for (size_t i = 0; i < CHECKPOINT_WITNESSES_MAX + 1; i++)
		many[i] = *signer_key(other);
	assert_int_equal(checkpoint_open(&again, NULL, buffer_bytes(&note), "example/line1", signer_key(log),
	    many,
	    CHECKPOINT_WITNESSES_MAX, "c", &fault), ERR_OK);
	assert_fault(checkpoint_open(&again, NULL, buffer_bytes(&note), "example/line1", signer_key(log),
	    many,
	    CHECKPOINT_WITNESSES_MAX + 1, "c", &fault), ERR_CANNOT, "note-keys");
	buffer_free(&text);
	buffer_free(&note);
	signer_free(&log);
	signer_free(&other);
}

/* A cosignature that is right but for one byte too few or too many. */
static void test_cosignature_size(void **state)
{
	json_t *root = vector_json("notes/checkpoints.json"), *entry = NULL;
	struct buffer raw, blob = BUFFER_EMPTY;
	struct setting setting;
	struct bytes head, text;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(root, "cases"), i, entry)
		if (strcmp(json_text(entry, "name"), "log-two-witnesses-and-unknown") == 0)
			break;
	setting_read(&setting, entry);
	raw = json_base64(entry, "checkpoint_b64");
	/* its last line is w1's: what stands before the base64, and the base64 */
	head = bytes_from(raw.data, raw.size - 105);
	text = bytes_from(raw.data + raw.size - 105, 104);
	assert_true(base64_decode(&blob, text, true));
	assert_int_equal(blob.size, 76);
	buffer_byte(&blob, 0);
	for (size_t size = 5; size <= 77; size++) {
		struct buffer file = BUFFER_EMPTY;
		struct bytes unused;
		enum err err;

		buffer_put(&file, head);
		base64_encode(&file, bytes_from(blob.data, size), true);
		buffer_byte(&file, '\n');
		err = note_open(&unused, NULL, buffer_bytes(&file), setting.witnesses, setting.count, "n",
		    &fault);
		assert_int_equal(err == ERR_OK, size == 76);
		if (size != 76)
			assert_fault(err, ERR_NO, "note-signature");
		buffer_free(&file);
	}
	buffer_free(&raw);
	buffer_free(&blob);
	json_decref(root);
}

static void assert_form(const char *text, const char *code)
{
	struct checkpoint checkpoint;

	assert_fault(checkpoint_parse(&checkpoint, bytes_of(text), "o", "c", &fault), ERR_NO, code);
}

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static void test_parse(void **state)
{
	struct checkpoint checkpoint;

	(void)state;
	assert_int_equal(checkpoint_parse(&checkpoint, bytes_of("o\n7\n" ROOT "\n"), "o", "c", &fault),
	    ERR_OK);
	assert_int_equal(checkpoint_parse(&checkpoint, bytes_of("o\n7\n" ROOT "\nmore\n"), "o", "c", &fault),
	    ERR_OK);
	assert_form("", "checkpoint-form");
	assert_form("\n7\n" ROOT "\n", "checkpoint-form");
	assert_form("oo\n7\n" ROOT "\n", "checkpoint-origin");
	assert_form("o\n9007199254740992\n" ROOT "\n", "checkpoint-form");
	assert_form("o\n7\n" ROOT, "checkpoint-form");
	assert_form("o\n7\n" ROOT "\nmore", "checkpoint-form");
	assert_form("o\n7\n" ROOT "\n\nmore\n", "checkpoint-form");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checkpoints),
		cmocka_unit_test(test_proofs),
		cmocka_unit_test(test_proof_cut),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_cosignature_size),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
