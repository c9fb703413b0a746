/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_INGESTS_H
#define GAPSEAL_INGESTS_H

/* What the tests of ingest share: a station that trusts, a report, and a disk that fails. After officers.h,
 * stations.h and media.h. */

#include "gapseal/ingest.h"
#include "trips.h"

/* Nobody waits for the disk, since thousands of ingests run here. */
#define SYNCED_MAX 200
static ino_t synced[SYNCED_MAX];
static size_t synced_count;

int fsync(int file)
{
	struct stat status;

	if (trips())
		return -1;
	assert_int_equal(fstat(file, &status), 0);
	if (synced_count < SYNCED_MAX)
		synced[synced_count++] = status.st_ino;
	return 0;
}

int fdatasync(int file)
{
	(void)file;
	return trips() ? -1 : 0;
}

static inline bool was_synced(int folder, const char *name)
{
	struct stat status;

	assert_int_equal(fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	for (size_t i = 0; i < synced_count; i++)
		if (synced[i] == status.st_ino)
			return true;
	return false;
}

int mkdirat(int folder, const char *name, mode_t mode)
{
	return trips() ? -1 : (int)syscall(SYS_mkdirat, folder, name, mode);
}

static struct ingest_report report;
static struct buffer said;
static uint8_t manifest[HASH_SIZE]; /* of the small batch at place/b-1 */

static inline void say(void *context, const char *line)
{
	(void)context;
	assert_null(strchr(line, '\n'));
	buffer_format(&said, "%s\n", line);
}

static inline bool was_said(const char *what)
{
	bool found;

	buffer_byte(&said, '\0');
	found = strstr((const char *)said.data, what) != NULL;
	said.size--;
	return found;
}

static inline enum err ingest(const char *path)
{
	const char *const paths[] = {path};

	buffer_clear(&said);
	report = (struct ingest_report){.say = say};
	return ingest_paths(&home, paths, 1, &report, &fault);
}

static inline void check_report(size_t taken, size_t held, size_t refused)
{
	assert_int_equal(report.taken, taken);
	assert_int_equal(report.held, held);
	assert_int_equal(report.refused, refused);
}

static inline enum err pin_trust(const char *path, const uint8_t hash[static HASH_SIZE])
{
	char pin[2 * HASH_SIZE + 1];

	hex_encode(pin, bytes_from(hash, HASH_SIZE));
	buffer_clear(&said);
	report = (struct ingest_report){.say = say};
	return ingest_trust(&home, path, pin, false, &report, &fault);
}

/* A station that has pinned trust version 1, and a good batch on the medium. */
static inline int trusting_make(void **state)
{
	uint8_t hash[HASH_SIZE];

	station_make(state);
	media_make_trust(hash, place_path, "t1.json", NULL);
	assert_int_equal(pin_trust(in_place("t1.json"), hash), ERR_OK);
	media_make_batch(manifest, in_place("b-1"), &small_batch);
	return 0;
}

static inline int trusting_remove(void **state)
{
	trust_free(&media_trust);
	buffer_free(&said);
	return station_remove(state);
}

static struct entry last_entry;
static uint64_t entries_of_type[ENTRY_TYPES];

static inline enum err keep_last(void *context, const struct entry *entry, struct fault *unused)
{
	(void)context;
	(void)unused;
	last_entry = *entry;
	entries_of_type[entry->type]++;
	return ERR_OK;
}

static uint64_t log_size(void)
{
	memset(entries_of_type, 0, sizeof entries_of_type);
	return log_audit(keep_last, NULL);
}

static inline size_t names_in(const char *path)
{
	size_t count = 0;
	char **names;
	int folder;

	assert_int_equal(folder_open(&folder, AT_FDCWD, path, &fault), ERR_OK);
	assert_int_equal(folder_list(&names, folder, 10000, "list", &fault), ERR_OK);
	while (names[count] != NULL)
		count++;
	free(names);
	close(folder);
	return count;
}

/* Refused with this code, and nothing came of it. */
static inline void check_refused(const char *path, const char *code)
{
	size_t batches = names_in(in_place("home/batches")), grants = names_in(in_place("home/grants"));
	uint64_t size = log_size();
	enum err err = ingest(path);

	if (err != ERR_NO || strcmp(fault.code, code) != 0)
		fail_msg("%s: %d %s: %s", code, err, err == ERR_OK ? "" : fault.code, fault.text);
	check_report(0, 0, 1);
	assert_true(was_said("refused: "));
	assert_int_equal(names_in(in_place("home/batches")), batches);
	assert_int_equal(names_in(in_place("home/grants")), grants);
	assert_int_equal(log_size(), size);
}

/* The text after "untrusted comment: " of a signature file is ignored, and its line end with it. */
static inline bool is_ignored(const char *name, struct bytes text, size_t at)
{
	const uint8_t *end = memchr(text.data, '\n', text.size);

	return strstr(name, ".minisig") != NULL && at >= strlen("untrusted comment: ") &&
	    at < (size_t)(end - text.data);
}

static inline void flip_every_byte(const char *folder, const char *name)
{
	struct buffer text = media_read(folder, name);

	for (size_t i = 0; i < text.size; i++) {
		enum err err;

		if (is_ignored(name, buffer_bytes(&text), i))
			continue;
		text.data[i] ^= 1;
		media_write(folder, name, buffer_bytes(&text));
		err = ingest(folder);
		if (err != ERR_NO)
			fail_msg("%s: byte %zu: %d", name, i, err);
		text.data[i] ^= 1;
	}
	media_write(folder, name, buffer_bytes(&text));
	buffer_free(&text);
}

static inline void flip_every_file(const char *folder, void (*flip)(const char *folder, const char *name))
{
	char **names;
	int opened;

	assert_int_equal(folder_open(&opened, AT_FDCWD, folder, &fault), ERR_OK);
	assert_int_equal(folder_list(&names, opened, 1000, "list", &fault), ERR_OK);
	for (char **name = names; *name != NULL; name++)
		flip(folder, *name);
	free(names);
	close(opened);
}

static inline struct media_grant good_grant(void)
{
	return (struct media_grant){.serial = 5, .batch = &small_batch, .manifest = manifest, .lots = {0, 2},
	    .lot_count = 2};
}

#define TRUSTING_TEST(function) cmocka_unit_test_setup_teardown(function, trusting_make, trusting_remove)
#define NEW_TEST(function) cmocka_unit_test_setup_teardown(function, station_make, trusting_remove)

#endif
