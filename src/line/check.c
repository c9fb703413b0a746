/* SPDX-License-Identifier: ISC */
#include "gapseal/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "gapseal/entry.h"
#include "gapseal/file.h"
#include "gapseal/home.h"
#include "gapseal/log.h"
#include "gapseal/usb.h"

#define MEBIBYTE (UINT64_C(1) << 20)
#define SPACE_NONE 64    /* MiB */
#define SPACE_LOW 1024
#define TAIL_SIZE ((size_t)1 << 16)

const char *check_grade_name(enum check_grade grade)
{
	static const char *const names[] = {[CHECK_OK] = "ok", [CHECK_WARN] = "warn", [CHECK_NO] = "no"};

	return names[grade];
}

static void say(struct check *out, enum check_grade grade, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void say(struct check *out, enum check_grade grade, const char *code, const char *format, ...)
{
	va_list args;

	out->grade = grade;
	out->code = code;
	va_start(args, format);
	if (vsnprintf(out->text, sizeof out->text, format, args) < 0)
		out->text[0] = '\0';
	va_end(args);
}

/* Processes come and go while they are looked at: one that cannot be read is passed over. */
static bool is_called(int proc, const char *process, const char *name)
{
	char path[64], text[32];
	ssize_t size;
	int file;

	snprintf(path, sizeof path, "%.20s/comm", process);
	file = openat(proc, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (file < 0)
		return false;
	size = read(file, text, sizeof text);
	(void)close(file); /* nothing was written by it */
	return size > 0 && (size_t)size == strlen(name) + 1 && memcmp(text, name, strlen(name)) == 0;
}

void check_modem_manager(struct check *out, const char *proc)
{
	DIR *stream = opendir(proc);
	const struct dirent *entry;
	bool found = false;

	if (stream == NULL) {
		say(out, CHECK_WARN, "proc", "the running programs cannot be listed: %s", strerror(errno));
		return;
	}
	while (!found && (entry = readdir(stream)) != NULL)
		found = entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
		    is_called(dirfd(stream), entry->d_name, "ModemManager");
	closedir(stream);
	if (found)
		say(out, CHECK_WARN, "modem-manager",
		    "it is running and talks to serial devices by itself: stop and disable it on a bench");
	else
		say(out, CHECK_OK, "", "it is not running");
}

static void check_device(struct check *out, const char *device)
{
	struct stat status;

	if (stat(device, &status) != 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENODEV))
		say(out, CHECK_NO, "port-missing", "there is no such device: check its name and its cable");
	else if (faccessat(AT_FDCWD, device, R_OK | W_OK, AT_EACCESS) != 0)
		say(out, CHECK_NO, "port-rights", "this user may not read and write it: add the user to the "
		    "device's group, which Debian calls dialout, and log in again");
	else if (!S_ISCHR(status.st_mode))
		say(out, CHECK_NO, "port-kind", "this is no serial device");
	else
		say(out, CHECK_OK, "", "this user may read and write it");
}

void check_port(struct check *out, const char *path)
{
	char device[USB_DEVICE_SIZE];

	if (strncmp(path, "tcp:", strlen("tcp:")) == 0)
		say(out, CHECK_OK, "", "it is reached by TCP and needs no rights here");
	else if (!usb_is_place(path))
		check_device(out, path);
	else if (usb_device_at(device, USB_SYSFS, path))
		check_device(out, device);
	else
		say(out, CHECK_NO, "port-missing", "no serial device is plugged in there");
}

void check_space(struct check *out, int folder)
{
	struct statvfs status;
	uint64_t left;

	if (fstatvfs(folder, &status) != 0) {
		say(out, CHECK_WARN, "disk", "the room on the disk cannot be found out: %s", strerror(errno));
		return;
	}
	left = (uint64_t)status.f_bavail * status.f_frsize / MEBIBYTE;
	if (left < SPACE_NONE)
		say(out, CHECK_NO, "disk-full", "%" PRIu64 " MiB are left: make room before the log needs it",
		    left);
	else if (left < SPACE_LOW)
		say(out, CHECK_WARN, "disk-low", "only %" PRIu64 " MiB are left", left);
	else
		say(out, CHECK_OK, "", "%" PRIu64 " MiB are left", left);
}

/* The latest time in the lines behind the first LF of a log's tail, or 0. */
static int64_t latest_time(struct bytes tail, bool whole)
{
	struct cursor cursor = cursor_of(tail);
	struct entry *entry = malloc(sizeof *entry);
	int64_t latest = 0, seconds;
	struct fault unused;
	struct bytes line;

	if (!whole)
		take_line(&cursor, &line);
	while (entry != NULL && take_line(&cursor, &line)) {
		if (entry_read(entry, line, LOG_ENTRIES, &unused) == ERR_OK &&
		    utc_parse(bytes_of(entry->time), &seconds) && seconds > latest)
			latest = seconds;
	}
	free(entry);
	return latest;
}

static enum err read_tail(struct buffer *out, bool *whole, int home, struct fault *fault)
{
	int log, file;
	size_t size;
	off_t end;
	enum err err;

	err = folder_open(&log, home, HOME_LOG, fault);
	if (err != ERR_OK)
		return err;
	err = file_open(&file, &end, log, LOG_ENTRIES, fault);
	(void)close(log); /* only read */
	if (err != ERR_OK)
		return err;
	*whole = end <= (off_t)TAIL_SIZE;
	size = *whole ? (size_t)end : TAIL_SIZE;
	if (size > 0 && buffer_space(out, size) == NULL)
		err = fault_memory(fault);
	else if (size > 0)
		err = file_pread(file, out->data, size, end - (off_t)size, LOG_ENTRIES, fault);
	(void)close(file); /* only read */
	return err;
}

void check_clock(struct check *out, int home)
{
	struct buffer tail = BUFFER_EMPTY;
	char now[UTC_SIZE], then[UTC_SIZE];
	struct fault fault;
	bool whole = false;
	int64_t latest;

	if (read_tail(&tail, &whole, home, &fault) != ERR_OK) {
		say(out, CHECK_WARN, "log", "the log cannot be looked at: %s", fault.text);
		buffer_free(&tail);
		return;
	}
	latest = latest_time(buffer_bytes(&tail), whole);
	buffer_free(&tail);
	utc_format(now, utc_now());
	utc_format(then, latest);
	if (utc_now() < latest)
		say(out, CHECK_WARN, "clock", "it says %s, but the log has come to %s already: set it right",
		    now, then);
	else
		say(out, CHECK_OK, "", "it says %s", now);
}
