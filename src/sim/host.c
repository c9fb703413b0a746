/* SPDX-License-Identifier: ISC */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#define SHELL_RING 64      /* bytes the shell's line driver keeps while a command runs */
#define SLM_BUFFERS 768    /* bytes Serial Modem's keeps */
#define MICROSECONDS 1000u /* in a millisecond */

const struct sim_host_settings sim_host_defaults = {
	.dialect = SIM_DIALECT_AT,
	.terminator = SIM_TERMINATOR_CR,
	.line_limit = 256,
	.cred_buffer = 1024,
	.seed = 1,
};

void sim_host_setup(struct sim_host_settings *settings, const struct sim_setup *setup)
{
	settings->echo = settings->echo || setup->echo;
	settings->unescape_lf = settings->unescape_lf || setup->unescape_lf;
	if (setup->boot_ms > 0)
		settings->boot_ms = setup->boot_ms;
}

static void greet(struct sim_host *host, bool banner, uint64_t now)
{
	if (editor_is_shell(&host->editor)) {
		struct buffer prompt = BUFFER_EMPTY;

		buffer_text(&prompt, "\r\n");
		shell_prompt(&prompt);
		host->output.failed |= prompt.failed;
		host_put(host, buffer_bytes(&prompt), now);
		buffer_free(&prompt);
	} else if (banner) {
		host_put_text(host, "Ready\r\n", now);
	}
}

/* What was in hand is forgotten: the line half received, the command half done. */
static void forget(struct sim_host *host)
{
	editor_clear(&host->editor);
	buffer_clear(&host->gathered);
	buffer_clear(&host->history);
	buffer_clear(&host->waiting);
	buffer_clear(&host->held);
	host->offset = host->quotes = 0;
	host->events = false;
	host->life++;
	sim_modem_reset(host->modem);
}

void host_reset(struct sim_host *host, bool banner, uint64_t now)
{
	forget(host);
	host->banner = banner;
	host->state = HOST_BOOTING;
	host->due = now + (uint64_t)host->settings.boot_ms * MICROSECONDS;
	if (host->due > now)
		return;
	host->state = HOST_LISTENING;
	greet(host, banner, now);
}

void host_hangup(struct sim_host *host, const struct sim_fault *fault, uint64_t now)
{
	forget(host);
	host->state = HOST_DOWN;
	host->absence = fault->returns ? (uint64_t)fault->number * MICROSECONDS : UINT64_MAX;
	sim_host_lost(host, now);
}

void sim_host_lost(struct sim_host *host, uint64_t now)
{
	if (host->state == HOST_DOWN)
		host->due = host->absence == UINT64_MAX ? UINT64_MAX : now + host->absence;
}

enum err sim_host_new(struct sim_host **out, const struct sim_host_settings *settings,
    struct sim_modem *modem, struct sim_script *script, uint64_t now, struct fault *fault)
{
	struct sim_host *host;
	struct sim_hits hits;
	enum err err;

	*out = NULL;
	host = calloc(1, sizeof *host);
	if (host == NULL)
		return fault_memory(fault);
	host->settings = *settings;
	host->modem = modem;
	host->script = script;
	host->noise = settings->seed;
	host->next_input = sim_script_next(script, SIM_AT_INPUT, 1);
	host->next_output = sim_script_next(script, SIM_AT_OUTPUT, 1);
	err = editor_init(&host->editor, &host->settings, fault);
	if (err == ERR_OK) {
		host_reset(host, settings->ready, now);
		sim_script_bytes(script, SIM_AT_INPUT, 0, &hits);
		host_strike(host, &hits, now);
		err = buffer_check(&host->output, fault);
	}
	if (err != ERR_OK)
		sim_host_free(&host);
	*out = host;
	return err;
}

void sim_host_free(struct sim_host **host)
{
	if (*host == NULL)
		return;
	editor_free(&(*host)->editor);
	buffer_free(&(*host)->text);
	cred_free(&(*host)->cred);
	buffer_free(&(*host)->gathered);
	buffer_free(&(*host)->history);
	buffer_free(&(*host)->waiting);
	buffer_free(&(*host)->held);
	buffer_free(&(*host)->output);
	free(*host);
	*host = NULL;
}

