/* SPDX-License-Identifier: ISC */
#include "testing.h"
#include "vectors.h"

#include "gapseal/cmng.h"

#define DIGEST_A "C52EBBD08F6AD8A65880B7BE6FB4AD2433E8ACF2DFA6D5049DB4E953694DFE20"

static int setup(void **state)
{
	return at_new((struct at **)state, &fault) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
	at_free((struct at **)state);
	return 0;
}

/* The answer to a command: text is what the modem says before its OK. */
static void answer(struct at *at, const struct at_command *command, const char *text)
{
	at_start(at, command, 1000);
	at_sent(at, at_output(at).size);
	at_feed(at, bytes_of(text));
	at_feed(at, bytes_of("\r\nOK\r\n"));
	assert_int_equal(at_result(at), AT_OK);
}

static void assert_wire(struct at *at, const struct at_command *command, const char *wire)
{
	at_start(at, command, 1000);
	assert_true(bytes_is(at_output(at), wire));
}

static void test_commands(void **state)
{
	struct at *at = *state;
	struct at_command command;
	struct slot slot = {.tag = 16842753, .type = 2};

	cmng_attention(&command);
	assert_wire(at, &command, "AT\r");
	cmng_unquote(&command);
	assert_wire(at, &command, "\"\r");
	cmng_errors(&command);
	assert_wire(at, &command, "AT+CMEE=1\r");
	cmng_ask_imei(&command);
	assert_wire(at, &command, "AT+CGSN=1\r");
	cmng_ask_firmware(&command);
	assert_wire(at, &command, "AT+CGMR\r");
	cmng_set_mode(&command, 4);
	assert_wire(at, &command, "AT+CFUN=4\r");
	cmng_ask_mode(&command);
	assert_wire(at, &command, "AT+CFUN?\r");
	cmng_reset(&command);
	assert_wire(at, &command, "AT#XMODEMRESET\r");
	cmng_list(&command);
	assert_wire(at, &command, "AT%CMNG=1\r");
	cmng_delete(&command, slot);
	assert_wire(at, &command, "AT%CMNG=3,16842753,2\r");
	cmng_write(&command, slot, bytes_of("key\n"), bytes_of(""));
	assert_wire(at, &command, "AT%CMNG=0,16842753,2,\"key\n\"\r");
	cmng_write(&command, slot, bytes_of("key\n"), bytes_of("word"));
	assert_wire(at, &command, "AT%CMNG=0,16842753,2,\"key\n\",\"word\"\r");
}

/* Content is never in what may be shown. */
static void test_content_is_hidden(void **state)
{
	struct at_command command;
	struct slot slot = {.tag = UINT32_MAX, .type = UINT32_MAX};

	(void)state;
	cmng_write(&command, slot, bytes_of("secret"), bytes_of("word"));
	assert_string_equal(command.visible, "AT%CMNG=0,4294967295,4294967295,");
}

static void test_limit_fits_the_wire(void **state)
{
	struct at *at = *state;
	static uint8_t content[CONTENT_MAX], password[32];
	struct at_command command;
	struct slot slot = {.tag = 0, .type = 0};

	memset(content, 'a', sizeof content);
	memset(password, 'p', sizeof password);
	assert_int_equal(credential_limit(0), CONTENT_MAX);
	cmng_write(&command, slot, bytes_from(content, CONTENT_MAX), bytes_from(password, sizeof password));
	at_start(at, &command, 1000);
	assert_int_equal(at_result(at), AT_BUSY);
}

static void test_imei(void **state)
{
	struct at *at = *state;
	struct at_command command;
	struct bytes imei;

	cmng_ask_imei(&command);
	answer(at, &command, "+CGSN: \"352656100367872\"");
	assert_true(cmng_imei(at, &imei));
	assert_true(bytes_is(imei, "352656100367872"));
	answer(at, &command, "+CGSN:\"352656100367872\" ");
	assert_true(cmng_imei(at, &imei));
	assert_true(bytes_is(imei, "352656100367872"));
	answer(at, &command, "352656100367872"); /* the answer to AT+CGSN */
	assert_false(cmng_imei(at, &imei));
	answer(at, &command, "+CGSN: 352656100367872");
	assert_false(cmng_imei(at, &imei));
	answer(at, &command, "+CGSN: \"");
	assert_false(cmng_imei(at, &imei));
	answer(at, &command, "");
	assert_false(cmng_imei(at, &imei));
}

