/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gapseal/extract.h"
#include "gapseal/file.h"
#include "ingest_private.h"

#define NAMES_MAX 65536

void ingest_items_free(struct ingest_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		free(items->items[i].inside);
		free(items->items[i].name);
	}
	free(items->items);
	*items = (struct ingest_items){0};
}

void ingest_item_place(char *out, size_t size, const struct ingest_item *item)
{
	snprintf(out, size, "%s%s%s%s%s", item->root, *item->inside == '\0' ? "" : "/", item->inside,
	    *item->name == '\0' ? "" : "/", item->name);
}

static enum err add(struct ingest_items *items, enum ingest_kind kind, const char *root, const char *inside,
    const char *name, struct fault *fault)
{
	struct ingest_item *grown = reallocarray(items->items, items->count + 1, sizeof *grown);
	struct ingest_item *item;

	if (grown == NULL)
		return fault_memory(fault);
	items->items = grown;
	item = &grown[items->count++];
	*item = (struct ingest_item){.kind = kind, .root = root};
	item->inside = strdup(inside);
	item->name = strdup(name);
	item->found = *inside != '\0' || *name != '\0';
	return item->inside == NULL || item->name == NULL ? fault_memory(fault) : ERR_OK;
}

/* Opens a folder below another, part by part, so that no link is followed on the way. */
static enum err open_below(int *folder, const char *inside, struct fault *fault)
{
	struct cursor cursor = cursor_of(bytes_of(inside));
	struct bytes part;

	while (take_field(&cursor, '/', &part)) {
		char *name = strndup((const char *)part.data, part.size);
		int next;
		enum err err;

		if (name == NULL)
			return fault_memory(fault);
		err = folder_open(&next, *folder, name, fault);
		free(name);
		if (err != ERR_OK)
			return err;
		close(*folder);
		*folder = next;
	}
	return ERR_OK;
}

enum err ingest_item_open(int *folder, const struct ingest_item *item, struct fault *fault)
{
	enum err err;

	err = folder_open(folder, AT_FDCWD, item->root, fault);
	if (err != ERR_OK)
		return err;
	err = open_below(folder, item->inside, fault);
	if (err != ERR_OK) {
		close(*folder);
		*folder = -1;
	}
	return err;
}

bool ingest_is_trust_name(const char *name)
{
	size_t length = strlen(name), suffix = sizeof ".json" - 1;

	return strncmp(name, "trust", 5) == 0 && length > suffix &&
	    strcmp(name + length - suffix, ".json") == 0;
}

struct search {
	struct ingest_items *items;
	struct ingest *ingest;
	const char *root;
};

static enum err search_folder(const struct search *search, int folder, const char *inside, unsigned depth,
    struct fault *fault);

/* A folder nobody may look into (lost+found) ends no search. */
static enum err search_below(const struct search *search, int folder, const char *inside, const char *name,
    unsigned depth, struct fault *fault)
{
	struct fault unused;
	enum err err;
	char *path;
	int below;

	if (folder_open(&below, folder, name, &unused) != ERR_OK) {
		ingest_say(search->ingest, "a folder on the medium cannot be looked into: %s", unused.text);
		return ERR_OK;
	}
	if (asprintf(&path, "%s%s%s", inside, *inside == '\0' ? "" : "/", name) < 0) {
		close(below);
		return fault_memory(fault);
	}
	err = search_folder(search, below, path, depth, fault);
	free(path);
	close(below);
	return err;
}

static enum err search_name(const struct search *search, int folder, const char *inside, const char *name,
    unsigned depth, struct fault *fault)
{
	struct stat status;

	if (*name == '.' || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return ERR_OK; /* hidden, or gone meanwhile */
	if (S_ISREG(status.st_mode) && ingest_is_trust_name(name))
		return add(search->items, INGEST_TRUST, search->root, inside, name, fault);
	if (S_ISDIR(status.st_mode) && depth < INGEST_DEPTH_MAX)
		return search_below(search, folder, inside, name, depth + 1, fault);
	return ERR_OK;
}

/* Who names an extract means its grant too: that it is for another station is to be told. */
static enum err add_extract(const struct search *search, int folder, const char *inside, struct fault *fault)
{
	enum err err = add(search->items, INGEST_BATCH, search->root, inside, "", fault);
	char *path;

	if (err != ERR_OK)
		return err;
	search->items->items[search->items->count - 1].extract = true;
	if (!file_exists(folder, EXTRACT_GRANT_NAME))
		return ERR_OK;
	if (asprintf(&path, "%s%s" EXTRACT_GRANT_NAME, inside, *inside == '\0' ? "" : "/") < 0)
		return fault_memory(fault);
	err = add(search->items, INGEST_GRANT, search->root, path, "", fault);
	free(path);
	if (err == ERR_OK)
		search->items->items[search->items->count - 1].found = *inside != '\0';
	return err;
}

static enum err search_folder(const struct search *search, int folder, const char *inside, unsigned depth,
    struct fault *fault)
{
	enum err err;
	char **names;

	if (file_exists(folder, MANIFEST_NAME))
		return extract_is(folder) ? add_extract(search, folder, inside, fault)
		    : add(search->items, INGEST_BATCH, search->root, inside, "", fault);
	if (file_exists(folder, GRANT_NAME))
		return add(search->items, INGEST_GRANT, search->root, inside, "", fault);
	err = folder_list(&names, folder, NAMES_MAX, search->root, fault);
	if (err != ERR_OK)
		return err;
	for (char **name = names; *name != NULL && err == ERR_OK; name++)
		err = search_name(search, folder, inside, *name, depth, fault);
	free(names);
	return err;
}

enum err ingest_find(struct ingest_items *items, struct ingest *ingest, const char *path,
    struct fault *fault)
{
	struct search search = {.items = items, .ingest = ingest, .root = path};
	size_t before = items->count;
	struct stat status;
	enum err err;
	int folder;

	if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
		return add(items, INGEST_TRUST, path, "", "", fault);
	err = folder_open(&folder, AT_FDCWD, path, fault);
	if (err != ERR_OK)
		return err;
	err = ingest_check_whole(folder, path, fault);
	if (err == ERR_OK)
		err = search_folder(&search, folder, "", 0, fault);
	if (err == ERR_OK)
		err = ingest_check_listed(items, before, folder, path, fault);
	close(folder);
	if (err == ERR_OK && items->count == before)
		err = fault_set(fault, ERR_NO, "ingest-nothing", path,
		    "there is no batch, no grant and no trust*.json to take in here");
	return err;
}
