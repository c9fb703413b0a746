/* SPDX-License-Identifier: ISC */
#include "gapseal/head.h"

#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/log.h"

#define DASH "\xe2\x80\x94 " /* an em dash and a blank */

/* origin, size, root, nothing, and a signature line that begins with the origin once more. */
static bool shorten(struct buffer *out, struct bytes note, const char *origin)
{
	struct cursor cursor = cursor_of(note);
	struct bytes lines[5];
	const size_t before = strlen(DASH) + strlen(origin) + 1;

	for (size_t i = 0; i < 5; i++)
		if (!take_line(&cursor, &lines[i]))
			return false;
	if (cursor_left(&cursor) != 0 || !bytes_is(lines[0], origin) || lines[3].size != 0 ||
	    lines[4].size <= before || !bytes_starts(lines[4], DASH) ||
	    memcmp(lines[4].data + strlen(DASH), origin, strlen(origin)) != 0)
		return false;
	for (size_t i = 0; i < 3; i++) {
		buffer_put(out, lines[i]);
		buffer_byte(out, '|');
	}
	buffer_put(out, bytes_from(lines[4].data + before, lines[4].size - before));
	return true;
}

enum err head_line(struct buffer *out, const struct home *home, struct fault *fault)
{
	struct buffer note = BUFFER_EMPTY;
	enum err err;
	int log;

	err = folder_open(&log, home->folder, HOME_LOG, fault);
	if (err != ERR_OK)
		return err;
	err = file_read(&note, log, LOG_CHECKPOINT, CHECKPOINT_MAX, fault);
	close(log);
	if (err == ERR_OK && !shorten(out, buffer_bytes(&note), home->origin))
		err = fault_set(fault, ERR_UNKNOWN, "log-checkpoint", LOG_CHECKPOINT,
		    "the checkpoint is not one this station writes");
	buffer_free(&note);
	return err;
}
