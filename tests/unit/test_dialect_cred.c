/* SPDX-License-Identifier: ISC */
#include "provision_line.h"

#include "gapseal/cred.h"

/* The dialogue with a board that has only Zephyr's credentials shell. */

#define LABEL "352656100367872"
static const char certificate[] = "-----BEGIN CERTIFICATE-----\nMIIBOK\nOK\nERROR\n-----END CERTIFICATE-----\n";
static const char key[] = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n"
    "-----END PRIVATE KEY-----\n";

static void start(struct line *line, const char *script)
{
	line_start(line, script);
	provision_label(line->provision, LABEL);
}

static void is_who_its_label_says(void **state)
{
	static const struct {
		const char *label, *reason;
	} labels[] = {
		{LABEL, ""}, {"", "label-missing"}, {"352656100367873", "imei-check-digit"},
		{"000000000000000", "imei-zero"}, {"35265610036787", "imei-malformed"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		struct line line = line_of(SIM_DIALECT_CRED);

		line_start(&line, "");
		provision_label(line.provision, labels[i].label);
		line_await(&line, MESSAGE_DEVICE);
		assert_string_equal(line.message.reason, labels[i].reason);
		assert_string_equal(line.message.imei, i == 0 ? LABEL : "");
		assert_string_equal(line.message.firmware, "");
		assert_true(line.message.nul);
		assert_int_equal(provision_dialect(line.provision), PROVISION_CRED);
		assert_true(line.bench.now < 100 * 1000);
		line_end(&line);
	}
}

/* A label is one presentation's, and a modem's own word goes before it. */
static void labels_are_not_kept(void **state)
{
	struct line line = line_of(SIM_DIALECT_CRED);

	(void)state;
	start(&line, "");
	line_await(&line, MESSAGE_DEVICE);
	assert_string_equal(line.message.imei, LABEL);
	line_give(&line, MESSAGE_VERDICT, FINISH_NONE);
	line_exchange(&line, SIM_DIALECT_CRED, "");
	line_await(&line, MESSAGE_DEVICE);
	assert_string_equal(line.message.reason, "label-missing");
	line_give(&line, MESSAGE_VERDICT, FINISH_NONE);
	line_exchange(&line, SIM_DIALECT_AT, "");
	provision_label(line.provision, "490154203237518");
	line_await(&line, MESSAGE_DEVICE);
	assert_string_equal(line.message.imei, LABEL); /* what the stand-in's modem says */
	assert_false(line.message.nul);
	line_end(&line);
}

static void assert_stored_with_nul(struct line *line, uint32_t tag, uint32_t type, const char *content)
{
	const struct sim_item *item = sim_store_find(sim_modem_store(line->bench.modem), tag, type);

	assert_non_null(item);
	assert_true(bytes_equal(buffer_bytes(&item->content), bytes_from(content, strlen(content) + 1)));
}

static void pem_has_a_nul_and_an_identity_has_none(void **state)
{
	struct line line = line_of(SIM_DIALECT_CRED);

	(void)state;
	start(&line, "");
	line_identify(&line);
	assert_int_equal(line.message.listing.count, 0); /* the modem's own are not this shell's */
	line_add(&line, STEP_WRITE, 42, 0, certificate);
	line_add(&line, STEP_WRITE, 42, 1, certificate);
	line_add(&line, STEP_WRITE, 42, 2, key);
	line_add(&line, STEP_WRITE, 42, 4, "device@fleet");
	line_play(&line, FINISH_RESET, "");
	assert_true(line.message.nul);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(line.message.codes[i], 0);
	assert_stored_with_nul(&line, 42, 0, certificate);
	assert_stored_with_nul(&line, 42, 1, certificate);
	assert_stored_with_nul(&line, 42, 2, key);
	assert_stored(&line.bench, 42, 4, "device@fleet");
	line_listed(&line, 42, 0, certificate, true);
	line_listed(&line, 42, 2, key, true);
	line_listed(&line, 42, 4, "device@fleet", false);
	assert_string_equal(line.message.imei, LABEL);
	line_end(&line);
}

/* Every length of a last piece. */
static void every_length_arrives(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 2 * CRED_PIECE + 1; size++) {
		struct line line = line_of(SIM_DIALECT_CRED);
		char content[2 * CRED_PIECE + 2] = {0};

		memset(content, 'k', size);
		start(&line, "");
		line_identify(&line);
		line_add(&line, STEP_WRITE, 7, 2, content);
		line_play(&line, FINISH_NONE, "");
		assert_stored_with_nul(&line, 7, 2, content);
		line_end(&line);
	}
}

