/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_private.h"
#include "gapseal/file.h"

#define CHUNK 65536

/* entries.jsonl of one of two logs that are compared. */
struct side {
	int file;
	uint64_t size;
	uint8_t chunk[CHUNK];
};

static enum err side_open(struct side *side, const struct audited_log *log, struct fault *fault)
{
	off_t size;
	int folder;
	enum err err;

	err = folder_open(&folder, AT_FDCWD, log->folder, fault);
	if (err != ERR_OK)
		return err;
	err = file_open(&side->file, &size, folder, LOG_ENTRIES, fault);
	if (err == ERR_OK)
		side->size = (uint64_t)size;
	else
		side->file = -1;
	close(folder);
	return err;
}

/* How many whole lines the two begin with in common. */
static enum err count_lines(uint64_t *out, struct side *a, struct side *b, struct fault *fault)
{
	uint64_t bytes = a->size < b->size ? a->size : b->size;
	enum err err;

	*out = 0;
	for (uint64_t at = 0; at < bytes; at += CHUNK) {
		size_t size = bytes - at < CHUNK ? (size_t)(bytes - at) : CHUNK;

		err = file_pread(a->file, a->chunk, size, (off_t)at, LOG_ENTRIES, fault);
		if (err == ERR_OK)
			err = file_pread(b->file, b->chunk, size, (off_t)at, LOG_ENTRIES, fault);
		if (err != ERR_OK)
			return err;
		for (size_t i = 0; i < size; i++) {
			if (a->chunk[i] != b->chunk[i])
				return ERR_OK;
			*out += a->chunk[i] == '\n';
		}
	}
	return ERR_OK;
}

/* The entries two logs begin with in common. Both have verified: equal lines are equal entries. */
static enum err common_entries(uint64_t *out, const struct audited_log *a, const struct audited_log *b,
    struct fault *fault)
{
	struct side *sides = malloc(2 * sizeof *sides);
	enum err err;

	if (sides == NULL)
		return fault_memory(fault);
	sides[0].file = sides[1].file = -1;
	err = side_open(&sides[0], a, fault);
	if (err == ERR_OK)
		err = side_open(&sides[1], b, fault);
	if (err == ERR_OK)
		err = count_lines(out, &sides[0], &sides[1], fault);
	for (unsigned i = 0; i < 2; i++) {
		if (sides[i].file >= 0)
			close(sides[i].file);
	}
	free(sides);
	return err;
}

/* Whether log a has to answer for itself towards b: of two logs of one station the longer comes first, of
 * two equally long the one given first. */
static bool comes_after(const struct audit *audit, size_t a, size_t b)
{
	const struct audited_log *x = audited_log(audit, a), *y = audited_log(audit, b);
	uint64_t x_size = x->reading.checkpoint.size, y_size = y->reading.checkpoint.size;

	return a != b && y->good && strcmp(x->station, y->station) == 0 &&
	    (x_size < y_size || (x_size == y_size && a > b));
}

/* A log may be an earlier export of another one, all of whose entries that one has too. If not, the station
 * has written two histories, and only what they do not share is counted a second time. */
static enum err relate(struct audit *audit, size_t i, struct fault *fault)
{
	struct audited_log *log = audited_log(audit, i);
	const struct audited_log *nearest = NULL;
	struct audit_place place = {.station = log->station, .numbered = true};

	for (size_t k = 0; k < audit->logs.count; k++) {
		uint64_t common = 0;
		enum err err;

		if (!comes_after(audit, i, k))
			continue;
		err = common_entries(&common, log, audited_log(audit, k), fault);
		if (err != ERR_OK)
			return err;
		if (nearest == NULL || common > log->from)
			log->from = common;
		if (nearest == NULL || common == log->from)
			nearest = audited_log(audit, k);
	}
	if (nearest == NULL)
		return ERR_OK;
	log->covered = log->from >= log->reading.checkpoint.size;
	if (log->covered)
		return ERR_OK;
	place.entry = log->from;
	fault_set(fault, ERR_NO, audit_code(CODE_LOG_FORK), log->folder,
	    "parts from %.150s at entry %" PRIu64 ": station %s has had two histories", nearest->folder,
	    log->from, log->station);
	return audit_item_refuse(audit, log->item, &place, fault);
}

enum err audit_verify_forks(struct audit *audit, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < audit->logs.count && err == ERR_OK; i++) {
		if (audited_log(audit, i)->good)
			err = relate(audit, i, fault);
	}
	return err;
}
