/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_READER_PRIVATE_H
#define GAPSEAL_READER_PRIVATE_H

#include "gapseal/grant.h"
#include "gapseal/reader.h"

/* The parts of the reader: reader.c its life and numbering, reader_load.c one batch or grant opened,
 * reader_answer.c look-ups. */

struct reader_batch {
	char id[NAME_SIZE];
	bool whole;                      /* all its records are held; otherwise only extracts */
	struct list extracts;            /* of uint64_t, ascending: records held as extracts */
	struct document document;
	struct manifest_fields fields;   /* as parsed: nothing here was verified */
	int *files;                      /* of a whole one, descriptors of the records files, -1: not open */
	int tree;                        /* of tree.bin */
};
struct reader_grant {
	uint64_t serial;                 /* as its folder is named */
	struct document document;
	struct buffer keys;
};
struct reader {
	int batch_folder;
	int grant_folder;
	struct reader_batch **batches;   /* each where it was made: callers hold pointers into them */
	size_t batch_count;
	struct reader_grant **grants;
	size_t grant_count;
};

/* The document of a batch, from a folder named so in batches: its own, or that of an extract. */
enum err reader_batch_load(struct reader_batch **out, int batches, const char *id, const char *name,
    struct fault *fault);
/* Opens the records and the tree of a batch that was loaded. */
enum err reader_batch_complete(struct reader_batch *batch, int batches, struct fault *fault);
/* Reads one record and its path as an extract has them. */
enum err reader_extract_read(struct message *record, const struct reader_batch *batch, int batches,
    struct fault *fault);
/* The document of a batch as its folder has it now: signatures may have come. Nothing happens if the folder
 * is gone or holds another document. */
enum err reader_batch_again(struct reader_batch *batch, bool *changed, int batches, struct fault *fault);
void reader_batch_free(struct reader_batch *batch); /* NULL is fine */
enum err reader_grant_load(struct reader_grant **out, int grants, const char *name, uint64_t serial,
    struct fault *fault);
enum err reader_grant_again(struct reader_grant *grant, bool *changed, int grants, struct fault *fault);
void reader_grant_free(struct reader_grant *grant); /* NULL is fine */

#endif
