/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/file.h"
#include "gapseal/manifest.h"

#define SEPARATOR "  " /* as sha256sum writes it for text */
#define SUMS_MAX ((RECORDS_FILES_MAX + 1) * (2 * HASH_SIZE + sizeof SEPARATOR + RECORDS_NAME_SIZE))

/* One line: the digest of this file under this name. */
static enum err check_line(struct cursor *cursor, const struct sum *sum, const char *where,
    struct fault *fault)
{
	struct bytes hex, separator, rest;
	uint8_t digest[HASH_SIZE];

	if (!take_bytes(cursor, 2 * HASH_SIZE, &hex) || !hex_decode(digest, HASH_SIZE, hex) ||
	    !take_bytes(cursor, sizeof SEPARATOR - 1, &separator) || !bytes_is(separator, SEPARATOR) ||
	    !take_line(cursor, &rest) || !bytes_is(rest, sum->name))
		return fault_set(fault, ERR_NO, "sums-form", where, "there should be a line for %s here",
		    sum->name);
	if (memcmp(digest, sum->sha256, HASH_SIZE) != 0)
		return fault_set(fault, ERR_NO, "sums-differ", where,
		    "this is not the digest of the %s that belongs here", sum->name);
	return ERR_OK;
}

static enum err check_lines(struct bytes text, const struct sum *sums, size_t count, const char *where,
    struct fault *fault)
{
	struct cursor cursor = cursor_of(text);
	enum err err = ERR_OK;

	for (size_t i = 0; i < count && err == ERR_OK; i++)
		err = check_line(&cursor, &sums[i], where, fault);
	if (err == ERR_OK && cursor_left(&cursor) != 0)
		err = fault_set(fault, ERR_NO, "sums-form", where,
		    "there are lines for files that do not belong here");
	return err;
}

enum err sums_check(int folder, const struct sum *sums, size_t count, const char *where, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	char place[FAULT_WHERE_MAX];
	enum err err;

	snprintf(place, sizeof place, "%s/" SUMS_NAME, where);
	err = file_read(&text, folder, SUMS_NAME, SUMS_MAX, fault);
	if (err == ERR_OK)
		err = check_lines(buffer_bytes(&text), sums, count, place, fault);
	else if (!file_exists(folder, SUMS_NAME))
		fault_set(fault, ERR_CANNOT, "file-open", place,
		    "the file is missing, and it is written last: the folder is not whole; copy it again, "
		    "or remove it if a compile broke off");
	else
		snprintf(fault->where, sizeof fault->where, "%s", place); /* which folder's */
	buffer_free(&text);
	return err;
}

enum err sums_verify(int folder, const struct manifest_fields *fields,
    const uint8_t manifest[static HASH_SIZE], const char *where, struct fault *fault)
{
	const struct manifest_file *files = fields->files.items;
	size_t count = fields->files.count;
	struct sum *sums = calloc(count + 1, sizeof *sums);
	enum err err;

	if (sums == NULL)
		return fault_memory(fault);
	sums[0] = (struct sum){MANIFEST_NAME, manifest};
	for (unsigned i = 0; i < count; i++) {
		records_name(sums[i + 1].name, i);
		sums[i + 1].sha256 = files[i].sha256;
	}
	err = sums_check(folder, sums, count + 1, where, fault);
	free(sums);
	return err;
}
