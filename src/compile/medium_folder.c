/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "medium_private.h"

#define NAMES_MAX 65536
#define FOLDER_MODE 0755

void medium_place(char out[static FAULT_WHERE_MAX], const struct medium *medium, const char *path)
{
	snprintf(out, FAULT_WHERE_MAX, "%s/%s", medium->request->out, path);
}

/* Is a path one of ours, or a folder of ours? */
enum place { PLACE_FOREIGN, PLACE_FILE, PLACE_FOLDER };
static enum place place_of(const struct medium *medium, const char *path)
{
	size_t length = strlen(path);

	if (strcmp(path, SUMS_NAME) == 0 || strcmp(path, SUMS_PART_NAME) == 0)
		return PLACE_FILE;
	for (size_t i = 0; i < medium->file_count; i++) {
		const char *ours = medium->files[i].path;

		if (strncmp(path, ours, length) != 0)
			continue;
		if (ours[length] == '\0' || ours[length] == '/')
			return ours[length] == '/' ? PLACE_FOLDER : PLACE_FILE;
	}
	return PLACE_FOREIGN;
}

/* Names at the top that nobody else may have: also in capitals, which some media take for the same, and also
 * if this delivery puts nothing there, as a station would look. */
static bool is_kept(const char *name)
{
	static const char *const kept[] = {
		MEDIUM_TRUST, MEDIUM_BATCHES, MEDIUM_GRANTS, SUMS_NAME, SUMS_PART_NAME,
	};

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		if (strcasecmp(name, kept[i]) == 0)
			return true;
	}
	return false;
}

static enum err check_names(struct medium_root *root, int folder, const char *inside, struct fault *fault);

static enum err check_below(struct medium_root *root, int folder, const char *path, const char *name,
    struct fault *fault)
{
	enum err err;
	int below;

	err = folder_open(&below, folder, name, fault);
	if (err != ERR_OK)
		return err;
	err = check_names(root, below, path, fault);
	close(below);
	return err;
}

static enum err check_name(struct medium_root *root, int folder, const char *inside, const char *name,
    struct fault *fault)
{
	char place[FAULT_WHERE_MAX], path[MEDIUM_PATH_SIZE + 256];
	enum place found;

	snprintf(path, sizeof path, "%s%s%s", inside, *inside == '\0' ? "" : "/", name);
	found = place_of(root->medium, path);
	root->earlier = root->earlier || found == PLACE_FILE;
	if (found == PLACE_FILE)
		return ERR_OK;
	if (found == PLACE_FOLDER)
		return check_below(root, folder, path, name, fault);
	if (*inside == '\0' && !is_kept(name)) {
		root->other_names++;
		return ERR_OK;
	}
	medium_place(place, root->medium, path);
	return fault_set(fault, ERR_CANNOT, "medium-foreign", place,
	    "this is no part of the delivery, but lies where a station looks: remove it, or take an empty "
	    "medium");
}

static enum err check_names(struct medium_root *root, int folder, const char *inside, struct fault *fault)
{
	enum err err;
	char **names;

	err = folder_list(&names, folder, NAMES_MAX, root->medium->request->out, fault);
	if (err != ERR_OK)
		return err;
	for (char **name = names; *name != NULL && err == ERR_OK; name++)
		err = check_name(root, folder, inside, *name, fault);
	free(names);
	return err;
}

static enum err check_empty(const struct medium_root *root, struct fault *fault)
{
	const char *out = root->medium->request->out;
	enum err err;
	char **names;

	err = folder_list(&names, root->folder, NAMES_MAX, out, fault);
	if (err != ERR_OK)
		return err;
	if (names[0] != NULL)
		err = fault_set(fault, ERR_CANNOT, "medium-not-empty", out,
		    "something lies here already (%s): take an empty medium, or --force, which replaces an "
		    "earlier delivery and leaves alone what others put at the top", names[0]);
	free(names);
	return err;
}

static enum err make_root(struct medium_root *root, const char *out, struct fault *fault)
{
	enum err err;
	int parent;

