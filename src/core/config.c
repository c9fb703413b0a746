/* SPDX-License-Identifier: ISC */
#include "gapseal/config.h"

#include <confuse.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "config_scan.h"
#include "gapseal/file.h"

/* libconfuse takes a file that ends inside a section. This option, appended by us and known at the top
 * level only, shows that it read to the end, and where it was then. */
#define SENTINEL "end-of-configuration"

#define TOP "root" /* libconfuse's name of the top level */

/* What the callbacks need to know. libconfuse hands them no context, but every option may name a
 * variable of the user's that its value goes to: all name this one, of which libconfuse overwrites the
 * first member (with NULL). */
struct reading {
	void *target;
	const struct config_section *sections;
	size_t count;
	struct config *config;
	bool ended;          /* the sentinel was met */
	const char *where;
	struct fault *fault;
	bool failed;         /* fault is set */
};

static struct reading *reading_of(const cfg_t *cfg)
{
	return (void *)cfg->opts[0].simple_value.ptr;
}

/* Only the first fault counts; always returns what ends the parsing. */
static int refuse(struct reading *reading, int line, const char *code, const char *option,
    const char *sentence)
{
	char where[FAULT_WHERE_MAX];

	if (reading->failed)
		return -1;
	reading->failed = true;
	config_where(where, reading->where, (unsigned long)line);
	fault_set(reading->fault, ERR_NO, code, where, "%s%s%s", option, option[0] != '\0' ? ": " : "",
	    sentence);
	return -1;
}

static int refuse_memory(struct reading *reading)
{
	reading->failed = true;
	fault_memory(reading->fault);
	return -1;
}

/* The message itself may hold anything of the file; what it is about shows in its first words. */
static void complain(cfg_t *cfg, const char *format, va_list args)
{
	static const struct { const char *start, *code, *sentence; } known[] = {
		{"found duplicate title", "config-section", "a section of this title was given before"},
		{"premature end of file", "config-form", "the file ends too early"},
		{"unexpected closing brace", "config-form", "a closing brace too many"},
		{"missing equal sign", "config-form", "an option is written name = value"},
		{"missing title", "config-form", "a section of this kind is written name title { ... }"},
		{"missing opening brace", "config-form", "a section is written name { ... }"},
		{"", "config-form", "cannot be read; a value with blanks, commas or braces is quoted"},
	};
	struct reading *reading = reading_of(cfg);
	size_t i = 0;

	if (strncmp(format, "no such option", 14) == 0) {
		const char *name = va_arg(args, const char *); /* printable: config_scan has seen to it */

		refuse(reading, cfg->line, "config-option", name, "there is no such option here");
		return;
	}
	while (strncmp(format, known[i].start, strlen(known[i].start)) != 0)
		i++;
	refuse(reading, cfg->line, known[i].code, "", known[i].sentence);
}

/* Makes room for one more element; NULL if there is no memory. */
static void *grow(void *items, size_t count, size_t *capacity, size_t size)
{
	size_t wanted = *capacity == 0 ? 16 : 2 * *capacity;
	void *larger;

	if (count < *capacity)
		return items;
	larger = reallocarray(items, wanted, size);
	if (larger != NULL)
		*capacity = wanted;
	return larger;
}

/* The table's option of that name: libconfuse knows no others. */
static const struct config_option *option_of(const struct reading *reading, const cfg_t *cfg,
    const char *name)
{
	for (size_t i = 0; i < reading->count; i++) {
		const struct config_section *section = &reading->sections[i];

		if (strcmp(section->name != NULL ? section->name : TOP, cfg->name) != 0)
			continue;
		for (size_t j = 0; j < section->count; j++)
			if (strcmp(section->options[j].name, name) == 0)
				return &section->options[j];
	}
	return NULL;
}

/* The part a value belongs to: the top level, or the section that is about to be ended. */
static size_t part_of(const struct reading *reading, const cfg_t *cfg)
{
	return strcmp(cfg->name, TOP) == 0 ? 0 : reading->config->part_count;
}

