/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "gapseal/file.h"
#include "gapseal/manifest.h"

#define SEPARATOR "  " /* as sha256sum writes it for text */
#define SUMS_MAX ((RECORDS_FILES_MAX + 1) * (2 * HASH_SIZE + sizeof SEPARATOR + RECORDS_NAME_SIZE))

/* One line: the digest of this file under this name. */
static enum err check_line(struct cursor *cursor, const char *name, const uint8_t expected[static HASH_SIZE],
    const char *where, struct fault *fault)
{
	struct bytes hex, separator, rest;
	uint8_t digest[HASH_SIZE];

	if (!take_bytes(cursor, 2 * HASH_SIZE, &hex) || !hex_decode(digest, HASH_SIZE, hex) ||
	    !take_bytes(cursor, sizeof SEPARATOR - 1, &separator) || !bytes_is(separator, SEPARATOR) ||
	    !take_line(cursor, &rest) || !bytes_is(rest, name))
		return fault_set(fault, ERR_NO, "sums-form", where, "there should be a line for %s here",
		    name);
	if (memcmp(digest, expected, HASH_SIZE) != 0)
		return fault_set(fault, ERR_NO, "sums-differ", where,
		    "the digest of %s is not that of the manifest", name);
	return ERR_OK;
}

static enum err check_sums(struct bytes text, const struct manifest_fields *fields,
    const uint8_t manifest[static HASH_SIZE], const char *where, struct fault *fault)
{
	const struct manifest_file *files = fields->files.items;
	struct cursor cursor = cursor_of(text);
	enum err err;

	err = check_line(&cursor, MANIFEST_NAME, manifest, where, fault);
	for (unsigned i = 0; i < fields->files.count && err == ERR_OK; i++) {
		char name[RECORDS_NAME_SIZE];

		records_name(name, i);
		err = check_line(&cursor, name, files[i].sha256, where, fault);
	}
	if (err == ERR_OK && cursor_left(&cursor) != 0)
		err = fault_set(fault, ERR_NO, "sums-form", where,
		    "there are lines for files that do not belong here");
	return err;
}

enum err sums_verify(int folder, const struct manifest_fields *fields,
    const uint8_t manifest[static HASH_SIZE], const char *where, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	char place[FAULT_WHERE_MAX];
	enum err err;

	snprintf(place, sizeof place, "%s/" SUMS_NAME, where);
	err = file_read(&text, folder, SUMS_NAME, SUMS_MAX, fault);
	if (err == ERR_OK)
		err = check_sums(buffer_bytes(&text), fields, manifest, place, fault);
	else if (!file_exists(folder, SUMS_NAME))
		fault_set(fault, ERR_CANNOT, "file-open", place,
		    "the file is missing, and it is written last: the folder is not whole; copy it again, "
		    "or remove it if a compile broke off");
	else
		snprintf(fault->where, sizeof fault->where, "%s", place); /* which folder's */
	buffer_free(&text);
	return err;
}