/* It never overwrites: what is in the way is deleted, as with a modem that answers 519. */
static void what_is_in_the_way_goes(void **state)
{
	struct line line = line_of(SIM_DIALECT_CRED);

	(void)state;
	start(&line, "store 42,2 \"old\"\nstore 43,4 \"gone\"\n");
	line_identify(&line);
	line_listed(&line, 42, 2, "old", false);
	line_add(&line, STEP_WRITE, 42, 2, key);
	line_add(&line, STEP_DELETE, 43, 4, "");
	line_add(&line, STEP_DELETE, 44, 4, "");
	line_play(&line, FINISH_NONE, "");
	assert_int_equal(line.message.codes[0], 0);
	assert_int_equal(line.message.codes[1], 0);
	assert_int_equal(line.message.codes[2], 513); /* nothing there: no failure */
	assert_stored_with_nul(&line, 42, 2, key);
	assert_stored(&line.bench, 43, 4, NULL);
	line_end(&line);
}

/* The hex digits of a key would be stored as a key of hex digits. */
static void what_would_be_of_no_use_is_not_begun(void **state)
{
	(void)state;
	for (int password = 0; password < 2; password++) {
		struct line line = line_of(SIM_DIALECT_CRED);
		struct step step = {STEP_WRITE, {42, password ? 2 : 3}, bytes_of("0a0b0c0d"),
		    bytes_of(password ? "word" : "")};
		size_t sent;

		start(&line, "");
		line_identify(&line);
		sent = line.sent;
		line_add(&line, STEP_WRITE, 41, 2, key);
		assert_true(step_put(line.body, &step));
		line_play(&line, FINISH_NONE, "kind-unsupported");
		assert_true(line.sent == sent && !line.message.disturbed && !line.message.listed);
		line_end(&line);
	}
}

static void what_does_not_fit_the_buffer(void **state)
{
	struct line line = line_of(SIM_DIALECT_CRED);

	(void)state;
	line.bench.host_settings.cred_buffer = 100;
	start(&line, "");
	line_identify(&line);
	line_add(&line, STEP_WRITE, 42, 4, "short");
	line_add(&line, STEP_WRITE, 42, 2, key);
	line_play(&line, FINISH_NONE, "line-limit");
	assert_int_equal(line.message.codes[0], 0);
	assert_int_equal(line.message.codes[1], STEP_ERROR);
	line_listed(&line, 42, 4, "short", false);
	assert_int_equal(line.message.listing.count, 1);
	line_end(&line);
}

/* What somebody left in the buffer gets into no credential. */
static void leftovers_do_no_harm(void **state)
{
	static const char *const leftovers[] = {
		"cred buf AAAA\r", "cred buf AAAA", "cred add 42 PK DEFAULT bint AAAA", "cred buf '", "x",
		"cred buf AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r",
	};

	(void)state;
	for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
		struct line line = line_of(SIM_DIALECT_CRED);

		line.bench.host_settings.cred_buffer = i == 5 ? 116 : 1024;
		start(&line, "");
		bench_ask(&line.bench, leftovers[i]);
		line_identify(&line);
		line_add(&line, STEP_WRITE, 42, 2, "key");
		line_play(&line, FINISH_NONE, "");
		assert_stored_with_nul(&line, 42, 2, "key");
		line_end(&line);
	}
}

static void nothing_secret_stays_in_the_history(void **state)
{
	struct line line = line_of(SIM_DIALECT_CRED);

	(void)state;
	start(&line, "");
	line_identify(&line);
	bench_ask(&line.bench, "cred buf c2VjcmV0\r");
	assert_non_null(strstr(bench_ask(&line.bench, "history\r"), "c2VjcmV0")); /* so it would */
	line_add(&line, STEP_WRITE, 42, 2, "secret");
	line_play(&line, FINISH_NONE, "");
	assert_null(strstr(bench_ask(&line.bench, "history\r"), "c2VjcmV0"));
	assert_non_null(strstr(bench_ask(&line.bench, "cred add 9 PK DEFAULT bin\r"), "Please provide"));
	line_end(&line);
}

