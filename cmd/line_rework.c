/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal-line.h"
#include "gapseal/closeout.h"
#include "gapseal/export.h"
#include "gapseal/rework.h"

#define PATH_MAX_SHOWN 128

/* What release and void were asked for. */
struct deciding {
	const char *home_path, *imei, *unit, *from, *batch, *reason, *operator_;
	bool undo;
	struct rework_request request;
	struct home home;
	struct reader *reader;
	struct vault *vault;
};

static void on_notice(void *context, const char *line)
{
	(void)context;
	command_say("%s", line);
}

static enum err open_vault(struct vault **vault, struct reader **reader, struct home *home,
    struct fault *fault)
{
	const struct vault_settings settings = {.operator_ = "", .tool = TOOL, .say = on_notice};
	enum err err;

	err = reader_open(reader, home, fault);
	return err == ERR_OK ? vault_open(vault, home, *reader, &settings, fault) : err;
}

static const char *verb(enum entry_type type, bool done)
{
	switch (type) {
	case ENTRY_RELEASE:
		return done ? "released" : "would be released";
	case ENTRY_VOID:
		return done ? "void" : "would be void";
	default:
		return done ? "void no longer" : "would be void no longer";
	}
}

/* Who a line of the answer is about: where it stands in the list, and how it was named. */
static void put_name(struct buffer *out, const struct rework_wish *wish, const char *from)
{
	if (wish->line > 0)
		buffer_format(out, "%.*s:%u: ", PATH_MAX_SHOWN, from, wish->line);
	if (wish->imei[0] != '\0')
		buffer_format(out, "%s: ", wish->imei);
	else if (wish->unit[0] != '\0')
		buffer_format(out, "unit %s: ", wish->unit);
}

static void put_device(struct buffer *out, const struct rework_wish *wish, const struct rework_device *device,
    const struct deciding *deciding, bool done)
{
	put_name(out, wish, deciding->from);
	buffer_format(out, "%sbatch %s lot %s index %" PRIu64 ": ", device->rehearsal ? "REHEARSAL " : "",
	    device->batch, device->lot, device->index);
	if (device->code[0] != '\0')
		buffer_format(out, "%s [%s]\n", device->text, device->code);
	else if (done)
		buffer_format(out, "%s, entry %" PRIu64 "\n", verb(deciding->request.type, true),
		    device->entry);
	else
		buffer_format(out, "%s\n", verb(deciding->request.type, false));
}

/* A line for every wish, and for every device that one led to. */
static void put_all(struct buffer *out, const struct rework_list *rework, const struct deciding *deciding,
    bool done)
{
	size_t next = 0;

	for (size_t i = 0; i < rework->wish_count; i++) {
		const struct rework_wish *wish = &rework->wishes[i];

		if (wish->code[0] != '\0') {
			put_name(out, wish, deciding->from);
			buffer_format(out, "%s [%s]\n", wish->text, wish->code);
		}
		for (; next < rework->device_count && rework->devices[next].wish == i; next++)
			if (wish->code[0] == '\0')
				put_device(out, wish, &rework->devices[next], deciding, done);
	}
}

/* A release that released nothing is a no; to find void what was to be void is none. */
static enum err check_entered(const struct rework_list *rework, const struct deciding *deciding,
    struct fault *fault)
{
	for (size_t i = 0; i < rework->device_count; i++)
		if (rework->devices[i].code[0] == '\0')
			return ERR_OK;
	if (deciding->request.type != ENTRY_RELEASE)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "not-needed", NULL, "nothing was released");
}

static enum err decide(struct rework_list *rework, struct deciding *deciding, struct fault *fault)
{
	struct buffer out = BUFFER_EMPTY;
	enum err err;

	err = rework_find(rework, deciding->vault, deciding->reader, deciding->batch, fault);
	if (err != ERR_OK)
		return err;
	err = rework_decide(rework, deciding->vault, &deciding->request, fault);
	if (err == ERR_OK || strcmp(fault->code, "nothing-changed") == 0)
		put_all(&out, rework, deciding, err == ERR_OK);
	if (command_print(&out) != ERR_OK && err == ERR_OK)
		err = fault_set(fault, ERR_CANNOT, "stdout", NULL,
		    "it is entered in the log, but could not be said here");
	buffer_free(&out);
	return err == ERR_OK ? check_entered(rework, deciding, fault) : err;
}

static enum err read_wishes(struct rework_list *rework, const struct deciding *deciding, struct fault *fault)
{
	if (deciding->from != NULL)
		return rework_read(rework, AT_FDCWD, deciding->from, fault);
	return rework_add(rework, deciding->imei != NULL ? deciding->imei : "", deciding->unit != NULL ?
	    deciding->unit : "", fault);
}

