/* SPDX-License-Identifier: ISC */
#include "sim_modem_testing.h"

#include <jansson.h>

/* What the modem keeps: digests, order, devices, the state file; and the words for commands. */

/* What a real modem printed for known content; also that a content the modem would change is not passed
 * over. */
static void digests_are_those_of_a_real_modem(void **state)
{
	json_error_t error;
	json_t *file = json_load_file(vector_path("nrf91-digests.json"), 0, &error), *vector, *slot;
	/* takes the PEM that the author had flattened */
	struct sim_modem *modem = modem_of("mfw_nrf91x1_2.0.0");
	size_t i, k, compared = 0;
	char line[160];

	(void)state;
	assert_non_null(file);
	json_array_foreach(json_object_get(file, "vectors"), i, vector) {
		const char *digest = json_string_value(json_object_get(vector, "digest"));

		json_array_foreach(json_object_get(vector, "slots"), k, slot) {
			json_int_t tag = json_integer_value(json_object_get(slot, "sec_tag"));
			json_int_t type = json_integer_value(json_object_get(slot, "type"));
			struct buffer text = BUFFER_EMPTY;

			if (tag <= SIM_TAG_USER_MAX) {
				buffer_format(&text, "AT%%CMNG=0,%lld,%lld,\"%s\"", (long long)tag,
				    (long long)type,
				    json_string_value(json_object_get(vector, "content")));
				assert_string_equal(ask_deed(modem, buffer_bytes(&text), SIM_DEED_DONE), OK);
			}
			buffer_clear(&text);
			buffer_format(&text, "AT%%CMNG=1,%lld,%lld", (long long)tag, (long long)type);
			snprintf(line, sizeof line, "%%CMNG: %lld,%lld,\"%s\"\r\n" OK, (long long)tag,
			    (long long)type, digest);
			assert_string_equal(ask_deed(modem, buffer_bytes(&text), SIM_DEED_DONE), line);
			buffer_free(&text);
			compared++;
		}
	}
	assert_int_equal(compared, 7);
	json_decref(file);
	sim_modem_free(&modem);
}

/* The same listing, in the same order, from a modem that holds the same slots. */
static void lists_in_the_order_of_a_real_modem(void **state)
{
	json_error_t error;
	json_t *file = json_load_file(vector_path("nrf91-digests.json"), 0, &error), *line;
	struct sim_modem *modem = modem_of(NULL);
	struct buffer expected = BUFFER_EMPTY;
	json_t *lines = json_object_get(json_object_get(file, "listing"), "lines");
	struct fault fault;

	(void)state;
	assert_int_equal(json_array_size(lines), 16);
	for (size_t i = 16; i-- > 0;) { /* put in backwards */
		unsigned tag, type;
		char digest[65];
		uint8_t binary[HASH_SIZE];

		line = json_array_get(lines, i);
		assert_int_equal(sscanf(json_string_value(line), "%%CMNG: %u,%u,\"%64[0-9A-F]\"", &tag, &type,
		    digest), 3);
		for (char *c = digest; *c != '\0'; c++)
			*c = (char)(*c >= 'A' ? *c - 'A' + 'a' : *c);
		assert_true(hex_decode(binary, sizeof binary, bytes_of(digest)));
		assert_int_equal(sim_store_mark(sim_modem_store(modem), tag, type, binary, &fault), ERR_OK);
	}
	for (size_t i = 0; i < 16; i++)
		buffer_format(&expected, "%s\r\n", json_string_value(json_array_get(lines, i)));
	buffer_format(&expected, OK "%c", 0);
	assert_string_equal(ask(modem, "AT%CMNG=1"), (const char *)expected.data);
	assert_int_equal(sim_store_users(sim_modem_store(modem)), 13);
	buffer_free(&expected);
	json_decref(file);
	sim_modem_free(&modem);
}

static void factory_keys_are_listed(void **state)
{
	struct sim_modem *modem = modem_of(NULL);
	const char *said = ask(modem, "AT%CMNG=1");

	(void)state;
	assert_ptr_equal(strstr(said, "%CMNG: 4294967293,10,\"2C43952E"), said);
	assert_non_null(strstr(said, "\r\n%CMNG: 4294967294,6,\""));
	assert_non_null(strstr(said, "\r\n%CMNG: 4294967292,11,\"B2C46C2A"));
	sim_modem_free(&modem);
}

static void keeps_content_verbatim(void **state)
{
	struct sim_modem *modem = modem_of(NULL);
	const struct sim_item *item;

	(void)state;
	ASSERT_SAYS(modem, "AT%CMNG=0,42,4,\" a\r\n,b;\\n \"", OK);
	item = sim_store_find(sim_modem_store(modem), 42, 4);
	assert_non_null(item);
	assert_true(bytes_is(buffer_bytes(&item->content), " a\r\n,b;\\n "));
	sim_modem_free(&modem);
}

static void swaps_devices(void **state)
{
	struct sim_modem *modem = modem_of(NULL);
	struct fault fault = {0};
	char identity[128];

	(void)state;
	ASSERT_SAYS(modem, "AT+CMEE=1", OK);
	strcpy(identity, ask(modem, "AT%CMNG=1,4294967294"));
	ASSERT_SAYS(modem, "AT%CMNG=0,42,4,\"mine\"", OK);
	assert_int_equal(sim_modem_swap(modem, "350457790000018", &fault), ERR_OK);
	ASSERT_SAYS(modem, "AT+CMEE?", "+CMEE: 0\r\n" OK);
	ASSERT_SAYS(modem, "AT+CGSN", "350457790000018\r\n" OK);
	ASSERT_SAYS(modem, "AT%CMNG=1,42", OK);
	assert_string_not_equal(ask(modem, "AT%CMNG=1,4294967294"), identity);
	assert_int_equal(sim_modem_swap(modem, "352656100367872", &fault), ERR_OK);
	ASSERT_SAYS(modem, "AT%CMNG=1,4294967294", identity);
	assert_non_null(strstr(ask(modem, "AT%CMNG=2,42,4"), ",\"mine\""));
	assert_int_equal(sim_modem_swap(modem, "35265610036787x", &fault), ERR_CANNOT);
	sim_modem_free(&modem);
}

