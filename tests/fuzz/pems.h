/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_FUZZ_PEMS_H
#define GAPSEAL_FUZZ_PEMS_H

#include "fuzz.h"
#include "gapseal/pem.h"

/* What stands in the blocks of every file of a pattern, as DER. */
static inline void corpus_der(struct corpus *corpus, const char *pattern, const char *label)
{
	struct corpus files = CORPUS_EMPTY;

	corpus_files(&files, pattern);
	for (size_t i = 0; i < files.count; i++) {
		struct cursor cursor = cursor_of(buffer_bytes(&files.items[i]));
		struct buffer der = BUFFER_EMPTY;

		while (pem_take(&der, &cursor, label) == PEM_BLOCK) {
			corpus_add(corpus, buffer_bytes(&der));
			buffer_clear(&der);
		}
		buffer_free(&der);
	}
	corpus_free(&files);
}

#endif
