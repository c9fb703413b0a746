/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gapseal/extract.h"
#include "gapseal/file.h"
#include "ingest_private.h"

#define SUMS_MAX ((size_t)16 << 20)
#define PATH_SIZE 256

enum err ingest_check_whole(int medium, const char *where, struct fault *fault)
{
	if (!file_exists(medium, SUMS_PART_NAME))
		return ERR_OK;
	return fault_set(fault, ERR_NO, "medium-incomplete", where,
	    "the packing of this medium was never finished (" SUMS_PART_NAME "): nothing of it is taken, ask "
	    "the office for another");
}

/* Below a medium's root, as SHA256SUMS calls it; some media change the case of names. */
static bool lies_at(const struct ingest_item *item, const char *name, struct bytes path)
{
	char called[PATH_SIZE];

	snprintf(called, sizeof called, "%s%s%s", item->inside, *item->inside == '\0' ? "" : "/", name);
	return strlen(called) == path.size && strncasecmp(called, (const char *)path.data, path.size) == 0;
}

static bool is_called(const struct ingest_item *item, struct bytes path)
{
	static const char *const names[] = {
		[INGEST_TRUST] = "", [INGEST_BATCH] = MANIFEST_NAME, [INGEST_GRANT] = GRANT_NAME,
	};

	return lies_at(item, item->kind == INGEST_TRUST ? item->name : names[item->kind], path) ||
	    (item->extract && lies_at(item, PROOF_NAME, path));
}

/* Would a search have found this, if it were there? */
static bool is_sought(struct bytes path)
{
	struct cursor cursor = cursor_of(path);
	struct bytes part = {0};
	char name[PATH_SIZE];
	unsigned parts = 0;

	while (take_field(&cursor, '/', &part))
		parts++;
	return parts <= INGEST_DEPTH_MAX + 1 && text_is_printable(path) &&
	    text_copy(name, sizeof name, part) &&
	    (strcmp(name, MANIFEST_NAME) == 0 || strcmp(name, PROOF_NAME) == 0 ||
	    strcmp(name, GRANT_NAME) == 0 || ingest_is_trust_name(name));
}

static bool was_found(const struct ingest_items *items, size_t first, struct bytes path)
{
	for (size_t i = first; i < items->count; i++) {
		if (is_called(&items->items[i], path))
			return true;
	}
	return false;
}

/* Lines of "<hex>  <path>"; a list in another form is not ours to judge. The paths are compared with what was
 * found and never opened. */
static enum err check_lines(const struct ingest_items *items, size_t first, struct bytes text,
    const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(text);
	struct bytes line;

	while (take_line(&cursor, &line)) {
		struct cursor rest = cursor_of(line);
		struct bytes digest, path;

		if (!take_bytes(&rest, 2 * HASH_SIZE + 2, &digest))
			continue;
		path = bytes_from(rest.at, cursor_left(&rest));
		if (is_sought(path) && !was_found(items, first, path))
			return fault_set(fault, ERR_NO, "medium-missing", where,
			    SUMS_NAME " of this medium lists %.*s, which is not here: the rest is taken, but "
			    "ask the office for another", (int)path.size, (const char *)path.data);
	}
	return ERR_OK;
}

enum err ingest_check_listed(const struct ingest_items *items, size_t first, int medium, const char *where,
    struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	if (!file_exists(medium, SUMS_NAME))
		return ERR_OK;
	err = file_read(&text, medium, SUMS_NAME, SUMS_MAX, fault);
	if (err == ERR_OK)
		err = check_lines(items, first, buffer_bytes(&text), where, fault);
	buffer_free(&text);
	return err;
}
