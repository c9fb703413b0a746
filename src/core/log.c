/* SPDX-License-Identifier: ISC */
#include "gapseal/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"

#define CHUNK (UINT64_C(1) << 18)
#define WINDOW (CHUNK + ENTRY_LINE_MAX + 1)

/* One pass over entries.jsonl: a window slides along the file, always on whole lines. */
struct scan {
	struct log_reading *out;
	log_visit *visit;
	void *context;
	const char *where;
	struct fault *fault;
	uint64_t file_size;
	uint64_t read;               /* bytes of the file read into the window so far */
	uint8_t *window;
	size_t held;                 /* bytes in the window, the first of them at out->bytes of the file */
	struct entry entry;
};

/* The line in hand is not the next entry. */
static enum err refuse_line(const struct scan *scan, const char *code, const char *text)
{
	char place[FAULT_WHERE_MAX];

	snprintf(place, sizeof place, "%s/" LOG_ENTRIES ":%llu", scan->where,
	    (unsigned long long)scan->out->size + 1);
	return fault_set(scan->fault, ERR_NO, code, place, "%s", text);
}

static enum err read_checkpoint(struct log_reading *out, int folder, const char *origin,
    const struct note_key *key, const struct note_key *witnesses, size_t witness_count, const char *where,
    struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	char place[FAULT_WHERE_MAX];
	enum err err;

	snprintf(place, sizeof place, "%s/" LOG_CHECKPOINT, where);
	err = file_read(&text, folder, LOG_CHECKPOINT, CHECKPOINT_MAX, fault);
	if (err == ERR_OK)
		err = checkpoint_open(&out->checkpoint, out->witnessed, buffer_bytes(&text), origin, key,
		    witnesses, witness_count, place, fault);
	else
		snprintf(fault->where, sizeof fault->where, "%s", place); /* which folder\'s */
	buffer_free(&text);
	return err;
}

/* At the checkpoint's size, and only there, the root is known. */
static enum err check_root(const struct scan *scan)
{
	const struct log_reading *out = scan->out;
	uint8_t root[HASH_SIZE];

	if (out->size != out->checkpoint.size)
		return ERR_OK;
	tree_root(&out->tree, root);
	if (memcmp(root, out->checkpoint.root, HASH_SIZE) != 0)
		return fault_set(scan->fault, ERR_NO, "log-root", scan->where,
		    "the entries are not those that the checkpoint was signed for");
	return ERR_OK;
}

/* Reads the line as the next entry: ERR_NO if it is not. */
static enum err read_entry(struct scan *scan, struct bytes line)
{
	if (entry_read(&scan->entry, line, scan->where, scan->fault) != ERR_OK)
		return refuse_line(scan, "entry-form", "this line is no entry that a station writes");
	if (scan->entry.n != scan->out->size)
		return refuse_line(scan, "entry-number", "this entry has not the number that is due here");
	return ERR_OK;
}

/* *ended is set at the first line behind the checkpoint that is no entry. */
static enum err take_entry(struct scan *scan, struct bytes line, bool *ended)
{
	struct log_reading *out = scan->out;
	uint8_t leaf[HASH_SIZE];
	enum err err;

	err = read_entry(scan, line);
	if (err != ERR_OK) {
		*ended = out->size >= out->checkpoint.size;
		return *ended ? ERR_OK : err;
	}
	hash_leaf(leaf, line);
	tree_push(&out->tree, leaf);
	out->size++;
	out->bytes += line.size + 1;
	err = check_root(scan);
	if (err == ERR_OK && scan->visit != NULL)
		err = scan->visit(scan->context, &scan->entry, scan->fault);
	return err;
}

/* Takes the whole lines in the window and moves the rest to its beginning. */
static enum err take_window(struct scan *scan, bool *ended)
{
	struct cursor cursor = cursor_of(bytes_from(scan->window, scan->held));
	struct bytes line;
	enum err err = ERR_OK;

	while (err == ERR_OK && !*ended && take_line(&cursor, &line))
		err = take_entry(scan, line, ended);
	scan->held = cursor_left(&cursor);
	memmove(scan->window, cursor.at, scan->held);
	return err;
}

/* A line longer than any entry: as if it had been read and was none. */
static enum err refuse_long_line(struct scan *scan, bool *ended)
{
	*ended = scan->out->size >= scan->out->checkpoint.size;
	return *ended ? ERR_OK : refuse_line(scan, "entry-form", "this line is longer than any entry");
}

static enum err scan_file(struct scan *scan, int file, const char *place)
{
	bool ended = false;
	enum err err;

	err = check_root(scan); /* of a checkpoint over nothing */
	while (err == ERR_OK && !ended && scan->read < scan->file_size) {
		uint64_t left = scan->file_size - scan->read;
		size_t size = left < CHUNK ? (size_t)left : CHUNK;

		err = file_pread(file, scan->window + scan->held, size, (off_t)scan->read, place,
		    scan->fault);
		if (err != ERR_OK)
			return err;
		scan->read += size;
		scan->held += size;
		err = take_window(scan, &ended);
		if (err == ERR_OK && !ended && scan->held > ENTRY_LINE_MAX)
			err = refuse_long_line(scan, &ended);
	}
	if (err == ERR_OK && scan->out->size < scan->out->checkpoint.size)
		err = fault_set(scan->fault, ERR_NO, "log-short", scan->where,
		    "the log has %llu whole entries, its checkpoint was signed for %llu",
		    (unsigned long long)scan->out->size, (unsigned long long)scan->out->checkpoint.size);
	scan->out->rest = scan->file_size - scan->out->bytes;
	return err;
}

enum err log_verify(struct log_reading *out, int folder, const char *origin, const struct note_key *key,
    const struct note_key *witnesses, size_t witness_count, log_visit *visit, void *context,
    const char *where, struct fault *fault)
{
	struct scan scan = {.out = out, .visit = visit, .context = context, .where = where, .fault = fault};
	char place[FAULT_WHERE_MAX];
	off_t size;
	enum err err;
	int file;

	memset(out, 0, sizeof *out);
	/* the checkpoint first: a log that grows meanwhile only grows beyond it */
	err = read_checkpoint(out, folder, origin, key, witnesses, witness_count, where, fault);
	if (err != ERR_OK)
		return err;
	snprintf(place, sizeof place, "%s/" LOG_ENTRIES, where);
	err = file_open(&file, &size, folder, LOG_ENTRIES, fault);
	if (err != ERR_OK) {
		memcpy(fault->where, place, sizeof place); /* which folder's */
		return err;
	}
	scan.file_size = (uint64_t)size;
	scan.window = malloc(WINDOW);
	err = scan.window == NULL ? fault_memory(fault) : scan_file(&scan, file, place);
	free(scan.window);
	close(file);
	return err;
}
