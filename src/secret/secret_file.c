/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/secret.h"

#define MODE_OTHERS 077

/* Looks at the open file, not at its name: nothing can be put in its place in between. */
static enum err check(int file, off_t size, size_t limit, const char *name, struct fault *fault)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return fault_system(fault, name, "look at the file");
	if ((status.st_mode & MODE_OTHERS) != 0)
		return fault_set(fault, ERR_CANNOT, "file-mode", name,
		    "others than the owner have rights on this secret file: chmod 600 it");
	if ((uintmax_t)size > limit)
		return fault_set(fault, ERR_CANNOT, "file-size", name,
		    "the file is larger than the %zu bytes allowed", limit);
	return ERR_OK;
}

static enum err read_whole(struct secret **out, int file, size_t size, const char *name, struct fault *fault)
{
	enum err err = secret_new(out, size, fault);

	if (err != ERR_OK)
		return err;
	if ((err = file_pread(file, secret_data(*out), size, 0, name, fault)) == ERR_OK)
		secret_resize(*out, size);
	else
		secret_free(out);
	return err;
}

enum err secret_read_file(struct secret **out, int folder, const char *name, size_t limit,
    struct fault *fault)
{
	enum err err;
	off_t size;
	int file;

	*out = NULL;
	if ((err = file_open(&file, &size, folder, name, fault)) != ERR_OK)
		return err;
	if ((err = check(file, size, limit, name, fault)) == ERR_OK)
		err = read_whole(out, file, (size_t)size, name, fault);
	close(file);
	return err;
}

enum err secret_write_file(int folder, const char *name, struct bytes text, bool force,
    struct fault *fault)
{
	/* file_write creates its temporary with this mode and writes from the memory given. */
	return file_write(folder, name, text, 0600, force, fault);
}
