/* SPDX-License-Identifier: ISC */
#include "modem.h"

#include <stdio.h>

/* A modem's stores as text: see sim_modem_save. */

#define STATE_SCHEMA "gapseal-sim/state/v1"

static void save_item(const struct sim_item *item, struct buffer *out)
{
	if (item->tag > SIM_TAG_USER_MAX)
		return;
	buffer_format(out, "%s %u %u ", item->has_content ? "slot" : "digest", item->tag, item->type);
	buffer_hex(out,
	    item->has_content ? buffer_bytes(&item->content) : bytes_from(item->digest, HASH_SIZE));
	buffer_text(out, "\n");
}

void sim_modem_save(const struct sim_modem *modem, struct buffer *out)
{
	buffer_text(out, STATE_SCHEMA "\n");
	for (size_t i = 0; i < modem->device_count; i++) {
		const struct sim_store *store = &modem->devices[i].store;

		buffer_format(out, "imei %s\n", modem->devices[i].imei);
		for (size_t k = 0; k < store->count; k++)
			save_item(&store->items[k], out);
	}
}

struct loader {
	struct sim_modem *modem;
	size_t device; /* SIZE_MAX before the first imei line */
	const char *where;
	unsigned line;
	struct fault *fault;
};

static enum err refuse(const struct loader *loader, const char *what)
{
	char where[FAULT_WHERE_MAX];

	snprintf(where, sizeof where, "%.128s:%u", loader->where, loader->line);
	return fault_set(loader->fault, ERR_CANNOT, "sim-state", where, "%s", what);
}

static enum err load_imei(struct loader *loader, struct bytes text)
{
	char imei[SIM_IMEI_SIZE];

	if (!sim_is_imei(text) || !text_copy(imei, sizeof imei, text))
		return refuse(loader, "an imei line holds 15 digits");
	loader->device = sim_device(loader->modem, imei);
	return loader->device == SIZE_MAX ? fault_memory(loader->fault) : ERR_OK;
}

static enum err load_content(struct loader *loader, uint32_t tag, uint32_t type, struct bytes hex)
{
	struct sim_store *store = &loader->modem->devices[loader->device].store;
	struct buffer content = BUFFER_EMPTY;
	uint8_t *space = buffer_space(&content, hex.size / 2);
	enum err err;

	if (space == NULL)
		err = fault_memory(loader->fault);
	else if (hex.size == 0 || hex.size % 2 != 0 || !hex_decode(space, hex.size / 2, hex))
		err = refuse(loader, "the content of a slot is lower-case hex");
	else
		err = sim_store_put(store, tag, type, buffer_bytes(&content), loader->fault);
	buffer_free(&content);
	return err;
}

static enum err load_digest(struct loader *loader, uint32_t tag, uint32_t type, struct bytes hex)
{
	uint8_t digest[HASH_SIZE];

	if (!hex_decode(digest, sizeof digest, hex))
		return refuse(loader, "a digest is 64 digits of lower-case hex");
	return sim_store_mark(&loader->modem->devices[loader->device].store, tag, type, digest,
	    loader->fault);
}

static enum err load_line(struct loader *loader, struct bytes line)
{
	struct cursor cursor = cursor_of(line);
	struct bytes verb, tag_text, type_text, hex;
	uint64_t tag, type;

	if (!take_field(&cursor, ' ', &verb) || !take_field(&cursor, ' ', &tag_text))
		return refuse(loader, "a line begins with imei, slot or digest");
	if (bytes_is(verb, "imei") && cursor_left(&cursor) == 0)
		return load_imei(loader, tag_text);
	if (loader->device == SIZE_MAX || !take_field(&cursor, ' ', &type_text) ||
	    !take_field(&cursor, ' ', &hex) ||
	    cursor_left(&cursor) != 0 || !decimal_parse(tag_text, SIM_TAG_USER_MAX, &tag) ||
	    !decimal_parse(type_text, SIM_TYPE_MAX, &type))
		return refuse(loader, "a slot is a tag, a type and hex, under the imei it belongs to");
	if (bytes_is(verb, "slot"))
		return load_content(loader, (uint32_t)tag, (uint32_t)type, hex);
	if (bytes_is(verb, "digest"))
		return load_digest(loader, (uint32_t)tag, (uint32_t)type, hex);
	return refuse(loader, "a line begins with imei, slot or digest");
}

enum err sim_modem_load(struct sim_modem *modem, struct bytes text, bool *known, const char *where,
    struct fault *fault)
{
	struct loader loader = {.modem = modem, .device = SIZE_MAX, .where = where, .line = 1,
	    .fault = fault};
	struct cursor cursor = cursor_of(text);
	struct bytes line;
	enum err err;

	*known = false;
	if (!take_line(&cursor, &line) || !bytes_is(line, STATE_SCHEMA))
		return refuse(&loader, "the first line is not " STATE_SCHEMA);
	while (cursor_left(&cursor) > 0) {
		loader.line++;
		if (!take_line(&cursor, &line))
			return refuse(&loader, "the last line is not whole");
		err = load_line(&loader, line);
		if (err != ERR_OK)
			return err;
		if (loader.device == modem->present)
			*known = true;
	}
	return ERR_OK;
}
