/* SPDX-License-Identifier: ISC */
/* Keys of closed lots go, those of open lots stay, whatever call fails and wherever a crash strikes. */
#include "officers.h"

#include "stations.h"

#include "media.h"

#include "gapseal/lot_keys.h"
#include "trips.h"

#define LOTS 3

int fsync(int file)
{
	(void)file;
	return trips() ? -1 : 0;
}

int unlinkat(int folder, const char *name, int flags)
{
	return trips() ? -1 : (int)syscall(SYS_unlinkat, folder, name, flags);
}

/* A grant of three lots, sealed for the enrolled home, in place/7. */
static struct manifest_fields manifest;
static struct grant_fields granted;
static struct secret *identity;
static struct buffer sealed;
static int folder;

static void put_in_folder(const char *name, struct bytes text)
{
	assert_int_equal(file_write(folder, name, text, 0600, true, &fault), ERR_OK);
}

static int grant_make(void **state)
{
	static uint8_t hash[HASH_SIZE] = {9};
	const struct media_grant grant = {
		.serial = 7, .batch = &small_batch, .manifest = hash, .lots = {0, 1, 2}, .lot_count = LOTS
	};
	struct buffer plain = BUFFER_EMPTY;
	struct recipient recipient;

	station_make(state);
	media_folder(in_place("b-1"));
	media_folder(in_place("7"));
	media_manifest(&manifest, in_place("b-1"), &small_batch);
	media_grant_fields(&granted, &grant);
	memcpy(granted.manifest_sha256, hash, HASH_SIZE);
	media_plain(&plain, &grant);
	assert_int_equal(home_identity(&identity, &home, &fault), ERR_OK);
	age_identity_recipient(&recipient, identity);
	assert_int_equal(age_seal(&sealed, buffer_bytes(&plain), &recipient, 1, &fault), ERR_OK);
	hash_bytes(granted.keys_sha256, buffer_bytes(&sealed));
	buffer_free(&plain);
	assert_int_equal(folder_open(&folder, AT_FDCWD, in_place("7"), &fault), ERR_OK);
	put_in_folder(GRANT_KEYS_NAME, buffer_bytes(&sealed));
	countdown = 0;
	return 0;
}

static int grant_remove(void **state)
{
	countdown = 0;
	close(folder);
	buffer_free(&sealed);
	secret_free(&identity);
	json_free(&granted, &grant_shape);
	json_free(&manifest, &manifest_shape);
	return station_remove(state);
}

/* The sealed bytes as a reader would have them. */
static enum err open_keys(struct grant_keys *keys)
{
	struct buffer file = BUFFER_EMPTY;
	enum err err = ERR_OK;

	if (file_exists(folder, GRANT_KEYS_NAME))
		err = file_read(&file, folder, GRANT_KEYS_NAME, AGE_FILE_MAX, &fault);
	if (err == ERR_OK)
		err = lot_keys_open(keys, folder, buffer_bytes(&file), identity, &granted, &manifest,
		    "grants/7", &fault);
	buffer_free(&file);
	return err;
}

