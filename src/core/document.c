/* SPDX-License-Identifier: ISC */
#include "gapseal/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"

#define SUFFIX ".minisig"
#define KEYID_LENGTH (MINISIG_KEYID_SIZE - 1)

void document_free(struct document *document)
{
	buffer_free(&document->text);
	for (size_t i = 0; i < document->count; i++)
		buffer_free(&document->signatures[i].text);
	*document = DOCUMENT_EMPTY;
}

/* Is this "<base>.<anything>.minisig"? The anything goes to middle. */
static bool is_beside(struct bytes *middle, const char *name, const char *base)
{
	size_t length = strlen(name), start = strlen(base) + 1, suffix = sizeof SUFFIX - 1;

	if (length < start + suffix || strncmp(name, base, start - 1) != 0 || name[start - 1] != '.' ||
	    strcmp(name + length - suffix, SUFFIX) != 0)
		return false;
	*middle = bytes_from(name + start, length - suffix - start);
	return true;
}

static bool is_key_id(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if ((c < '0' || c > '9') && (c < 'A' || c > 'F'))
			return false;
	}
	return text.size == KEYID_LENGTH;
}

static enum err load_signature(struct document *out, int folder, const char *name, struct bytes key_id,
    struct fault *fault)
{
	struct document_signature *signature = &out->signatures[out->count];

	if (!is_key_id(key_id))
		return fault_set(fault, ERR_NO, "signature-name", out->where,
		    "a signature beside this file is not named by 16 upper-case hex digits");
	if (out->count == DOCUMENT_SIGNATURES_MAX)
		return fault_set(fault, ERR_NO, "signature-count", out->where,
		    "there are more than %d signatures beside this file", DOCUMENT_SIGNATURES_MAX);
	text_copy(signature->key_id, sizeof signature->key_id, key_id); /* fits: is_key_id has counted */
	out->count++;
	return file_read(&signature->text, folder, name, MINISIG_FILE_MAX, fault);
}

static enum err load_signatures(struct document *out, int folder, const char *base, struct fault *fault)
{
	enum err err;
	char **names;

	err = folder_list(&names, folder, DOCUMENT_FOLDER_MAX, out->where, fault);
	if (err != ERR_OK)
		return err;
	for (char **name = names; *name != NULL && err == ERR_OK; name++) {
		struct bytes middle;

		if (is_beside(&middle, *name, base))
			err = load_signature(out, folder, *name, middle, fault);
	}
	free(names);
	return err;
}

static void digest(struct document *document)
{
	struct bytes text = buffer_bytes(&document->text);
	struct hash_wide wide;

	hash_bytes(document->hash, text);
	hash_wide_begin(&wide);
	hash_wide_add(&wide, text);
	hash_wide_end(&wide, document->prehash);
}

enum err document_load(struct document *out, int folder, const char *name, struct fault *fault)
{
	const char *base;
	enum err err;
	int parent;

	*out = DOCUMENT_EMPTY;
	snprintf(out->where, sizeof out->where, "%s", name);
	err = folder_parent(&parent, &base, folder, name, fault);
	if (err != ERR_OK)
		return err;
	err = file_read(&out->text, folder, name, DOCUMENT_MAX, fault);
	if (err == ERR_OK)
		err = load_signatures(out, parent, base, fault);
	close(parent);
	if (err == ERR_OK)
		digest(out);
	else
		document_free(out);
	return err;
}

enum err document_load_in(struct document *out, int folder, const char *path, const char *name,
    struct fault *fault)
{
	enum err err = document_load(out, folder, name, fault);
	size_t length = strlen(path), more = strlen(name) + 1;

	if (err != ERR_OK) {
		fault_inside(fault, path);
	} else if (length + 1 + more <= sizeof out->where) {
		memcpy(out->where, path, length);
		out->where[length] = '/';
		memcpy(out->where + length + 1, name, more);
	}
	return err;
}

void document_signature_place(char out[static DOCUMENT_PLACE_SIZE], const struct document *document, size_t i)
{
	snprintf(out, DOCUMENT_PLACE_SIZE, "%s.%s" SUFFIX, document->where, document->signatures[i].key_id);
}

void document_comment(char out[static DOCUMENT_COMMENT_MAX], const struct document *document,
    const char *type, const char *id)
{
	char hex[2 * HASH_SIZE + 1];

	hex_encode(hex, bytes_from(document->hash, HASH_SIZE));
	snprintf(out, DOCUMENT_COMMENT_MAX, "gapseal %s %s sha256:%s", type, id, hex);
}

enum err document_claimed_id(char out[static NAME_SIZE], const struct document *document, const char *type,
    struct fault *fault)
{
	char place[DOCUMENT_PLACE_SIZE], start[NAME_SIZE];
	struct minisig minisig;
	struct cursor cursor;
	struct bytes id;
	enum err err;

	if (document->count == 0)
		return fault_set(fault, ERR_NO, "signature-none", document->where,
		    "nobody has signed this document");
	document_signature_place(place, document, 0);
	err = minisig_parse(&minisig, buffer_bytes(&document->signatures[0].text), place, fault);
	if (err != ERR_OK)
		return err;
	snprintf(start, sizeof start, "gapseal %s ", type);
	if (bytes_starts(bytes_of(minisig.comment), start)) {
		cursor = cursor_of(bytes_of(minisig.comment + strlen(start)));
		if (take_field(&cursor, ' ', &id) && text_is_name(id) && text_copy(out, NAME_SIZE, id))
			return ERR_OK;
	}
	return fault_set(fault, ERR_NO, "signature-comment", place,
	    "the trusted comment is not that of a signature on a %s", type);
}