static void test_firmware(void **state)
{
	struct at *at = *state;
	struct at_command command;
	char firmware[FIRMWARE_SIZE];

	cmng_ask_firmware(&command);
	answer(at, &command, "mfw_nrf9160_1.3.5");
	cmng_firmware(firmware, at);
	assert_string_equal(firmware, "mfw_nrf9160_1.3.5");
	assert_false(cmng_firmware_is_test(firmware));
	answer(at, &command, "Network registration status: 2\r\nmfw-pti_nrf91x1_2.3.3");
	cmng_firmware(firmware, at);
	assert_string_equal(firmware, "mfw-pti_nrf91x1_2.3.3");
	assert_true(cmng_firmware_is_test(firmware));
	answer(at, &command, "AT\r\n%XSIM: 1\r\n+CEREG: 1\r\nother_2.0\r\nlog");
	cmng_firmware(firmware, at);
	assert_string_equal(firmware, "other_2.0");
	answer(at, &command, "1.\"2\\3\xc3\xa9\x07");
	cmng_firmware(firmware, at);
	assert_string_equal(firmware, "1.23");
	answer(at, &command, "");
	cmng_firmware(firmware, at);
	assert_string_equal(firmware, "");
	assert_false(cmng_firmware_is_test(firmware));
}

static void test_long_firmware_is_cut(void **state)
{
	struct at *at = *state;
	struct at_command command;
	char firmware[FIRMWARE_SIZE], text[200];

	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	cmng_ask_firmware(&command);
	answer(at, &command, text);
	cmng_firmware(firmware, at);
	assert_int_equal(strlen(firmware), FIRMWARE_SIZE - 1);
}

static void test_mode(void **state)
{
	struct at *at = *state;
	struct at_command command;
	unsigned mode;
	static const unsigned active[] = {1, 2, 21}, quiet[] = {0, 4, 20, 30, 40, 44};

	cmng_ask_mode(&command);
	answer(at, &command, "+CFUN: 4");
	assert_true(cmng_mode(at, &mode));
	assert_int_equal(mode, 4);
	answer(at, &command, "+CFUN:21");
	assert_true(cmng_mode(at, &mode));
	assert_int_equal(mode, 21);
	answer(at, &command, "+CFUN: four");
	assert_false(cmng_mode(at, &mode));
	answer(at, &command, "");
	assert_false(cmng_mode(at, &mode));
	for (size_t i = 0; i < sizeof active / sizeof active[0]; i++)
		assert_true(cmng_mode_is_active(active[i]));
	for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++)
		assert_false(cmng_mode_is_active(quiet[i]));
}

static bool list(struct at *at, const char *text, struct listing *out)
{
	struct at_command command;

	cmng_list(&command);
	answer(at, &command, text);
	return cmng_listing(at, out);
}

static void test_listing_forms(void **state)
{
	struct at *at = *state;
	struct listing listing;
	static const char *const same[] = {
		"%CMNG: 42,3,\"" DIGEST_A "\"",
		"%CMNG: 42, 3, \"" DIGEST_A "\"",
		"%CMNG:42 ,3 ,\"" DIGEST_A "\" ",
		"%CMNG: 42,3,\"c52ebbd08f6ad8a65880b7be6fb4ad2433e8acf2dfa6d5049db4e953694dfe20\"",
		"%CMNG: 42,3,\"C52ebbd08f6ad8a65880b7be6fb4ad2433e8acf2dfa6d5049db4e953694dfE20\"",
	};
	uint8_t digest[HASH_SIZE];

	credential_digest(digest, bytes_of("6578616d706c652d7765616b2d70736b2d76616c7565"), false);
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		assert_true(list(at, same[i], &listing));
		assert_int_equal(listing.count, 1);
		assert_int_equal(listing.items[0].slot.tag, 42);
		assert_int_equal(listing.items[0].slot.type, 3);
		assert_true(listing.items[0].has_digest);
		assert_memory_equal(listing.items[0].digest, digest, HASH_SIZE);
	}
	assert_true(list(at, "", &listing));
	assert_int_equal(listing.count, 0);
	assert_true(list(at, "%CMNG: 42,3", &listing));
	assert_int_equal(listing.count, 1);
	assert_false(listing.items[0].has_digest);
}

static void test_listing_between_unsolicited_lines(void **state)
{
	struct at *at = *state;
	struct listing listing;

	assert_true(list(at, "+CEREG: 5,\"76C1\",\"0102DA04\",7,,,\"11100000\",\"11100000\"\r\n"
	    "%CMNG: 42,3\r\n"
	    "%XTIME: \"0A\",\"81109251714208\",\"01\"\r\n#XGPS: 1\r\n+CSCON:0\r\n%CMNG: 42,4", &listing));
	assert_int_equal(listing.count, 2);
}

static void test_listing_keeps_what_it_does_not_know(void **state)
{
	struct at *at = *state;
	struct listing listing;

	assert_true(list(at, "%CMNG: 4294967295,13,\"" DIGEST_A "\"\r\n%CMNG: 2147483648,4294967295",
	    &listing));
	assert_int_equal(listing.count, 2);
	assert_true(listing.items[0].slot.tag == UINT32_MAX && listing.items[0].slot.type == 13);
	assert_true(listing.items[1].slot.tag == UINT32_C(2147483648));
	assert_true(listing.items[1].slot.type == UINT32_MAX);
}

