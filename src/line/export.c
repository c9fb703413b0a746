/* SPDX-License-Identifier: ISC */
#include "gapseal/export.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/logbook.h"

#define COPY_SIZE 65536

/* The log is only read here; what it says is the vault's business. */
static enum err look_past(void *context, const struct entry *entry, struct fault *fault)
{
	(void)context;
	(void)entry;
	(void)fault;
	return ERR_OK;
}

static enum err copy_bytes(int to, int from, uint64_t bytes, struct fault *fault)
{
	uint8_t *block = malloc(COPY_SIZE);
	enum err err = block == NULL ? fault_memory(fault) : ERR_OK;

	for (uint64_t at = 0; err == ERR_OK && at < bytes; at += COPY_SIZE) {
		size_t size = bytes - at < COPY_SIZE ? (size_t)(bytes - at) : COPY_SIZE;

		err = file_pread(from, block, size, (off_t)at, LOG_ENTRIES, fault);
		if (err == ERR_OK)
			err = file_append(to, bytes_from(block, size), LOG_ENTRIES, fault);
	}
	if (err == ERR_OK && fsync(to) != 0)
		err = fault_system(fault, LOG_ENTRIES, "making the copy durable");
	free(block);
	return err;
}

static enum err copy_entries(int folder, int log, uint64_t bytes, struct fault *fault)
{
	off_t size;
	int from, to;
	enum err err = file_open(&from, &size, log, LOG_ENTRIES, fault);

	if (err != ERR_OK)
		return err;
	to = openat(folder, LOG_ENTRIES, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (to < 0) {
		close(from);
		return fault_system(fault, LOG_ENTRIES, "making the copy");
	}
	err = copy_bytes(to, from, bytes, fault);
	close(from);
	if (close(to) != 0 && err == ERR_OK)
		err = fault_system(fault, LOG_ENTRIES, "closing the copy");
	return err;
}

/* The checkpoint is signed anew for exactly what is copied: another process may have moved the one in the
 * home on already. */
static enum err write_checkpoint(struct checkpoint *checkpoint, int folder, const struct home *home,
    const struct log_position *position,
    const struct signer *signer, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY, note = BUFFER_EMPTY;
	enum err err;

	*checkpoint = (struct checkpoint){.size = position->tree.size};
	memcpy(checkpoint->origin, home->origin, strlen(home->origin) + 1);
	tree_root(&position->tree, checkpoint->root);
	checkpoint_format(&text, checkpoint);
	err = note_sign(&note, signer, buffer_bytes(&text), fault);
	if (err == ERR_OK)
		err = buffer_check(&note, fault);
	if (err == ERR_OK)
		err = file_write(folder, LOG_CHECKPOINT, buffer_bytes(&note), 0644, false, fault);
	buffer_free(&text);
	buffer_free(&note);
	return err;
}

static enum err log_export(struct logbook *logbook, struct fault *fault)
{
	struct entry entry = {.type = ENTRY_EXPORT};
	enum err err = logbook_lock(logbook, fault);

	if (err != ERR_OK)
		return err;
	entry.size = logbook_position(logbook)->tree.size;
	err = logbook_append(logbook, &entry, fault);
	if (err == ERR_OK)
		err = logbook_commit(logbook, fault);
	else
		logbook_unlock(logbook);
	return err == ERR_OK ? logbook_sync(logbook, fault) : err;
}

static enum err copy_log(struct checkpoint *checkpoint, struct folder_draft *draft, const struct home *home,
    struct logbook *logbook,
    const struct signer *signer, struct fault *fault)
{
	const struct log_position *position = logbook_position(logbook);
	int log;
	enum err err = folder_open(&log, home->folder, HOME_LOG, fault);

	if (err != ERR_OK)
		return err;
	err = copy_entries(draft->folder, log, position->bytes, fault);
	if (err == ERR_OK)
		err = write_checkpoint(checkpoint, draft->folder, home, position, signer, fault);
	close(log);
	return err == ERR_OK ? folder_commit(draft, fault) : err;
}

enum err home_export(struct checkpoint *checkpoint, struct home *home, const char *path, struct fault *fault)
{
	const struct log_position whole = {0};
	struct folder_draft draft = FOLDER_DRAFT_EMPTY;
	struct signer *signer = NULL;
	struct logbook *logbook = NULL;
	enum err err = folder_begin(&draft, path, fault);

	if (err == ERR_OK)
		err = home_signer(&signer, home, fault);
	if (err == ERR_OK)
		err = logbook_open(&logbook, home->folder, home->origin, signer, &whole, look_past, NULL,
		    fault);
	if (err == ERR_OK)
		err = log_export(logbook, fault);
	if (err == ERR_OK)
		err = copy_log(checkpoint, &draft, home, logbook, signer, fault);
	logbook_close(&logbook);
	signer_free(&signer);
	folder_abandon(&draft);
	return err;
}
