/* SPDX-License-Identifier: ISC */
/*
 * The dialogue with a device that may say anything. The input is what it says to one command after the
 * other; "!" alone is a line that goes and comes back. Whatever it says, each task gets one answer.
 */
#include "gapseal/provision.h"
#include "gapseal/reason.h"
#include "wires.h"

#define LABEL "352656100367872"
#define TURNS_MAX 600
#define DEADLINE 5000
#define CERTIFICATE "-----BEGIN CERTIFICATE-----\n" \
	"MIIBtjCCAVugAwIBAgITBmyf1XSXNmY/Owua2eiedgPySjAKBggqhkjOPQQDAjA5\n" \
	"-----END CERTIFICATE-----\n"

struct talk {
	struct provision *provision;
	struct cursor answers;
	struct secret *body;
	struct message message;
	enum message_kind due;  /* what the vault waits for */
	size_t steps;
	uint64_t now;
};

static void check_message(const struct talk *talk)
{
	const struct message *message = &talk->message;
	char imei[IMEI_SIZE];
	struct fault fault;

	FUZZ_WANT(message->kind == talk->due);
	FUZZ_WANT(text_is_printable(bytes_of(message->firmware)));
	if (message->reason[0] != '\0')
		FUZZ_WANT(strcmp(reason_find(message->reason)->code, message->reason) == 0);
	if (message->imei[0] != '\0')
		FUZZ_WANT(imei_parse(imei, bytes_of(message->imei), "message", &fault) == ERR_OK);
	else
		FUZZ_WANT(message->reason[0] != '\0');
	if (message->kind != MESSAGE_DEVICE)
		FUZZ_WANT(message->listed || message->reason[0] != '\0');
	if (message->kind == MESSAGE_OUTCOME)
		FUZZ_WANT(message->steps <= talk->steps);
	if (message->kind == MESSAGE_OUTCOME && !message->disturbed)
		FUZZ_WANT(message->codes[0] == STEP_NOT_SENT);
}

static void give(struct talk *talk, enum message_kind kind, enum message_kind due)
{
	static struct message message;

	message = (struct message){.kind = kind, .finish = FINISH_CFUN0, .body = talk->body};
	talk->due = due;
	provision_give(talk->provision, &message, talk->now);
}

/* What the vault says to a message; false if that was the last word. */
static bool reply(struct talk *talk)
{
	check_message(talk);
	if (talk->message.kind == MESSAGE_DEVICE && talk->message.reason[0] == '\0')
		give(talk, MESSAGE_LIST, MESSAGE_LISTING);
	else if (talk->message.kind == MESSAGE_LISTING && talk->message.reason[0] == '\0')
		give(talk, MESSAGE_STEPS, MESSAGE_OUTCOME);
	else
		give(talk, MESSAGE_VERDICT, MESSAGE_VERDICT);
	return talk->due != MESSAGE_VERDICT;
}

static void say(struct talk *talk)
{
	struct bytes answer;

	if (!take_field(&talk->answers, WIRES_PART, &answer))
		return;
	if (!bytes_is(answer, "!")) {
		provision_feed(talk->provision, answer, talk->now);
		return;
	}
	provision_hangup(talk->provision, talk->now);
	provision_opened(talk->provision, talk->now);
}

static bool turn(struct talk *talk)
{
	struct bytes output = provision_output(talk->provision);
	uint64_t due;

	if (provision_take(talk->provision, &talk->message))
		return reply(talk);
	if (output.size > 0) {
		provision_sent(talk->provision, output.size, talk->now);
		say(talk);
		return true;
	}
	due = provision_due(talk->provision);
	if (due == UINT64_MAX)
		return false;
	talk->now = due > talk->now ? due : talk->now;
	provision_tick(talk->provision, talk->now);
	return true;
}

static void add_step(struct talk *talk, enum step_op op, struct slot slot, const char *content)
{
	struct step step = {.op = op, .slot = slot, .content = bytes_of(content)};

	FUZZ_WANT(step_put(talk->body, &step));
	talk->steps++;
}

static void begin(struct talk *talk, struct bytes input)
{
	struct fault fault;

	*talk = (struct talk){.answers = cursor_of(input), .due = MESSAGE_DEVICE};
	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	FUZZ_WANT(secret_new(&talk->body, 8192, &fault) == ERR_OK);
	add_step(talk, STEP_DELETE, (struct slot){42, 4}, "");
	add_step(talk, STEP_WRITE, (struct slot){42, 4}, "it's\\n0a device");
	add_step(talk, STEP_WRITE, (struct slot){16842753, 0}, CERTIFICATE);
	FUZZ_WANT(provision_new(&talk->provision, 0, &provision_defaults, &fault) == ERR_OK);
	provision_start(talk->provision, "", 0, DEADLINE);
	provision_label(talk->provision, LABEL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct talk talk;

	begin(&talk, bytes_from(data, size));
	say(&talk);
	for (unsigned turns = 0; turn(&talk); turns++)
		FUZZ_WANT(turns < TURNS_MAX);
	FUZZ_WANT(provision_phase(talk.provision) == PROVISION_OVER);
	provision_free(&talk.provision);
	secret_free(&talk.body);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_wires(corpus, '<', false);
}
