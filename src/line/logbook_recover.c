/* SPDX-License-Identifier: ISC */
#include "logbook_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gapseal/file.h"

#define SIDE_FILE_MODE 0600
#define SIDE_FILE_MAX ((size_t)1 << 20) /* a commit is some entries of some hundred bytes */
#define SIDE_NAME_SIZE 40

/* Named by the number its recover entry will have: while the log has that size, the entry is still due. */
static void side_name(char out[static SIDE_NAME_SIZE], const struct logbook *logbook)
{
	snprintf(out, SIDE_NAME_SIZE, "rejected-%" PRIu64, logbook->position.tree.size);
}

static bool ends_with(struct bytes text, struct bytes end)
{
	return text.size >= end.size &&
	    bytes_equal(bytes_from(text.data + text.size - end.size, end.size), end);
}

/* Appends the rest of entries.jsonl to the side file, unless a crash in between has left it there. */
static enum err save_rest(struct buffer *side, const struct logbook *logbook, const char *name, size_t rest,
    struct fault *fault)
{
	struct buffer tail = BUFFER_EMPTY;
	uint8_t *space = buffer_space(&tail, rest);
	enum err err;

	if (space == NULL)
		return fault_memory(fault);
	err = file_pread(logbook->file, space, rest, (off_t)logbook->position.bytes, LOGBOOK_ENTRIES_PLACE,
	    fault);
	if (err == ERR_OK && !ends_with(buffer_bytes(side), buffer_bytes(&tail))) {
		buffer_put(side, buffer_bytes(&tail));
		err = buffer_check(side, fault);
		if (err == ERR_OK)
			err = file_write(logbook->folder, name, buffer_bytes(side), SIDE_FILE_MODE, true,
			    fault);
	}
	buffer_free(&tail);
	return err;
}

/* The side file is durable before the log is cut. */
static enum err move_rest(struct buffer *side, struct logbook *logbook, uint64_t rest, struct fault *fault)
{
	char name[SIDE_NAME_SIZE];
	enum err err = ERR_OK;

	if (rest > SIDE_FILE_MAX)
		return fault_set(fault, ERR_UNKNOWN, "log-tail", LOGBOOK_ENTRIES_PLACE,
		    "%" PRIu64 " bytes behind the last entry are no entries, more than any interrupted write "
		    "leaves: stop this station and call the auditor", rest);
	side_name(name, logbook);
	if (file_exists(logbook->folder, name))
		err = file_read(side, logbook->folder, name, SIDE_FILE_MAX, fault);
	if (err == ERR_OK && rest > 0) {
		err = save_rest(side, logbook, name, (size_t)rest, fault);
		if (err == ERR_OK)
			err = logbook_cut(logbook, fault);
	}
	return err;
}

static enum err log_recovery(struct logbook *logbook, struct bytes moved, struct fault *fault)
{
	struct entry entry = {.type = ENTRY_RECOVER, .bytes = moved.size, .sha256.present = true};
	char name[SIDE_NAME_SIZE];
	enum err err;

	side_name(name, logbook);
	hash_bytes(entry.sha256.hash, moved);
	snprintf(entry.text, sizeof entry.text, "%s%s%s",
	    logbook->head_lost ? "the checkpoint was empty and the whole log was read anew; " : "",
	    moved.size > 0 ? "what stood behind the last entry is in " : "nothing was cut off",
	    moved.size > 0 ? name : "");
	err = logbook_append(logbook, &entry, fault);
	if (err == ERR_OK)
		err = logbook_flush(logbook, fault);
	if (err != ERR_OK)
		logbook_forget(logbook);
	return err;
}

enum err logbook_recover(struct logbook *logbook, uint64_t rest, struct fault *fault)
{
	struct buffer side = BUFFER_EMPTY;
	char name[SIDE_NAME_SIZE];
	enum err err;

	side_name(name, logbook);
	if (rest > 0 || logbook->head_lost || file_exists(logbook->folder, name)) {
		err = move_rest(&side, logbook, rest, fault);
		if (err == ERR_OK)
			err = log_recovery(logbook, buffer_bytes(&side), fault);
		buffer_free(&side);
		return err;
	}
	if (logbook->position.tree.size == logbook->head.size)
		return ERR_OK;
	/* whole entries that nobody signed for: whoever wrote them may not have come to the sync */
	err = logbook_datasync(logbook, fault);
	if (err == ERR_OK)
		err = logbook_head_sign(logbook, &logbook->position.tree, fault);
	return err;
}
