/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CONFIG_PRIVATE_H
#define GAPSEAL_CONFIG_PRIVATE_H

#include "gapseal/config.h"

/* What config.c fills and config_get.c answers from. */
struct config_value {
	const struct config_option *option;
	size_t part;
	unsigned line;
	char *text;
	uint64_t number; /* or boolean */
};
struct config_part { /* one occurrence of a section */
	const char *section;
	char *title;
	unsigned line;
};
struct config {
	struct config_value *values;
	size_t value_count, value_capacity;
	struct config_part *parts;
	size_t part_count, part_capacity;
};

#endif