static void saves_and_loads(void **state)
{
	static const char expected[] = "gapseal-sim/state/v1\nimei 352656100367872\nslot 42 4 610a62\n"
	    "digest 1140 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
	    "imei 350457790000018\n";
	struct sim_modem *modem = modem_of(NULL);
	struct buffer text = BUFFER_EMPTY;
	struct fault fault = {0};
	bool known;

	(void)state;
	assert_int_equal(sim_modem_load(modem, bytes_of(expected), &known, "state", &fault), ERR_OK);
	assert_true(known);
	assert_non_null(strstr(ask(modem, "AT%CMNG=2,42,4"), ",\"a\nb\""));
	assert_non_null(strstr(ask(modem, "AT%CMNG=1"), "%CMNG: 4294967293,10,"));
	sim_modem_save(modem, &text);
	assert_true(bytes_is(buffer_bytes(&text), expected));
	buffer_free(&text);
	sim_modem_free(&modem);
	modem = modem_of(NULL);
	assert_int_equal(sim_modem_load(modem, bytes_of("gapseal-sim/state/v1\nimei 350457790000018\n"),
	    &known, "state",
	    &fault), ERR_OK);
	assert_false(known);
	sim_modem_free(&modem);
}

static void refuses_broken_state(void **state)
{
	static const struct {
		const char *text, *where;
	} broken[] = {
		{"", "state:1"}, {"gapseal-sim/state/v2\n", "state:1"},
		{"gapseal-sim/state/v1\nimei 1\n", "state:2"},
		{"gapseal-sim/state/v1\nslot 42 3 00\n", "state:2"},
		{"gapseal-sim/state/v1\nimei 352656100367872\nslot 42 3 0\n", "state:3"},
		{"gapseal-sim/state/v1\nimei 352656100367872\nslot 42 3 0G\n", "state:3"},
		{"gapseal-sim/state/v1\nimei 352656100367872\nslot 42 3 00 1\n", "state:3"},
		{"gapseal-sim/state/v1\nimei 352656100367872\nslot 4294967293 10 00\n", "state:3"},
		{"gapseal-sim/state/v1\nimei 352656100367872\nslot 42 14 00\n", "state:3"},
		{"gapseal-sim/state/v1\nimei 352656100367872\ndigest 42 3 00\n", "state:3"},
		{"gapseal-sim/state/v1\nimei 352656100367872\nthing 42 3 00\n", "state:3"},
		{"gapseal-sim/state/v1\nimei 352656100367872\nslot 42 3 00", "state:3"},
		{"gapseal-sim/state/v1\nimei 352656100367872\n\n", "state:3"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct sim_modem *modem = modem_of(NULL);
		struct fault fault = {0};
		bool known;

		assert_int_equal(sim_modem_load(modem, bytes_of(broken[i].text), &known, "state", &fault),
		    ERR_CANNOT);
		assert_string_equal(fault.code, "sim-state");
		assert_string_equal(fault.where, broken[i].where);
		sim_modem_free(&modem);
	}
}

static void commands_have_words(void **state)
{
	static const char *const words[][2] = {
		{"AT", "at"}, {"at+cfun=4", "cfun 4"}, {"AT+CFUN?", "cfun ?"}, {"AT+CFUN=?", "cfun =?"},
		{"AT+CGSN=1", "cgsn 1"}, {"AT+CGSN", "cgsn"}, {"AT%CMNG=0,42,3,\"00\"", "write 42,3"},
		{"AT%CMNG=1", "list"}, {"AT%CMNG=1,42", "list 42"}, {"AT%CMNG=1,42,3", "list 42,3"},
		{"AT%CMNG=2,42,4", "read 42,4"}, {"AT%CMNG=3,42,4", "delete 42,4"},
		{"AT%CMNG=0,42,3,\"open", "write 42,3"}, {"\r\n AT%XVBAT\r\n", "xvbat"}, {"hello", "noise"},
		{"A", "noise"}, {"AT%CMNG=7", "cmng 7"},
		{"AT+CFUN=\"a name of more than fifteen\"", "cfun"},
	};
	char out[SIM_WORDS_SIZE];
	struct sim_command command;

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		sim_command_parse(&command, bytes_of(words[i][0]));
		sim_command_words(out, &command);
		assert_string_equal(out, words[i][1]);
	}
	assert_true(sim_words_match("write 42,3", "any"));
	assert_true(sim_words_match("write 42,3", "write"));
	assert_true(sim_words_match("write 42,3", "write 42"));
	assert_true(sim_words_match("write 42,3", "write 42,3"));
	assert_false(sim_words_match("write 42,3", "write 4"));
	assert_false(sim_words_match("write 42,3", "writ"));
	assert_false(sim_words_match("write 42", "write 42,3"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_a_real_modem),
		cmocka_unit_test(lists_in_the_order_of_a_real_modem),
		cmocka_unit_test(factory_keys_are_listed),
		cmocka_unit_test(keeps_content_verbatim),
		cmocka_unit_test(swaps_devices),
		cmocka_unit_test(saves_and_loads),
		cmocka_unit_test(refuses_broken_state),
		cmocka_unit_test(commands_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
