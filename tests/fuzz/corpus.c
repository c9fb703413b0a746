/* SPDX-License-Identifier: ISC */
#include <glob.h>
#include <jansson.h>
#include <stdio.h>

#include "fuzz.h"
#include "gapseal/file.h"

void corpus_free(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++)
		buffer_free(&corpus->items[i]);
	free(corpus->items);
	*corpus = CORPUS_EMPTY;
}

void corpus_add(struct corpus *corpus, struct bytes seed)
{
	struct buffer *item;

	if (corpus->count == corpus->capacity) {
		corpus->capacity = corpus->capacity * 2 + 16;
		corpus->items = reallocarray(corpus->items, corpus->capacity, sizeof *corpus->items);
		FUZZ_WANT(corpus->items != NULL);
	}
	item = &corpus->items[corpus->count++];
	*item = BUFFER_EMPTY;
	if (seed.size > FUZZ_INPUT_MAX)
		seed.size = FUZZ_INPUT_MAX;
	buffer_put(item, seed);
	FUZZ_WANT(!item->failed);
}

void corpus_text(struct corpus *corpus, const char *seed)
{
	corpus_add(corpus, bytes_of(seed));
}

void corpus_pair(struct corpus *corpus, struct bytes first, struct bytes second)
{
	struct buffer seed = BUFFER_EMPTY;
	uint8_t size[2];

	put_u16(size, (uint16_t)first.size);
	buffer_put(&seed, bytes_from(size, sizeof size));
	buffer_put(&seed, first);
	buffer_put(&seed, second);
	corpus_add(corpus, buffer_bytes(&seed));
	buffer_free(&seed);
}

struct buffer corpus_file(const char *path)
{
	struct buffer text = BUFFER_EMPTY;
	struct fault fault;

	if (file_read(&text, AT_FDCWD, path, 1 << 26, &fault) != ERR_OK) {
		fprintf(stderr, "%s: %s\n", fault.where, fault.text);
		fuzz_broken(__FILE__, __LINE__, "a specimen is there");
	}
	return text;
}

static void each_file(struct corpus *corpus, const char *pattern,
    void (*take)(struct corpus *corpus, struct bytes text))
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0) {
		fprintf(stderr, "%s\n", pattern);
		fuzz_broken(__FILE__, __LINE__, "a pattern matches; run fuzzers at the top of the tree");
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct buffer text = corpus_file(found.gl_pathv[i]);

		take(corpus, buffer_bytes(&text));
		buffer_free(&text);
	}
	globfree(&found);
}

static void add_lines(struct corpus *corpus, struct bytes text)
{
	struct cursor cursor = cursor_of(text);
	struct bytes line;

	while (take_line(&cursor, &line))
		corpus_add(corpus, line);
}

void corpus_files(struct corpus *corpus, const char *pattern)
{
	each_file(corpus, pattern, corpus_add);
}

void corpus_lines(struct corpus *corpus, const char *pattern)
{
	each_file(corpus, pattern, add_lines);
}

static void add_form(struct corpus *corpus, struct bytes text, enum corpus_form form)
{
	struct buffer decoded = BUFFER_EMPTY;

	if (form == CORPUS_TEXT)
		buffer_put(&decoded, text);
	else if (form == CORPUS_BASE64)
		FUZZ_WANT(base64_decode(&decoded, text, true));
	else
		FUZZ_WANT(hex_decode(buffer_space(&decoded, text.size / 2), text.size / 2, text));
	corpus_add(corpus, buffer_bytes(&decoded));
	buffer_free(&decoded);
}

/* Arrays and objects inside each other are no deeper than whoever wrote the file made them. */
static void each_text(struct corpus *corpus, json_t *value, const char *key, enum corpus_form form)
{
	const char *name;
	json_t *inside;
	size_t i;

	json_array_foreach(value, i, inside)
		each_text(corpus, inside, key, form);
	json_object_foreach(value, name, inside) {
		if (strcmp(name, key) == 0 && json_is_string(inside))
			add_form(corpus, bytes_from(json_string_value(inside), json_string_length(inside)),
			    form);
		else
			each_text(corpus, inside, key, form);
	}
}

void corpus_json(struct corpus *corpus, const char *path, const char *key, enum corpus_form form)
{
	size_t before = corpus->count;
	json_error_t error;
	json_t *root = json_load_file(path, JSON_ALLOW_NUL, &error);

	FUZZ_WANT(root != NULL);
	each_text(corpus, root, key, form);
	json_decref(root);
	FUZZ_WANT(corpus->count > before);
}
