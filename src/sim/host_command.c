/* SPDX-License-Identifier: ISC */
#include "host.h"

#include <string.h>

#define SHELL_ANSWER 2700 /* bytes of an answer the shell's at command takes */

/* The shell: text in red, as it prints what went wrong. */
static void shell_error(struct sim_host *host, const char *before, struct bytes what, const char *after,
    uint64_t now)
{
	struct buffer text = BUFFER_EMPTY;

	buffer_format(&text, "\x1b[1;31m%s", before);
	buffer_put(&text, what);
	buffer_format(&text, "%s\r\n\x1b[m", after);
	shell_prompt(&text);
	host->output.failed |= text.failed;
	host_put(host, buffer_bytes(&text), now);
	buffer_free(&text);
}

static void shell_say(struct sim_host *host, const char *text, uint64_t now)
{
	struct buffer out = BUFFER_EMPTY;

	buffer_format(&out, "%s\r\n", text);
	shell_prompt(&out);
	host->output.failed |= out.failed;
	host_put(host, buffer_bytes(&out), now);
	buffer_free(&out);
}

/* The two characters \n become CR LF, in writes only. */
static void unescape_lf(struct buffer *text)
{
	struct buffer out = BUFFER_EMPTY;

	if (!bytes_starts(buffer_bytes(text), "AT%CMNG=0"))
		return;
	for (size_t i = 0; i < text->size; i++) {
		if (text->data[i] == '\\' && i + 1 < text->size && text->data[i + 1] == 'n') {
			buffer_text(&out, "\r\n");
			i++;
		} else {
			buffer_byte(&out, text->data[i]);
		}
	}
	out.failed |= text->failed;
	buffer_free(text);
	*text = out;
}

/* The words of the line; false if the shell answered it itself. Only the first argument of at goes to
 * the modem, as a C string: a NUL written as \x00 ends it. */
static bool shell_line(struct sim_host *host, struct bytes line, uint64_t now)
{
	struct buffer name = BUFFER_EMPTY;
	struct cursor cursor = cursor_of(line);
	uint8_t open = 0;
	bool found, more;

	buffer_clear(&host->text);
	found = shell_word(&cursor, &name, &open);
	more = found && open == 0 && shell_word(&cursor, &host->text, &open);
	if (host->settings.unescape_lf)
		unescape_lf(&host->text);
	if (host->text.size > 0)
		host->text.size = strnlen((const char *)host->text.data, host->text.size);
	if (open != 0)
		shell_error(host, "not terminated: ", bytes_from(&open, 1), "", now);
	else if (!bytes_is(buffer_bytes(&name), "at"))
		shell_error(host, "", buffer_bytes(&name), ": command not found", now);
	else if (!more)
		shell_say(host, "Usage: at <subcommand>", now);
	host->output.failed |= name.failed;
	more = more && open == 0 && bytes_is(buffer_bytes(&name), "at");
	buffer_free(&name);
	return more;
}

/* Subcommands of at that are no AT commands. */
static bool shell_events(struct sim_host *host, uint64_t now)
{
	bool enable = bytes_is(buffer_bytes(&host->text), "events_enable");

	if (!enable && !bytes_is(buffer_bytes(&host->text), "events_disable"))
		return false;
	host->events = enable;
	shell_say(host, enable ? "AT command event handler enabled" : "AT command event handler disabled",
	    now);
	return true;
}

static uint64_t duration(const struct sim_host *host)
{
	const struct sim_fault *slow = sim_hits_find(&host->hits, SIM_SLOW);
	uint64_t ms = slow != NULL ? slow->number : 0;

	if (sim_command_changes(&host->command))
		ms += host->settings.nvm_ms;
	return ms * 1000;
}

/* The command's text leaves the editor for the work in hand; false if there is no work. */
static bool take_text(struct sim_host *host, uint64_t now)
{
	bool work = true;

	if (host->settings.dialect == SIM_DIALECT_SHELL) {
		work = shell_line(host, editor_text(&host->editor), now) && !shell_events(host, now);
	} else {
		buffer_clear(&host->text);
		buffer_put(&host->text, editor_text(&host->editor));
	}
	host->output.failed |= host->text.failed;
	editor_clear(&host->editor);
	host->offset = host->quotes = 0;
	return work;
}