enum sim_line sim_host_line(const struct sim_host *host)
{
	if (host->state == HOST_OVER)
		return SIM_LINE_OVER;
	return host->state == HOST_DOWN ? SIM_LINE_DOWN : SIM_LINE_UP;
}

uint64_t sim_host_due(const struct sim_host *host)
{
	return host->state == HOST_LISTENING || host->state == HOST_OVER ? UINT64_MAX : host->due;
}

/* Counts the byte within its command, and asks the script whether it gets through. Line ends before a
 * command are the rest of the one before. */
static bool is_lost(struct sim_host *host, uint8_t byte)
{
	if (host->offset == 0 && (byte == '\r' || byte == '\n'))
		return false;
	if (byte == '"')
		host->quotes++;
	return sim_script_loses(host->script, editor_command(&host->editor), host->offset++,
	    byte == '"' ? host->quotes : 0);
}

static void listen(struct sim_host *host, uint8_t byte, uint64_t now)
{
	struct buffer echo = BUFFER_EMPTY;
	uint64_t life = host->life;
	bool complete;

	if (is_lost(host, byte))
		return;
	complete = editor_take(&host->editor, byte, &echo);
	host->output.failed |= echo.failed;
	host_put(host, buffer_bytes(&echo), now);
	buffer_free(&echo);
	if (host->editor.overflow)
		host_slm_overflow(host, now);
	if (complete && host->life == life)
		host_begin(host, now);
}

static void hold(struct sim_host *host, uint8_t byte)
{
	size_t room = editor_is_shell(&host->editor) ? SHELL_RING : 0;

	if (host->settings.dialect == SIM_DIALECT_SLM)
		room = SLM_BUFFERS;
	if (host->settings.flow || host->held.size < room)
		buffer_byte(&host->held, byte);
}

static void receive(struct sim_host *host, uint8_t byte, uint64_t now)
{
	if (host->state == HOST_LISTENING)
		listen(host, byte, now);
	else if (host->state == HOST_WORKING)
		hold(host, byte);
}

/* What was held back while the modem worked comes in now; the next command in it may stop it again. */
static void release(struct sim_host *host, uint64_t now)
{
	struct buffer held = host->held;

	host->held = BUFFER_EMPTY;
	host->output.failed |= held.failed;
	for (size_t i = 0; i < held.size; i++)
		receive(host, held.data[i], now);
	buffer_free(&held);
}

enum err sim_host_tick(struct sim_host *host, uint64_t now, struct fault *fault)
{
	enum err err = ERR_OK;

	while (err == ERR_OK && sim_host_due(host) <= now) {
		if (host->state == HOST_WORKING) {
			err = host_finish(host, now, fault);
		} else if (host->state == HOST_DOWN) {
			host_reset(host, host->settings.ready, now);
		} else {
			host->state = HOST_LISTENING;
			greet(host, host->banner, now);
		}
		if (host->state == HOST_LISTENING)
			release(host, now);
	}
	return err == ERR_OK ? buffer_check(&host->output, fault) : err;
}

enum err sim_host_feed(struct sim_host *host, struct bytes bytes, uint64_t now, struct fault *fault)
{
	enum err err = sim_host_tick(host, now, fault);
	struct sim_hits hits;

	for (size_t i = 0; i < bytes.size && err == ERR_OK && sim_host_line(host) == SIM_LINE_UP; i++) {
		receive(host, bytes.data[i], now);
		if (++host->input != host->next_input)
			continue;
		host->next_input = sim_script_next(host->script, SIM_AT_INPUT, host->input + 1);
		sim_script_bytes(host->script, SIM_AT_INPUT, host->input, &hits);
		host_strike(host, &hits, now);
	}
	return err == ERR_OK ? sim_host_tick(host, now, fault) : err;
}
