/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "config_private.h"

void config_free(struct config **config)
{
	if (*config == NULL)
		return;
	for (size_t i = 0; i < (*config)->value_count; i++)
		free((*config)->values[i].text);
	for (size_t i = 0; i < (*config)->part_count; i++)
		free((*config)->parts[i].title);
	free((*config)->values);
	free((*config)->parts);
	free(*config);
	*config = NULL;
}

/* The number of a part; part_count if there is none. */
static size_t part_number(const struct config *config, struct config_place place)
{
	size_t seen = 0;

	if (place.section[0] == '\0')
		return place.i == 0 ? 0 : config->part_count;
	for (size_t i = 1; i < config->part_count; i++) {
		if (strcmp(config->parts[i].section, place.section) == 0 && seen++ == place.i)
			return i;
	}
	return config->part_count;
}

bool config_has(const struct config *config, struct config_place place, const char **title, unsigned *line)
{
	size_t number = part_number(config, place);
	const struct config_part *part = &config->parts[number];

	if (number == config->part_count)
		return false;
	if (title != NULL)
		*title = part->title != NULL ? part->title : "";
	if (line != NULL)
		*line = part->line;
	return true;
}

/* The i-th value of an option, NULL beyond. */
static const struct config_value *find(const struct config *config, struct config_place place,
    const char *option,
    size_t i, unsigned *line)
{
	size_t number = part_number(config, place), seen = 0;

	for (size_t j = 0; number < config->part_count && j < config->value_count; j++) {
		const struct config_value *value = &config->values[j];

		if (value->part != number || strcmp(value->option->name, option) != 0 || seen++ != i)
			continue;
		if (line != NULL)
			*line = value->line;
		return value;
	}
	return NULL;
}

bool config_text(const struct config *config, struct config_place place, const char *option,
    const char **out,
    unsigned *line)
{
	return config_texts(config, place, option, 0, out, line);
}

bool config_number(const struct config *config, struct config_place place, const char *option,
    uint64_t *out,
    unsigned *line)
{
	const struct config_value *value = find(config, place, option, 0, line);

	if (value != NULL)
		*out = value->number;
	return value != NULL;
}

bool config_boolean(const struct config *config, struct config_place place, const char *option, bool *out,
    unsigned *line)
{
	const struct config_value *value = find(config, place, option, 0, line);

	if (value != NULL)
		*out = value->number != 0;
	return value != NULL;
}

bool config_texts(const struct config *config, struct config_place place, const char *option, size_t i,
    const char **out, unsigned *line)
{
	const struct config_value *value = find(config, place, option, i, line);

	if (value != NULL)
		*out = value->text;
	return value != NULL;
}
