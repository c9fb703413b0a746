/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/extract.h"
#include "gapseal/file.h"
#include "gapseal/list.h"
#include "reader_private.h"

#define NAMES_MAX 65536

void reader_free(struct reader **reader)
{
	struct reader *freed = *reader;

	if (freed == NULL)
		return;
	*reader = NULL;
	for (size_t i = 0; i < freed->batch_count; i++)
		reader_batch_free(freed->batches[i]);
	for (size_t i = 0; i < freed->grant_count; i++)
		reader_grant_free(freed->grants[i]);
	free(freed->batches);
	free(freed->grants);
	if (freed->batch_folder >= 0)
		close(freed->batch_folder);
	if (freed->grant_folder >= 0)
		close(freed->grant_folder);
	free(freed);
}

static struct reader_batch *batch_named(const struct reader *reader, const char *id)
{
	for (size_t i = 0; i < reader->batch_count; i++) {
		if (strcmp(reader->batches[i]->id, id) == 0)
			return reader->batches[i];
	}
	return NULL;
}

static bool has_grant(const struct reader *reader, uint64_t serial)
{
	for (size_t i = 0; i < reader->grant_count; i++) {
		if (reader->grants[i]->serial == serial)
			return true;
	}
	return false;
}

/* The batch of that id; a new one, by the document in the folder of that name, if there is none. */
static enum err need_batch(struct reader_batch **out, struct reader *reader, const char *id, const char *name,
    struct fault *fault)
{
	struct reader_batch **batches;
	enum err err;

	*out = batch_named(reader, id);
	if (*out != NULL)
		return ERR_OK;
	batches = reallocarray(reader->batches, reader->batch_count + 1, sizeof *batches);
	if (batches == NULL)
		return fault_memory(fault);
	reader->batches = batches;
	err = reader_batch_load(out, reader->batch_folder, id, name, fault);
	if (err == ERR_OK)
		batches[reader->batch_count++] = *out;
	return err;
}

static enum err add_batch(struct reader *reader, bool *changed, const char *id, struct fault *fault)
{
	struct reader_batch *batch;
	enum err err = need_batch(&batch, reader, id, id, fault);

	if (err != ERR_OK || batch->whole)
		return err;
	*changed = true;
	return reader_batch_complete(batch, reader->batch_folder, fault);
}

/* Keeps them ascending. */
static bool insert(struct list *list, uint64_t value)
{
	uint64_t *items = reallocarray(list->items, list->count + 1, sizeof *items);
	size_t at = list->count;

	if (items == NULL)
		return false;
	for (; at > 0 && items[at - 1] > value; at--)
		items[at] = items[at - 1];
	items[at] = value;
	*list = (struct list){items, list->count + 1};
	return true;
}

static enum err add_extract(struct reader *reader, bool *changed, const char *name, const char *id,
    uint64_t index, struct fault *fault)
{
	struct reader_batch *batch;
	enum err err = need_batch(&batch, reader, id, name, fault);

	if (err != ERR_OK || list_holds(&batch->extracts, index))
		return err;
	*changed = true;
	return insert(&batch->extracts, index) ? ERR_OK : fault_memory(fault);
}

static enum err add_grant(struct reader *reader, const char *name, uint64_t serial, struct fault *fault)
{
	struct reader_grant **grants = reallocarray(reader->grants, reader->grant_count + 1, sizeof *grants);
	enum err err;

	if (grants == NULL)
		return fault_memory(fault);
	reader->grants = grants;
	err = reader_grant_load(&grants[reader->grant_count], reader->grant_folder, name, serial, fault);
	if (err == ERR_OK)
		reader->grant_count++;
	return err;
}

static int compare_batches(const void *a, const void *b)
{
	const struct reader_batch *left = *(struct reader_batch *const *)a;
	const struct reader_batch *right = *(struct reader_batch *const *)b;
	int order = strcmp(left->fields.issued, right->fields.issued);

	return order != 0 ? order : strcmp(left->id, right->id);
}

static int compare_grants(const void *a, const void *b)
{
	const struct reader_grant *left = *(struct reader_grant *const *)a;
	const struct reader_grant *right = *(struct reader_grant *const *)b;

	return (left->serial > right->serial) - (left->serial < right->serial);
}