static bool given_before(const struct config *config, const struct config_option *option, size_t part)
{
	for (size_t i = config->value_count; i > 0; i--)
		if (config->values[i - 1].option == option && config->values[i - 1].part == part)
			return true;
	return false;
}

static bool parse_value(struct config_value *value, const char *text)
{
	switch (value->option->kind) {
	case CONFIG_NUMBER:
		return decimal_parse(bytes_of(text), INTEGER_MAX, &value->number);
	case CONFIG_BOOLEAN:
		value->number = strcmp(text, "true") == 0;
		return value->number == 1 || strcmp(text, "false") == 0;
	case CONFIG_TEXT:
	case CONFIG_TEXTS:
		return true;
	}
	return false;
}

static int keep_value(struct reading *reading, struct config_value *value, const char *text)
{
	struct config *config = reading->config;
	struct config_value *values = grow(config->values, config->value_count, &config->value_capacity,
	    sizeof *values);

	if (values == NULL)
		return refuse_memory(reading);
	config->values = values;
	value->text = strdup(text);
	if (value->text == NULL)
		return refuse_memory(reading);
	values[config->value_count++] = *value;
	return 0;
}

/* Called by libconfuse for every value. It sets CFGF_RESET at the equal sign and, for values it does not
 * keep itself, leaves taking it back to us: so a further value of a list is told from a second "=". */
static int take_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	struct reading *reading = reading_of(cfg);
	struct config_value value = {.part = part_of(reading, cfg), .line = (unsigned)cfg->line};
	bool first = (opt->flags & CFGF_RESET) != 0;

	*(void **)result = NULL;
	opt->flags &= ~CFGF_RESET;
	if (strcmp(opt->name, SENTINEL) == 0) {
		reading->ended = true;
		return 0;
	}
	value.option = option_of(reading, cfg, opt->name);
	if (first && given_before(reading->config, value.option, value.part))
		return refuse(reading, cfg->line, "config-option", opt->name, "was given before");
	if (!parse_value(&value, text))
		return refuse(reading, cfg->line, "config-value", opt->name,
		    value.option->kind == CONFIG_NUMBER ? "must be a plain decimal number" :
		    "must be true or false");
	return keep_value(reading, &value, text);
}

/* Called by libconfuse at the end of every section. */
static int end_section(cfg_t *cfg, cfg_opt_t *opt)
{
	struct reading *reading = reading_of(cfg);
	struct config *config = reading->config;
	const cfg_t *section = opt->values[opt->nvalues - 1]->section;
	struct config_part *parts = grow(config->parts, config->part_count, &config->part_capacity,
	    sizeof *parts);
	struct config_part part = {.line = (unsigned)section->line};

	if (parts == NULL)
		return refuse_memory(reading);
	config->parts = parts;
	if (section->title == NULL && opt->nvalues > 1)
		return refuse(reading, section->line, "config-section", opt->name, "was given before");
	for (size_t i = 0; i < reading->count; i++)
		if (reading->sections[i].name != NULL && strcmp(reading->sections[i].name, opt->name) == 0)
			part.section = reading->sections[i].name;
	for (size_t i = config->value_count; i > 0 && config->values[i - 1].part == config->part_count; i--)
		part.line = config->values[i - 1].line;
	part.title = strdup(section->title != NULL ? section->title : "");
	if (part.title == NULL)
		return refuse_memory(reading);
	parts[config->part_count++] = part;
	return 0;
}

/* The tables libconfuse is to read by: per section an array of options, all below one allocation each. */
struct tables {
	cfg_opt_t *top;
	cfg_opt_t **below;
	size_t count;
};

static void tables_free(struct tables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		free(tables->below[i]);
	free(tables->below);
	free(tables->top);
}

static void put_option(cfg_opt_t *out, const char *name, bool list, struct reading *reading)
{
	cfg_opt_t option = CFG_PTR_CB(name, NULL, list ? CFGF_LIST : CFGF_NONE, take_value, NULL);

	option.simple_value.ptr = &reading->target;
	*out = option;
}

