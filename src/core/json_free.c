/* SPDX-License-Identifier: ISC */
#include "gapseal/json.h"

#include <stdlib.h>
#include <string.h>

static void free_fields(void *value, const struct shape *shape);

static void free_list(struct list *list, const struct shape *shape)
{
	for (size_t i = 0; i < list->count; i++)
		free_fields((char *)list->items + i * shape->size, shape);
	free(list->items);
}

static void free_fields(void *value, const struct shape *shape)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct field *field = &shape->fields[i];
		void *at = (char *)value + field->offset;

		if (field->kind == FIELD_LINES)
			free(*(char **)at);
		else if (field->kind == FIELD_OBJECT)
			free_fields(at, field->shape);
		else if (field->kind == FIELD_LIST)
			free_list(at, field->shape);
	}
}

void json_free(void *value, const struct shape *shape)
{
	free_fields(value, shape);
	memset(value, 0, shape->size);
}
