/* SPDX-License-Identifier: ISC */
#include "logbook_private.h"

#include <unistd.h>

#include "gapseal/file.h"

#define FILE_MODE 0644

/* What a power cut can make of a file that was replaced but not synced. A checkpoint that was altered has
 * something in it. */
static bool is_lost(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] != 0)
			return false;
	}
	return true;
}

static enum err verify(struct logbook *logbook, struct bytes text, struct fault *fault)
{
	enum err err;

	logbook->head_lost = is_lost(text);
	if (logbook->head_lost) {
		logbook->head.size = 0;
		hash_bytes(logbook->head.root, bytes_from(NULL, 0));
		return ERR_OK;
	}
	err = checkpoint_open(&logbook->head, NULL, text, logbook->origin, signer_key(logbook->signer), NULL,
	    0, LOGBOOK_HEAD_PLACE, fault);
	if (err == ERR_NO)
		err = fault_set(fault, ERR_UNKNOWN, "log-checkpoint", LOGBOOK_HEAD_PLACE,
		    "this is not a checkpoint of this station's log: %s", fault->text);
	return err;
}

enum err logbook_head_read(struct logbook *logbook, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	if (!file_exists(logbook->folder, LOG_CHECKPOINT))
		return fault_set(fault, ERR_UNKNOWN, "log-checkpoint", LOGBOOK_HEAD_PLACE,
		    "the log has no checkpoint: somebody has taken it away");
	err = file_read(&text, logbook->folder, LOG_CHECKPOINT, CHECKPOINT_MAX, fault);
	if (err == ERR_OK && text.size != 0 &&
	    bytes_equal(buffer_bytes(&text), buffer_bytes(&logbook->raw))) {
		buffer_free(&text);
		return ERR_OK;
	}
	if (err == ERR_OK)
		err = verify(logbook, buffer_bytes(&text), fault);
	buffer_free(&logbook->raw);
	logbook->raw = text;
	if (err != ERR_OK)
		buffer_free(&logbook->raw);
	return err;
}

static enum err sign(struct buffer *note, const struct logbook *logbook, const struct checkpoint *head,
    struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	checkpoint_format(&text, head);
	err = buffer_check(&text, fault);
	if (err == ERR_OK)
		err = note_sign(note, logbook->signer, buffer_bytes(&text), fault);
	buffer_free(&text);
	return err;
}

enum err logbook_head_sign(struct logbook *logbook, const struct tree *tree, struct fault *fault)
{
	struct checkpoint head = {.size = tree->size};
	struct buffer note = BUFFER_EMPTY;
	enum err err;

	text_copy(head.origin, sizeof head.origin, bytes_of(logbook->origin));
	tree_root(tree, head.root);
	err = sign(&note, logbook, &head, fault);
	if (err == ERR_OK)
		err = file_replace(logbook->folder, LOG_CHECKPOINT, buffer_bytes(&note), FILE_MODE, fault);
	if (err != ERR_OK) {
		buffer_free(&note);
		return err;
	}
	buffer_free(&logbook->raw);
	logbook->raw = note;
	logbook->head = head;
	logbook->head_lost = false;
	return ERR_OK;
}
