/* SPDX-License-Identifier: ISC */
#include "sim_testing.h"

/* Zephyr's TLS credentials shell, without a modem behind it. */

#define PROMPT "\x1b[1;32muart:~$ \x1b[m"
#define RED "\x1b[1;31m"
#define PLAIN "\x1b[m"

static struct bench cred_of(const char *script)
{
	struct bench bench = bench_of();

	bench.host_settings.dialect = SIM_DIALECT_CRED;
	bench_start(&bench, script);
	assert_string_equal(bench_said(&bench), "\r\n" PROMPT);
	return bench;
}

/* What a line is answered, without its echo and the prompt. */
static const char *ask(struct bench *bench, const char *line)
{
	static char answer[4096];
	char *end;

	bench_ask(bench, line);
	assert_true(text_copy(answer, sizeof answer, bytes_of(bench_ask(bench, "\r"))));
	assert_memory_equal(answer, "\r\n", 2);
	end = strstr(answer, PROMPT);
	assert_true(end != NULL && strlen(end) == strlen(PROMPT));
	*end = '\0';
	return answer + 2;
}

#define ASSERT_SAYS(bench, line, answer) assert_string_equal(ask(bench, line), answer)

static void has_no_modem(void **state)
{
	struct bench bench = cred_of("");

	(void)state;
	ASSERT_SAYS(&bench, "AT", RED "AT: command not found\r\n" PLAIN);
	ASSERT_SAYS(&bench, "at 'AT'", RED "at: command not found\r\n" PLAIN);
	ASSERT_SAYS(&bench, "cred list", "0 credentials found.\r\n"); /* not what the factory put into the modem */
	bench_end(&bench);
}

