/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_private.h"

static mode_t mode_of(const struct sheet *sheet)
{
	return sheet->place.secret ? 0600 : 0644;
}

static enum err create(struct sheet *sheet, int folder, const char *name, struct fault *fault)
{
	sheet->file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
	    mode_of(sheet));
	if (sheet->file < 0)
		return fault_errno(fault, "file-write", sheet->place.path, "cannot create");
	if (fchmod(sheet->file, mode_of(sheet)) != 0) /* whatever the umask */
		return fault_errno(fault, "file-write", sheet->place.path, "cannot set the mode");
	return ERR_OK;
}

static enum err open_file(struct sheet *sheet, struct fault *fault)
{
	enum err err = folder_parent(&sheet->folder, &sheet->base, AT_FDCWD, sheet->place.path, fault);

	if (err == ERR_OK)
		err = folder_part_name(&sheet->part, sheet->base, sheet->place.path, fault);
	if (err == ERR_OK)
		err = create(sheet, sheet->folder, sheet->part, fault);
	return err;
}

static enum err put_out(struct sheet *sheet, struct bytes bytes, struct fault *fault)
{
	bool pipe = sheet->place.kind == SHEET_PIPE;

	return file_append(pipe ? sheet->place.pipe : sheet->file, bytes,
	    pipe ? "standard output" : sheet->place.path, fault);
}

/* The head of an age file names whom it is for. */
static enum err open_seal(struct sheet *sheet, struct fault *fault)
{
	const struct sheet_place *place = &sheet->place;
	enum err err;

	if (place->recipient_count == 0)
		return ERR_OK;
	err = age_sealer_new(&sheet->sealer, &sheet->sealed, place->recipients, place->recipient_count,
	    fault);
	return err == ERR_OK ? put_out(sheet, buffer_bytes(&sheet->sealed), fault) : err;
}

enum err sheet_open(struct sheet *sheet, const struct sheet_place *place, struct fault *fault)
{
	enum err err = secret_new(&sheet->held, AGE_CHUNK_SIZE, fault);

	sheet->place = *place;
	if (err == ERR_OK && place->kind == SHEET_FILE)
		err = open_file(sheet, fault);
	if (err == ERR_OK && place->kind == SHEET_FOLDER)
		err = folder_begin(&sheet->draft, place->path, fault);
	return err == ERR_OK ? open_seal(sheet, fault) : err;
}

/* What is held leaves, sealed if it is to be. */
static enum err flush(struct sheet *sheet, bool last, struct fault *fault)
{
	struct bytes held = secret_bytes(sheet->held);
	enum err err = ERR_OK;

	buffer_clear(&sheet->sealed);
	if (sheet->sealer != NULL)
		err = age_sealer_put(sheet->sealer, &sheet->sealed, held, last, fault);
	if (err == ERR_OK)
		err = put_out(sheet, sheet->sealer != NULL ? buffer_bytes(&sheet->sealed) : held, fault);
	secret_clear(sheet->held);
	return err;
}

static enum err finish_file(struct sheet *sheet, struct fault *fault)
{
	enum err err = flush(sheet, true, fault);

	if (err == ERR_OK && fsync(sheet->file) != 0)
		err = fault_errno(fault, "file-write", sheet->place.path, "cannot sync");
	if (close(sheet->file) != 0 && err == ERR_OK)
		err = fault_errno(fault, "file-write", sheet->place.path, "cannot close");
	sheet->file = -1;
	return err;
}

void sheet_next(struct sheet *sheet, const char *name)
{
	if (sheet->err == ERR_OK && sheet->file >= 0)
		sheet->err = finish_file(sheet, &sheet->fault);
	if (sheet->err == ERR_OK)
		sheet->err = create(sheet, sheet->draft.folder, name, &sheet->fault);
}

/* A full chunk leaves only when there is more: the last one of an age file is marked, and never empty. */
void sheet_put(struct sheet *sheet, struct bytes bytes)
{
	while (sheet->err == ERR_OK && bytes.size > 0) {
		size_t room = secret_capacity(sheet->held) - secret_size(sheet->held);
		size_t some = bytes.size < room ? bytes.size : room;

		if (room == 0)
			sheet->err = flush(sheet, false, &sheet->fault);
		else
			secret_put(sheet->held, bytes_from(bytes.data, some)); /* fits */
		bytes = bytes_from(bytes.data + some, bytes.size - some);
	}
}

void sheet_text(struct sheet *sheet, const char *text)
{
	sheet_put(sheet, bytes_of(text));
}

void sheet_number(struct sheet *sheet, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, number);
	sheet_text(sheet, text);
}

void sheet_json(struct sheet *sheet, struct bytes text)
{
	char escaped[8];

	sheet_text(sheet, "\"");
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (c == '\n')
			sheet_text(sheet, "\\n");
		else if (c == '"' || c == '\\' || c < 0x20 || c > 0x7e) {
			snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)c);
			sheet_text(sheet, escaped);
		} else
			sheet_put(sheet, bytes_from(&text.data[i], 1));
	}
	sheet_text(sheet, "\"");
}

static bool csv_must_quote(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if (strchr(",\"\r\n", text.data[i]) != NULL)
			return true;
	return false;
}

void sheet_csv(struct sheet *sheet, struct bytes text)
{
	if (!csv_must_quote(text)) {
		sheet_put(sheet, text);
		return;
	}
	sheet_text(sheet, "\"");
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '"')
			sheet_text(sheet, "\"");
		sheet_put(sheet, bytes_from(&text.data[i], 1));
	}
	sheet_text(sheet, "\"");
}

static enum err end_file(struct sheet *sheet, struct fault *fault)
{
	enum err err = finish_file(sheet, fault);

	if (err == ERR_OK)
		err = folder_rename(sheet->folder, sheet->part, sheet->base, sheet->place.path, fault);
	if (err != ERR_OK)
		return err;
	free(sheet->part);
	sheet->part = NULL;
	return folder_sync(sheet->folder, sheet->place.path, fault);
}

enum err sheet_end(struct sheet *sheet, struct fault *fault)
{
	enum err err;

	if (sheet->err != ERR_OK) {
		*fault = sheet->fault;
		return sheet->err;
	}
	if (sheet->place.kind == SHEET_PIPE)
		return flush(sheet, true, fault);
	if (sheet->place.kind == SHEET_FILE)
		return end_file(sheet, fault);
	err = finish_file(sheet, fault);
	return err == ERR_OK ? folder_commit(&sheet->draft, fault) : err;
}

void sheet_close(struct sheet *sheet)
{
	if (sheet->file >= 0)
		close(sheet->file);
	if (sheet->part != NULL)
		unlinkat(sheet->folder, sheet->part, 0); /* may not be there; the fault is already told */
	free(sheet->part);
	if (sheet->folder >= 0)
		close(sheet->folder);
	folder_abandon(&sheet->draft);
	secret_free(&sheet->held);
	age_sealer_free(&sheet->sealer);
	buffer_free(&sheet->sealed);
	*sheet = SHEET_EMPTY;
}