/* The listing handed out as proof is what the store really holds. */
static void assert_true_listing(struct line *line)
{
	const struct sim_store *store = sim_modem_store(line->bench.modem);
	size_t count = 0;

	for (size_t i = 0; i < store->count; i++) {
		const struct sim_item *item = &store->items[i];
		const struct listing_item *listed =
		    listing_find(&line->message.listing, (struct slot){item->tag, item->type});

		if (item->tag > SIM_TAG_USER_MAX)
			continue;
		assert_non_null(listed);
		assert_memory_equal(listed->digest, item->digest, HASH_SIZE);
		count++;
	}
	assert_int_equal(line->message.listing.count, count);
}

static void every_mishap(void **state)
{
	static const char *const mishaps[] = {
		"fail 22", "ignore", "swallow", "slow 700", "slow 2000", "slow 31000", "garbage 40", "corrupt", "hijack",
		"reset", "reset after", "hangup 700", "hangup after 900", "urc \"credentials found.\"",
	};
	static const char *const commands[] = {
		"1 write", "2 write", "1 delete", "1 list", "2 list", "3 list", "3 buf", "9 buf", "1 clear", "2 clear",
	};

	(void)state;
	for (size_t i = 0; i < sizeof mishaps / sizeof mishaps[0]; i++) {
		for (size_t j = 0; j < sizeof commands / sizeof commands[0]; j++) {
			struct line line = line_of(SIM_DIALECT_CRED);
			char script[160];

			snprintf(script, sizeof script, "store 42,2 \"00\"\nboot 1500\n%s on %s\n", mishaps[i],
			    commands[j]);
			start(&line, script);
			line_await(&line, MESSAGE_DEVICE);
			line_give(&line, MESSAGE_LIST, FINISH_NONE);
			line_await(&line, MESSAGE_LISTING);
			if (line.message.listed)
				assert_true_listing(&line);
			line_add(&line, STEP_DELETE, 42, 2, "");
			line_add(&line, STEP_WRITE, 42, 2, key);
			line_add(&line, STEP_WRITE, 42, 4, "device@fleet");
			line_give(&line, MESSAGE_STEPS, FINISH_CFUN0);
			line_await(&line, MESSAGE_OUTCOME);
			assert_true(line.message.listed || line.message.reason[0] != '\0');
			if (line.message.listed)
				assert_true_listing(&line);
			line_end(&line);
		}
	}
}

/* Lines of a log between, before and behind the answers. */
static void lines_between_do_no_harm(void **state)
{
	struct line line = line_of(SIM_DIALECT_CRED);

	(void)state;
	start(&line, "urc \"[00:00:01.000] <inf> app: Stored 5 bytes.\" 1 on 1+ any\n"
	    "urc \"<wrn> OK\" on 1+ any\nurc \"ERROR\" on 1+ list\n");
	line_identify(&line);
	line_add(&line, STEP_WRITE, 42, 2, key);
	line_play(&line, FINISH_NONE, "");
	line_listed(&line, 42, 2, key, true);
	line_end(&line);
}

static void leaves_by_silence(void **state)
{
	struct line line = line_of(SIM_DIALECT_CRED);
	uint64_t since;

	(void)state;
	start(&line, "");
	line_identify(&line);
	line_give(&line, MESSAGE_VERDICT, FINISH_NONE);
	provision_leave(line.provision, line.bench.now / 1000);
	since = line.bench.now;
	while (line.bench.now < since + 10000 * 1000)
		line_turn(&line);
	assert_int_equal(provision_phase(line.provision), PROVISION_LEAVING);
	line.closed = true; /* the board is taken off, the line stays */
	while (provision_phase(line.provision) == PROVISION_LEAVING) {
		struct bytes out = provision_output(line.provision);

		provision_sent(line.provision, out.size, line.bench.now / 1000);
		line.bench.now = provision_due(line.provision) * 1000;
		provision_tick(line.provision, line.bench.now / 1000);
	}
	assert_true(line.bench.now - since <= 14100 * 1000);
	line_end(&line);
}

