/* SPDX-License-Identifier: ISC */
#ifndef PROVISION_LINE_H
#define PROVISION_LINE_H

/* The dialogue against the stand-in modem of gapseal-sim, in virtual time; the test is the vault. */
#include "testing.h"

#include "gapseal/provision.h"
#include "sim_testing.h"

struct line {
	struct bench bench;
	struct provision *provision;
	struct secret *body;
	struct message message;
	struct provision_settings settings;  /* change them before line_start */
	bool closed;
	size_t sent;                         /* bytes, to the device */
};

static inline struct line line_of(enum sim_dialect dialect)
{
	struct line line = {.bench = bench_of(), .settings = provision_defaults};

	line.bench.host_settings.dialect = dialect;
	return line;
}

static inline void line_tick(struct line *line)
{
	struct fault fault = {0};

	assert_int_equal(sim_host_tick(line->bench.host, line->bench.now, &fault), ERR_OK);
}

/* The line is down: the dialogue is told once, and the port is opened again when the line returns. */
static inline void line_watch(struct line *line)
{
	const uint64_t now = line->bench.now / 1000;
	bool down = sim_host_line(line->bench.host) == SIM_LINE_DOWN;

	if (down && !line->closed) {
		sim_host_lost(line->bench.host, line->bench.now);
		provision_hangup(line->provision, now);
	}
	line->closed = down;
}

/* Bytes there, bytes back, or time goes on to the next thing due. */
static inline void line_turn(struct line *line)
{
	const uint64_t now = line->bench.now / 1000;
	struct bytes out = provision_output(line->provision);
	struct bytes in = sim_host_output(line->bench.host);
	uint64_t due = provision_due(line->provision);

	if (!line->closed && in.size > 0) {
		provision_feed(line->provision, bytes_from(in.data, 1), now);
		sim_host_sent(line->bench.host, 1);
	} else if (!line->closed && out.size > 0) {
		bench_feed(&line->bench, bytes_from(out.data, 1));
		line->sent++;
		provision_sent(line->provision, 1, now);
	} else {
		due = due == UINT64_MAX ? due : due * 1000;
		if (sim_host_due(line->bench.host) < due)
			due = sim_host_due(line->bench.host);
		assert_true(due != UINT64_MAX);
		if (due > line->bench.now)
			line->bench.now = due;
		line_tick(line);
		provision_tick(line->provision, line->bench.now / 1000);
	}
	line_watch(line);
}

static inline void line_await(struct line *line, enum message_kind kind)
{
	uint64_t limit = line->bench.now + 600u * 1000000u;

	while (!provision_take(line->provision, &line->message)) {
		assert_true(line->bench.now < limit);
		line_turn(line);
	}
	assert_int_equal(line->message.kind, kind);
}

static inline void line_give(struct line *line, enum message_kind kind, enum finish finish)
{
	static struct message message;

	message = (struct message){.kind = kind, .finish = finish, .body = line->body};
	provision_give(line->provision, &message, line->bench.now / 1000);
}

static inline void line_start(struct line *line, const char *script)
{
	struct fault fault;

	bench_start(&line->bench, script);
	assert_int_equal(provision_new(&line->provision, 0, &line->settings, &fault), ERR_OK);
	assert_int_equal(secret_new(&line->body, 8192, &fault), ERR_OK);
	provision_start(line->provision, "", line->bench.now / 1000, UINT64_MAX);
}

static inline void line_end(struct line *line)
{
	line_give(line, MESSAGE_VERDICT, FINISH_NONE);
	assert_int_equal(provision_phase(line->provision), PROVISION_OVER);
	assert_false(provision_take(line->provision, &line->message));
	provision_free(&line->provision);
	secret_free(&line->body);
	bench_end(&line->bench);
}

static inline void line_add(struct line *line, enum step_op op, uint32_t tag, uint32_t type,
    const char *content)
{
	struct step step = {.op = op, .slot = {tag, type}, .content = bytes_of(content)};

	assert_true(step_put(line->body, &step));
}

/* Another device, or the same with other firmware, is put to the port for a new presentation. */
static inline void line_exchange(struct line *line, enum sim_dialect dialect, const char *script)
{
	uint64_t now = line->bench.now;

	bench_end(&line->bench);
	line->bench = bench_of();
	line->bench.now = now;
	line->bench.host_settings.dialect = dialect;
	bench_start(&line->bench, script);
	provision_start(line->provision, "", now / 1000, UINT64_MAX);
}

/* Without a NUL the digest is the modem's, with one the credentials shell's. */
static inline void line_listed(const struct line *line, uint32_t tag, uint32_t type, const char *content,
    bool nul)
{
	const struct listing_item *item = listing_find(&line->message.listing, (struct slot){tag, type});
	uint8_t digest[HASH_SIZE];

	assert_true(line->message.listed);
	assert_non_null(item);
	credential_digest(digest, bytes_of(content), nul);
	assert_memory_equal(item->digest, digest, HASH_SIZE);
}

/* As far as the vault's word: DEVICE, LIST, LISTING. */
static inline void line_identify(struct line *line)
{
	line_await(line, MESSAGE_DEVICE);
	assert_string_equal(line->message.reason, "");
	line_give(line, MESSAGE_LIST, FINISH_NONE);
	line_await(line, MESSAGE_LISTING);
}

/* The steps added, to their OUTCOME. */
static inline void line_play(struct line *line, enum finish finish, const char *reason)
{
	line_give(line, MESSAGE_STEPS, finish);
	line_await(line, MESSAGE_OUTCOME);
	assert_string_equal(line->message.reason, reason);
}

#endif
