/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "gapseal/document.h"
#include "gapseal/file.h"

#define FILE_MODE 0644

enum err document_copy(int folder, const char *name, const struct document *document, struct fault *fault)
{
	char signature[DOCUMENT_PLACE_SIZE];
	enum err err = ERR_OK;

	for (size_t i = 0; i < document->count && err == ERR_OK; i++) {
		snprintf(signature, sizeof signature, "%s.%s.minisig", name, document->signatures[i].key_id);
		err = file_write(folder, signature, buffer_bytes(&document->signatures[i].text), FILE_MODE,
		    false, fault);
	}
	if (err == ERR_OK)
		err = file_write(folder, name, buffer_bytes(&document->text), FILE_MODE, false, fault);
	return err;
}