static int run_deciding(struct deciding *deciding)
{
	struct rework_list rework = REWORK_EMPTY;
	struct fault fault, closing;
	int code = ERR_OK;
	enum err err;

	err = read_wishes(&rework, deciding, &fault);
	if (err == ERR_OK)
		err = open_vault(&deciding->vault, &deciding->reader, &deciding->home, &fault);
	if (err == ERR_OK)
		err = decide(&rework, deciding, &fault);
	if (err != ERR_OK)
		code = command_fault(&fault, false);
	if (vault_close(&deciding->vault, "", &closing) != ERR_OK)
		code = command_fault(&closing, false);
	reader_free(&deciding->reader);
	rework_free(&rework);
	return code;
}

/* What goes into the log as it was typed. */
static enum err check_words(const struct deciding *deciding, struct fault *fault)
{
	if (strlen(deciding->reason) >= ENTRY_TEXT_SIZE || !text_is_printable(bytes_of(deciding->reason)))
		return fault_set(fault, ERR_CANNOT, "usage", "--reason",
		    "a reason is at most %d printable characters", ENTRY_TEXT_SIZE - 1);
	if (strlen(deciding->operator_) >= NAME_SIZE || !text_is_printable(bytes_of(deciding->operator_)))
		return fault_set(fault, ERR_CANNOT, "usage", "--operator",
		    "an operator is at most %d printable characters", NAME_MAX_LENGTH);
	return ERR_OK;
}

/* Who and which is said for each decision: of station.conf only the operator counts. */
static void forget_defaults(struct deciding *deciding, const struct command_option *options, size_t count)
{
	if (!command_given(options, count, "unit"))
		deciding->unit = NULL;
	if (!command_given(options, count, "batch"))
		deciding->batch = "";
}

static int start_deciding(const struct command *command, struct deciding *deciding,
    const struct command_option *options, size_t count, int argc, char **argv)
{
	struct operands operands;
	struct fault fault;
	int code;

	if (!line_begin(&deciding->home, command, options, count, argc, argv, 0, 0, &operands, &code))
		return code;
	forget_defaults(deciding, options, count);
	if (deciding->undo)
		deciding->request.type = ENTRY_UNVOID;
	if ((deciding->imei != NULL) + (deciding->unit != NULL) + (deciding->from != NULL) != 1)
		code = command_missing(command, deciding->request.type == ENTRY_RELEASE ? "imei" :
		    "imei, --unit or --from (one of them)");
	else if (deciding->reason == NULL || deciding->operator_ == NULL)
		code = command_missing(command, deciding->reason == NULL ? "reason" : "operator");
	else if (check_words(deciding, &fault) != ERR_OK)
		code = command_fault(&fault, false);
	else {
		deciding->request.text = deciding->reason;
		deciding->request.operator_ = deciding->operator_;
		code = run_deciding(deciding);
	}
	home_close(&deciding->home);
	return code;
}

int line_release(const struct command *command, int argc, char **argv)
{
	struct deciding deciding = {.request.type = ENTRY_RELEASE};
	const struct command_option options[] = {
		{"home", OPTION_TEXT, &deciding.home_path, "H", "station home"},
		{"imei", OPTION_TEXT, &deciding.imei, "N", "the device that may be written once more"},
		{"batch", OPTION_TEXT, &deciding.batch, "ID", "in this batch only"},
		{"reason", OPTION_TEXT, &deciding.reason, "TEXT", "why; goes into the log"},
		{"operator", OPTION_TEXT, &deciding.operator_, "ID", "who decides; goes into the log"},
	};

	return start_deciding(command, &deciding, options, sizeof options / sizeof options[0], argc, argv);
}

int line_void(const struct command *command, int argc, char **argv)
{
	struct deciding deciding = {.request.type = ENTRY_VOID};
	const struct command_option options[] = {
		{"home", OPTION_TEXT, &deciding.home_path, "H", "station home"},
		{"imei", OPTION_TEXT, &deciding.imei, "N", "the device by its IMEI"},
		{"unit", OPTION_TEXT, &deciding.unit, "S", "the device by the unit the log names it with"},
		{"from", OPTION_TEXT, &deciding.from, "FILE",
		    "an IMEI or unit a line, or CSV with imei, unit"},
		{"batch", OPTION_TEXT, &deciding.batch, "ID", "in this batch only"},
		{"reason", OPTION_TEXT, &deciding.reason, "TEXT", "why; goes into the log"},
		{"operator", OPTION_TEXT, &deciding.operator_, "ID", "who decides; goes into the log"},
		{"undo", OPTION_FLAG, &deciding.undo, NULL, "take it back"},
	};

	return start_deciding(command, &deciding, options, sizeof options / sizeof options[0], argc, argv);
}

