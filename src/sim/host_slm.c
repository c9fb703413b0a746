/* SPDX-License-Identifier: ISC */
#include "host.h"

#include <string.h>

/* Serial Modem, successor of SLM: an application in front of the modem that has commands of its own. */

#define SLM_ANSWER 2048 /* bytes of an answer it takes from the modem */

static void put(struct sim_host *host, struct buffer *text, uint64_t now)
{
	host->output.failed |= text->failed;
	host_put(host, buffer_bytes(text), now);
	buffer_free(text);
}

bool host_slm_command(struct sim_host *host, struct buffer *answer, bool *reset)
{
	const struct sim_command *command = &host->command;

	if (command->form != SIM_EXECUTE)
		return false;
	if (sim_command_is(command, "E0") || sim_command_is(command, "E1"))
		host->settings.echo = sim_command_is(command, "E1");
	else if (sim_command_is(command, "#XSMVER"))
		buffer_text(answer, "#XSMVER: \"v2.0.0\",\"3.4.0\"\r\n");
	else if (sim_command_is(command, "#XMODEMRESET"))
		buffer_text(answer, "#XMODEMRESET: 0\r\n");
	else
		return false;
	*reset = sim_command_is(command, "#XMODEMRESET");
	buffer_text(answer, "OK\r\n");
	return true;
}

/* Where the final result begins: behind the last line end but one. */
static size_t final_at(struct bytes answer)
{
	size_t at = answer.size > 2 ? answer.size - 2 : 0;

	while (at > 0 && answer.data[at - 1] != '\n')
		at--;
	return at;
}

/* <CR><LF>, the information, <CR><LF>, the final result: the second only if there is information. */
static void frame(struct buffer *out, struct bytes answer)
{
	size_t final = final_at(answer);

	buffer_text(out, "\r\n");
	if (answer.size > SLM_ANSWER) {
		buffer_text(out, "ERROR\r\n");
		return;
	}
	buffer_put(out, bytes_from(answer.data, final));
	if (final > 0)
		buffer_text(out, "\r\n");
	buffer_put(out, bytes_from(answer.data + final, answer.size - final));
}

/* Nothing unsolicited gets between a command and its answer. */
void host_answer_slm(struct sim_host *host, struct bytes answer, uint64_t now)
{
	struct buffer out = BUFFER_EMPTY;

	host_noise(host, &out);
	frame(&out, answer);
	host_urcs(host, &out, 0, UINT32_MAX, "\r\n");
	buffer_put(&out, buffer_bytes(&host->waiting));
	out.failed |= host->waiting.failed;
	buffer_clear(&host->waiting);
	put(host, &out, now);
}

void host_slm_say(struct sim_host *host, const char *text, uint64_t now)
{
	struct buffer line = BUFFER_EMPTY;

	if (host->state == HOST_WORKING || host->editor.size > 0) {
		buffer_format(&host->waiting, "\r\n%s\r\n", text);
		return;
	}
	buffer_format(&line, "\r\n%s\r\n", text);
	put(host, &line, now);
}

void host_slm_overflow(struct sim_host *host, uint64_t now)
{
	host->editor.overflow = false;
	host_put_text(host, "\r\nERROR\r\n", now);
}
