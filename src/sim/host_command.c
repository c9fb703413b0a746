/* SPDX-License-Identifier: ISC */
#include "host.h"

#include <string.h>

static uint64_t duration(const struct sim_host *host)
{
	const struct sim_fault *slow = sim_hits_find(&host->hits, SIM_SLOW);
	uint64_t ms = slow != NULL ? slow->number : 0;

	if (host->settings.dialect == SIM_DIALECT_CRED ?
	    host->cred.verb == CRED_ADD || host->cred.verb == CRED_DEL : sim_command_changes(&host->command))
		ms += host->settings.nvm_ms;
	return ms * 1000;
}

/* The command's text leaves the editor for the work in hand; false if there is no work. */
static bool take_text(struct sim_host *host, uint64_t now)
{
	bool work = true;

	if (host->settings.dialect == SIM_DIALECT_SHELL) {
		work = host_take_shell(host, now);
	} else if (host->settings.dialect == SIM_DIALECT_CRED) {
		work = host_take_cred(host, now);
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
	if (host->settings.dialect == SIM_DIALECT_CRED) {
		cred_words(words, &host->cred);
	} else {
		sim_command_parse(&host->command, buffer_bytes(&host->text));
		sim_command_words(words, &host->command);
	}
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

static enum err execute_cred(struct sim_host *host, struct buffer *answer, struct fault *fault)
{
	const struct sim_fault *fail = sim_hits_find(&host->hits, SIM_FAIL);

	if (fail == NULL)
		return cred_execute(host->modem, &host->gathered, host->settings.cred_buffer, &host->cred,
		    deed(host), answer, fault);
	cred_fail(answer, &host->cred, fail->number);
	return buffer_check(answer, fault);
}

static enum err execute(struct sim_host *host, struct buffer *answer, bool *reset, struct fault *fault)
{
	const struct sim_fault *fail = sim_hits_find(&host->hits, SIM_FAIL);

	if (host->settings.dialect == SIM_DIALECT_CRED)
		return execute_cred(host, answer, fault);
	if (fail == NULL && host->settings.dialect == SIM_DIALECT_SLM &&
	    host_slm_command(host, answer, reset))
		return buffer_check(answer, fault);
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

static void answer(struct sim_host *host, const struct buffer *text, uint64_t now)
{
	switch (host->settings.dialect) {
	case SIM_DIALECT_AT:
		answer_at(host, text, now);
		break;
	case SIM_DIALECT_SHELL:
		host_answer_shell(host, buffer_bytes(text), now);
		break;
	case SIM_DIALECT_CRED:
		host_answer_cred(host, buffer_bytes(text), now);
		break;
	case SIM_DIALECT_SLM:
		host_answer_slm(host, buffer_bytes(text), now);
		break;
	}
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
	bool reset = false;
	enum err err = ERR_OK;

	host->state = HOST_LISTENING;
	if (ended(host, false, now))
		return ERR_OK;
	if (!ignore)
		err = execute(host, &text, &reset, fault);
	if (err == ERR_OK && !ended(host, true, now)) {
		if (!ignore && sim_hits_find(&host->hits, SIM_SWALLOW) == NULL)
			answer(host, &text, now);
		if (host->life == life)
			err = follow(host, now, fault);
		if (reset && host->life == life)
			sim_modem_reset(host->modem);
	}
	buffer_free(&text);
	return err;
}