static void put_options(cfg_opt_t *out, const struct config_section *section, struct reading *reading)
{
	for (size_t i = 0; i < section->count; i++)
		put_option(&out[i], section->options[i].name, section->options[i].kind == CONFIG_TEXTS,
		    reading);
}

/* Arrays come cleared, which is how libconfuse marks their ends. */
static bool tables_make(struct tables *tables, struct reading *reading)
{
	size_t top = 1; /* the sentinel comes first */

	tables->below = calloc(reading->count, sizeof *tables->below);
	for (size_t i = 0; i < reading->count; i++)
		top += reading->sections[i].name == NULL ? reading->sections[i].count : 1;
	tables->top = calloc(top + 1, sizeof *tables->top);
	if (tables->below == NULL || tables->top == NULL)
		return false;
	tables->count = reading->count;
	put_option(&tables->top[0], SENTINEL, false, reading);
	top = 1;
	for (size_t i = 0; i < reading->count; i++) {
		const struct config_section *section = &reading->sections[i];
		int titles = section->titled ? CFGF_TITLE | CFGF_NO_TITLE_DUPES : 0;

		if (section->name == NULL) {
			put_options(tables->top + top, section, reading);
			top += section->count;
			continue;
		}
		tables->below[i] = calloc(section->count + 1, sizeof *tables->below[i]);
		if (tables->below[i] == NULL)
			return false;
		put_options(tables->below[i], section, reading);
		tables->top[top] = (cfg_opt_t)CFG_SEC(section->name, tables->below[i], CFGF_MULTI | titles);
		tables->top[top++].validcb = end_section;
	}
	return true;
}

static enum err parse(struct reading *reading, const char *text)
{
	struct tables tables = {0};
	cfg_t *cfg = tables_make(&tables, reading) ? cfg_init(tables.top, CFGF_NONE) : NULL;
	int result;

	tables_free(&tables); /* cfg_init has made copies */
	if (cfg == NULL)
		return fault_memory(reading->fault);
	cfg_set_error_function(cfg, complain);
	result = cfg_parse_buf(cfg, text);
	if (result != CFG_SUCCESS && !reading->failed)
		/* Without a word: its own memory ran out. What it has half built cfg_free would trip over, so
		 * that is left to the end of the program. */
		return fault_memory(reading->fault);
	cfg_free(cfg);
	if (reading->failed)
		return reading->fault->err;
	if (!reading->ended)
		return fault_set(reading->fault, ERR_NO, "config-form", reading->where,
		    "the file ends too early");
	return ERR_OK;
}

static enum err read_text(struct buffer *out, int folder, const char *name, struct fault *fault)
{
	enum err err = file_read(out, folder, name, CONFIG_MAX, fault);

	if (err == ERR_OK)
		err = config_scan(out, name, fault);
	if (err != ERR_OK)
		return err;
	if (memmem(out->data, out->size, SENTINEL, strlen(SENTINEL)) != NULL)
		return fault_set(fault, ERR_NO, "config-form", name, SENTINEL " may not appear");
	buffer_text(out, "\n" SENTINEL " = 1\n");
	buffer_byte(out, '\0');
	return buffer_check(out, fault);
}

/* With the top level, which is always there. */
static struct config *new_config(void)
{
	struct config *config = calloc(1, sizeof *config);

	if (config == NULL)
		return NULL;
	config->parts = grow(NULL, 0, &config->part_capacity, sizeof *config->parts);
	if (config->parts == NULL) {
		free(config);
		return NULL;
	}
	config->parts[config->part_count++] = (struct config_part){.section = ""};
	return config;
}

enum err config_read(struct config **out, int folder, const char *name, const struct config_section *sections,
    size_t count, struct fault *fault)
{
	struct reading reading = {.sections = sections, .count = count, .where = name, .fault = fault};
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	*out = NULL;
	reading.config = new_config();
	if (reading.config == NULL)
		return fault_memory(fault);
	err = read_text(&text, folder, name, fault);
	if (err == ERR_OK)
		err = parse(&reading, (const char *)text.data);
	buffer_free(&text);
	if (err == ERR_OK)
		*out = reading.config;
	else
		config_free(&reading.config);
	return err;
}
