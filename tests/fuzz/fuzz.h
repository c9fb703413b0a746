/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_FUZZ_H
#define GAPSEAL_FUZZ_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"

/*
 * fuzz: what every fuzzer includes. A target is one file, fuzz_NAME.c, with LLVMFuzzerTestOneInput as
 * libFuzzer and AFL call it, and fuzz_seeds for the inputs to begin with. Whatever a parser promises that
 * can be checked is checked by FUZZ_WANT, so that a target goes red without a crash too.
 */
#define FUZZ_INPUT_MAX ((size_t)1 << 17) /* bytes of an input: longer seeds are cut */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The inputs to begin with. Paths are relative to the top of the tree, where fuzzers are run. */
struct corpus {
	struct buffer *items;
	size_t count, capacity;
};
#define CORPUS_EMPTY ((struct corpus){0})
void fuzz_seeds(struct corpus *corpus);

void corpus_free(struct corpus *corpus);
void corpus_add(struct corpus *corpus, struct bytes seed);
void corpus_text(struct corpus *corpus, const char *seed);
/* One seed of two parts, as targets read it that take more than one file: see fuzz_part. */
void corpus_pair(struct corpus *corpus, struct bytes first, struct bytes second);
/* Every file of a pattern of glob(7), or each line of them; that nothing matches is a mistake of the target.
 */
void corpus_files(struct corpus *corpus, const char *pattern);
void corpus_lines(struct corpus *corpus, const char *pattern);
/* Every text under a key, however deep, of a file of JSON. */
enum corpus_form { CORPUS_TEXT, CORPUS_HEX, CORPUS_BASE64 };
void corpus_json(struct corpus *corpus, const char *path, const char *key, enum corpus_form form);
/* A file of the tree, which is there. */
struct buffer corpus_file(const char *path);

/* Cuts an input of several parts: u16 length, bytes; the last part is the rest. */
struct bytes fuzz_part(struct cursor *input);
struct bytes fuzz_rest(struct cursor *input);

#define FUZZ_WANT(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_broken(const char *file, int line, const char *condition);

/* The fault of a refusal: of this err, with one of the codes (words between blanks), a sentence of printable
 * ASCII and a printable place. */
void fuzz_refused(enum err err, const struct fault *fault, const char *codes);
/* Nothing of a secret is in the fault: no run of FUZZ_TELLTALE letters and digits of it. */
#define FUZZ_TELLTALE 8
void fuzz_quiet(const struct fault *fault, struct bytes secret);
/* Is every byte of an out parameter zero? */
bool fuzz_empty(const void *value, size_t size);

/* A folder of this process alone; folders made in it, which may be there already; and a file put there (name
 * may have folders before it), whose path lives until the next call. */
int fuzz_folder(void);
void fuzz_make_folder(const char *name);
const char *fuzz_file(const char *name, struct bytes content);

#endif
