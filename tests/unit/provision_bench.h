/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PROVISION_BENCH_H
#define GAPSEAL_PROVISION_BENCH_H

/* One port's dialogue against the modem of provision_modem.h in virtual time, byte by byte; the test is
 * the vault. */
#include "testing.h"

#include "gapseal/provision.h"
#include "gapseal/reason.h"
#include "provision_modem.h"

#define IMEI_A "352656100367872"
#define IMEI_B "490154203237518"
#define FIRMWARE "mfw_nrf9160_1.3.5"

enum ending { ENDING_NONE, ENDING_HANGUP, ENDING_DEAD, ENDING_REBOOT };
struct bench {
	struct provision *line;
	struct modem modem;
	struct secret *body;
	struct message message;  /* the last one taken */
	uint64_t now;
	size_t bytes;            /* that crossed the wire in both directions */
	size_t budget;           /* after so many, the ending */
	enum ending ending;
	uint64_t boot;           /* of a reboot, in milliseconds */
	bool closed;
	bool touched;            /* the first byte of a step crossed the wire */
};

static inline int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);
	struct fault fault;

	if (bench == NULL || provision_new(&bench->line, 7, &provision_defaults, &fault) != ERR_OK ||
	    secret_new(&bench->body, 8192, &fault) != ERR_OK)
		return -1;
	bench->modem.imei = IMEI_A;
	bench->modem.firmware = FIRMWARE;
	bench->now = 1000;
	*state = bench;
	return 0;
}

static inline int teardown(void **state)
{
	struct bench *bench = *state;

	modem_forget(&bench->modem);
	provision_free(&bench->line);
	secret_free(&bench->body);
	free(bench);
	return 0;
}

/* A fresh modem and a fresh presentation on the same bench. */
static inline void restart(struct bench *bench, const struct rule *rules)
{
	modem_forget(&bench->modem);
	bench->modem = (struct modem){.imei = IMEI_A, .firmware = FIRMWARE, .mode = 1, .rules = rules};
	bench->bytes = 0;
	bench->ending = ENDING_NONE;
	bench->closed = false;
	bench->touched = false;
	provision_start(bench->line, "SN-1", bench->now, UINT64_MAX);
}

static inline void count_byte(struct bench *bench)
{
	if (++bench->bytes != bench->budget)
		return;
	if (bench->ending == ENDING_HANGUP) {
		bench->closed = true;
		modem_forget(&bench->modem);
		provision_hangup(bench->line, bench->now);
	} else if (bench->ending == ENDING_DEAD) {
		modem_forget(&bench->modem);
		bench->modem.dead = true;
	} else if (bench->ending == ENDING_REBOOT) {
		modem_reset(&bench->modem, bench->now, bench->boot);
	}
}

/* One byte there or back, or time goes on to the next thing due. False if nothing is. */
static inline bool turn(struct bench *bench)
{
	struct bytes out = provision_output(bench->line);
	uint64_t due;
	uint8_t byte;

	if (out.size > 0 && !bench->closed) {
		if (bytes_starts(out, "AT%CMNG=0") || bytes_starts(out, "AT%CMNG=3"))
			bench->touched = true;
		modem_byte(&bench->modem, out.data[0], bench->now);
		provision_sent(bench->line, 1, bench->now);
		count_byte(bench);
		return true;
	}
	if (!bench->closed && modem_hear(&bench->modem, bench->now, &byte)) {
		provision_feed(bench->line, bytes_from(&byte, 1), bench->now);
		count_byte(bench);
		return true;
	}
	due = provision_due(bench->line);
	if (!bench->closed && modem_due(&bench->modem) < due)
		due = modem_due(&bench->modem);
	if (due == UINT64_MAX)
		return false;
	if (due > bench->now)
		bench->now = due;
	provision_tick(bench->line, bench->now);
	return true;
}

/* Until a message can be taken (true), or the dialogue is over or stands still (false). */
static inline bool run(struct bench *bench)
{
	uint64_t limit = bench->now + 1000000;

	while (!provision_take(bench->line, &bench->message)) {
		enum provision_phase phase = provision_phase(bench->line);

		if (phase == PROVISION_OVER || (bench->closed && phase == PROVISION_WAITING) || !turn(bench))
			return false;
		assert_true(bench->now < limit);
	}
	assert_int_equal(bench->message.port, 7);
	assert_non_null(reason_find(bench->message.reason));
	if (bench->message.reason[0] != '\0')
		assert_string_equal(reason_find(bench->message.reason)->code, bench->message.reason);
	return true;
}

