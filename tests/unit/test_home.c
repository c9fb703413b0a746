/* SPDX-License-Identifier: ISC */
/* Enrolling a station, and what opens as its home. */
#include "officers.h"

#include "stations.h"

#include "gapseal/age.h"

#include <sys/stat.h>

static unsigned mode_of(const char *name)
{
	char full[600];
	struct stat status;

	snprintf(full, sizeof full, "%s/home/%s", place_path, name);
	assert_int_equal(stat(full, &status), 0);
	return status.st_mode & 0777;
}

static enum err see(void *context, const struct entry *entry, struct fault *unused)
{
	(void)unused;
	*(struct entry *)context = *entry;
	return ERR_OK;
}

static void test_enrolled(void **state)
{
	struct buffer card = home_file("line1.station");
	struct recipient recipient;
	char text[RECIPIENT_SIZE], key_text[NOTE_VKEY_MAX];
	uint8_t hash[HASH_SIZE];
	struct secret *key;
	struct card opened;
	struct entry entry;

	(void)state;
	assert_string_equal(home.org, "acme");
	assert_string_equal(home.station, "line1");
	assert_string_equal(home.origin, "acme/line1");
	assert_int_equal(card_open(&opened, buffer_bytes(&card), "card", &fault), ERR_OK);
	hash_bytes(hash, buffer_bytes(&card));
	assert_memory_equal(hash, card_hash, HASH_SIZE);
	assert_int_equal(home_identity(&key, &home, &fault), ERR_OK);
	age_identity_recipient(&recipient, key);
	recipient_print(text, &recipient);
	assert_string_equal(opened.recipient, text);
	note_key_print(key_text, signer_key(signer));
	assert_string_equal(opened.log_key, key_text);
	assert_int_equal(log_audit(see, &entry), 1);
	assert_int_equal(entry.type, ENTRY_ENROLL);
	assert_string_equal(entry.log_key, key_text);
	assert_string_equal(entry.recipient, text);
	assert_string_equal(entry.org, "acme");
	assert_string_equal(entry.station, "line1");
	assert_string_equal(entry.tool, "test 1");
	secret_free(&key);
	buffer_free(&card);
}

static void test_modes(void **state)
{
	(void)state;
	assert_int_equal(mode_of(""), 0700);
	assert_int_equal(mode_of("identity"), 0600);
	assert_int_equal(mode_of("log.seed"), 0600);
	assert_int_equal(mode_of("log"), 0700);
	assert_int_equal(mode_of("batches"), 0700);
}

static void test_once(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	assert_fault(home_enroll(hash, in_place("home"), "acme", "line1", "t", &fault), ERR_CANNOT,
	    "home-exists");
	place_put("file", "x", 1);
	assert_fault(home_enroll(hash, in_place("file"), "acme", "line1", "t", &fault), ERR_CANNOT,
	    "home-exists");
	assert_fault(home_enroll(hash, in_place("no/where"), "acme", "line1", "t", &fault), ERR_CANNOT,
	    "file-open");
	assert_int_equal(mkdirat(place, "empty", 0755), 0);
	assert_int_equal(home_enroll(hash, in_place("empty/"), "acme", "line2", "t", &fault), ERR_OK);
}

static void test_names(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	assert_fault(home_enroll(hash, in_place("new"), "Acme", "line1", "t", &fault), ERR_CANNOT,
	    "name-form");
	assert_fault(home_enroll(hash, in_place("new"), "acme", "../x", "t", &fault), ERR_CANNOT,
	    "name-form");
	assert_fault(home_enroll(hash, in_place("new"), "", "line1", "t", &fault), ERR_CANNOT, "name-form");
	assert_false(file_exists(place, "new"));
}

static size_t count_names(const char *path)
{
	char **names;
	size_t count = 0;
	int folder;

	assert_int_equal(folder_open(&folder, AT_FDCWD, path, &fault), ERR_OK);
	assert_int_equal(folder_list(&names, folder, 1000, "list", &fault), ERR_OK);
	while (names[count] != NULL)
		count++;
	free(names);
	close(folder);
	return count;
}

