/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gapseal/extract.h"

#define SEPARATOR '@' /* in no name of a batch */

void extract_folder_name(char out[static EXTRACT_FOLDER_SIZE], const char *batch, uint64_t index)
{
	snprintf(out, EXTRACT_FOLDER_SIZE, "%s%c%" PRIu64, batch, SEPARATOR, index);
}

bool extract_folder_parse(char batch[static NAME_SIZE], uint64_t *index, const char *name)
{
	const char *at = strchr(name, SEPARATOR);

	if (at == NULL || !text_is_name(bytes_from(name, (size_t)(at - name))) ||
	    !decimal_parse(bytes_of(at + 1), INTEGER_MAX, index))
		return false;
	return text_copy(batch, NAME_SIZE, bytes_from(name, (size_t)(at - name)));
}