static void stores_what_is_gathered(void **state)
{
	static const struct {
		const char *format, *data, *stored;
		size_t size;
	} cases[] = {
		{"bin", "c2VjcmV0", "secret", 6}, {"bint", "c2VjcmV0", "secret", 7},
		{"str", "secret", "secret", 6}, {"strt", "secret", "secret", 7}, {"BINT", "eA==", "x", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench bench = cred_of("");
		const struct sim_item *item;
		char line[128], answer[128];

		snprintf(line, sizeof line, "cred buf %s", cases[i].data);
		snprintf(answer, sizeof answer, "Stored %zu bytes.\r\n", strlen(cases[i].data));
		ASSERT_SAYS(&bench, line, answer);
		snprintf(line, sizeof line, "cred add 42 PK default %s", cases[i].format);
		snprintf(answer, sizeof answer, "Added TLS credential of type PRIVATE_KEY, sectag 42, and length %zu "
		    "bytes.\r\nCredential buffer cleared.\r\n", cases[i].size);
		ASSERT_SAYS(&bench, line, answer);
		item = sim_store_find(sim_modem_store(bench.modem), 42, 2);
		assert_non_null(item);
		assert_true(bytes_equal(buffer_bytes(&item->content), bytes_from(cases[i].stored, cases[i].size)));
		bench_end(&bench);
	}
}

static void pieces_add_up(void **state)
{
	struct bench bench = cred_of("");

	(void)state;
	ASSERT_SAYS(&bench, "cred buf c2Vj", "Stored 4 bytes.\r\n");
	ASSERT_SAYS(&bench, "cred buf cmV0", "Stored 4 bytes.\r\n");
	ASSERT_SAYS(&bench, "cred add 42 CA DEFAULT bin", "Added TLS credential of type CA_CERT, sectag 42, and "
	    "length 6 bytes.\r\nCredential buffer cleared.\r\n");
	assert_stored(&bench, 42, 0, "secret");
	ASSERT_SAYS(&bench, "cred add 43 CA DEFAULT bin c2VjcmV0", "Stored 8 bytes.\r\nAdded TLS credential of type "
	    "CA_CERT, sectag 43, and length 6 bytes.\r\nCredential buffer cleared.\r\n");
	bench_end(&bench);
}

static void never_overwrites(void **state)
{
	struct bench bench = cred_of("store 42,4 \"old\"");

	(void)state;
	ASSERT_SAYS(&bench, "cred add 42 PSK_ID DEFAULT str new", "Stored 3 bytes.\r\n" RED "TLS credential with sectag "
	    "42 and type PRE_SHARED_KEY_ID already exists.\r\n" PLAIN "Credential buffer cleared.\r\n");
	assert_stored(&bench, 42, 4, "old");
	ASSERT_SAYS(&bench, "cred del 42 PSK_ID", "Deleted TLS credential with sectag 42 and type PRE_SHARED_KEY_ID.\r\n");
	ASSERT_SAYS(&bench, "cred del 42 PSK_ID",
	    RED "There is no TLS credential with sectag 42 and type PRE_SHARED_KEY_ID.\r\n" PLAIN);
	bench_end(&bench);
}

static void lists_digests_of_what_is_stored(void **state)
{
	struct bench bench = cred_of("store 1140,1 \"x\"\nstore 42,4 \"y\"\nstore 42,3 \"z\"");

	(void)state;
	ASSERT_SAYS(&bench, "cred list", "42,PSK,WU5RmuSZMSspQzt92Kl/8Gje/LqXVbbV0A6ExSTWewY=,0\r\n"
	    "42,PSK_ID,ofzkNjhU/4iM/0uOeHXWAMJoI5BBKoz3mzfQsRFIsPo=,0\r\n"
	    "1140,SERV,LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=,0\r\n3 credentials found.\r\n");
	ASSERT_SAYS(&bench, "cred list 42 PSK",
	    "42,PSK,WU5RmuSZMSspQzt92Kl/8Gje/LqXVbbV0A6ExSTWewY=,0\r\n1 credentials found.\r\n");
	ASSERT_SAYS(&bench, "cred list any CLIENT_CERT",
	    "1140,SERV,LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=,0\r\n1 credentials found.\r\n");
	bench_end(&bench);
	bench = cred_of("placeholder\nstore 42,3 \"z\"");
	ASSERT_SAYS(&bench, "cred list", "42,PSK,N/A,0\r\n1 credentials found.\r\n");
	bench_end(&bench);
}

static void says_what_it_does_not_take(void **state)
{
	static const char *const lines[][2] = {
		{"cred add x CA DEFAULT bin", RED "x is not a valid sectag.\r\n" PLAIN},
		{"cred add 1 CAT DEFAULT bin", RED "CAT is not a valid credential type.\r\n" PLAIN},
		{"cred add 1 CA FLASH bin", RED "FLASH is not a valid backend.\r\n" PLAIN},
		{"cred add 1 CA DEFAULT pem", RED "pem is not a valid storage format.\r\n" PLAIN},
		{"cred add 1 CA DEFAULT bin", RED "Please provide a credential to add.\r\n" PLAIN},
		{"cred add 1 CA DEFAULT", RED "add: wrong parameter count\r\n" PLAIN},
		{"cred del 1", RED "del: wrong parameter count\r\n" PLAIN},
		{"cred buf", RED "buf: wrong parameter count\r\n" PLAIN},
		{"cred buf a b", RED "buf: wrong parameter count\r\n" PLAIN},
		{"cred list 1 CA x", RED "list: wrong parameter count\r\n" PLAIN},
		{"cred", RED "Please specify a subcommand.\r\n" PLAIN},
		{"cred get", RED "Please specify a subcommand.\r\n" PLAIN},
		{"cred buf clear", ""},
		{"cred add 1 CA DEFAULT bin a*", "Stored 2 bytes.\r\n" RED "Could not decode input from base64, error: -22\r\n"
		 PLAIN "Credential buffer cleared.\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct bench bench = cred_of("");

		ASSERT_SAYS(&bench, lines[i][0], lines[i][1]);
		bench_end(&bench);
	}
}

static void has_little_room(void **state)
{
	struct bench bench = cred_of("room 1");

	(void)state;
	bench_end(&bench);
	bench = bench_of();
	bench.host_settings.dialect = SIM_DIALECT_CRED;
	bench.host_settings.cred_buffer = 8;
	bench_start(&bench, "room 1");
	ASSERT_SAYS(&bench, "cred buf 1234567", "Stored 7 bytes.\r\n");
	ASSERT_SAYS(&bench, "cred buf clear", "Credential buffer cleared.\r\n");
	ASSERT_SAYS(&bench, "cred buf 1234", "Stored 4 bytes.\r\n");
	ASSERT_SAYS(&bench, "cred buf 5678", RED "Not enough room in credential buffer for provided data. Increase "
	    "CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE.\r\n" PLAIN "Credential buffer cleared.\r\n");
	ask(&bench, "cred add 1 CA DEFAULT str x");
	ASSERT_SAYS(&bench, "cred add 2 CA DEFAULT str x", "Stored 1 bytes.\r\n" RED "Failed to add TLS credential with "
	    "sectag 2 and type CA_CERT. Error: -12\r\n." PLAIN "\r\nCredential buffer cleared.\r\n");
	bench_end(&bench);
}

static void obeys_a_script(void **state)
{
	struct bench bench = cred_of("fail 5 on 1 write 42,0\nhijack on 2 write\ncorrupt on 3 write\nfail 5 on 1 delete\n"
	    "ignore on 2 delete\n");

	(void)state;
	assert_non_null(strstr(ask(&bench, "cred add 42 CA DEFAULT str x"), "Failed to add TLS credential with sectag 42 "
	    "and type CA_CERT. Error: -5\r\n."));
	ask(&bench, "cred add 42 CA DEFAULT str x");
	assert_stored(&bench, 42, 0, NULL);
	ask(&bench, "cred add 42 CA DEFAULT str x");
	assert_stored(&bench, 42, 0, "y");
	ASSERT_SAYS(&bench, "cred del 42 CA",
	    RED "Deleting TLS credential with sectag 42 and type CA_CERT failed with error: -5.\r\n" PLAIN);
	assert_string_equal(bench_ask(&bench, "cred del 42 CA\r"), "cred del 42 CA\r\n");
	assert_stored(&bench, 42, 0, "y");
	bench_end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_no_modem),
		cmocka_unit_test(stores_what_is_gathered),
		cmocka_unit_test(pieces_add_up),
		cmocka_unit_test(never_overwrites),
		cmocka_unit_test(lists_digests_of_what_is_stored),
		cmocka_unit_test(says_what_it_does_not_take),
		cmocka_unit_test(has_little_room),
		cmocka_unit_test(obeys_a_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
