/* SPDX-License-Identifier: ISC */
#include "logbook_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/home.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_LENGTH 36
#define FOLDER_MODE 0700
#define FILE_MODE 0644

/* An empty entries.jsonl and the checkpoint over nothing. */
static enum err create_files(int folder, const char *origin, const struct signer *signer, struct fault *fault)
{
	struct checkpoint checkpoint = {.size = 0};
	struct buffer text = BUFFER_EMPTY, note = BUFFER_EMPTY;
	enum err err;

	text_copy(checkpoint.origin, sizeof checkpoint.origin, bytes_of(origin));
	hash_bytes(checkpoint.root, bytes_from(NULL, 0));
	checkpoint_format(&text, &checkpoint);
	err = buffer_check(&text, fault);
	if (err == ERR_OK)
		err = note_sign(&note, signer, buffer_bytes(&text), fault);
	if (err == ERR_OK)
		err = file_write(folder, LOG_ENTRIES, bytes_from(NULL, 0), FILE_MODE, false, fault);
	if (err == ERR_OK)
		err = file_write(folder, LOG_CHECKPOINT, buffer_bytes(&note), FILE_MODE, false, fault);
	buffer_free(&text);
	buffer_free(&note);
	return err;
}

enum err logbook_create(int home, const char *origin, const struct signer *signer, struct fault *fault)
{
	enum err err;
	int folder;

	err = folder_create(home, HOME_LOG, FOLDER_MODE, fault);
	if (err == ERR_OK)
		err = folder_open(&folder, home, HOME_LOG, fault);
	if (err != ERR_OK)
		return err;
	err = create_files(folder, origin, signer, fault);
	close(folder);
	return err;
}

static enum err read_boot_id(struct logbook *logbook, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	struct cursor cursor;
	struct bytes line;
	enum err err;

	err = file_read(&text, AT_FDCWD, BOOT_ID, BOOT_ID_LENGTH + 1, fault);
	cursor = cursor_of(buffer_bytes(&text));
	if (err == ERR_OK && (!take_line(&cursor, &line) || line.size != BOOT_ID_LENGTH ||
	    !text_is_printable(line) || !text_copy(logbook->boot, sizeof logbook->boot, line)))
		err = fault_set(fault, ERR_CANNOT, "system", BOOT_ID, "this is not the boot id of a kernel");
	buffer_free(&text);
	return err;
}

/* Written only under the lock and only at the end. */
static enum err open_files(struct logbook *logbook, int home, struct fault *fault)
{
	enum err err;

	err = folder_open(&logbook->folder, home, HOME_LOG, fault);
	if (err != ERR_OK)
		return err;
	logbook->file = openat(logbook->folder, LOG_ENTRIES,
	    O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	if (logbook->file < 0)
		return fault_errno(fault, "file-open", LOGBOOK_ENTRIES_PLACE, "cannot open");
	return ERR_OK;
}

/* Under the lock: everything up to the end of the log is seen and in order. */
static enum err catch_up(struct logbook *logbook, struct fault *fault)
{
	uint64_t rest;
	enum err err;

	err = logbook_head_read(logbook, fault);
	if (err == ERR_OK)
		err = logbook_scan(logbook, &rest, fault);
	if (err == ERR_OK)
		err = logbook_recover(logbook, rest, fault);
	return err;
}

enum err logbook_lock(struct logbook *logbook, struct fault *fault)
{
	enum err err;

	err = file_lock(logbook->file, LOGBOOK_ENTRIES_PLACE, fault);
	if (err != ERR_OK)
		return err;
	err = catch_up(logbook, fault);
	if (err != ERR_OK)
		logbook_unlock(logbook);
	return err;
}

void logbook_unlock(struct logbook *logbook)
{
	logbook_forget(logbook);
	file_unlock(logbook->file);
}

/* The codes by which a scan says that the log and our position do not fit. From a position that somebody
 * kept, it may as well be the position that is wrong. */
static bool blames_log(const struct fault *fault)
{
	return strcmp(fault->code, "log-short") == 0 || strcmp(fault->code, "log-root") == 0 ||
	    strcmp(fault->code, "log-entry") == 0;
}

static enum err open_from(struct logbook *logbook, int home, struct fault *fault)
{
	bool kept = logbook->position.tree.size != 0 || logbook->position.bytes != 0;
	enum err err;

	err = open_files(logbook, home, fault);
	if (err == ERR_OK)
		err = read_boot_id(logbook, fault);
	if (err == ERR_OK)
		err = logbook_lock(logbook, fault);
	if (err == ERR_OK)
		logbook_unlock(logbook);
	else if (kept && blames_log(fault))
		err = fault_set(fault, ERR_UNKNOWN, "log-position", LOGBOOK_ENTRIES_PLACE,
		    "what was kept of this log does not fit it: it has to be read from its beginning");
	return err;
}

enum err logbook_open(struct logbook **out, int home, const char *origin, const struct signer *signer,
    const struct log_position *from, log_visit *visit, void *context, struct fault *fault)
{
	struct logbook *logbook = calloc(1, sizeof *logbook);
	enum err err;

	*out = NULL;
	if (logbook == NULL)
		return fault_memory(fault);
	logbook->folder = logbook->file = -1;
	text_copy(logbook->origin, sizeof logbook->origin, bytes_of(origin)); /* two names: it fits */
	logbook->signer = signer;
	logbook->visit = visit;
	logbook->context = context;
	logbook->position = *from;
	err = open_from(logbook, home, fault);
	if (err != ERR_OK)
		logbook_close(&logbook);
	*out = logbook;
	return err;
}

void logbook_close(struct logbook **logbook)
{
	struct logbook *closing = *logbook;

	if (closing == NULL)
		return;
	*logbook = NULL;
	if (closing->file >= 0)
		close(closing->file);
	if (closing->folder >= 0)
		close(closing->folder);
	buffer_free(&closing->raw);
	buffer_free(&closing->lines);
	free(closing);
}

const struct log_position *logbook_position(const struct logbook *logbook)
{
	return &logbook->position;
}

int64_t logbook_latest(const struct logbook *logbook)
{
	return logbook->position.latest;
}
