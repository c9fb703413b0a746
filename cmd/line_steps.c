/* SPDX-License-Identifier: ISC */
#include "line_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/config.h"

#define SECONDS_DEFAULT 30
#define SECONDS_MAX 3600

/* The arguments lie behind the list in one allocation. */
static enum err copy_list(const char *const **out, const struct config *config, const char *name,
    struct fault *fault)
{
	const struct config_place top = {"", 0};
	size_t count = 0, bytes = 0;
	const char *text, **list;
	char *at;

	while (config_texts(config, top, name, count, &text, NULL)) {
		bytes += strlen(text) + 1;
		count++;
	}
	list = malloc((count + 1) * sizeof *list + bytes);
	if (list == NULL)
		return fault_memory(fault);
	at = (char *)(list + count + 1);
	for (size_t i = 0; i < count && config_texts(config, top, name, i, &text, NULL); i++) {
		list[i] = at;
		at = stpcpy(at, text) + 1;
	}
	list[count] = NULL;
	*out = list;
	return ERR_OK;
}

static enum err read_step(struct station_step *out, const struct config *config, const char *name,
    struct fault *fault)
{
	const struct config_place top = {"", 0};
	char option[32], where[64];
	const char *program;
	uint64_t seconds = SECONDS_DEFAULT;
	unsigned line = 0;

	snprintf(option, sizeof option, "%s_timeout", name);
	config_number(config, top, option, &seconds, &line);
	snprintf(where, sizeof where, HOME_CONF ":%u", line);
	if (seconds == 0 || seconds > SECONDS_MAX)
		return fault_set(fault, ERR_NO, "step-timeout", where, "%s is 1 to %d seconds", option,
		    SECONDS_MAX);
	out->timeout_ms = seconds * 1000;
	if (!config_texts(config, top, name, 0, &program, &line))
		return ERR_OK;
	snprintf(where, sizeof where, HOME_CONF ":%u", line);
	if (program[0] != '/')
		return fault_set(fault, ERR_NO, "step-path", where,
		    "the program of %s should be an absolute path", name);
	return copy_list(&out->arguments, config, name, fault);
}

enum err steps_read(struct steps *out, const struct home *home, struct fault *fault)
{
	struct config *config;
	enum err err = config_read(&config, home->folder, HOME_CONF, &home_options, 1, fault);

	*out = (struct steps){0};
	if (err != ERR_OK)
		return err;
	err = read_step(&out->prepare, config, "prepare", fault);
	if (err == ERR_OK)
		err = read_step(&out->permit, config, "permit", fault);
	if (err == ERR_OK)
		err = read_step(&out->after, config, "after", fault);
	config_free(&config);
	if (err != ERR_OK)
		steps_free(out);
	return err;
}

static void free_list(struct station_step *step)
{
	union {
		const char *const *in;
		void *out;
	} list = {.in = step->arguments};

	free(list.out);
	step->arguments = NULL;
}

void steps_free(struct steps *steps)
{
	free_list(&steps->prepare);
	free_list(&steps->permit);
	free_list(&steps->after);
}
