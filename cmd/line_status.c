/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "gapseal-line.h"
#include "gapseal/head.h"
#include "gapseal/vault.h"

static uint64_t left_of(const struct vault_lot *lot)
{
	const uint64_t settled = lot->counts.done + lot->counts.void_;

	return settled < lot->count ? lot->count - settled : 0;
}

/* Lots a station still has to do something for. */
static uint64_t lots_left(const struct vault *vault)
{
	struct vault_lot lot;
	uint64_t count = 0;

	for (size_t i = 0; vault_lot(vault, i, &lot); i++)
		count += !lot.closed && !lot.expired && left_of(&lot) > 0 ? 1 : 0;
	return count;
}

static void put_number(struct buffer *out, const char *key, uint64_t number)
{
	buffer_format(out, ",\"%s\":%llu", key, (unsigned long long)number);
}

static void put_truth(struct buffer *out, const char *key, bool truth)
{
	buffer_format(out, ",\"%s\":%s", key, truth ? "true" : "false");
}

static void lot_text(struct buffer *out, const struct vault_lot *lot)
{
	char name[NAME_SIZE + 32];

	snprintf(name, sizeof name, "%s", lot->lot);
	if (lot->single)
		snprintf(name, sizeof name, "%s, record %llu", lot->lot, (unsigned long long)lot->index);
	buffer_format(out, "%s%-20s %-12s grant %-4llu", lot->rehearsal ? "REHEARSAL " : "", lot->batch, name,
	    (unsigned long long)lot->grant);
	buffer_format(out, " done %llu of %llu, failed %llu, void %llu, left %llu%s%s\n",
	    (unsigned long long)lot->counts.done, (unsigned long long)lot->count,
	    (unsigned long long)lot->counts.failed, (unsigned long long)lot->counts.void_,
	    (unsigned long long)left_of(lot), lot->closed ? ", closed" : "", lot->expired ? ", grant expired"
	    : "");
}

static void lot_json(struct buffer *out, const struct vault_lot *lot)
{
	buffer_format(out, "{\"batch\":\"%s\",\"lot\":\"%s\"", lot->batch, lot->lot);
	if (lot->single)
		put_number(out, "record", lot->index);
	put_number(out, "grant", lot->grant);
	put_number(out, "count", lot->count);
	put_number(out, "max_success", lot->max_success);
	put_number(out, "done", lot->counts.done);
	put_number(out, "failed", lot->counts.failed);
	put_number(out, "void", lot->counts.void_);
	put_number(out, "open", lot->counts.open);
	put_number(out, "left", left_of(lot));
	put_truth(out, "rehearsal", lot->rehearsal);
	put_truth(out, "closed", lot->closed);
	put_truth(out, "expired", lot->expired);
	buffer_format(out, ",\"not_after\":\"%s\"}", lot->not_after);
}

static void status_text(struct buffer *out, const struct home *home, const struct vault *vault,
    const struct vault_head *head, struct bytes checkpoint)
{
	const uint64_t left = lots_left(vault);
	struct vault_lot lot;

	buffer_format(out, "station %s\n", home->origin);
	for (size_t i = 0; vault_lot(vault, i, &lot); i++)
		lot_text(out, &lot);
	buffer_format(out, "%llu lot%s with devices left\n", (unsigned long long)left, left == 1 ? "" : "s");
	buffer_format(out, "log %llu entries, head %s\ncheckpoint ", (unsigned long long)head->size,
	    head->root);
	buffer_put(out, checkpoint);
	buffer_byte(out, '\n');
}

static void status_json(struct buffer *out, const struct home *home, const struct vault *vault,
    const struct vault_head *head, struct bytes checkpoint)
{
	struct vault_lot lot;

	buffer_format(out, "{\"schema\":\"gapseal/status/v1\",\"station\":\"%s\"", home->origin);
	put_number(out, "size", head->size);
	buffer_format(out, ",\"root\":\"%s\",\"checkpoint\":\"", head->root);
	buffer_put(out, checkpoint);
	buffer_byte(out, '"');
	put_number(out, "lots_left", lots_left(vault));
	buffer_text(out, ",\"lots\":[");
	for (size_t i = 0; vault_lot(vault, i, &lot); i++) {
		if (i > 0)
			buffer_byte(out, ',');
		lot_json(out, &lot);
	}
	buffer_text(out, "]}\n");
}

static enum err print_status(struct buffer *out, const struct home *home, const struct vault *vault,
    bool json, struct fault *fault)
{
	struct buffer checkpoint = BUFFER_EMPTY;
	struct vault_head head;
	enum err err = head_line(&checkpoint, home, fault);

	vault_head(vault, &head);
	if (err == ERR_OK)
		(json ? status_json : status_text)(out, home, vault, &head, buffer_bytes(&checkpoint));
	buffer_free(&checkpoint);
	return err;
}

int line_status(const struct command *command, int argc, char **argv)
{
	const char *path = NULL;
	bool json = false;
	const struct command_option options[] = {
		{"home", OPTION_TEXT, &path, "H", "station home"},
		{"json", OPTION_FLAG, &json, NULL, "one JSON object"},
	};
	const struct vault_settings settings = {.operator_ = "", .tool = TOOL};
	struct buffer out = BUFFER_EMPTY;
	struct operands operands;
	struct reader *reader = NULL;
	struct vault *vault = NULL;
	struct home home;
	struct fault fault;
	enum err err;
	int code;

	if (!line_begin(&home, command, options, 2, argc, argv, 0, 0, &operands, &code))
		return code;
	err = reader_open(&reader, &home, &fault);
	if (err == ERR_OK)
		err = vault_open(&vault, &home, reader, &settings, &fault);
	if (err == ERR_OK)
		err = print_status(&out, &home, vault, json, &fault);
	code = err == ERR_OK ? command_print(&out) : command_fault(&fault, json);
	buffer_free(&out);
	if (vault_close(&vault, "", &fault) != ERR_OK)
		code = command_fault(&fault, json);
	reader_free(&reader);
	home_close(&home);
	return code;
}
