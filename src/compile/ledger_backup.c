/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "ledger_private.h"

/* What was written must be a ledger that holds together, read anew. */
static enum err verify_copy(const char *path, struct fault *fault)
{
	struct ledger *copy;
	enum err err = ledger_open_file(&copy, path, fault);

	if (err == ERR_OK)
		err = ledger_verify(copy, fault);
	ledger_free(&copy);
	return err == ERR_OK ? ERR_OK : fault_set(fault, err, fault->code, fault->where,
	    "the copy does not verify and is not kept: %s", fault->text);
}

static enum err fill(struct ledger *ledger, int folder, const char *part, const char *path,
    struct fault *fault)
{
	enum err err = file_write(folder, part, bytes_from(NULL, 0), 0600, false, fault);

	if (err == ERR_OK)
		err = ledger_copy(ledger, path, fault);
	return err == ERR_OK ? verify_copy(path, fault) : err;
}

static enum err copy(struct ledger *ledger, int folder, const char *base, const char *path,
    struct fault *fault)
{
	char full[LEDGER_PATH_MAX];
	char *part;
	enum err err = folder_part_name(&part, base, path, fault);

	if (err != ERR_OK)
		return err;
	if (snprintf(full, sizeof full, "%.*s%s", (int)(strlen(path) - strlen(base)), path, part) >=
	    (int)sizeof full)
		err = fault_set(fault, ERR_CANNOT, "ledger-open", path, "the name of the backup is too long");
	else
		err = fill(ledger, folder, part, full, fault);
	if (err == ERR_OK)
		err = folder_rename(folder, part, base, path, fault);
	if (err != ERR_OK) {
		unlinkat(folder, part, 0); /* may not be there; the fault is already told */
		/* nobody knows the part's name */
		fault_set(fault, err, fault->code, path, "%s", fault->text);
	} else
		err = folder_sync(folder, path, fault);
	free(part);
	return err;
}

enum err ledger_backup(struct ledger *ledger, const char *path, struct fault *fault)
{
	const char *base;
	int folder;
	enum err err = folder_parent(&folder, &base, AT_FDCWD, path, fault);

	if (err != ERR_OK)
		return err;
	if (file_exists(folder, base))
		err = fault_set(fault, ERR_CANNOT, "file-exists", path,
		    "exists already; a backup is a new file");
	else
		err = copy(ledger, folder, base, path, fault);
	close(folder);
	return err;
}
