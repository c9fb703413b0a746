/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_STATION_LOG_H
#define GAPSEAL_STATION_LOG_H

#include <stdio.h>

#include "gapseal/log.h"
#include "station_key.h"

/*
 * station_log: a log in two parts, head and entries. A head that is no more than a number is a checkpoint of
 * the fuzzers' own station over so many lines, so that what stands behind the signature is reached; any other
 * is the checkpoint file as it is.
 */
static inline void sign_head(struct buffer *out, struct bytes entries, uint64_t lines)
{
	struct checkpoint checkpoint = {.origin = STATION_ORIGIN};
	struct cursor cursor = cursor_of(entries);
	struct buffer text = BUFFER_EMPTY;
	struct tree tree = {0};
	struct fault fault;
	struct bytes line;

	while (tree.size < lines && take_line(&cursor, &line)) {
		uint8_t leaf[HASH_SIZE];

		hash_leaf(leaf, line);
		tree_push(&tree, leaf);
	}
	checkpoint.size = tree.size;
	tree_root(&tree, checkpoint.root);
	checkpoint_format(&text, &checkpoint);
	FUZZ_WANT(note_sign(out, station_key(), buffer_bytes(&text), &fault) == ERR_OK);
	buffer_free(&text);
}

/* Writes both files; folder is "" or ends in a slash. */
static inline void put_log(const char *folder, struct bytes head, struct bytes entries)
{
	struct buffer note = BUFFER_EMPTY;
	char name[64];
	uint64_t lines;

	if (decimal_parse(head, INTEGER_MAX, &lines))
		sign_head(&note, entries, lines);
	else
		buffer_put(&note, head);
	snprintf(name, sizeof name, "%s" LOG_CHECKPOINT, folder);
	fuzz_file(name, buffer_bytes(&note));
	snprintf(name, sizeof name, "%s" LOG_ENTRIES, folder);
	fuzz_file(name, entries);
	buffer_free(&note);
}

static inline void corpus_logs(struct corpus *corpus)
{
	static const char *const heads[] = {"0", "1", "20", "36", "99"};
	struct buffer head = corpus_file("manifests/golden/log/" LOG_CHECKPOINT);
	struct buffer entries = corpus_file("manifests/golden/log/" LOG_ENTRIES);

	corpus_pair(corpus, buffer_bytes(&head), buffer_bytes(&entries));
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		corpus_pair(corpus, bytes_of(heads[i]), buffer_bytes(&entries));
	buffer_free(&head);
	buffer_free(&entries);
}

#endif
