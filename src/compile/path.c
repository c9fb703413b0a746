/* SPDX-License-Identifier: ISC */
#include "gapseal/path.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gapseal/file.h"

#define MODE_OTHERS 077

static enum err refuse_file(const char *where, struct fault *fault)
{
	if (strcmp(fault->code, "memory") == 0)
		return fault->err;
	return fault_set(fault, ERR_NO, "path-file", where, "%s: %s", fault->where, fault->text);
}

static bool part_fits(struct bytes part)
{
	return part.size > 0 && !bytes_is(part, ".") && !bytes_is(part, "..");
}

static bool name_fits(struct bytes name)
{
	struct cursor cursor = cursor_of(name);
	struct bytes part;

	if (name.size == 0 || name.size > PATH_NAME_MAX || !text_is_printable(name) ||
	    name.data[name.size - 1] == '/')
		return false;
	while (take_field(&cursor, '/', &part))
		if (!part_fits(part))
			return false;
	return true;
}

/* Goes down part by part: inside a folder neither a folder nor a file may be a link. */
static enum err open_below(int *out, off_t *size, int folder, char *name, struct fault *fault)
{
	char *slash = strchr(name, '/');
	enum err err;
	int below;

	if (slash == NULL)
		return file_open(out, size, folder, name, fault);
	*slash = '\0';
	err = folder_open(&below, folder, name, fault);
	if (err != ERR_OK)
		return err;
	err = open_below(out, size, below, slash + 1, fault);
	close(below);
	return err;
}

static enum err read_open(struct secret *out, bool *others, int file, off_t size, const char *name,
    struct fault *fault)
{
	struct stat status;
	enum err err;

	if (fstat(file, &status) != 0)
		return fault_errno(fault, "file-open", name, "cannot examine");
	*others = (status.st_mode & MODE_OTHERS) != 0;
	if (size == 0 || size > PATH_FILE_MAX)
		return fault_set(fault, ERR_CANNOT, "file-size", name, "the file has %jd bytes, 1 to %d are "
		    "possible", (intmax_t)size, PATH_FILE_MAX);
	err = file_pread(file, secret_data(out), (size_t)size, 0, name, fault);
	if (err == ERR_OK)
		secret_resize(out, (size_t)size);
	return err;
}

enum err path_read(struct secret *out, bool *others, int folder, struct bytes name, const char *where,
    struct fault *fault)
{
	char text[PATH_NAME_MAX + 1];
	off_t size;
	enum err err;
	int file;

	secret_clear(out);
	if (!name_fits(name) || !text_copy(text, sizeof text, name))
		return fault_set(fault, ERR_NO, "path-form", where,
		    "a file name is 1 to %d printable characters, no part of it is empty, . or .., and it "
		    "does not begin with a slash", PATH_NAME_MAX);
	err = open_below(&file, &size, folder, text, fault);
	if (err != ERR_OK)
		return refuse_file(where, fault);
	err = read_open(out, others, file, size, text, fault);
	close(file);
	return err == ERR_OK ? ERR_OK : refuse_file(where, fault);
}
