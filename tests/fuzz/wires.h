/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_WIRES_H
#define GAPSEAL_WIRES_H

#include "fuzz.h"

/*
 * wires: the transcripts of tests/vectors, as one side says them. Lines are "> bytes" of the station and
 * "< bytes" of the device, with \r, \n and \xNN.
 */
#define WIRES "tests/vectors/transcripts/*.txt"
#define WIRES_PART 0x1e /* stands where the other side spoke; nobody says it */

static inline void put_unescaped(struct buffer *out, struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = text.data[i], next = i + 1 < text.size ? text.data[i + 1] : '\0';

		if (byte == '\\' && next == 'x' && i + 3 < text.size) {
			FUZZ_WANT(hex_decode(&byte, 1, bytes_from(text.data + i + 2, 2)));
			i += 3;
		} else if (byte == '\\') {
			byte = next == 'r' ? '\r' : '\n';
			i++;
		}
		buffer_byte(out, byte);
	}
}

static inline struct buffer one_side(struct bytes transcript, char side)
{
	struct cursor cursor = cursor_of(transcript);
	struct buffer out = BUFFER_EMPTY;
	struct bytes line;
	bool other = false;

	while (take_line(&cursor, &line)) {
		if (line.size < 2 || line.data[0] != side) {
			other = true;
			continue;
		}
		if (other)
			buffer_byte(&out, WIRES_PART);
		other = false;
		put_unescaped(&out, bytes_from(line.data + 2, line.size - 2));
	}
	return out;
}

/* Every transcript from one side, each whole or, for readers of one answer, part by part. */
static inline void corpus_wires(struct corpus *corpus, char side, bool parts)
{
	struct corpus files = CORPUS_EMPTY;

	corpus_files(&files, WIRES);
	for (size_t i = 0; i < files.count; i++) {
		struct buffer said = one_side(buffer_bytes(&files.items[i]), side);
		struct cursor cursor = cursor_of(buffer_bytes(&said));
		struct bytes part = fuzz_rest(&cursor);

		cursor = cursor_of(part);
		if (!parts)
			corpus_add(corpus, part);
		while (parts && take_field(&cursor, WIRES_PART, &part))
			corpus_add(corpus, part);
		buffer_free(&said);
	}
	corpus_free(&files);
}

#endif