/* Until the next message, which must be of this kind and have this reason, and the only one. */
static inline void expect(struct bench *bench, enum message_kind kind, const char *reason)
{
	struct message second;

	assert_true(run(bench));
	assert_int_equal(bench->message.kind, kind);
	assert_string_equal(bench->message.reason, reason);
	assert_false(provision_take(bench->line, &second));
}

static inline void give(struct bench *bench, enum message_kind kind, enum finish finish)
{
	static struct message message;

	message = (struct message){.kind = kind, .port = 7, .finish = finish, .body = bench->body};
	provision_give(bench->line, &message, bench->now);
}

static inline void add_write(struct bench *bench, uint32_t tag, uint32_t type, const char *content,
    const char *password)
{
	struct step step = {STEP_WRITE, {tag, type}, bytes_of(content), bytes_of(password)};

	assert_true(step_put(bench->body, &step));
}

static inline void add_delete(struct bench *bench, uint32_t tag, uint32_t type)
{
	struct step step = {.op = STEP_DELETE, .slot = {tag, type}};

	assert_true(step_put(bench->body, &step));
}

static inline void assert_listed(const struct bench *bench, uint32_t tag, uint32_t type, const char *content)
{
	const struct listing_item *item = listing_find(&bench->message.listing, (struct slot){tag, type});
	uint8_t digest[HASH_SIZE];

	assert_true(bench->message.listed);
	assert_non_null(item);
	credential_digest(digest, bytes_of(content), false);
	assert_memory_equal(item->digest, digest, HASH_SIZE);
}

/* The listing in the message is what the modem really holds. */
static inline void assert_true_listing(const struct bench *bench)
{
	const struct modem *modem = &bench->modem;

	assert_int_equal(bench->message.listing.count, modem->stored);
	for (size_t i = 0; i < modem->stored; i++) {
		const struct listing_item *item = listing_find(&bench->message.listing, modem->store[i].slot);
		char hex[2 * HASH_SIZE + 1];

		assert_non_null(item);
		hex_encode(hex, bytes_from(item->digest, HASH_SIZE));
		assert_string_equal(hex, modem->store[i].digest);
	}
}

/* As far as the vault's word: DEVICE, LIST, LISTING. */
static inline void identify(struct bench *bench, const struct rule *rules)
{
	restart(bench, rules);
	expect(bench, MESSAGE_DEVICE, "");
	assert_string_equal(bench->message.imei, IMEI_A);
	give(bench, MESSAGE_LIST, FINISH_NONE);
	expect(bench, MESSAGE_LISTING, "");
	assert_true(bench->message.listed);
	bench->modem.trace[0] = '\0';
}

static inline void verdict(struct bench *bench)
{
	give(bench, MESSAGE_VERDICT, FINISH_NONE);
	assert_int_equal(provision_phase(bench->line), PROVISION_OVER);
	assert_false(provision_take(bench->line, &bench->message));
	assert_true(provision_due(bench->line) == UINT64_MAX);
	assert_int_equal(provision_output(bench->line).size, 0);
}

static inline void psk_steps(struct bench *bench)
{
	secret_clear(bench->body);
	add_delete(bench, 42, 3);
	add_write(bench, 42, 3, "0a0b0c0d", "");
	add_write(bench, 42, 4, "device@fleet", "");
}

/* identify, the three steps of psk_steps, OUTCOME. */
static inline void write_psk(struct bench *bench, const struct rule *rules, enum finish finish,
    const char *reason)
{
	identify(bench, rules);
	psk_steps(bench);
	give(bench, MESSAGE_STEPS, finish);
	expect(bench, MESSAGE_OUTCOME, reason);
	assert_int_equal(bench->message.steps, 3);
}

static inline void assert_codes(const struct bench *bench, uint32_t a, uint32_t b, uint32_t c)
{
	assert_int_equal(bench->message.codes[0], a);
	assert_int_equal(bench->message.codes[1], b);
	assert_int_equal(bench->message.codes[2], c);
}

#define BENCH_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
