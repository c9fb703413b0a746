/* SPDX-License-Identifier: ISC */
#include "logbook_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gapseal/file.h"
#include "gapseal/utc.h"

#define CHUNK ((size_t)1 << 18)
#define WINDOW (CHUNK + ENTRY_LINE_MAX + 1)

/* One pass from position to the end: a window slides along the file, its first byte at position.bytes. */
struct scan {
	struct logbook *logbook;
	struct fault *fault;
	uint64_t size;      /* of the file */
	uint8_t *window;
	size_t held;        /* bytes in the window */
	bool ended;         /* at the first line behind the checkpoint that is no entry */
	struct entry entry;
};

static bool under_checkpoint(const struct logbook *logbook)
{
	return logbook->position.tree.size < logbook->head.size;
}

static enum err root_fault(struct fault *fault)
{
	return fault_set(fault, ERR_UNKNOWN, "log-root", LOGBOOK_ENTRIES_PLACE,
	    "the entries are not those the checkpoint was signed for: stop this station and call the "
	    "auditor");
}

static enum err short_fault(const struct logbook *logbook, struct fault *fault)
{
	return fault_set(fault, ERR_UNKNOWN, "log-short", LOGBOOK_ENTRIES_PLACE,
	    "the log ends before entry %" PRIu64 ", which its checkpoint was signed for: stop this station "
	    "and call the auditor", logbook->head.size - 1);
}

/* At the checkpoint's size, and only there, the root is known. */
static enum err check_root(const struct logbook *logbook, struct fault *fault)
{
	uint8_t root[HASH_SIZE];

	if (logbook->position.tree.size != logbook->head.size)
		return ERR_OK;
	tree_root(&logbook->position.tree, root);
	return memcmp(root, logbook->head.root, HASH_SIZE) == 0 ? ERR_OK : root_fault(fault);
}

enum err logbook_take(struct logbook *logbook, struct bytes line, const struct entry *entry,
    struct fault *fault)
{
	struct log_position *position = &logbook->position;
	uint8_t leaf[HASH_SIZE];
	int64_t seconds;

	hash_leaf(leaf, line);
	tree_push(&position->tree, leaf);
	position->bytes += line.size + 1;
	if (utc_parse(bytes_of(entry->time), &seconds) && seconds > position->latest)
		position->latest = seconds;
	return logbook->visit == NULL ? ERR_OK : logbook->visit(logbook->context, entry, fault);
}

/* A line that is no entry, or not the next one: what it means depends on where it stands. */
static enum err refuse_line(struct scan *scan)
{
	char place[FAULT_WHERE_MAX];

	scan->ended = true;
	if (!under_checkpoint(scan->logbook))
		return ERR_OK;
	snprintf(place, sizeof place, LOGBOOK_ENTRIES_PLACE ":%" PRIu64,
	    scan->logbook->position.tree.size + 1);
	return fault_set(scan->fault, ERR_UNKNOWN, "log-entry", place,
	    "this line is not the entry that is due here: stop this station and call the auditor");
}

static enum err take_next(struct scan *scan, struct bytes line)
{
	struct logbook *logbook = scan->logbook;
	bool covered = under_checkpoint(logbook);
	struct fault unused; /* refuse_line has a better one */
	enum err err;

	if (entry_read(&scan->entry, line, LOGBOOK_ENTRIES_PLACE, &unused) != ERR_OK ||
	    scan->entry.n != logbook->position.tree.size)
		return refuse_line(scan);
	err = logbook_take(logbook, line, &scan->entry, scan->fault);
	return err == ERR_OK && covered ? check_root(logbook, scan->fault) : err;
}

/* Takes the whole lines in the window and moves the rest to its beginning. */
static enum err take_window(struct scan *scan)
{
	struct cursor cursor = cursor_of(bytes_from(scan->window, scan->held));
	struct bytes line;
	enum err err = ERR_OK;

	while (err == ERR_OK && !scan->ended && take_line(&cursor, &line))
		err = take_next(scan, line);
	scan->held = cursor_left(&cursor);
	memmove(scan->window, cursor.at, scan->held);
	return err;
}

static enum err read_chunks(struct scan *scan, int file)
{
	struct log_position *position = &scan->logbook->position;
	enum err err = ERR_OK;

	while (err == ERR_OK && !scan->ended && position->bytes + scan->held < scan->size) {
		uint64_t from = position->bytes + scan->held;
		size_t chunk = scan->size - from < CHUNK ? (size_t)(scan->size - from) : CHUNK;

		err = file_pread(file, scan->window + scan->held, chunk, (off_t)from, LOGBOOK_ENTRIES_PLACE,
		    scan->fault);
		if (err != ERR_OK)
			return err;
		scan->held += chunk;
		err = take_window(scan);
		if (err == ERR_OK && !scan->ended && scan->held > ENTRY_LINE_MAX)
			err = refuse_line(scan); /* longer than any entry */
	}
	if (err == ERR_OK && under_checkpoint(scan->logbook))
		err = short_fault(scan->logbook, scan->fault);
	return err;
}

/* Fast when nothing was appended: no memory, no read. */
static enum err scan_file(struct logbook *logbook, uint64_t size, struct fault *fault)
{
	struct scan *scan;
	enum err err;

	if (logbook->position.bytes == size && !under_checkpoint(logbook))
		return ERR_OK;
	scan = calloc(1, sizeof *scan);
	if (scan == NULL)
		return fault_memory(fault);
	scan->logbook = logbook;
	scan->fault = fault;
	scan->size = size;
	scan->window = malloc(WINDOW);
	err = scan->window == NULL ? fault_memory(fault) : read_chunks(scan, logbook->file);
	free(scan->window);
	free(scan);
	return err;
}

enum err logbook_scan(struct logbook *logbook, uint64_t *rest, struct fault *fault)
{
	struct stat status;
	enum err err;

	if (fstat(logbook->file, &status) != 0)
		return fault_errno(fault, "file-open", LOGBOOK_ENTRIES_PLACE, "cannot examine");
	if (logbook->position.tree.size > logbook->head.size) /* we have seen a later one: it went back */
		return root_fault(fault);
	if (logbook->position.bytes > (uint64_t)status.st_size)
		return short_fault(logbook, fault);
	err = check_root(logbook, fault);
	if (err == ERR_OK)
		err = scan_file(logbook, (uint64_t)status.st_size, fault);
	*rest = (uint64_t)status.st_size - logbook->position.bytes;
	return err;
}
