/* SPDX-License-Identifier: ISC */
#include "logbook_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/utc.h"

static uint64_t milliseconds_since_boot(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum err logbook_append(struct logbook *logbook, struct entry *entry, struct fault *fault)
{
	size_t start = logbook->lines.size;
	struct entry check;
	struct bytes line;
	enum err err;

	entry->v = ENTRY_VERSION;
	entry->n = logbook->position.tree.size + logbook->pending;
	utc_format(entry->time, utc_now());
	snprintf(entry->boot, sizeof entry->boot, "%s", logbook->boot);
	entry->mono = milliseconds_since_boot();
	entry_format(&logbook->lines, entry);
	err = buffer_check(&logbook->lines, fault);
	if (err != ERR_OK)
		return err;
	line = bytes_from(logbook->lines.data + start, logbook->lines.size - start);
	if (entry_read(&check, line, LOGBOOK_ENTRIES_PLACE, fault) != ERR_OK) {
		logbook->lines.size = start;
		return fault_set(fault, ERR_CANNOT, "log-form", LOGBOOK_ENTRIES_PLACE,
		    "the program made a %s entry that it would not read back: nothing was written",
		    entry_type_name(entry->type));
	}
	buffer_byte(&logbook->lines, '\n');
	logbook->pending++;
	return buffer_check(&logbook->lines, fault);
}

void logbook_forget(struct logbook *logbook)
{
	buffer_clear(&logbook->lines);
	logbook->pending = 0;
}

enum err logbook_datasync(const struct logbook *logbook, struct fault *fault)
{
	if (fdatasync(logbook->file) != 0)
		return fault_errno(fault, "file-write", LOGBOOK_ENTRIES_PLACE, "cannot sync");
	return ERR_OK;
}

enum err logbook_cut(struct logbook *logbook, struct fault *fault)
{
	if (ftruncate(logbook->file, (off_t)logbook->position.bytes) == 0 && fdatasync(logbook->file) == 0)
		return ERR_OK;
	fault_errno(fault, "log-unknown", LOGBOOK_ENTRIES_PLACE,
	    "the log may end in entries that were given up, and they cannot be cut off");
	fault->err = ERR_UNKNOWN;
	return ERR_UNKNOWN;
}

/* The tree as it will be with the lines appended. */
static void grow(struct tree *tree, struct bytes lines)
{
	struct cursor cursor = cursor_of(lines);
	uint8_t leaf[HASH_SIZE];
	struct bytes line;

	while (take_line(&cursor, &line)) {
		hash_leaf(leaf, line);
		tree_push(tree, leaf);
	}
}

/* Write, sync, sign. */
static enum err make_durable(struct logbook *logbook, struct bytes lines, struct fault *fault)
{
	struct tree tree = logbook->position.tree;
	enum err err;

	grow(&tree, lines);
	err = file_append(logbook->file, lines, LOGBOOK_ENTRIES_PLACE, fault);
	if (err == ERR_OK)
		err = logbook_datasync(logbook, fault);
	if (err == ERR_OK)
		err = logbook_head_sign(logbook, &tree, fault);
	return err;
}

static enum err show(struct logbook *logbook, struct bytes lines, struct fault *fault)
{
	struct cursor cursor = cursor_of(lines);
	struct entry entry;
	struct bytes line;
	enum err err = ERR_OK;

	while (err == ERR_OK && take_line(&cursor, &line)) {
		err = entry_read(&entry, line, LOGBOOK_ENTRIES_PLACE, fault);
		if (err == ERR_OK)
			err = logbook_take(logbook, line, &entry, fault);
	}
	return err;
}

enum err logbook_flush(struct logbook *logbook, struct fault *fault)
{
	struct bytes lines = buffer_bytes(&logbook->lines);
	struct fault second;
	enum err err;

	err = make_durable(logbook, lines, fault);
	if (err != ERR_OK && logbook_cut(logbook, &second) != ERR_OK) {
		*fault = second;
		return ERR_UNKNOWN;
	}
	if (err != ERR_OK)
		return fault_set(fault, ERR_CANNOT, "log-write", fault->where,
		    "nothing was logged: %s", fault->text);
	err = show(logbook, lines, fault);
	logbook_forget(logbook);
	return err;
}

enum err logbook_commit(struct logbook *logbook, struct fault *fault)
{
	enum err err = ERR_OK;

	if (logbook->pending > 0)
		err = logbook_flush(logbook, fault);
	logbook_unlock(logbook);
	return err;
}

static enum err sync_file(int folder, const char *name, struct fault *fault)
{
	enum err err;
	off_t size;
	int file;

	err = file_open(&file, &size, folder, name, fault);
	if (err != ERR_OK)
		return err;
	if (fsync(file) != 0)
		err = fault_errno(fault, "file-write", name, "cannot sync");
	close(file);
	return err;
}

enum err logbook_sync(struct logbook *logbook, struct fault *fault)
{
	enum err err;

	err = file_lock(logbook->file, LOGBOOK_ENTRIES_PLACE, fault);
	if (err != ERR_OK)
		return err;
	err = sync_file(logbook->folder, LOG_CHECKPOINT, fault);
	if (err == ERR_OK)
		err = folder_sync(logbook->folder, "log", fault);
	file_unlock(logbook->file);
	return err;
}
