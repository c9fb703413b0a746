/* SPDX-License-Identifier: ISC */
/* A station's log as an auditor reads it: whole, changed in any byte, short, longer, torn. */
#include "vectors.h"

#include <sodium.h>

#include "gapseal/log.h"
#include "gapseal/signer.h"
#include "place.h"

#define ORIGIN "acme/line1"

static struct signer *signer;
static struct note_key witness;
static uint8_t witness_pair[64];

static struct buffer entries; /* entries.jsonl of the test in hand */
static size_t ends[64];       /* where its first lines end */
static struct tree tree;      /* over all its lines */
static uint8_t roots[64][HASH_SIZE];

static int group_set_up(void **state)
{
	uint8_t seed[32] = "the witness of the night shift.", public[32];
	struct secret *log_seed;

	(void)state;
	if (secret_process(&fault) != ERR_OK || secret_new(&log_seed, SIGNER_SEED_SIZE, &fault) != ERR_OK)
		return -1;
	secret_put(log_seed, bytes_from("a log key seed of 32 bytes......", SIGNER_SEED_SIZE));
	assert_int_equal(signer_new(&signer, ORIGIN, log_seed, &fault), ERR_OK);
	secret_free(&log_seed);
	crypto_sign_seed_keypair(public, witness_pair, seed);
	return note_key_make(&witness, "shift", NOTE_COSIGNATURE, public, &fault) == ERR_OK ? 0 : -1;
}