/* Names that are no batch's and no extract's are drafts of an ingest, or not ours. */
static enum err add_names(struct reader *reader, bool *changed, char **names, struct fault *fault)
{
	char id[NAME_SIZE];
	uint64_t index;
	enum err err = ERR_OK;

	for (char **name = names; *name != NULL && err == ERR_OK; name++) {
		if (text_is_name(bytes_of(*name)))
			err = add_batch(reader, changed, *name, fault);
		else if (extract_folder_parse(id, &index, *name))
			err = add_extract(reader, changed, *name, id, index, fault);
	}
	return err;
}

static enum err add_batches(struct reader *reader, bool *changed, struct fault *fault)
{
	size_t before = reader->batch_count;
	enum err err;
	char **names;

	err = folder_list(&names, reader->batch_folder, NAMES_MAX, HOME_BATCHES, fault);
	if (err != ERR_OK)
		return err;
	err = add_names(reader, changed, names, fault);
	free(names);
	if (reader->batch_count > before)
		qsort(reader->batches + before, reader->batch_count - before, sizeof *reader->batches,
		    compare_batches);
	return err;
}

static enum err add_grants(struct reader *reader, struct fault *fault)
{
	size_t before = reader->grant_count;
	uint64_t serial;
	enum err err;
	char **names;

	err = folder_list(&names, reader->grant_folder, NAMES_MAX, HOME_GRANTS, fault);
	if (err != ERR_OK)
		return err;
	for (char **name = names; *name != NULL && err == ERR_OK; name++) {
		if (decimal_parse(bytes_of(*name), INTEGER_MAX, &serial) && !has_grant(reader, serial))
			err = add_grant(reader, *name, serial, fault);
	}
	free(names);
	if (reader->grant_count > before)
		qsort(reader->grants + before, reader->grant_count - before, sizeof *reader->grants,
		    compare_grants);
	return err;
}

static enum err load_again(struct reader *reader, bool *changed, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < reader->grant_count && err == ERR_OK; i++)
		err = reader_grant_again(reader->grants[i], changed, reader->grant_folder, fault);
	for (size_t i = 0; i < reader->batch_count && err == ERR_OK; i++)
		err = reader_batch_again(reader->batches[i], changed, reader->batch_folder, fault);
	return err;
}

enum err reader_refresh(struct reader *reader, bool *changed, struct fault *fault)
{
	size_t grants = reader->grant_count;
	enum err err;

	*changed = false;
	err = load_again(reader, changed, fault);
	/* grants first: a grant that is seen has its batch there already */
	if (err == ERR_OK)
		err = add_grants(reader, fault);
	if (err == ERR_OK)
		err = add_batches(reader, changed, fault);
	*changed = *changed || reader->grant_count != grants;
	return err;
}

enum err reader_open(struct reader **out, const struct home *home, struct fault *fault)
{
	struct reader *reader = calloc(1, sizeof *reader);
	bool changed;
	enum err err;

	*out = NULL;
	if (reader == NULL)
		return fault_memory(fault);
	reader->batch_folder = reader->grant_folder = -1;
	err = folder_open(&reader->batch_folder, home->folder, HOME_BATCHES, fault);
	if (err == ERR_OK)
		err = folder_open(&reader->grant_folder, home->folder, HOME_GRANTS, fault);
	if (err == ERR_OK)
		err = reader_refresh(reader, &changed, fault);
	if (err != ERR_OK)
		reader_free(&reader);
	*out = reader;
	return err;
}

size_t reader_batches(const struct reader *reader)
{
	return reader->batch_count;
}

const struct document *reader_manifest(const struct reader *reader, size_t batch)
{
	return &reader->batches[batch]->document;
}

size_t reader_grants(const struct reader *reader)
{
	return reader->grant_count;
}

const struct document *reader_grant(const struct reader *reader, size_t grant)
{
	return &reader->grants[grant]->document;
}

uint64_t reader_grant_serial(const struct reader *reader, size_t grant)
{
	return reader->grants[grant]->serial;
}

struct bytes reader_grant_keys(const struct reader *reader, size_t grant)
{
	return buffer_bytes(&reader->grants[grant]->keys);
}
