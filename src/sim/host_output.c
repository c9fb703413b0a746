/* SPDX-License-Identifier: ISC */
#include "host.h"

#include <string.h>

struct bytes sim_host_output(const struct sim_host *host)
{
	return buffer_bytes(&host->output);
}

void sim_host_sent(struct sim_host *host, size_t count)
{
	if (count > host->output.size)
		count = host->output.size;
	if (count > 0)
		memmove(host->output.data, host->output.data + count, host->output.size - count);
	host->output.size -= count;
}

static void strike(struct sim_host *host, const struct sim_fault *fault, uint64_t now)
{
	switch (fault->action) {
	case SIM_URC:
		host_say(host, fault->text, now);
		break;
	case SIM_RESET:
		host_reset(host, !fault->quiet, now);
		break;
	case SIM_HANGUP:
		host_hangup(host, fault, now);
		break;
	default: /* the others strike on commands only */
		break;
	}
}

void host_strike(struct sim_host *host, const struct sim_hits *hits, uint64_t now)
{
	uint64_t life = host->life;

	for (size_t i = 0; i < hits->count && host->life == life; i++)
		strike(host, hits->faults[i], now);
}

/* After a reset or a hang-up in the middle the rest is never sent. */
void host_put(struct sim_host *host, struct bytes bytes, uint64_t now)
{
	uint64_t life = host->life;
	struct sim_hits hits;

	while (bytes.size > 0 && host->life == life) {
		uint64_t room = host->next_output - host->output_count;
		size_t size = bytes.size < room ? bytes.size : (size_t)room;

		buffer_put(&host->output, bytes_from(bytes.data, size));
		bytes.data += size;
		bytes.size -= size;
		host->output_count += size;
		if (host->output_count < host->next_output)
			continue;
		host->next_output = sim_script_next(host->script, SIM_AT_OUTPUT, host->output_count + 1);
		sim_script_bytes(host->script, SIM_AT_OUTPUT, host->output_count, &hits);
		host_strike(host, &hits, now);
	}
}

void host_put_text(struct sim_host *host, const char *text, uint64_t now)
{
	host_put(host, bytes_of(text), now);
}

/* The AT host passes it on as it comes; Serial Modem when it is idle; the shell only when asked to, under a
 * heading, and draws its line again. */
void host_say(struct sim_host *host, const char *text, uint64_t now)
{
	struct buffer line = BUFFER_EMPTY;

	if (host->settings.dialect == SIM_DIALECT_SLM) {
		host_slm_say(host, text, now);
	} else if (host->settings.dialect == SIM_DIALECT_AT) {
		buffer_format(&line, "%s\r\n", text);
	} else if (host->events) {
		buffer_format(&line, "\r\nAT event handler:\r\n%s\r\r\n\r\n", text);
		shell_prompt(&line);
		buffer_put(&line, editor_text(&host->editor));
	}
	host->output.failed |= line.failed;
	host_put(host, buffer_bytes(&line), now);
	buffer_free(&line);
}

enum err sim_host_urc(struct sim_host *host, const char *text, uint64_t now, struct fault *fault)
{
	if (host->state == HOST_LISTENING || host->state == HOST_WORKING)
		host_say(host, text, now);
	return buffer_check(&host->output, fault);
}

/* A byte of noise from a generator that starts at the seed (SplitMix64); never a line end, which would
 * make lines. */
static uint8_t noise(struct sim_host *host)
{
	uint64_t word;
	uint8_t byte;

	do {
		host->noise += UINT64_C(0x9e3779b97f4a7c15);
		word = host->noise;
		word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
		byte = (uint8_t)((word ^ (word >> 31)) >> 56);
	} while (byte == '\r' || byte == '\n');
	return byte;
}

void host_urcs(const struct sim_host *host, struct buffer *out, uint32_t first, uint32_t last,
    const char *before)
{
	for (size_t i = 0; i < host->hits.count; i++) {
		const struct sim_fault *fault = host->hits.faults[i];

		if (fault->action == SIM_URC && fault->number >= first && fault->number <= last)
			buffer_format(out, "%s%s\r\n", before, fault->text);
	}
}

void host_noise(struct sim_host *host, struct buffer *out)
{
	const struct sim_fault *garbage = sim_hits_find(&host->hits, SIM_GARBAGE);

	for (uint32_t i = 0; garbage != NULL && i < garbage->number; i++)
		buffer_byte(out, noise(host));
}

void host_decorate(struct sim_host *host, struct buffer *out, struct bytes answer)
{
	struct cursor cursor = cursor_of(answer);
	struct bytes line;
	uint32_t count = 0;

	host_noise(host, out);
	for (; take_field(&cursor, '\n', &line); count++) {
		host_urcs(host, out, count, count, "");
		buffer_put(out, line);
		if (line.data + line.size < answer.data + answer.size)
			buffer_byte(out, '\n');
	}
	host_urcs(host, out, count, UINT32_MAX, "");
}
