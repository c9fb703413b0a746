/* SPDX-License-Identifier: ISC */
#include "command.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/bytes.h"
#include "gapseal/config.h"
#include "gapseal/file.h"

/* In a file of its own: a program without a conf file carries no parser for one. */

/* Texts are duplicated: they live as long as the program. */
static bool take_texts(struct texts *out, const char *name, const struct config *config)
{
	const struct config_place top = {"", 0};
	const char *text;

	for (size_t i = 0; config_texts(config, top, name, i, &text, NULL); i++) {
		const char *copy = strdup(text);

		if (copy == NULL || !texts_add(out, copy))
			return false;
	}
	return true;
}

/* Several commands may have the same flag, and some of them take it once only: for those, several values say
 * nothing. */
static bool take_text(const char **out, const char *name, const struct config *config)
{
	const struct config_place top = {"", 0};
	const char *text, *other;

	if (!config_text(config, top, name, &text, NULL) ||
	    config_texts(config, top, name, 1, &other, NULL))
		return true;
	*out = strdup(text);
	return *out != NULL;
}

/* Takes over one option that was not given. */
static bool take_default(const struct command_option *option, const char *name, const struct config *config)
{
	const struct config_place top = {"", 0};

	switch (option->kind) {
	case OPTION_FLAG:
		config_boolean(config, top, name, option->value, NULL);
		break;
	case OPTION_NUMBER:
		config_number(config, top, name, option->value, NULL);
		break;
	case OPTION_TEXT:
		return take_text(option->value, name, config);
	case OPTION_TEXTS:
		return take_texts(option->value, name, config);
	}
	return true;
}

/* The conf file's name of an option: '-' becomes '_'. */
static void conf_name(char out[static 32], const char *name)
{
	snprintf(out, 32, "%s", name);
	for (char *at = out; (at = strchr(at, '-')) != NULL;)
		*at = '_';
}

static bool conf_knows(const struct config_section *conf, const char *name)
{
	for (size_t i = 0; i < conf->count; i++)
		if (strcmp(conf->options[i].name, name) == 0)
			return true;
	return false;
}

enum err command_defaults(const struct command_option *options, size_t count,
    const struct config_section *conf,
    const char *folder, const char *name, struct fault *fault)
{
	char path[512], option[32];
	struct config *config;
	enum err err;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (!file_exists(AT_FDCWD, path))
		return ERR_OK;
	err = config_read(&config, AT_FDCWD, path, conf, 1, fault);
	if (err != ERR_OK)
		return err;
	for (size_t i = 0; err == ERR_OK && i < count; i++) {
		conf_name(option, options[i].name);
		if (!command_given(options, count, options[i].name) && conf_knows(conf, option) &&
		    !take_default(&options[i], option, config))
			err = fault_memory(fault);
	}
	config_free(&config);
	return err;
}
