/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_private.h"
#include "gapseal/file.h"

void reading_find(struct reading *reading, enum audit_code code, const struct entry *entry,
    const struct audited_batch *batch, const char *format, ...)
{
	char text[AUDIT_TEXT_SIZE], imei[IMEI_SIZE] = "";
	struct audit_place place = {
		.station = reading->log->station, .numbered = true, .entry = entry->n, .imei = imei
	};
	va_list arguments;

	if (!reading->counts)
		return;
	if (batch != NULL) {
		place.batch = audited_manifest(batch)->batch;
		place.indexed = entry->type != ENTRY_CLOSEOUT && entry->type != ENTRY_INGEST;
		place.index = entry->index;
		memcpy(imei, entry->imei, IMEI_SIZE);
		if (imei[0] == '\0' && place.indexed)
			audit_place_imei(imei, batch, entry->index);
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	audit_find(reading->audit, code, &place, "%s", text);
}

void reading_tally(struct reading *reading, enum audit_code code, const struct entry *entry,
    const struct audited_batch *batch, uint64_t serial)
{
	struct audit_tally *tally = &reading->tallies[code];

	if (!reading->counts)
		return;
	if (tally->count++ > 0)
		return;
	tally->entry = entry->n;
	tally->serial = serial;
	tally->batch = batch != NULL ? audited_manifest(batch)->batch : NULL;
}

static void find_tallies(struct reading *reading)
{
	for (unsigned code = 0; code < AUDIT_CODES; code++) {
		const struct audit_tally *tally = &reading->tallies[code];
		const struct audit_place place = {
			.batch = tally->batch, .station = reading->log->station, .numbered = true,
			.entry = tally->entry
		};
		char grant[40] = "";

		if (tally->count == 0)
			continue;
		if (tally->serial != 0)
			snprintf(grant, sizeof grant, " (grant %" PRIu64 ")", tally->serial);
		audit_find(reading->audit, code, &place, "%s%s; %" PRIu64 " entr%s, this is the first",
		    audit_rule(code)->text, grant, tally->count, tally->count == 1 ? "y" : "ies");
	}
}

/* By wall clock over all entries, by the monotonic one within a boot. */
static void check_clock(struct reading *reading, const struct entry *entry)
{
	bool same_boot = strcmp(entry->boot, reading->boot) == 0;

	if (strcmp(entry->time, reading->latest) < 0 || (same_boot && entry->mono < reading->mono) ||
	    entry->type == ENTRY_CLOCK)
		reading_tally(reading, CODE_CLOCK, entry, NULL, 0);
	if (strcmp(entry->time, reading->latest) > 0)
		memcpy(reading->latest, entry->time, sizeof reading->latest);
	memcpy(reading->boot, entry->boot, sizeof reading->boot);
	reading->mono = entry->mono;
}

static enum err visit(void *context, const struct entry *entry, struct fault *fault)
{
	static reading_take *const takers[ENTRY_TYPES] = {
		[ENTRY_ENROLL] = take_enroll,
		[ENTRY_TRUST] = take_trust,
		[ENTRY_INGEST] = take_ingest,
		[ENTRY_BEGIN] = take_begin,
		[ENTRY_END] = take_end,
		[ENTRY_SAME] = take_same,
		[ENTRY_REFUSE] = take_refuse,
		[ENTRY_RELEASE] = take_release,
		[ENTRY_VOID] = take_void,
		[ENTRY_UNVOID] = take_unvoid,
		[ENTRY_RECOVER] = take_recover,
		[ENTRY_EXPORT] = take_export,
		[ENTRY_CLOSEOUT] = take_closeout,
	};
	struct reading *reading = context;

	if (entry->n >= reading->log->end)
		return ERR_OK;
	reading->counts = entry->n >= reading->log->from;
	check_clock(reading, entry);
	if (entry->n == 0 && entry->type != ENTRY_ENROLL)
		reading_find(reading, CODE_LOG_ENROLL, entry, NULL,
		    "the log does not begin with an enrolment");
	if (takers[entry->type] != NULL)
		takers[entry->type](reading, entry);
	return reading->audit->failed ? fault_memory(fault) : ERR_OK;
}

/* Forgets what the log before said of itself. */
static void begin_log(struct reading *reading)
{
	struct audit *audit = reading->audit;

	for (size_t i = 0; i < audit->batches.count; i++) {
		struct audited_batch *batch = audited_batch(audit, i);
		const struct manifest_fields *manifest = audited_manifest(batch);

		batch->taken = false;
		memset(batch->seen, 0, (size_t)manifest->count);
		for (size_t lot = 0; lot < manifest->lots.count; lot++)
			batch->closed[lot] &= CLOSED_EVER;
	}
	for (size_t i = 0; i < audit->grants.count; i++) {
		struct audited_grant *grant = audited_grant(audit, i);

		grant->taken = grant->withdrawn = false;
		grant->named = grant_names_station(grant_get(grant->grant), reading->log->station);
	}
}

/* Adds what this log said to what all say. */
static void end_log(struct reading *reading)
{
	struct audit *audit = reading->audit;

	for (size_t i = 0; i < audit->batches.count; i++) {
		struct audited_batch *batch = audited_batch(audit, i);
		size_t count = (size_t)audited_manifest(batch)->count;

		for (size_t index = 0; index < count; index++)
			batch->flags[index] |= batch->seen[index];
	}
	for (size_t i = 0; i < reading->opens.count; i++) {
		const struct audit_open *open = (const struct audit_open *)reading->opens.items + i;
		struct audit_unresolved *unresolved;

		if (open->ended || open->entry < reading->log->from)
			continue;
		audited_batch(audit, open->batch)->flags[open->index] |= DEVICE_OPEN;
		unresolved = audit_push(&audit->unresolved, sizeof *unresolved);
		if (unresolved == NULL)
			audit->failed = true;
		else
			*unresolved = (struct audit_unresolved){*open, reading->number};
	}
	find_tallies(reading);
}

/* It has verified before; that it is still the same log is seen from its root. */
static enum err read_again(struct reading *reading, struct fault *fault)
{
	const struct audited_log *log = reading->log;
	struct log_reading again;
	struct note_key key;
	int folder;
	enum err err;

	err = note_key_parse(&key, bytes_of(log->trusted->log_key), log->station, fault);
	if (err == ERR_OK)
		err = folder_open(&folder, AT_FDCWD, log->folder, fault);
	if (err != ERR_OK)
		return err;
	err = log_verify(&again, folder, log->origin, &key, NULL, 0, visit, reading, log->folder, fault);
	close(folder);
	if (err == ERR_NO || (err == ERR_OK && (again.checkpoint.size != log->reading.checkpoint.size ||
	    memcmp(again.checkpoint.root, log->reading.checkpoint.root, HASH_SIZE) != 0)))
		err = fault_set(fault, ERR_CANNOT, "audit-changed", log->folder,
		    "the log was changed while it was read: audit a copy that nobody writes to");
	return err;
}

enum err audit_read_log(struct audit *audit, size_t number, struct fault *fault)
{
	struct reading *reading = calloc(1, sizeof *reading);
	enum err err;

	if (reading == NULL)
		return fault_memory(fault);
	reading->audit = audit;
	reading->log = audited_log(audit, number);
	reading->number = (uint32_t)number;
	begin_log(reading);
	err = read_again(reading, fault);
	if (err == ERR_OK)
		end_log(reading);
	free(reading->opens.items);
	free(reading);
	return err;
}
