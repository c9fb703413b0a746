/* SPDX-License-Identifier: ISC */
#include "gapseal/home.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "gapseal/age.h"
#include "gapseal/file.h"

#define IDENTITY_MAX 4096
#define SEED_TEXT_SIZE (2 * SIGNER_SEED_SIZE + 1) /* 64 hex digits and LF */

static const struct config_option options[] = {
	{"after", CONFIG_TEXTS},
	{"after_timeout", CONFIG_NUMBER},
	{"allow_remote", CONFIG_BOOLEAN},
	{"auto", CONFIG_BOOLEAN},
	{"batch", CONFIG_TEXTS},
	{"baud", CONFIG_NUMBER},
	{"cfun_timeout", CONFIG_NUMBER},
	{"command_timeout", CONFIG_NUMBER},
	{"count", CONFIG_NUMBER},
	{"dialect", CONFIG_TEXT},
	{"events", CONFIG_TEXT},
	{"flow", CONFIG_TEXT},
	{"json", CONFIG_BOOLEAN},
	{"label_cmd", CONFIG_TEXTS},
	{"label_timeout", CONFIG_NUMBER},
	{"line_limit", CONFIG_NUMBER},
	{"name", CONFIG_TEXT},
	{"once", CONFIG_BOOLEAN},
	{"operator", CONFIG_TEXT},
	{"org", CONFIG_TEXT},
	{"out", CONFIG_TEXT},
	{"pacing", CONFIG_TEXT},
	{"permit", CONFIG_TEXTS},
	{"permit_timeout", CONFIG_NUMBER},
	{"port", CONFIG_TEXTS},
	{"ports_from", CONFIG_TEXT},
	{"prepare", CONFIG_TEXTS},
	{"prepare_timeout", CONFIG_NUMBER},
	{"quiet", CONFIG_BOOLEAN},
	{"terminator", CONFIG_TEXT},
	{"timeout", CONFIG_NUMBER},
	{"unit", CONFIG_TEXT},
	{"write_timeout", CONFIG_NUMBER},
};
const struct config_section home_options = {
	.options = options,
	.count = sizeof options / sizeof options[0],
};

void home_close(struct home *home)
{
	if (home->folder >= 0)
		close(home->folder);
	*home = HOME_CLOSED;
}

/* The first thing missing tells a folder that is no home from one that lost a part. */
static enum err check_parts(const struct home *home, struct fault *fault)
{
	static const char *const parts[] = {
		HOME_CONF, HOME_IDENTITY, HOME_LOG_SEED, HOME_TRUST, HOME_BATCHES, HOME_GRANTS, HOME_LOG,
	};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (!file_exists(home->folder, parts[i]))
			return fault_set(fault, ERR_CANNOT, "home-open", home->path,
			    "this is not the home of an enrolled station: it has no %s; 'gapseal-line "
			    "enroll' makes one", parts[i]);
	}
	return ERR_OK;
}

static enum err take_name(char out[static NAME_SIZE], const struct config *config, const char *option,
    struct fault *fault)
{
	const char *text;

	if (config_text(config, (struct config_place){.section = ""}, option, &text, NULL) &&
	    text_is_name(bytes_of(text)) && text_copy(out, NAME_SIZE, bytes_of(text)))
		return ERR_OK;
	return fault_set(fault, ERR_NO, "home-name", HOME_CONF,
	    "%s should be given and be 1 to 40 of a-z 0-9 . - that begin with a letter or digit", option);
}

static enum err read_names(struct home *home, struct fault *fault)
{
	struct config *config;
	enum err err;

	err = config_read(&config, home->folder, HOME_CONF, &home_options, 1, fault);
	if (err != ERR_OK)
		return err;
	err = take_name(home->org, config, "org", fault);
	if (err == ERR_OK)
		err = take_name(home->station, config, "name", fault);
	config_free(&config);
	snprintf(home->origin, sizeof home->origin, "%s/%s", home->org, home->station);
	return err;
}

enum err home_open(struct home *out, const char *path, struct fault *fault)
{
	enum err err;

	*out = HOME_CLOSED;
	if (!text_copy(out->path, sizeof out->path, bytes_of(path)))
		return fault_set(fault, ERR_CANNOT, "home-open", NULL, "the path of the home is too long");
	err = folder_open(&out->folder, AT_FDCWD, path, fault);
	if (err == ERR_OK)
		err = check_parts(out, fault);
	if (err == ERR_OK)
		err = read_names(out, fault);
	if (err != ERR_OK)
		home_close(out);
	return err;
}

enum err home_identity(struct secret **key, const struct home *home, struct fault *fault)
{
	struct secret *text;
	enum err err;

	*key = NULL;
	err = secret_read_file(&text, home->folder, HOME_IDENTITY, IDENTITY_MAX, fault);
	if (err != ERR_OK)
		return err;
	err = age_identity_parse(key, secret_bytes(text), HOME_IDENTITY, fault);
	secret_free(&text);
	return err;
}

/* Decoded from one secret into another. */
static enum err read_seed(struct secret *seed, const struct secret *text, struct fault *fault)
{
	struct bytes digits = secret_bytes(text);

	if (digits.size != SEED_TEXT_SIZE || digits.data[digits.size - 1] != '\n' ||
	    !hex_decode(secret_data(seed), SIGNER_SEED_SIZE, bytes_from(digits.data, digits.size - 1)))
		return fault_set(fault, ERR_CANNOT, "home-seed", HOME_LOG_SEED,
		    "the log key should be 64 hex digits and a line end");
	secret_resize(seed, SIGNER_SEED_SIZE);
	return ERR_OK;
}

enum err home_signer(struct signer **out, const struct home *home, struct fault *fault)
{
	struct secret *text = NULL, *seed = NULL;
	enum err err;

	*out = NULL;
	err = secret_read_file(&text, home->folder, HOME_LOG_SEED, SEED_TEXT_SIZE, fault);
	if (err == ERR_OK)
		err = secret_new(&seed, SIGNER_SEED_SIZE, fault);
	if (err == ERR_OK)
		err = read_seed(seed, text, fault);
	if (err == ERR_OK)
		err = signer_new(out, home->origin, seed, fault);
	secret_free(&seed);
	secret_free(&text);
	return err;
}