static void test_listing_refused(void **state)
{
	struct at *at = *state;
	struct listing listing;
	static const char *const bad[] = {
		"%CMNG: ",
		"%CMNG: ,",
		"%CMNG: 42",
		"%CMNG: 42,",
		"%CMNG: 42,3,",
		"%CMNG: x,3",
		"%CMNG: -1,3",
		"%CMNG: 4294967296,3",
		"%CMNG: 42,4294967296",
		"%CMNG: 42,3,\"\"",
		"%CMNG: 42,3,\"",
		"%CMNG: 42,3," DIGEST_A,
		"%CMNG: 42,3,\"" DIGEST_A,
		"%CMNG: 42,3,\"" DIGEST_A "00\"",
		"%CMNG: 42,3,\"G52EBBD08F6AD8A65880B7BE6FB4AD2433E8ACF2DFA6D5049DB4E953694DFE20\"",
		"%CMNG: 42,3,\"" DIGEST_A "\",",
		"%CMNG: 42,3,\"" DIGEST_A "\",\"x\"",
		"%CMNG: 42,3,\"" DIGEST_A "\" 7",
		"\x01\x02%CMNG: 42,3,\"" DIGEST_A "\"", /* noise before a line */
		"%CNG: 42,3,\"" DIGEST_A "\"", /* a byte lost, or turned, in its head */
		"%CMNG 42,3,\"" DIGEST_A "\"",
		"CMNG: 42,3,\"" DIGEST_A "\"",
		"42,3,\"" DIGEST_A "\"",
		"% CMNG: 42,3",
		"%cmng: 42,3",
		"%X: 42,3",
		"+CMNG 42",
		"noise",
		"%CMNG: 42,3\r\n%CMNG: 42,3",                          /* a slot is listed once */
		"%CMNG: 42,3,\"" DIGEST_A "\"\r\n%CMNG: 42,4,\"12\"", /* one bad line spoils all */
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (list(at, bad[i], &listing))
			fail_msg("accepted: %s", bad[i]);
}

static void test_longest_listing(void **state)
{
	struct at *at = *state;
	struct listing listing;
	struct at_command command;
	char line[128];

	for (unsigned count = LISTING_MAX; count <= LISTING_MAX + 1; count++) {
		cmng_list(&command);
		at_start(at, &command, 1000);
		at_sent(at, at_output(at).size);
		for (unsigned i = 0; i < count; i++) {
			snprintf(line, sizeof line, "%%CMNG: %u,3,\"%s\"\r\n", 2000000000u + i, DIGEST_A);
			at_feed(at, bytes_of(line));
		}
		at_feed(at, bytes_of("OK\r\n"));
		assert_int_equal(at_result(at), AT_OK);
		assert_true(cmng_listing(at, &listing) == (count == LISTING_MAX));
	}
}

/* What a real modem printed, and what it had been sent. */
static void test_real_listing(void **state)
{
	struct at *at = *state;
	struct at_command command;
	struct listing listing;
	json_t *root = vector_json("nrf91-digests.json");
	json_t *lines = json_object_get(json_object_get(root, "listing"), "lines");
	json_t *value, *slot;
	size_t i, j;

	assert_int_equal(json_array_size(lines), 16);
	cmng_list(&command);
	at_start(at, &command, 1000);
	at_sent(at, at_output(at).size);
	json_array_foreach(lines, i, value) {
		at_feed(at, bytes_of(json_string_value(value)));
		at_feed(at, bytes_of("\r\n"));
	}
	at_feed(at, bytes_of("OK\r\n"));
	assert_true(cmng_listing(at, &listing));
	assert_int_equal(listing.count, 16);
	json_array_foreach(json_object_get(root, "vectors"), i, value) {
		uint8_t digest[HASH_SIZE];

		credential_digest(digest, bytes_of(json_text(value, "content")), false);
		json_array_foreach(json_object_get(value, "slots"), j, slot) {
			const struct listing_item *item = listing_find(&listing, (struct slot){
			    .tag = (uint32_t)json_integer_value(json_object_get(slot, "sec_tag")),
			    .type = (uint32_t)json_integer_value(json_object_get(slot, "type"))});

			assert_non_null(item);
			assert_true(item->has_digest);
			assert_memory_equal(item->digest, digest, HASH_SIZE);
		}
	}
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commands, setup, teardown),
		cmocka_unit_test(test_content_is_hidden),
		cmocka_unit_test_setup_teardown(test_limit_fits_the_wire, setup, teardown),
		cmocka_unit_test_setup_teardown(test_imei, setup, teardown),
		cmocka_unit_test_setup_teardown(test_firmware, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_firmware_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listing_forms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listing_keeps_what_it_does_not_know, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listing_between_unsolicited_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listing_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_longest_listing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_real_listing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