/* What close was asked for. */
struct closing {
	const char *home_path, *batch, *out;
	struct texts lots;
	bool yes;
	struct home home;
	struct reader *reader;
	struct vault *vault;
	struct closeout *table;
	size_t count;
};

static void put_table(struct buffer *out, const struct closing *closing)
{
	const bool rehearsal = closing->count > 0 && closing->table[0].rehearsal;

	buffer_format(out, "%sbatch %s\n%-40s %8s %8s %8s %8s %8s %8s\n", rehearsal ? "REHEARSAL " : "",
	    closing->batch, "lot", "devices", "done", "failed", "void", "unused", "open");
	for (size_t i = 0; i < closing->count; i++) {
		const struct closeout *lot = &closing->table[i];

		buffer_format(out,
		    "%-40s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "%s\n",
		    lot->lot, lot->count, lot->done, lot->failed, lot->void_, lot->unused, lot->open,
		    lot->closed ? " closed" : "");
	}
}

static void put_closed(struct buffer *out, const struct closing *closing)
{
	for (size_t i = 0; i < closing->count; i++)
		if (closing->table[i].entry > 0)
			buffer_format(out, "lot %s closed, entry %" PRIu64 "; its key is destroyed\n",
			    closing->table[i].lot, closing->table[i].entry);
}

static bool all_closed(const struct closing *closing)
{
	for (size_t i = 0; i < closing->count; i++)
		if (!closing->table[i].closed)
			return false;
	return true;
}

static enum err show(const struct closing *closing, void (*put)(struct buffer *, const struct closing *),
    struct fault *fault)
{
	struct buffer out = BUFFER_EMPTY;
	enum err err = ERR_OK;

	put(&out, closing);
	if (command_print(&out) != ERR_OK)
		err = fault_set(fault, ERR_CANNOT, "stdout", NULL, "could not be written");
	buffer_free(&out);
	return err;
}

static enum err close_lots(struct closing *closing, struct fault *fault)
{
	enum err err;

	err = closeout_table(&closing->table, &closing->count, closing->vault, closing->batch,
	    closing->lots.items, closing->lots.count, fault);
	if (err == ERR_OK)
		err = show(closing, put_table, fault);
	if (err == ERR_OK)
		err = closeout_check(closing->table, closing->count, fault);
	if (err != ERR_OK || all_closed(closing))
		return err;
	if (!closing->yes)
		err = command_confirm("close these lots for good and destroy their keys? type yes: ", fault);
	if (err == ERR_OK)
		err = closeout_lots(closing->table, closing->count, closing->vault, fault);
	return err == ERR_OK ? show(closing, put_closed, fault) : err;
}

static int run_closing(struct closing *closing)
{
	struct checkpoint checkpoint;
	struct fault fault, last;
	int code = ERR_OK;
	enum err err;

	err = open_vault(&closing->vault, &closing->reader, &closing->home, &fault);
	if (err == ERR_OK)
		err = close_lots(closing, &fault);
	if (err != ERR_OK)
		code = command_fault(&fault, false);
	if (vault_close(&closing->vault, "", &last) != ERR_OK)
		code = command_fault(&last, false);
	reader_free(&closing->reader);
	free(closing->table);
	if (code != ERR_OK || closing->out == NULL)
		return code;
	if (home_export(&checkpoint, &closing->home, closing->out, &fault) != ERR_OK)
		return command_fault(&fault, false);
	printf("log of %s, %" PRIu64 " entries, in %s\n", checkpoint.origin, checkpoint.size, closing->out);
	return ERR_OK;
}

int line_close(const struct command *command, int argc, char **argv)
{
	struct closing closing = {.batch = NULL};
	const struct command_option options[] = {
		{"home", OPTION_TEXT, &closing.home_path, "H", "station home"},
		{"batch", OPTION_TEXT, &closing.batch, "ID", "the batch"},
		{"lot", OPTION_TEXTS, &closing.lots, "NAME",
		    "close this lot only; repeat; default every granted one"},
		{"export", OPTION_TEXT, &closing.out, "DIR",
		    "then copy the log for the auditor into this new folder"},
		{"yes", OPTION_FLAG, &closing.yes, NULL, "do not ask"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct operands operands;
	int code;

	if (!line_begin(&closing.home, command, options, count, argc, argv, 0, 0, &operands, &code))
		return code;
	code = command_given(options, count, "batch") ? run_closing(&closing) : command_missing(command,
	    "batch");
	home_close(&closing.home);
	texts_free(&closing.lots);
	return code;
}
