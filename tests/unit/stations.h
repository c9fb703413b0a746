/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_STATIONS_H
#define GAPSEAL_STATIONS_H

/* What the tests of a station's home share: a place with an enrolled home in it. After officers.h. */
#include "place.h"

#include "gapseal/home.h"
#include "gapseal/logbook.h"

static struct home home = {.folder = -1};
static struct signer *signer;
static uint8_t card_hash[HASH_SIZE];

/* The path of a name in the place, valid until the call after the next. */
static inline const char *in_place(const char *name)
{
	static char full[4][512];
	static unsigned turn;

	turn = (turn + 1) % 4;
	snprintf(full[turn], sizeof full[turn], "%s/%s", place_path, name);
	return full[turn];
}

static inline int station_make(void **state)
{
	(void)state;
	place_make();
	assert_int_equal(home_enroll(card_hash, in_place("home"), "acme", "line1", "test 1", &fault), ERR_OK);
	assert_int_equal(home_open(&home, in_place("home"), &fault), ERR_OK);
	assert_int_equal(home_signer(&signer, &home, &fault), ERR_OK);
	return 0;
}

static inline int station_remove(void **state)
{
	(void)state;
	signer_free(&signer);
	home_close(&home);
	place_remove();
	return 0;
}

static inline struct buffer home_file(const char *name)
{
	struct buffer out = BUFFER_EMPTY;
	char full[600];

	snprintf(full, sizeof full, "%s/home/%s", place_path, name);
	if (file_read(&out, AT_FDCWD, full, 1 << 26, &fault) != ERR_OK)
		fail_msg("%s: %s", full, fault.text);
	return out;
}

static inline void home_put(const char *name, struct bytes text)
{
	char full[600];

	snprintf(full, sizeof full, "%s/home/%s", place_path, name);
	assert_int_equal(file_write(AT_FDCWD, full, text, 0600, true, &fault), ERR_OK);
}

/* The log as an auditor would find it; the count of entries. */
static inline uint64_t log_audit(log_visit *visit, void *context)
{
	static struct log_reading reading;
	int folder;

	assert_int_equal(folder_open(&folder, home.folder, HOME_LOG, &fault), ERR_OK);
	if (log_verify(&reading, folder, home.origin, signer_key(signer), NULL, 0, visit, context, HOME_LOG,
	    &fault) != ERR_OK)
		fail_msg("%s: %s: %s", fault.where, fault.code, fault.text);
	close(folder);
	assert_int_equal(reading.size, reading.checkpoint.size);
	assert_int_equal(reading.rest, 0);
	return reading.size;
}

#define STATION_TEST(function) cmocka_unit_test_setup_teardown(function, station_make, station_remove)

#endif