	err = folder_create(AT_FDCWD, out, FOLDER_MODE, fault);
	if (err != ERR_OK)
		return err;
	root->made = true;
	err = folder_open(&root->folder, AT_FDCWD, out, fault);
	if (err != ERR_OK)
		return err;
	parent = openat(root->folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return fault_errno(fault, "file-open", out, "cannot open the folder around it");
	err = folder_sync(parent, out, fault);
	close(parent);
	return err;
}

enum err medium_root_open(struct medium_root *root, const struct medium *medium, struct fault *fault)
{
	const struct medium_request *request = medium->request;
	enum err err;

	*root = (struct medium_root){.medium = medium, .folder = -1};
	if (!file_exists(AT_FDCWD, request->out))
		return make_root(root, request->out, fault);
	err = folder_open(&root->folder, AT_FDCWD, request->out, fault);
	if (err != ERR_OK)
		return err;
	return request->force ? check_names(root, root->folder, "", fault) : check_empty(root, fault);
}

enum err medium_root_room(const struct medium_root *root, struct fault *fault)
{
	const struct medium *medium = root->medium;
	struct statvfs status;
	uint64_t need = 0, unit;

	if (fstatvfs(root->folder, &status) != 0)
		return fault_system(fault, medium->request->out, "ask how much room there is");
	unit = status.f_frsize != 0 ? status.f_frsize : 1;
	for (size_t i = 0; i < medium->file_count; i++)
		need += medium->files[i].size / unit + 1;
	if (need <= status.f_bavail)
		return ERR_OK;
	return fault_set(fault, ERR_CANNOT, "medium-full", medium->request->out,
	    "the delivery needs %" PRIu64 " MiB, but only %" PRIu64 " MiB are free: take a larger medium",
	    need * unit / 1048576 + 1, (uint64_t)status.f_bavail * unit / 1048576);
}

/* Makes a folder unless it is there, and remembers that. */
static enum err make(struct medium_root *root, int folder, const char *name, const char *path, size_t length,
    struct fault *fault)
{
	char place[FAULT_WHERE_MAX], made[MEDIUM_PATH_SIZE] = {0};

	memcpy(made, path, length);
	if (mkdirat(folder, name, FOLDER_MODE) == 0) {
		buffer_put(&root->folders, bytes_from(made, sizeof made));
		if (buffer_check(&root->folders, fault) != ERR_OK)
			return ERR_CANNOT;
		return folder_sync(folder, root->medium->request->out, fault);
	}
	if (errno == EEXIST)
		return ERR_OK;
	medium_place(place, root->medium, made);
	return fault_errno(fault, "file-write", place, "cannot make the folder");
}

/* One part further down; the folder before is closed. */
static enum err descend(int *folder, struct medium_root *root, const char *path, size_t start, size_t end,
    struct fault *fault)
{
	char name[MEDIUM_PATH_SIZE] = {0};
	enum err err;
	int below;

	memcpy(name, path + start, end - start);
	err = make(root, *folder, name, path, end, fault);
	if (err == ERR_OK)
		err = folder_open(&below, *folder, name, fault);
	if (err != ERR_OK)
		return err;
	close(*folder);
	*folder = below;
	return ERR_OK;
}

enum err medium_root_parent(int *out, const char **base, struct medium_root *root, const char *path,
    struct fault *fault)
{
	size_t start = 0;
	enum err err;

	err = folder_open(out, root->folder, ".", fault);
	if (err != ERR_OK)
		return err;
	for (const char *slash; (slash = strchr(path + start, '/')) != NULL;) {
		err = descend(out, root, path, start, (size_t)(slash - path), fault);
		if (err != ERR_OK) {
			close(*out);
			return err;
		}
		start = (size_t)(slash - path) + 1;
	}
	*base = path + start;
	return ERR_OK;
}

bool medium_root_remove(struct medium_root *root)
{
	bool all = true;

	for (size_t left = root->folders.size; left >= MEDIUM_PATH_SIZE; left -= MEDIUM_PATH_SIZE) {
		const char *path = (const char *)root->folders.data + left - MEDIUM_PATH_SIZE;

		all = unlinkat(root->folder, path, AT_REMOVEDIR) == 0 && all;
	}
	return all;
}

void medium_root_close(struct medium_root *root)
{
	buffer_free(&root->folders);
	if (root->folder >= 0)
		close(root->folder);
	root->folder = -1;
}
