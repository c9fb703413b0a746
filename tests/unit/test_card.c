/* SPDX-License-Identifier: ISC */
/* A station's card: what it says, and everything that is none. */
#include "vectors.h"

#include "gapseal/card.h"
#include "gapseal/signer.h"

static struct card good;
static struct signer *signer;
static struct buffer note;

static void sign_lines(struct buffer *out, const char *lines)
{
	buffer_clear(out);
	assert_int_equal(note_sign(out, signer, bytes_of(lines), &fault), ERR_OK);
}

static struct signer *signer_named(const char *name)
{
	struct signer *made;
	struct secret *seed;

	assert_int_equal(secret_new(&seed, SIGNER_SEED_SIZE, &fault), ERR_OK);
	memset(secret_data(seed), 7, SIGNER_SEED_SIZE);
	secret_resize(seed, SIGNER_SEED_SIZE);
	assert_int_equal(signer_new(&made, name, seed, &fault), ERR_OK);
	secret_free(&seed);
	return made;
}

static int setup(void **state)
{
	struct recipient recipient;
	struct buffer lines = BUFFER_EMPTY;

	(void)state;
	if (secret_process(&fault) != ERR_OK)
		return -1;
	memset(recipient.key, 9, sizeof recipient.key);
	signer = signer_named("acme/line1");
	snprintf(good.org, sizeof good.org, "acme");
	snprintf(good.station, sizeof good.station, "line1");
	recipient_print(good.recipient, &recipient);
	note_key_print(good.log_key, signer_key(signer));
	card_format(&lines, &good);
	assert_int_equal(note_sign(&note, signer, buffer_bytes(&lines), &fault), ERR_OK);
	buffer_free(&lines);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	signer_free(&signer);
	buffer_free(&note);
	return 0;
}

static void test_reads_back(void **state)
{
	struct card card;

	(void)state;
	assert_int_equal(card_open(&card, buffer_bytes(&note), "line1.station", &fault), ERR_OK);
	assert_string_equal(card.org, good.org);
	assert_string_equal(card.station, good.station);
	assert_string_equal(card.recipient, good.recipient);
	assert_string_equal(card.log_key, good.log_key);
}

static void test_lines(void **state)
{
	struct buffer expected = BUFFER_EMPTY;

	(void)state;
	buffer_format(&expected, "gapseal/station/v1\norg acme\nstation line1\nrecipient %s\nlog %s\n\n",
	    good.recipient, good.log_key);
	assert_true(note.size > expected.size);
	assert_memory_equal(note.data, expected.data, expected.size);
	buffer_free(&expected);
}

/* Every bit of a card is under its signature, or is its signature. */
static void test_every_bit(void **state)
{
	struct card card;

	(void)state;
	for (size_t i = 0; i < note.size * 8; i++) {
		note.data[i / 8] ^= (uint8_t)(1u << i % 8);
		if (card_open(&card, buffer_bytes(&note), "card", &fault) == ERR_OK)
			fail_msg("bit %zu may be flipped", i);
		note.data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}

static void test_cut(void **state)
{
	struct card card;

	(void)state;
	for (size_t size = 0; size < note.size; size++)
		assert_int_equal(card_open(&card, bytes_from(note.data, size), "card", &fault), ERR_NO);
}

static void refuse_lines(const char *lines, const char *code)
{
	struct buffer out = BUFFER_EMPTY;
	struct card card;

	sign_lines(&out, lines);
	assert_fault(card_open(&card, buffer_bytes(&out), "card", &fault), ERR_NO, code);
	buffer_free(&out);
}

/* Signed well, but not a card. */
static void test_forms(void **state)
{
	char text[1024], *at;

	(void)state;
	snprintf(text, sizeof text,
	    "gapseal/station/v1\norg acme\nstation line1\nrecipient %s\nlog %s\nmore\n",
	    good.recipient, good.log_key);
	refuse_lines(text, "card-form");
	text[strlen(text) - 5] = '\0';
	at = strstr(text, "v1");
	at[1] = '2';
	refuse_lines(text, "card-form");
	at[1] = '1';
	at = strstr(text, "org acme");
	at[3] = '=';
	refuse_lines(text, "card-form");
	snprintf(text, sizeof text, "gapseal/station/v1\nstation line1\norg acme\nrecipient %s\nlog %s\n",
	    good.recipient, good.log_key);
	refuse_lines(text, "card-form");
	snprintf(text, sizeof text, "gapseal/station/v1\norg acme\nstation line2\nrecipient %s\nlog %s\n",
	    good.recipient, good.log_key);
	refuse_lines(text, "card-name");
	snprintf(text, sizeof text, "gapseal/station/v1\norg Acme\nstation line1\nrecipient %s\nlog %s\n",
	    good.recipient, good.log_key);
	refuse_lines(text, "card-name");
	snprintf(text, sizeof text, "gapseal/station/v1\norg acme\nstation line1\nrecipient age1x\nlog %s\n",
	    good.log_key);
	refuse_lines(text, "age-recipient");
	snprintf(text, sizeof text, "gapseal/station/v1\norg acme\nstation line1\nrecipient %s\nlog x+1+y\n",
	    good.recipient);
	refuse_lines(text, "note-key");
}

/* Names that are none, even if the key is named after them. */
static void test_names(void **state)
{
	static const char *const names[][2] = {{"Acme", "line1"}, {"acme", "Line1"}, {"acme", "-1"}};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct signer *own = signer;
		char key[NOTE_VKEY_MAX], name[64], text[1024];

		snprintf(name, sizeof name, "%s/%s", names[i][0], names[i][1]);
		signer = signer_named(name);
		note_key_print(key, signer_key(signer));
		snprintf(text, sizeof text, "gapseal/station/v1\norg %s\nstation %s\nrecipient %s\nlog %s\n",
		    names[i][0], names[i][1], good.recipient, key);
		refuse_lines(text, "card-name");
		signer_free(&signer);
		signer = own;
	}
}

/* Another key named like it signs for another station's card in vain. */
static void test_foreign_signature(void **state)
{
	struct signer *own = signer;
	struct buffer lines = BUFFER_EMPTY, out = BUFFER_EMPTY;
	struct card card;

	(void)state;
	signer = signer_named("acme/line2");
	card_format(&lines, &good);
	assert_int_equal(note_sign(&out, signer, buffer_bytes(&lines), &fault), ERR_OK);
	assert_fault(card_open(&card, buffer_bytes(&out), "card", &fault), ERR_NO, "note-unsigned");
	signer_free(&signer);
	signer = own;
	buffer_free(&lines);
	buffer_free(&out);
}

static void test_too_large(void **state)
{
	struct buffer out = BUFFER_EMPTY;
	struct card card;

	(void)state;
	buffer_put(&out, buffer_bytes(&note));
	while (out.size <= CARD_MAX)
		buffer_byte(&out, 'x');
	assert_fault(card_open(&card, buffer_bytes(&out), "card", &fault), ERR_NO, "card-form");
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_back),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_foreign_signature),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
