/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_FILE_H
#define GAPSEAL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"

/*
 * file: whole-file reading, all-or-nothing writing, folders that appear whole, locks.
 *
 * `folder` is an open folder descriptor or AT_FDCWD; `name` is relative to it. Names inside folders
 * are constants of the program, never taken from a document, and have one part (no slash). Every open
 * is O_CLOEXEC|O_NOCTTY; only regular files are read; inside a folder (folder != AT_FDCWD) symbolic
 * links are refused. Durable means: the file and the folder that names it are both fsynced. Codes:
 * "file-open", "file-read", "file-write", "file-exists", "file-kind" (not a regular file or folder, or a
 * link), "file-size" (over the limit); the place is the name as the caller gave it, or the folder it
 * lies in where that cannot be opened.
 */

/* Opens a folder for use as `folder`. The caller closes it with close(2). */
enum err folder_open(int *out, int folder, const char *name, struct fault *fault);
/* Creates a folder with the mode; ERR_CANNOT "file-exists" if anything has that name. */
enum err folder_create(int folder, const char *name, mode_t mode, struct fault *fault);
/* Opens the folder a name lies in and points base at the last part of the name (inside name). A name
 * that is empty or ends in a slash is refused. The caller closes the folder with close(2). */
enum err folder_parent(int *out, const char **base, int folder, const char *name, struct fault *fault);
/* fsync of a folder by descriptor. */
enum err folder_sync(int folder, const char *where, struct fault *fault);
/* ".<base>.<random>.part", for what is not whole yet; the caller frees it with free(3). */
enum err folder_part_name(char **out, const char *base, const char *where, struct fault *fault);
/* renameat2(2) that never replaces; ERR_CANNOT "file-exists" if anything has the new name. */
enum err folder_rename(int folder, const char *from, const char *to, const char *where, struct fault *fault);
/* The file names in a folder, sorted bytewise, without "." and "..", as a NULL-ended list in one
 * allocation; the caller frees it with free(3). At most limit names ("file-size" beyond). */
enum err folder_list(char ***out, int folder, size_t limit, const char *where, struct fault *fault);

/* Appends the whole file to out; at most limit bytes. ERR_CANNOT. */
enum err file_read(struct buffer *out, int folder, const char *name, size_t limit, struct fault *fault);
/* Opens a regular file for reading; *size is its length. The caller closes it. */
enum err file_open(int *out, off_t *size, int folder, const char *name, struct fault *fault);
/* True if anything (file, folder, link) has that name. */
bool file_exists(int folder, const char *name);

/* Writes a durable file that appears whole under its name or not at all: a temporary in the same
 * folder, write, fsync, link or rename, fsync of the folder. With force an existing file is
 * replaced, without it "file-exists". The temporary never survives. */
enum err file_write(int folder, const char *name, struct bytes text, mode_t mode, bool force,
    struct fault *fault);
/* As file_write with force but without any fsync: for a file that can be rebuilt. */
enum err file_replace(int folder, const char *name, struct bytes text, mode_t mode, struct fault *fault);

/* Reads exactly size bytes at an offset, or appends all bytes, whatever EINTR and short counts do. */
enum err file_pread(int file, void *out, size_t size, off_t offset, const char *where, struct fault *fault);
enum err file_append(int file, struct bytes text, const char *where, struct fault *fault);

/* A folder that appears whole or not at all. begin creates a sibling named ".<base>.<random>.part"
 * and gives its descriptor; commit fsyncs it, renames it to path (refusing an existing path with
 * "file-exists"), fsyncs the parent and closes; abandon removes it with the plain files inside, and
 * with folders of plain files. A folder inside is the caller's to fsync, as file_write does.
 * After commit (whatever it returns) and after abandon the struct is empty again. */
struct folder_draft {
	int folder;        /* -1 when empty */
	int parent;
	char *base;        /* final name inside the parent */
	char *draft;       /* present name inside the parent */
	const char *path;  /* the caller's path, for places in faults; must outlive the draft */
};
#define FOLDER_DRAFT_EMPTY ((struct folder_draft){.folder = -1, .parent = -1})
enum err folder_begin(struct folder_draft *draft, const char *path, struct fault *fault);
enum err folder_commit(struct folder_draft *draft, struct fault *fault);
void folder_abandon(struct folder_draft *draft);

/* An exclusive advisory lock (flock) on an open descriptor, waiting for it; and its release. */
enum err file_lock(int file, const char *where, struct fault *fault);
void file_unlock(int file);

#endif
