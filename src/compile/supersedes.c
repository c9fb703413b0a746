/* SPDX-License-Identifier: ISC */
#include "supersedes.h"

#include <stdlib.h>
#include <string.h>

#include "gapseal/roster.h"

#define INDICES_MAX (UINT64_C(1) << 24) /* of one range: no batch has so many */

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static enum err read_imeis(uint64_t **out, const struct roster *roster, struct fault *fault)
{
	size_t count = roster_count(roster);

	*out = calloc(count + 1, sizeof **out);
	if (*out == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < count; i++)
		(*out)[i] = roster_imei(roster, i);
	qsort(*out, count, sizeof **out, compare_numbers);
	return ERR_OK;
}

static enum err refuse_form(struct fault *fault)
{
	return fault_set(fault, ERR_CANNOT, "supersede-form", "--supersede",
	    "not BATCH, BATCH:all or BATCH: with indices such as 3,17-20, ascending");
}

static bool take_range(struct buffer *indices, struct bytes text)
{
	struct cursor cursor = cursor_of(text);
	struct bytes low, high;
	uint64_t first, last, least = 0;

	if (indices->size > 0) {
		memcpy(&least, indices->data + indices->size - sizeof least, sizeof least);
		least++;
	}
	if (!take_field(&cursor, '-', &low) || !decimal_parse(low, UINT32_MAX, &first))
		return false;
	last = first;
	if (take_field(&cursor, '-', &high) && !decimal_parse(high, UINT32_MAX, &last))
		return false;
	if (cursor_left(&cursor) > 0 || text.data[text.size - 1] == '-' || first < least || last < first ||
	    last - first >= INDICES_MAX)
		return false;
	for (; first <= last; first++)
		buffer_put(indices, bytes_from(&first, sizeof first));
	return true;
}

static enum err take_indices(struct list *out, struct bytes text, struct fault *fault)
{
	struct cursor cursor = cursor_of(text);
	struct buffer indices = BUFFER_EMPTY;
	struct bytes range;
	bool good = text.size > 0 && text.data[text.size - 1] != ',';
	enum err err;

	while (good && take_field(&cursor, ',', &range))
		good = take_range(&indices, range);
	err = good ? buffer_check(&indices, fault) : refuse_form(fault);
	if (err == ERR_OK)
		*out = (struct list){indices.data, indices.size / sizeof(uint64_t)}; /* its memory */
	else
		buffer_free(&indices);
	return err;
}

enum err supersede_parse(struct supersede_wish *out, const char *text, struct fault *fault)
{
	const char *colon = strchr(text, ':'), *what = colon != NULL ? colon + 1 : NULL;
	struct bytes batch = bytes_from(text, what != NULL ? (size_t)(colon - text) : strlen(text));

	*out = (struct supersede_wish){.how = SUPERSEDE_SAME};
	if (!text_is_name(batch) || !text_copy(out->batch, sizeof out->batch, batch))
		return refuse_form(fault);
	if (what == NULL)
		return ERR_OK;
	out->how = strcmp(what, "all") == 0 ? SUPERSEDE_ALL : SUPERSEDE_INDICES;
	return out->how == SUPERSEDE_INDICES ? take_indices(&out->indices, bytes_of(what), fault) : ERR_OK;
}

static enum err check_once(const struct manifest_supersede *items, size_t count, const char *batch,
    struct fault *fault)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(items[i].manifest_sha256, items[count].manifest_sha256, HASH_SIZE) == 0)
			return fault_set(fault, ERR_CANNOT, "supersede-twice", "--supersede",
			    "batch %s is named twice", batch);
	return ERR_OK;
}

/* Adds one; the list frees what it holds of it, whatever came of it. */
static enum err add(struct list *out, struct supersede_others *others, struct ledger *ledger,
    const char *text,
    const uint64_t *imeis, size_t count, struct fault *fault)
{
	struct manifest_supersede *items = out->items;
	struct supersede_wish wish;
	enum err err = supersede_parse(&wish, text, fault);

	if (err != ERR_OK)
		return err;
	err = ledger_supersede(&items[out->count], others, ledger, &wish, imeis, count, fault);
	if (err == ERR_OK)
		err = check_once(items, out->count++, wish.batch, fault);
	free(wish.indices.items);
	return err;
}

static enum err fill(struct list *out, struct supersede_others *others, struct ledger *ledger,
    const uint64_t *imeis,
    size_t count, const struct compile_request *request, struct fault *fault)
{
	struct manifest_supersede *items = out->items;
	enum err err = ERR_OK;

	for (size_t i = 0; i < request->supersede_count && err == ERR_OK; i++) {
		err = add(out, others, ledger, request->supersede[i], imeis, count, fault);
		text_copy(items[i].reason, TITLE_SIZE, bytes_of(request->reason)); /* was checked */
	}
	return err;
}

enum err supersedes_make(struct list *out, struct supersede_others *others, struct ledger *ledger,
    const struct roster *roster, const struct compile_request *request, struct fault *fault)
{
	uint64_t *imeis = NULL;
	enum err err;

	*out = (struct list){0};
	*others = (struct supersede_others){0};
	if (request->supersede_count == 0)
		return ERR_OK;
	out->items = calloc(request->supersede_count, sizeof(struct manifest_supersede));
	if (out->items == NULL)
		return fault_memory(fault);
	err = read_imeis(&imeis, roster, fault);
	if (err == ERR_OK)
		err = fill(out, others, ledger, imeis, roster_count(roster), request, fault);
	free(imeis);
	if (err != ERR_OK)
		supersedes_free(out);
	return err;
}

void supersedes_free(struct list *supersedes)
{
	struct manifest_supersede *items = supersedes->items;

	for (size_t i = 0; i < supersedes->count; i++)
		free(items[i].indices.items);
	free(items);
	*supersedes = (struct list){0};
}