static int group_tear_down(void **state)
{
	(void)state;
	signer_free(&signer);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	place_make();
	tree = (struct tree){0};
	tree_root(&tree, roots[0]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buffer_free(&entries);
	place_remove();
	return 0;
}

static void add_line(struct bytes line)
{
	uint8_t leaf[HASH_SIZE];

	hash_leaf(leaf, line);
	tree_push(&tree, leaf);
	buffer_put(&entries, line);
	buffer_byte(&entries, '\n');
	if (tree.size < 64) {
		ends[tree.size] = entries.size;
		tree_root(&tree, roots[tree.size]);
	}
}

/* The next entry: a begin, its end, and now and then something else. */
static void add_entry(uint64_t n)
{
	struct entry entry = {.v = ENTRY_VERSION, .n = n, .time = "2026-07-03T07:12:09Z", .boot = "boot",
	    .mono = n};
	struct buffer line = BUFFER_EMPTY;

	entry.type = n % 3 == 0 ? ENTRY_BEGIN : n % 3 == 1 ? ENTRY_END : ENTRY_EXPORT;
	entry.attempt = 1;
	entry.begin = n - 1;
	entry.grant = 3;
	entry.index = n;
	entry.leaf.present = entry.manifest.present = entry.state.present = true;
	memset(entry.leaf.hash, (int)n, HASH_SIZE);
	snprintf(entry.port, sizeof entry.port, "p1");
	snprintf(entry.result, sizeof entry.result, "done");
	entry_format(&line, &entry);
	add_line(buffer_bytes(&line));
	buffer_free(&line);
}

static void put_entries(size_t size)
{
	place_put(LOG_ENTRIES, entries.data, size);
}

/* What a witness adds to a note over text: C2SP tlog-cosignature. */
static void cosign(struct buffer *note, struct bytes text)
{
	uint8_t blob[4 + 8 + 64] = {0};
	struct buffer message = BUFFER_EMPTY;

	buffer_text(&message, "cosignature/v1\ntime 1751500000\n");
	buffer_put(&message, text);
	memcpy(blob, witness.id, 4);
	for (size_t i = 0; i < 8; i++)
		blob[4 + i] = (uint8_t)(UINT64_C(1751500000) >> (56 - 8 * i));
	crypto_sign_detached(blob + 12, NULL, message.data, message.size, witness_pair);
	buffer_format(note, "\xe2\x80\x94 %s ", witness.name);
	base64_encode(note, bytes_from(blob, sizeof blob), true);
	buffer_byte(note, '\n');
	buffer_free(&message);
}

static void make_checkpoint(struct buffer *out, uint64_t size, const uint8_t root[static HASH_SIZE])
{
	struct checkpoint checkpoint = {.origin = ORIGIN, .size = size};
	struct buffer text = BUFFER_EMPTY;

	memcpy(checkpoint.root, root, HASH_SIZE);
	checkpoint_format(&text, &checkpoint);
	assert_int_equal(note_sign(out, signer, buffer_bytes(&text), &fault), ERR_OK);
	cosign(out, buffer_bytes(&text));
	buffer_free(&text);
}

static void put_checkpoint(uint64_t size, const uint8_t root[static HASH_SIZE])
{
	struct buffer note = BUFFER_EMPTY;

	make_checkpoint(&note, size, root);
	place_put(LOG_CHECKPOINT, note.data, note.size);
	buffer_free(&note);
}

/* A log of count entries, all of them under the checkpoint. */
static void make_log(uint64_t count)
{
	for (uint64_t n = 0; n < count; n++)
		add_entry(n);
	put_entries(entries.size);
	put_checkpoint(count, roots[count]);
}

struct seen {
	uint64_t count;
	uint64_t stop;
};

static enum err see(void *context, const struct entry *entry, struct fault *out)
{
	struct seen *seen = context;

	assert_true(entry->n == seen->count);
	seen->count++;
	return seen->count == seen->stop ? fault_set(out, ERR_CANNOT, "stopped", "",
	    "by the visitor") : ERR_OK;
}

static struct log_reading reading;

static enum err verify(struct seen *seen)
{
	*seen = (struct seen){0};
	return log_verify(&reading, place, ORIGIN, signer_key(signer), NULL, 0, see, seen, "log", &fault);
}

static void test_good(void **state)
{
	struct seen seen;

	(void)state;
	for (uint64_t count = 0; count <= 9; count++) {
		buffer_clear(&entries);
		tree = (struct tree){0};
		make_log(count);
		assert_int_equal(verify(&seen), ERR_OK);
		assert_true(seen.count == count && reading.size == count && reading.checkpoint.size == count);
		assert_true(reading.bytes == entries.size && reading.rest == 0 && reading.tree.size == count);
		assert_memory_equal(reading.checkpoint.root, roots[count], HASH_SIZE);
	}
	assert_int_equal(log_verify(&reading, place, ORIGIN, signer_key(signer), NULL, 0, NULL, NULL, "log",
	    &fault), ERR_OK);
}

static void test_witnesses(void **state)
{
	struct note_key others[2] = {*signer_key(signer), witness};

	(void)state;
	make_log(2);
	snprintf(others[0].name, sizeof others[0].name, "other");
	assert_int_equal(note_key_make(&others[0], "other", NOTE_ED25519, others[0].key, &fault), ERR_OK);
	assert_int_equal(log_verify(&reading, place, ORIGIN, signer_key(signer), others, 2, NULL, NULL, "log",
	    &fault), ERR_OK);
	assert_false(reading.witnessed[0]);
	assert_true(reading.witnessed[1]);
	/* a witness alone vouches for nothing */
	assert_fault(log_verify(&reading, place, ORIGIN, &others[0], &witness, 1, NULL, NULL, "log", &fault),
	    ERR_NO, "checkpoint-unsigned");
	assert_fault(log_verify(&reading, place, "acme/line2", signer_key(signer), NULL, 0, NULL, NULL, "log",
	    &fault), ERR_NO, "checkpoint-origin");
}

static void test_every_byte_of_entries(void **state)
{
	struct seen seen;

	(void)state;
	make_log(4);
	for (size_t i = 0; i < 8 * entries.size; i++) {
		entries.data[i / 8] ^= (uint8_t)(1U << i % 8);
		put_entries(entries.size);
		assert_int_equal(verify(&seen), ERR_NO);
		assert_true(seen.count < 4); /* the last entry is seen only after the root fits */
		entries.data[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	put_entries(entries.size);
	assert_int_equal(verify(&seen), ERR_OK);
}

/* Up to the cosignature of a witness that nobody asked about: such lines are not read. */
static void test_every_byte_of_checkpoint(void **state)
{
	static const char dash[] = "\n\xe2\x80\x94 shift ";
	struct buffer note = BUFFER_EMPTY;
	struct seen seen;
	size_t length;

	(void)state;
	make_log(4);
	make_checkpoint(&note, 4, roots[4]);
	length = (size_t)((uint8_t *)memmem(note.data, note.size, dash, sizeof dash - 1) + 1 - note.data);
	for (size_t i = 0; i < 8 * length; i++) {
		note.data[i / 8] ^= (uint8_t)(1U << i % 8);
		place_put(LOG_CHECKPOINT, note.data, length);
		assert_int_equal(verify(&seen), ERR_NO);
		assert_true(seen.count == 0);
		note.data[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	for (size_t i = 0; i < length; i++) {
		place_put(LOG_CHECKPOINT, note.data, i);
		assert_int_equal(verify(&seen), ERR_NO);
	}
	buffer_free(&note);
}

static void test_short(void **state)
{
	struct seen seen;

	(void)state;
	make_log(4);
	for (size_t size = 0; size < entries.size; size++) {
		put_entries(size);
		assert_fault(verify(&seen), ERR_NO, "log-short");
	}
	assert_string_equal(fault.where, "log");
}

static void test_other_root(void **state)
{
	struct seen seen;

	(void)state;
	make_log(4);
	put_checkpoint(4, roots[3]);
	assert_fault(verify(&seen), ERR_NO, "log-root");
	put_checkpoint(3, roots[4]);
	assert_fault(verify(&seen), ERR_NO, "log-root");
	put_checkpoint(0, roots[1]);
	assert_fault(verify(&seen), ERR_NO, "log-root");
}

/* Behind the checkpoint whatever parses is read, and the rest measured, wherever it is cut. */
static void test_tail(void **state)
{
	struct seen seen;

	(void)state;
	make_log(5);
	put_checkpoint(2, roots[2]);
	for (size_t size = ends[2]; size <= entries.size; size++) {
		uint64_t whole = 2;

		while (whole < 5 && ends[whole + 1] <= size)
			whole++;
		put_entries(size);
		assert_int_equal(verify(&seen), ERR_OK);
		assert_true(seen.count == whole && reading.size == whole && reading.checkpoint.size == 2);
		assert_true(reading.bytes == ends[whole] && reading.rest == size - ends[whole]);
		tree_root(&reading.tree, roots[63]);
		assert_memory_equal(roots[63], roots[whole], HASH_SIZE);
	}
}

/* From the first line behind the checkpoint that is no entry, or not the next one, all is rest. */
static void test_tail_bad(void **state)
{
	struct seen seen;
	size_t size;

	(void)state;
	make_log(3);
	size = entries.size;
	buffer_text(&entries, "{\"n\":3}\n");
	add_entry(3);
	put_entries(entries.size);
	assert_int_equal(verify(&seen), ERR_OK);
	assert_true(seen.count == 3 && reading.bytes == size && reading.rest == entries.size - size);
	entries.size = size;
	add_entry(4);
	put_entries(entries.size);
	assert_int_equal(verify(&seen), ERR_OK);
	assert_true(seen.count == 3 && reading.bytes == size && reading.rest == entries.size - size);
	entries.size = size;
	memset(buffer_space(&entries, 1 << 20), 'x', 1 << 20); /* one endless line */
	put_entries(entries.size);
	assert_int_equal(verify(&seen), ERR_OK);
	assert_true(reading.bytes == size && reading.rest == 1 << 20);
}

static void test_form(void **state)
{
	struct seen seen;

	(void)state;
	add_entry(0);
	add_line(bytes_of("{\"n\":1}"));
	add_entry(2);
	put_entries(entries.size);
	put_checkpoint(3, roots[3]);
	assert_fault(verify(&seen), ERR_NO, "entry-form");
	assert_string_equal(fault.where, "log/entries.jsonl:2");
	assert_true(seen.count == 1);
}

static void test_number(void **state)
{
	struct seen seen;

	(void)state;
	add_entry(0);
	add_entry(2);
	put_entries(entries.size);
	put_checkpoint(2, roots[2]);
	assert_fault(verify(&seen), ERR_NO, "entry-number");
	assert_string_equal(fault.where, "log/entries.jsonl:2");
	buffer_clear(&entries);
	tree = (struct tree){0};
	add_entry(1);
	put_entries(entries.size);
	put_checkpoint(1, roots[1]);
	assert_fault(verify(&seen), ERR_NO, "entry-number");
}

static void test_long_line(void **state)
{
	struct seen seen;

	(void)state;
	add_entry(0);
	memset(buffer_space(&entries, 1 << 20), 'x', 1 << 20);
	put_entries(entries.size);
	put_checkpoint(2, roots[1]);
	assert_fault(verify(&seen), ERR_NO, "entry-form");
	assert_string_equal(fault.where, "log/entries.jsonl:2");
}

/* Many windows of the reader. */
static void test_large(void **state)
{
	enum { COUNT = 5000 };
	struct seen seen;
	uint8_t root[HASH_SIZE];

	(void)state;
	for (uint64_t n = 0; n < COUNT; n++)
		add_entry(n);
	tree_root(&tree, root);
	put_entries(entries.size);
	put_checkpoint(COUNT, root);
	assert_true(entries.size > 3 << 18);
	assert_int_equal(verify(&seen), ERR_OK);
	assert_true(seen.count == COUNT && reading.bytes == entries.size && reading.rest == 0);
	entries.data[entries.size - 100] ^= 1;
	put_entries(entries.size);
	assert_int_equal(verify(&seen), ERR_NO);
}

static void test_visitor(void **state)
{
	struct seen seen = {.stop = 2};

	(void)state;
	make_log(4);
	assert_fault(log_verify(&reading, place, ORIGIN, signer_key(signer), NULL, 0, see, &seen, "log",
	    &fault), ERR_CANNOT, "stopped");
	assert_true(seen.count == 2);
}

static void test_files(void **state)
{
	struct seen seen;

	(void)state;
	make_log(1);
	assert_int_equal(unlinkat(place, LOG_ENTRIES, 0), 0);
	assert_fault(verify(&seen), ERR_CANNOT, "file-open");
	assert_string_equal(fault.where, "log/entries.jsonl");
	assert_int_equal(symlinkat(LOG_CHECKPOINT, place, LOG_ENTRIES), 0);
	assert_fault(verify(&seen), ERR_CANNOT, "file-kind");
	assert_int_equal(unlinkat(place, LOG_CHECKPOINT, 0), 0);
	assert_fault(verify(&seen), ERR_CANNOT, "file-open");
	assert_string_equal(fault.where, "log/checkpoint");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good), TEST(test_witnesses), TEST(test_every_byte_of_entries),
		    TEST(test_every_byte_of_checkpoint),
		TEST(test_short), TEST(test_other_root), TEST(test_tail), TEST(test_tail_bad),
		    TEST(test_form), TEST(test_number),
		TEST(test_long_line), TEST(test_large), TEST(test_visitor), TEST(test_files),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