/* The listing's own parser. */
static void parses_listings(void **state)
{
#define DIGEST "LPJNum6wn/+GQ4DsiMBdY2JLFnSAMd1GrEbF3DC2YnI="
	static const struct {
		const char *answer;
		int count; /* -1: refused */
	} answers[] = {
		{"0 credentials found.\n", 0},
		{"42,CA," DIGEST ",0\n1 credentials found.\n", 1},
		{"42,CA," DIGEST ",0\n42,SERV," DIGEST ",0\n42,PK,N/A,0\n42,PSK,ERROR,-5\n42,PSK_ID," DIGEST ",0\n"
		 "5 credentials found.\n", 5},
		{"42,PK_PSA," DIGEST ",0\n1 credentials found.\n", 0}, /* no modem's kind: counted, left out */
		{"2147483648,CA," DIGEST ",0\n1 credentials found.\n", 1},
		{"42,CA," DIGEST ",0\n2 credentials found.\n", -1},
		{"42,CA," DIGEST ",0\n0 credentials found.\n", -1},
		{"42,CA," DIGEST "\n1 credentials found.\n", -1},
		{"42,CA," DIGEST ",0,\n42,SERV," DIGEST ",0\n1 credentials found.\n", 1},
		{"42,ca," DIGEST ",0\n1 credentials found.\n", -1},
		{"4294967296,CA," DIGEST ",0\n1 credentials found.\n", -1},
		{"042,CA," DIGEST ",0\n1 credentials found.\n", -1},
		{"42,CA," DIGEST ",0\n42,CA," DIGEST ",0\n2 credentials found.\n", -1},
		{"<inf> 42,CA," DIGEST ",0\n42,CA," DIGEST ",0\n1 credentials found.\n", 1},
	};
	struct fault fault;
	struct at *at;

	(void)state;
	assert_int_equal(at_new(&at, &fault), ERR_OK);
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct at_command command;
		struct listing listing;
		bool read;

		cred_list(&command);
		at_frame(at, AT_FRAME_LINE);
		at_start(at, &command, 1000);
		at_sent(at, at_output(at).size);
		at_feed(at, bytes_of(answers[i].answer));
		assert_int_equal(at_result(at), AT_OK);
		read = cred_listing(at, &listing);
		if (read != (answers[i].count >= 0) || (read && (int)listing.count != answers[i].count))
			fail_msg("%s", answers[i].answer);
	}
	at_free(&at);
}

/* Whose digests cannot be read has none; it proves nothing but that something is there. */
static void unreadable_digests_are_none(void **state)
{
	static const char *const lines[] = {
		"42,CA,N/A,0", "42,CA,ERROR,-134", "42,CA," DIGEST ",-1", "42,CA,LPJNum6wn/+GQ4DsiMBdY2JLFnSAMd1GrEbF3DC2YnI,0",
		"42,CA,LPJNum6wn/+GQ4DsiMBdY2JLFnSAMd1GrEbF3DC2YnJ=,0",
	};
	struct fault fault;
	struct at *at;

	(void)state;
	assert_int_equal(at_new(&at, &fault), ERR_OK);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct at_command command;
		struct listing listing;

		cred_list(&command);
		at_frame(at, AT_FRAME_LINE);
		at_start(at, &command, 1000);
		at_sent(at, at_output(at).size);
		at_feed(at, bytes_of(lines[i]));
		at_feed(at, bytes_of("\r\n1 credentials found.\r\n"));
		assert_true(cred_listing(at, &listing));
		assert_true(listing.count == 1 && !listing.items[0].has_digest);
	}
	at_free(&at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_who_its_label_says),
		cmocka_unit_test(labels_are_not_kept),
		cmocka_unit_test(pem_has_a_nul_and_an_identity_has_none),
		cmocka_unit_test(every_length_arrives),
		cmocka_unit_test(what_is_in_the_way_goes),
		cmocka_unit_test(what_would_be_of_no_use_is_not_begun),
		cmocka_unit_test(what_does_not_fit_the_buffer),
		cmocka_unit_test(leftovers_do_no_harm),
		cmocka_unit_test(nothing_secret_stays_in_the_history),
		cmocka_unit_test(every_mishap),
		cmocka_unit_test(lines_between_do_no_harm),
		cmocka_unit_test(leaves_by_silence),
		cmocka_unit_test(parses_listings),
		cmocka_unit_test(unreadable_digests_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
