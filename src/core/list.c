/* SPDX-License-Identifier: ISC */
#include "gapseal/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *list_text(const struct list *list, size_t i, size_t size)
{
	return (const char *)list->items + i * size;
}

uint64_t list_integer(const struct list *list, size_t i)
{
	const uint64_t *items = list->items;

	return items[i];
}

bool list_ascending(const struct list *list)
{
	for (size_t i = 1; i < list->count; i++) {
		if (list_integer(list, i) <= list_integer(list, i - 1))
			return false;
	}
	return true;
}

bool list_holds(const struct list *list, uint64_t value)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list_integer(list, middle) < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->count && list_integer(list, low) == value;
}

bool list_holds_text(const struct list *list, const char *text, size_t size)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list_text(list, i, size), text) == 0)
			return true;
	}
	return false;
}

void list_collect(struct buffer *out, const char *text, size_t size)
{
	uint8_t *space = buffer_space(out, size);

	if (space == NULL)
		return;
	memset(space, 0, size);
	memcpy(space, text, strnlen(text, size));
}

static int compare_elements(const void *a, const void *b, void *size)
{
	return memcmp(a, b, *(const size_t *)size);
}

bool list_repeats(struct buffer *elements, size_t size)
{
	size_t count = elements->size / size;

	if (count < 2)
		return false;
	qsort_r(elements->data, count, size, compare_elements, &size);
	for (size_t i = 1; i < count; i++) {
		const uint8_t *element = elements->data + i * size;

		if (memcmp(element - size, element, size) == 0)
			return true;
	}
	return false;
}

enum err list_repeats_text(bool *out, const struct list *list, size_t size, struct fault *fault)
{
	struct buffer elements = BUFFER_EMPTY;
	enum err err;

	for (size_t i = 0; i < list->count; i++)
		list_collect(&elements, list_text(list, i, size), size);
	err = buffer_check(&elements, fault);
	if (err == ERR_OK)
		*out = list_repeats(&elements, size);
	buffer_free(&elements);
	return err;
}

void list_place(char out[static FAULT_WHERE_MAX], const char *where, const char *list, size_t i)
{
	snprintf(out, FAULT_WHERE_MAX, "%s: %s[%zu]", where, list, i);
}