/* Exactly the lots whose letter is there ("ac" for the first and the third), with their keys. */
static void check_open(const char *lots)
{
	uint8_t key[KEY_SIZE];
	struct grant_keys keys;
	uint64_t lot;

	if (open_keys(&keys) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
	assert_int_equal(keys.count, strlen(lots));
	for (uint32_t i = 0; i < keys.count; i++) {
		const uint8_t *found = grant_key(&lot, &keys, i);

		assert_int_equal(lot, lots[i] - 'a');
		media_lot_key(key, &small_batch, (uint32_t)lot);
		assert_memory_equal(found, key, KEY_SIZE);
	}
	grant_keys_free(&keys);
}

static void set_closed(bool closed[static LOTS], const char *lots)
{
	memset(closed, 0, LOTS * sizeof *closed);
	for (; *lots != '\0'; lots++)
		closed[*lots - 'a'] = true;
}

/* What a vault does at each look at the home. */
static enum err look(const char *lots)
{
	bool closed[LOTS];
	struct grant_keys keys = {0};
	enum err err;

	set_closed(closed, lots);
	err = lot_keys_settle(folder, "grants/7", &fault);
	if (err == ERR_OK && strlen(lots) == LOTS)
		return lot_keys_destroy(folder, "grants/7", &fault);
	if (err == ERR_OK)
		err = open_keys(&keys);
	for (uint32_t i = 0; err == ERR_OK && i < keys.count; i++) {
		uint64_t lot;

		grant_key(&lot, &keys, i);
		if (closed[lot]) {
			err = lot_keys_cut(folder, &keys, &manifest, closed, "grants/7", &fault);
			break;
		}
	}
	grant_keys_free(&keys);
	return err;
}

/* Names in the folder, "," behind each. */
static void check_names(const char *expected)
{
	char text[256] = "";
	char **names;

	assert_int_equal(folder_list(&names, folder, 100, "7", &fault), ERR_OK);
	for (char **name = names; *name != NULL; name++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s,", *name);
	free(names);
	assert_string_equal(text, expected);
}

/* No file in the folder holds the key of a lot that is closed, sealed or open. */
static void check_gone(const char *lots)
{
	char **names;

	assert_int_equal(folder_list(&names, folder, 100, "7", &fault), ERR_OK);
	for (char **name = names; *name != NULL; name++) {
		struct buffer text = BUFFER_EMPTY;
		uint8_t key[KEY_SIZE];

		assert_string_not_equal(*name, GRANT_KEYS_NAME);
		assert_int_equal(file_read(&text, folder, *name, 1 << 20, &fault), ERR_OK);
		for (const char *lot = lots; *lot != '\0'; lot++) {
			media_lot_key(key, &small_batch, (uint32_t)(*lot - 'a'));
			assert_null(memmem(text.data, text.size, key, KEY_SIZE));
		}
		buffer_free(&text);
	}
	free(names);
}

static void test_lot_by_lot(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(look(""), ERR_OK);
	check_names("keys.age,");
	check_open("abc");
	assert_int_equal(look("b"), ERR_OK);
	check_names("keys.left,");
	check_open("ac");
	check_gone("b");
	assert_int_equal(fstatat(folder, LOT_KEYS_LEFT, &status, 0), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(look("b"), ERR_OK);
	check_open("ac");
	assert_int_equal(look("bc"), ERR_OK);
	check_open("a");
	check_gone("bc");
	assert_int_equal(look("abc"), ERR_OK);
	check_names("");
	assert_int_equal(look("abc"), ERR_OK);
}

/* Through another name of the same file: what was in it is not there any more. */
static void check_zeros(const char *name)
{
	struct buffer text = BUFFER_EMPTY;

	assert_int_equal(file_read(&text, folder, name, 1 << 20, &fault), ERR_OK);
	assert_true(text.size > 0);
	for (size_t i = 0; i < text.size; i++)
		assert_int_equal(text.data[i], 0);
	buffer_free(&text);
}

static void test_files_are_overwritten(void **state)
{
	(void)state;
	assert_int_equal(linkat(folder, GRANT_KEYS_NAME, folder, "first", 0), 0);
	assert_int_equal(look("a"), ERR_OK);
	check_zeros("first");
	assert_int_equal(linkat(folder, LOT_KEYS_LEFT, folder, "second", 0), 0);
	assert_int_equal(look("ab"), ERR_OK);
	check_zeros("second");
	assert_int_equal(linkat(folder, LOT_KEYS_LEFT, folder, "third", 0), 0);
	assert_int_equal(look("abc"), ERR_OK);
	check_zeros("third");
	check_names("first,second,third,");
}

/* Every call by which files change fails once; what follows a failed look is a good one, as after a crash. */
static void fail_each(const char *before, const char *now, const char *left)
{
	int failed = 0;

	for (int i = 1;; i++) {
		enum err err;

		(void)look("abc");
		put_in_folder(GRANT_KEYS_NAME, buffer_bytes(&sealed));
		assert_int_equal(look(before), ERR_OK);
		countdown = i;
		err = look(now);
		if (countdown > 0) {
			countdown = 0;
			break;
		}
		failed += err != ERR_OK;
		if (err != ERR_OK)
			assert_int_equal(fault.err, ERR_CANNOT);
		assert_int_equal(look(now), ERR_OK);
		check_gone(now);
		if (left[0] != '\0')
			check_open(left);
	}
	assert_true(failed >= 4);
}

static void test_every_call_fails(void **state)
{
	(void)state;
	fail_each("", "a", "bc");
	fail_each("a", "ac", "b");
	fail_each("a", "abc", "");
	fail_each("", "abc", "");
}

/* A crash, unlike a failing call, cleans nothing up. */
static void test_crash_states(void **state)
{
	struct buffer left = BUFFER_EMPTY;

	(void)state;
	assert_int_equal(look("b"), ERR_OK);
	assert_int_equal(file_read(&left, folder, LOT_KEYS_LEFT, 1 << 20, &fault), ERR_OK);
	/* keys.next is whole, keys.age half overwritten */
	put_in_folder(GRANT_KEYS_NAME, bytes_of("half of it"));
	assert_int_equal(folder_rename(folder, LOT_KEYS_LEFT, LOT_KEYS_NEXT, "7", &fault), ERR_OK);
	assert_int_equal(look("b"), ERR_OK);
	check_names("keys.left,");
	check_open("ac");
	/* the old keys.left half overwritten */
	put_in_folder(LOT_KEYS_NEXT, buffer_bytes(&left));
	put_in_folder(LOT_KEYS_LEFT, bytes_of("half of it"));
	assert_int_equal(look("b"), ERR_OK);
	check_open("ac");
	/* before the rename, and another lot was closed since */
	assert_int_equal(folder_rename(folder, LOT_KEYS_LEFT, LOT_KEYS_NEXT, "7", &fault), ERR_OK);
	assert_int_equal(look("ab"), ERR_OK);
	check_open("c");
	check_gone("ab");
	/* killed while keys.next was written: the draft may hold any key */
	put_in_folder(".keys.next.0123.part", buffer_bytes(&left));
	assert_int_equal(look("ab"), ERR_OK);
	check_names("keys.left,");
	/* killed while the last keys were overwritten */
	put_in_folder(LOT_KEYS_LEFT, bytes_of("half of it"));
	assert_int_equal(look("abc"), ERR_OK);
	check_names("");
	buffer_free(&left);
}

static void test_strange_files(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("/etc/passwd", folder, ".x.part"), 0);
	assert_fault(lot_keys_settle(folder, "grants/7", &fault), ERR_CANNOT, "file-open");
	assert_int_equal(unlinkat(folder, ".x.part", 0), 0);
	assert_int_equal(mkdirat(folder, LOT_KEYS_NEXT, 0700), 0);
	assert_fault(lot_keys_settle(folder, "grants/7", &fault), ERR_CANNOT, "file-kind");
	assert_int_equal(unlinkat(folder, LOT_KEYS_NEXT, AT_REMOVEDIR), 0);
	check_open("abc");
}

/* One thing wrong with keys.left at a time. */
static void check_refused(struct bytes text)
{
	struct grant_keys keys;

	put_in_folder(LOT_KEYS_LEFT, text);
	assert_fault(open_keys(&keys), ERR_NO, "grant-keys");
	assert_string_equal(fault.where, "grants/7/keys.left");
	assert_null(keys.plain);
}

static void test_damaged_left(void **state)
{
	static const size_t wrong[] = {0, 16, 48, 49, 53, 57, 93};
	struct buffer left = BUFFER_EMPTY;
	struct grant_keys keys;

	(void)state;
	assert_int_equal(look("c"), ERR_OK);
	assert_int_equal(file_read(&left, folder, LOT_KEYS_LEFT, 1 << 20, &fault), ERR_OK);
	assert_int_equal(left.size, 16 + 32 + 1 + 4 + 2 * 36);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		left.data[wrong[i]] ^= 1; /* magic, manifest, kind, count, lot, key, second key */
		check_refused(buffer_bytes(&left));
		left.data[wrong[i]] ^= 1;
	}
	left.data[53 + 36] = 3; /* a lot beyond those granted */
	check_refused(buffer_bytes(&left));
	left.data[53 + 36] = 1;
	check_refused(bytes_from(left.data, left.size - 36));
	check_refused(bytes_from(left.data, left.size - 1));
	left.data[49] = 0;
	check_refused(bytes_from(left.data, 53));
	left.data[49] = 2;
	buffer_byte(&left, 0);
	check_refused(buffer_bytes(&left));
	left.size--;
	put_in_folder(LOT_KEYS_LEFT, buffer_bytes(&left));
	check_open("ab");
	assert_int_equal(fchmodat(folder, LOT_KEYS_LEFT, 0640, 0), 0);
	assert_fault(open_keys(&keys), ERR_CANNOT, "file-mode");
	buffer_free(&left);
}

static void test_none_at_all(void **state)
{
	struct grant_keys keys;

	(void)state;
	assert_int_equal(lot_keys_destroy(folder, "grants/7", &fault), ERR_OK);
	assert_int_equal(lot_keys_destroy(folder, "grants/7", &fault), ERR_OK);
	assert_fault(open_keys(&keys), ERR_NO, "grant-keys");
	assert_string_equal(fault.where, "grants/7/keys.age");
}

/* Roots of records go with the lots they lie in: 1 and 2 in the first, 5 in the second, 6 in the third. */
static void test_records(void **state)
{
	const struct media_grant grant = {
		.serial = 7, .batch = &small_batch, .manifest = granted.manifest_sha256,
		.records = {1, 2, 5, 6}, .record_count = 4
	};
	static const uint64_t left[] = {5, 6};
	struct buffer plain = BUFFER_EMPTY, keys_left = BUFFER_EMPTY;
	uint8_t lot[KEY_SIZE], root[KEY_SIZE];
	bool closed[LOTS] = {true};
	struct secret *secret;
	struct grant_keys keys;
	uint64_t index;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		*(uint64_t *)list_grow(&granted.records, sizeof(uint64_t)) = grant.records[i];
	free(granted.lots.items);
	granted.lots = (struct list){0};
	media_plain(&plain, &grant);
	assert_int_equal(secret_new(&secret, plain.size, &fault), ERR_OK);
	secret_put(secret, buffer_bytes(&plain));
	assert_int_equal(grant_keys_take(&keys, &secret, &granted, &manifest, "grants/7", &fault), ERR_OK);
	assert_false(grant_key_closed(&keys, 2, &manifest, closed));
	assert_true(grant_key_closed(&keys, 1, &manifest, closed));
	assert_int_equal(lot_keys_cut(folder, &keys, &manifest, closed, "grants/7", &fault), ERR_OK);
	grant_keys_free(&keys);
	check_names("keys.left,");
	assert_int_equal(file_read(&keys_left, folder, LOT_KEYS_LEFT, 1 << 20, &fault), ERR_OK);
	media_lot_key(lot, &small_batch, 0);
	keys_root(root, lot, 1);
	assert_null(memmem(keys_left.data, keys_left.size, root, KEY_SIZE));
	assert_int_equal(open_keys(&keys), ERR_OK);
	assert_true(keys.records);
	assert_int_equal(keys.count, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const uint8_t *found = grant_key(&index, &keys, i);

		assert_int_equal(index, left[i]);
		media_lot_key(lot, &small_batch, (uint32_t)(index / small_batch.lot_size));
		keys_root(root, lot, index);
		assert_memory_equal(found, root, KEY_SIZE);
	}
	closed[1] = closed[2] = true;
	assert_int_equal(lot_keys_cut(folder, &keys, &manifest, closed, "grants/7", &fault), ERR_OK);
	check_names("");
	grant_keys_free(&keys);
	buffer_free(&keys_left);
	buffer_free(&plain);
}

#define KEYS_TEST(function) cmocka_unit_test_setup_teardown(function, grant_make, grant_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEYS_TEST(test_lot_by_lot),
		KEYS_TEST(test_files_are_overwritten),
		KEYS_TEST(test_every_call_fails),
		KEYS_TEST(test_crash_states),
		KEYS_TEST(test_strange_files),
		KEYS_TEST(test_damaged_left),
		KEYS_TEST(test_none_at_all),
		KEYS_TEST(test_records),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
