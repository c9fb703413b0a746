/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_private.h"
#include "gapseal/file.h"

/* Whose log the checkpoint says it is: its first line, "<org>/<station>". Nothing is verified yet; the
 * station's key will tell. */
static enum err claim_station(struct audited_log *log, const struct audit *audit, struct bytes checkpoint,
    const char *where, struct fault *fault)
{
	const struct trust_fields *trust = trust_get(chain_newest(audit->chain));
	struct cursor cursor = cursor_of(checkpoint);
	struct bytes origin;

	if (!take_line(&cursor, &origin))
		origin = (struct bytes){0};
	for (size_t i = 0; i < trust->stations.count; i++) {
		const struct trust_station *station = trust_station_at(trust, i);

		snprintf(log->origin, sizeof log->origin, "%s/%s", trust->org, station->name);
		if (bytes_is(origin, log->origin)) {
			memcpy(log->station, station->name, NAME_SIZE);
			log->trusted = station;
			return ERR_OK;
		}
	}
	return fault_set(fault, ERR_NO, audit_code(CODE_LOG_STATION), where,
	    "the checkpoint is not that of a station of %s in trust version %" PRIu64, trust->org,
	    trust->version);
}

static enum err claim(struct audited_log *log, const struct audit *audit, int folder, const char *where,
    struct fault *fault)
{
	struct buffer checkpoint = BUFFER_EMPTY;
	enum err err;

	err = file_read(&checkpoint, folder, LOG_CHECKPOINT, CHECKPOINT_MAX, fault);
	if (err == ERR_OK)
		err = claim_station(log, audit, buffer_bytes(&checkpoint), where, fault);
	buffer_free(&checkpoint);
	return err;
}

static enum err keep(struct audit *audit, const struct audited_log *log, const char *path,
    struct fault *fault)
{
	struct audited_log *kept;
	char *folder = strdup(path);

	if (folder == NULL)
		return fault_memory(fault);
	kept = audit_push(&audit->logs, sizeof *kept);
	if (kept == NULL) {
		free(folder);
		return fault_memory(fault);
	}
	*kept = *log;
	kept->folder = folder;
	return ERR_OK;
}

enum err audit_add_log(struct audit *audit, const char *path, struct fault *fault)
{
	struct audited_log log = {0};
	int folder;
	enum err err;

	err = audit_item_begin(&log.item, audit, AUDIT_LOG, path, fault);
	if (err == ERR_OK)
		err = folder_open(&folder, AT_FDCWD, path, fault);
	if (err != ERR_OK)
		return err;
	err = claim(&log, audit, folder, path, fault);
	close(folder);
	if (err != ERR_OK)
		return audit_item_refuse(audit, log.item, NULL, fault);
	return keep(audit, &log, path, fault);
}

/* What is odd about a log that verifies. */
static void look_at_whole(struct audit *audit, const struct audited_log *log, unsigned witnessed)
{
	const struct audit_place place = {.station = log->station};
	const struct log_reading *reading = &log->reading;
	uint64_t size = reading->checkpoint.size, limit = log->trusted->last_size;
	unsigned status = log->trusted->status;

	if (reading->size > size || reading->rest > 0)
		audit_find(audit, CODE_LOG_TAIL, &place,
		    "%s: behind the checkpoint, so not counted: %" PRIu64 " entries, %" PRIu64 " other bytes",
		    log->folder, reading->size - size, reading->rest);
	if (audit->witness_count > 0 && witnessed == 0)
		audit_find(audit, CODE_LOG_UNWITNESSED, &place,
		    "%s: none of the %zu witnesses has signed this head of the log", log->folder,
		    audit->witness_count);
	if (limit > 0 && size > limit)
		audit_find(audit, CODE_LAST_SIZE, &place,
		    "%s: trust allows %" PRIu64 " entries, the %" PRIu64 " behind them do not count",
		    log->folder, limit, size - limit);
	if (limit == 0 && (status == STATION_LOST || status == STATION_STOLEN))
		audit_find(audit, CODE_STATION_LOST, &place,
		    "the station is lost or stolen, and trust sets its log no last size: all of it counts");
}

static void accept_log(struct audit *audit, struct audited_log *log)
{
	const struct checkpoint *checkpoint = &log->reading.checkpoint;
	uint64_t limit = log->trusted->last_size;
	unsigned witnessed = 0;

	for (size_t i = 0; i < audit->witness_count; i++)
		witnessed += log->reading.witnessed[i];
	log->good = true;
	log->end = limit > 0 && limit < checkpoint->size ? limit : checkpoint->size;
	audit_item_good(audit, log->item, checkpoint->root,
	    "station %s, %" PRIu64 " entries, head signed by it and %u of %zu witnesses",
	    log->station, checkpoint->size, witnessed, audit->witness_count);
	look_at_whole(audit, log, witnessed);
}

static enum err verify(struct audit *audit, struct audited_log *log, struct fault *fault)
{
	const struct audit_place place = {.station = log->station};
	struct note_key key;
	int folder;
	enum err err;

	err = note_key_parse(&key, bytes_of(log->trusted->log_key), log->station, fault);
	if (err == ERR_OK)
		err = folder_open(&folder, AT_FDCWD, log->folder, fault);
	if (err != ERR_OK)
		return err;
	err = log_verify(&log->reading, folder, log->origin, &key, audit->witnesses, audit->witness_count,
	    NULL, NULL, log->folder, fault);
	close(folder);
	if (err != ERR_OK)
		return audit_item_refuse(audit, log->item, &place, fault);
	accept_log(audit, log);
	return ERR_OK;
}

enum err audit_verify_logs(struct audit *audit, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < audit->logs.count && err == ERR_OK; i++)
		err = verify(audit, audited_log(audit, i), fault);
	return err;
}