void host_begin(struct sim_host *host, uint64_t now)
{
	char words[SIM_WORDS_SIZE];
	uint64_t life = host->life;

	if (!take_text(host, now) || host->life != life)
		return;
	sim_command_parse(&host->command, buffer_bytes(&host->text));
	sim_command_words(words, &host->command);
	sim_script_command(host->script, words, &host->hits);
	host->state = HOST_WORKING;
	host->due = now + duration(host);
}

static enum sim_deed deed(const struct sim_host *host)
{
	if (sim_hits_find(&host->hits, SIM_HIJACK) != NULL)
		return SIM_DEED_HIJACK;
	return sim_hits_find(&host->hits, SIM_CORRUPT) != NULL ? SIM_DEED_CORRUPT : SIM_DEED_DONE;
}

/* The line's own end: hangup and reset, before the command is done or after it. */
static bool ended(struct sim_host *host, bool after, uint64_t now)
{
	const struct sim_fault *hangup = sim_hits_find(&host->hits, SIM_HANGUP);
	const struct sim_fault *reset = sim_hits_find(&host->hits, SIM_RESET);

	if (hangup != NULL && hangup->after == after)
		host_hangup(host, hangup, now);
	else if (reset != NULL && reset->after == after)
		host_reset(host, !reset->quiet, now);
	else
		return false;
	return true;
}

static enum err execute(struct sim_host *host, struct buffer *answer, struct fault *fault)
{
	const struct sim_fault *fail = sim_hits_find(&host->hits, SIM_FAIL);

	if (fail == NULL)
		return sim_modem_execute(host->modem, answer, &host->command, deed(host), fault);
	if (fail->plain)
		buffer_text(answer, "ERROR\r\n");
	else
		sim_modem_error(host->modem, answer, fail->number);
	return buffer_check(answer, fault);
}

/* An answer longer than the AT host's buffer loses its end, and with it the OK. */
static void answer_at(struct sim_host *host, const struct buffer *answer, uint64_t now)
{
	struct buffer out = BUFFER_EMPTY;
	struct bytes text = buffer_bytes(answer);

	if (text.size > AT_BUFFER - 1)
		text.size = AT_BUFFER - 1;
	host_decorate(host, &out, text);
	host->output.failed |= out.failed;
	host_put(host, buffer_bytes(&out), now);
	buffer_free(&out);
}

/* The shell adds its own line end, and a CR before every LF. */
static void answer_shell(struct sim_host *host, const struct buffer *answer, uint64_t now)
{
	struct buffer text = BUFFER_EMPTY, out = BUFFER_EMPTY;

	if (answer->size > SHELL_ANSWER)
		buffer_text(&text, "Sending AT command failed with error code -7");
	else
		host_decorate(host, &text, buffer_bytes(answer));
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '\n')
			buffer_byte(&out, '\r');
		buffer_byte(&out, text.data[i]);
	}
	buffer_text(&out, "\r\n");
	shell_prompt(&out);
	host->output.failed |= text.failed || out.failed;
	host_put(host, buffer_bytes(&out), now);
	buffer_free(&text);
	buffer_free(&out);
}

static void answer(struct sim_host *host, struct buffer *text, uint64_t now)
{
	if (host->settings.dialect == SIM_DIALECT_SHELL)
		answer_shell(host, text, now);
	else
		answer_at(host, text, now);
}

/* What the script has in store for the time after an answer. */
static enum err follow(struct sim_host *host, uint64_t now, struct fault *fault)
{
	const struct sim_fault *swap = sim_hits_find(&host->hits, SIM_SWAP);
	enum err err = ERR_OK;

	if (swap != NULL) {
		err = sim_modem_swap(host->modem, swap->text, fault);
		if (err == ERR_OK)
			host_reset(host, host->settings.ready, now);
	}
	if (sim_hits_find(&host->hits, SIM_EXIT) != NULL)
		host->state = HOST_OVER;
	return err;
}

enum err host_finish(struct sim_host *host, uint64_t now, struct fault *fault)
{
	bool ignore = sim_hits_find(&host->hits, SIM_IGNORE) != NULL;
	struct buffer text = BUFFER_EMPTY;
	uint64_t life = host->life;
	enum err err = ERR_OK;

	host->state = HOST_LISTENING;
	if (ended(host, false, now))
		return ERR_OK;
	if (!ignore)
		err = execute(host, &text, fault);
	if (err == ERR_OK && !ended(host, true, now)) {
		if (!ignore && sim_hits_find(&host->hits, SIM_SWALLOW) == NULL)
			answer(host, &text, now);
		if (host->life == life)
			err = follow(host, now, fault);
	}
	buffer_free(&text);
	return err;
}
