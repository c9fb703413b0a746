/* SPDX-License-Identifier: ISC */
#include "gapseal/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAFT_MODE 0755

static void draft_release(struct folder_draft *draft)
{
	if (draft->folder >= 0)
		close(draft->folder);
	if (draft->parent >= 0)
		close(draft->parent);
	free(draft->base);
	free(draft->draft);
	*draft = FOLDER_DRAFT_EMPTY;
}

/* Finds the parent and the two names. */
static enum err draft_prepare(struct folder_draft *draft, const char *path, struct fault *fault)
{
	size_t length = strlen(path);
	const char *base;
	char *trimmed;
	enum err err;

	while (length > 1 && path[length - 1] == '/')
		length--;
	trimmed = strndup(path, length);
	if (trimmed == NULL)
		return fault_memory(fault);
	err = folder_parent(&draft->parent, &base, AT_FDCWD, trimmed, fault);
	if (err == ERR_OK)
		err = folder_part_name(&draft->draft, base, path, fault);
	if (err == ERR_OK) {
		draft->base = strdup(base);
		if (draft->base == NULL)
			err = fault_memory(fault);
	}
	free(trimmed);
	return err;
}

enum err folder_begin(struct folder_draft *draft, const char *path, struct fault *fault)
{
	enum err err;

	*draft = FOLDER_DRAFT_EMPTY;
	draft->path = path;
	err = draft_prepare(draft, path, fault);
	if (err != ERR_OK)
		goto out;
	/* commit decides; but nobody should work for an hour towards a refusal that is plain now */
	if (file_exists(draft->parent, draft->base)) {
		err = fault_set(fault, ERR_CANNOT, "file-exists", path, "exists already");
		goto out;
	}
	if (mkdirat(draft->parent, draft->draft, DRAFT_MODE) != 0) {
		err = fault_errno(fault, "file-write", path, "cannot create a folder here");
		goto out;
	}
	err = folder_open(&draft->folder, draft->parent, draft->draft, fault);
	if (err != ERR_OK)
		unlinkat(draft->parent, draft->draft, AT_REMOVEDIR); /* empty; the fault is already told */
out:
	if (err != ERR_OK)
		draft_release(draft);
	return err;
}

enum err folder_commit(struct folder_draft *draft, struct fault *fault)
{
	enum err err;

	err = folder_sync(draft->folder, draft->path, fault);
	if (err == ERR_OK)
		err = folder_rename(draft->parent, draft->draft, draft->base, draft->path, fault);
	if (err != ERR_OK) {
		folder_abandon(draft);
		return err;
	}
	err = folder_sync(draft->parent, draft->path, fault);
	draft_release(draft);
	return err;
}

/* What cannot be removed stays behind under its ".part" name, harmless. */
static void remove_inside(int folder, bool deeper, const char *where)
{
	struct fault unused;
	char **names;
	int inner;

	if (folder_list(&names, folder, SIZE_MAX, where, &unused) != ERR_OK)
		return;
	for (char **name = names; *name != NULL; name++) {
		if (unlinkat(folder, *name, 0) == 0 || !deeper ||
		    folder_open(&inner, folder, *name, &unused) != ERR_OK)
			continue;
		remove_inside(inner, false, where);
		close(inner);
		unlinkat(folder, *name, AT_REMOVEDIR);
	}
	free(names);
}

void folder_abandon(struct folder_draft *draft)
{
	if (draft->folder >= 0) {
		remove_inside(draft->folder, true, draft->path);
		unlinkat(draft->parent, draft->draft, AT_REMOVEDIR);
	}
	draft_release(draft);
}
