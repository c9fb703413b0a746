/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "gapseal/document.h"
#include "gapseal/file.h"

#define FILE_MODE 0644

static bool has_key(const struct document *document, const char *key_id)
{
	for (size_t i = 0; i < document->count; i++) {
		if (strcmp(document->signatures[i].key_id, key_id) == 0)
			return true;
	}
	return false;
}

enum err document_join(struct document *out, const struct document *held, const struct document *more,
    struct fault *fault)
{
	*out = *held;
	for (size_t i = 0; i < more->count; i++) {
		if (has_key(held, more->signatures[i].key_id))
			continue;
		if (out->count == DOCUMENT_SIGNATURES_MAX)
			return fault_set(fault, ERR_NO, "signature-count", held->where,
			    "with what is held there are more than %d signatures beside this file",
			    DOCUMENT_SIGNATURES_MAX);
		out->signatures[out->count++] = more->signatures[i];
	}
	return ERR_OK;
}

enum err document_copy_signatures(int folder, const char *name, const struct document *document, size_t first,
    struct fault *fault)
{
	char signature[DOCUMENT_PLACE_SIZE];
	enum err err = ERR_OK;

	for (size_t i = first; i < document->count && err == ERR_OK; i++) {
		snprintf(signature, sizeof signature, "%s.%s.minisig", name, document->signatures[i].key_id);
		err = file_write(folder, signature, buffer_bytes(&document->signatures[i].text), FILE_MODE,
		    false, fault);
	}
	return err;
}

enum err document_copy(int folder, const char *name, const struct document *document, struct fault *fault)
{
	enum err err = document_copy_signatures(folder, name, document, 0, fault);

	if (err == ERR_OK)
		err = file_write(folder, name, buffer_bytes(&document->text), FILE_MODE, false, fault);
	return err;
}