/* A tool name that no entry can hold fails at the very end: nothing of the home may stay. */
static void test_whole_or_not_at_all(void **state)
{
	size_t before = count_names(place_path);
	uint8_t hash[HASH_SIZE];

	(void)state;
	assert_fault(home_enroll(hash, in_place("new"), "acme", "line1", "t\n", &fault), ERR_CANNOT,
	    "log-form");
	assert_int_equal(count_names(place_path), before);
}

static void test_missing_parts(void **state)
{
	static const char *const parts[] = {"station.conf", "identity", "log.seed", "trust", "batches",
	    "grants"};
	struct home other;

	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		assert_int_equal(renameat(home.folder, parts[i], home.folder, "away"), 0);
		assert_fault(home_open(&other, in_place("home"), &fault), ERR_CANNOT, "home-open");
		assert_non_null(strstr(fault.text, parts[i]));
		assert_int_equal(other.folder, -1);
		assert_int_equal(renameat(home.folder, "away", home.folder, parts[i]), 0);
	}
	assert_int_equal(home_open(&other, in_place("home"), &fault), ERR_OK);
	home_close(&other);
	home_close(&other);
	assert_fault(home_open(&other, in_place("nothing"), &fault), ERR_CANNOT, "file-open");
}

static void test_conf(void **state)
{
	struct home other;

	(void)state;
	home_put(HOME_CONF, bytes_of("org = \"acme\"\n"));
	assert_fault(home_open(&other, in_place("home"), &fault), ERR_NO, "home-name");
	home_put(HOME_CONF, bytes_of("org = \"acme\"\nname = \"Line 1\"\n"));
	assert_fault(home_open(&other, in_place("home"), &fault), ERR_NO, "home-name");
	home_put(HOME_CONF, bytes_of("org = \"acme\"\nname = \"line1\"\ncolour = \"red\"\n"));
	assert_fault(home_open(&other, in_place("home"), &fault), ERR_NO, "config-option");
	home_put(HOME_CONF, bytes_of("org = \"acme\"\nname = \"line1\"\nport = {\"a\", \"b\"}\nbaud = 9600\n"
	    "once = true\ntimeout = 3\noperator = \"o\"\nflow = \"none\"\n"));
	assert_int_equal(home_open(&other, in_place("home"), &fault), ERR_OK);
	home_close(&other);
}

static void test_seed(void **state)
{
	struct buffer seed = home_file(HOME_LOG_SEED);
	struct signer *other;

	(void)state;
	assert_int_equal(seed.size, 65);
	home_put(HOME_LOG_SEED, bytes_from(seed.data, 64));
	assert_fault(home_signer(&other, &home, &fault), ERR_CANNOT, "home-seed");
	seed.data[64] = ' ';
	home_put(HOME_LOG_SEED, buffer_bytes(&seed));
	assert_fault(home_signer(&other, &home, &fault), ERR_CANNOT, "home-seed");
	seed.data[64] = '\n';
	seed.data[3] = 'G';
	home_put(HOME_LOG_SEED, buffer_bytes(&seed));
	assert_fault(home_signer(&other, &home, &fault), ERR_CANNOT, "home-seed");
	assert_int_equal(fchmodat(home.folder, HOME_LOG_SEED, 0640, 0), 0);
	assert_fault(home_signer(&other, &home, &fault), ERR_CANNOT, "file-mode");
	assert_null(other);
	buffer_free(&seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATION_TEST(test_enrolled),
		STATION_TEST(test_modes),
		STATION_TEST(test_once),
		STATION_TEST(test_names),
		STATION_TEST(test_whole_or_not_at_all),
		STATION_TEST(test_missing_parts),
		STATION_TEST(test_conf),
		STATION_TEST(test_seed),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
