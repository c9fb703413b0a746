/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_private.h"
#include "gapseal/age.h"

#define HELD 65536

static bool sealed(const struct sheet *sheet)
{
	return sheet->place.recipient_count > 0;
}

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

enum err sheet_open(struct sheet *sheet, const struct sheet_place *place, struct fault *fault)
{
	enum err err = secret_new(&sheet->held, HELD, fault);

	sheet->place = *place;
	if (err == ERR_OK && place->kind == SHEET_FILE && !sealed(sheet))
		err = open_file(sheet, fault);
	if (err == ERR_OK && place->kind == SHEET_FOLDER)
		err = folder_begin(&sheet->draft, place->path, fault);
	return err;
}

static enum err flush(struct sheet *sheet, struct fault *fault)
{
	int file = sheet->place.kind == SHEET_PIPE ? sheet->place.pipe : sheet->file;
	const char *where = sheet->place.kind == SHEET_PIPE ? "standard output" : sheet->place.path;
	enum err err = file_append(file, secret_bytes(sheet->held), where, fault);

	secret_clear(sheet->held);
	return err;
}

static enum err finish_file(struct sheet *sheet, struct fault *fault)
{
	enum err err = flush(sheet, fault);

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

/* Room for size bytes more: what is to be sealed is sealed as a whole, everything else leaves. */
static enum err make_room(struct sheet *sheet, size_t size, struct fault *fault)
{
	struct secret *larger;
	enum err err;

	if (size <= secret_capacity(sheet->held) - secret_size(sheet->held))
		return ERR_OK;
	if (!sealed(sheet))
		return flush(sheet, fault);
	err = secret_new(&larger, 2 * (secret_capacity(sheet->held) + size), fault);
	if (err != ERR_OK)
		return err;
	secret_put(larger, secret_bytes(sheet->held)); /* made for it */
	secret_free(&sheet->held);
	sheet->held = larger;
	return ERR_OK;
}

void sheet_put(struct sheet *sheet, struct bytes bytes)
{
	while (sheet->err == ERR_OK && bytes.size > 0) {
		size_t some = bytes.size < HELD ? bytes.size : HELD;

		sheet->err = make_room(sheet, some, &sheet->fault);
		if (sheet->err == ERR_OK)
			secret_put(sheet->held, bytes_from(bytes.data, some));
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

static enum err end_sealed(struct sheet *sheet, struct fault *fault)
{
	const struct sheet_place *place = &sheet->place;
	struct buffer out = BUFFER_EMPTY;
	enum err err = age_seal(&out, secret_bytes(sheet->held), place->recipients, place->recipient_count,
	    fault);

	if (err == ERR_OK && place->kind == SHEET_PIPE)
		err = file_append(place->pipe, buffer_bytes(&out), "standard output", fault);
	else if (err == ERR_OK)
		err = file_write(AT_FDCWD, place->path, buffer_bytes(&out), mode_of(sheet), false, fault);
	buffer_free(&out);
	return err;
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
	if (sealed(sheet))
		return end_sealed(sheet, fault);
	if (sheet->place.kind == SHEET_PIPE)
		return flush(sheet, fault);
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
	*sheet = SHEET_EMPTY;
}
