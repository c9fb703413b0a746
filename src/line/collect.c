/* SPDX-License-Identifier: ISC */
#include "gapseal/collect.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gapseal/entry.h"
#include "gapseal/file.h"

static enum err check_serial(const char *serial, struct fault *fault)
{
	if (text_is_printable(bytes_of(serial)) && strlen(serial) < UNIT_SIZE && strpbrk(serial,
	    ",\"") == NULL)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "collect-serial", NULL,
	    "a serial is at most %d printable characters without comma and quote", UNIT_SIZE - 1);
}

static enum err check_line(struct bytes line, unsigned number, struct bytes imei, struct bytes serial,
    const char *path, struct fault *fault)
{
	struct cursor cursor = cursor_of(line);
	struct bytes other = bytes_of(""), label = bytes_of("");
	char place[FAULT_WHERE_MAX];
	bool same_serial;

	take_field(&cursor, ',', &other);
	take_bytes(&cursor, cursor_left(&cursor), &label);
	same_serial = serial.size > 0 && bytes_equal(label, serial);
	if (!bytes_equal(other, imei) && !same_serial)
		return ERR_OK;
	snprintf(place, sizeof place, "%s:%u", path, number);
	return fault_set(fault, ERR_NO, "collect-twice", place, "the list holds this %s already",
	    same_serial ? "serial" : "IMEI");
}

static enum err check_list(struct bytes text, const char *imei, const char *serial, const char *path,
    struct fault *fault)
{
	struct cursor cursor = cursor_of(text);
	unsigned number = 1;
	struct bytes line;
	enum err err = ERR_OK;

	if (text.size == 0)
		return ERR_OK;
	if (text.data[text.size - 1] != '\n' || !take_line(&cursor, &line) || !bytes_is(line, COLLECT_HEADER))
		return fault_set(fault, ERR_NO, "collect-form", path,
		    "this is no list of " COLLECT_HEADER " with whole lines: take another file");
	while (err == ERR_OK && take_line(&cursor, &line))
		err = check_line(line, ++number, bytes_of(imei), bytes_of(serial), path, fault);
	return err;
}

/* Locked; closed by the caller. */
static enum err open_list(int *out, off_t *size, int folder, const char *base, const char *path,
    struct fault *fault)
{
	struct stat status;
	enum err err;

	*out = openat(folder, base, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
	if (*out < 0)
		return fault_errno(fault, "file-open", path, "cannot open");
	err = file_lock(*out, path, fault);
	if (err == ERR_OK && fstat(*out, &status) != 0)
		err = fault_errno(fault, "file-open", path, "cannot examine");
	if (err == ERR_OK && !S_ISREG(status.st_mode))
		err = fault_set(fault, ERR_CANNOT, "file-kind", path, "this is no file");
	if (err == ERR_OK && status.st_size > (off_t)COLLECT_MAX)
		err = fault_set(fault, ERR_CANNOT, "file-size", path, "the list is too long");
	if (err != ERR_OK)
		(void)close(*out); /* the fault is already told */
	else
		*size = status.st_size;
	return err;
}

/* What was written of a line that could not be written whole is cut off again. */
static enum err append(int file, off_t size, struct bytes text, const char *path, struct fault *fault)
{
	enum err err;

	err = file_append(file, text, path, fault);
	if (err == ERR_OK && fsync(file) != 0)
		err = fault_errno(fault, "file-write", path, "cannot sync");
	if (err != ERR_OK && ftruncate(file, size) != 0)
		return fault_errno(fault, "file-write", path,
		    "the last line may be half written and cannot be cut off");
	return err;
}

static enum err add_line(int file, off_t size, const char *imei, const char *serial, const char *path,
    struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY, line = BUFFER_EMPTY;
	enum err err = ERR_OK;

	if (size > 0 && buffer_space(&text, (size_t)size) == NULL)
		err = fault_memory(fault);
	else if (size > 0)
		err = file_pread(file, text.data, (size_t)size, 0, path, fault);
	if (err == ERR_OK)
		err = check_list(buffer_bytes(&text), imei, serial, path, fault);
	buffer_format(&line, "%s%s,%s\n", size == 0 ? COLLECT_HEADER "\n" : "", imei, serial);
	if (err == ERR_OK)
		err = buffer_check(&line, fault);
	if (err == ERR_OK)
		err = append(file, size, buffer_bytes(&line), path, fault);
	buffer_free(&text);
	buffer_free(&line);
	return err;
}

enum err collect_append(const char *path, const char imei[static IMEI_SIZE], const char *serial,
    struct fault *fault)
{
	const char *base;
	off_t size = 0;
	int folder, file;
	enum err err;

	err = check_serial(serial, fault);
	if (err == ERR_OK)
		err = folder_parent(&folder, &base, AT_FDCWD, path, fault);
	if (err != ERR_OK)
		return err;
	err = open_list(&file, &size, folder, base, path, fault);
	if (err == ERR_OK) {
		err = add_line(file, size, imei, serial, path, fault);
		if (close(file) != 0 && err == ERR_OK)
			err = fault_errno(fault, "file-write", path, "cannot close");
	}
	if (err == ERR_OK && size == 0)
		err = folder_sync(folder, path, fault);
	(void)close(folder); /* only read */
	return err;
}
