/* SPDX-License-Identifier: ISC */
#include "cred.h"

#include <string.h>

#include "gapseal/base64.h"
#include "modem.h"

#define RED "\x1b[1;31m"
#define PLAIN "\x1b[m"
#define ENOMEM_NUMBER 12

static const char *long_name(uint32_t type)
{
	static const char *const names[] = {"CA_CERT", "SERVER_CERT", "PRIVATE_KEY", "PRE_SHARED_KEY",
	    "PRE_SHARED_KEY_ID"};

	return names[type];
}

static const char *short_name(uint32_t type)
{
	static const char *const names[] = {"CA", "SERV", "PK", "PSK", "PSK_ID"};

	return names[type];
}

/* What the modem holds besides is none of this shell's. */
static bool is_ours(const struct sim_item *item)
{
	return item->tag <= SIM_TAG_USER_MAX && item->type <= SIM_TYPE_WRITABLE_MAX;
}

/* Says nothing if there was nothing. */
static void wipe_gathered(struct buffer *gathered, struct buffer *answer)
{
	if (gathered->size > 0)
		buffer_text(answer, "Credential buffer cleared.\n");
	buffer_clear(gathered);
}

static bool gather(struct buffer *gathered, size_t room, struct bytes data, struct buffer *answer)
{
	if (gathered->size + data.size >= room) {
		buffer_text(answer, RED "Not enough room in credential buffer for provided data. Increase "
		    "CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE.\n" PLAIN);
		wipe_gathered(gathered, answer);
		return false;
	}
	buffer_put(gathered, data);
	buffer_format(answer, "Stored %zu bytes.\n", data.size);
	return true;
}

static bool is_taken(struct sim_modem *modem, const struct cred_line *line)
{
	return sim_store_find(sim_modem_store(modem), line->tag, line->type) != NULL;
}

/* The content as it is stored; false if it is no base64. */
static bool decode(struct buffer *out, const struct cred_line *line, const struct buffer *gathered)
{
	if (!line->binary)
		buffer_put(out, buffer_bytes(gathered));
	else if (!base64_decode(out, buffer_bytes(gathered), true))
		return false;
	if (line->terminated)
		buffer_byte(out, '\0');
	return true;
}

static void say_failed(struct buffer *answer, const struct cred_line *line, uint32_t number)
{
	buffer_format(answer, RED "Failed to add TLS credential with sectag %u and type %s. Error: -%u\n."
	    PLAIN "\n", line->tag, long_name(line->type), number);
}

static enum err store(struct sim_modem *modem, const struct cred_line *line, struct bytes content,
    enum sim_deed deed, struct buffer *answer, struct fault *fault)
{
	struct sim_store *store = sim_modem_store(modem);
	struct sim_item *item;

	if (sim_store_users(store) >= modem->settings.room) {
		say_failed(answer, line, ENOMEM_NUMBER);
		return ERR_OK;
	}
	if (deed != SIM_DEED_HIJACK) {
		if (sim_store_put(store, line->tag, line->type, content, fault) != ERR_OK)
			return ERR_CANNOT;
		modem->changes++;
	}
	if (deed == SIM_DEED_CORRUPT) {
		item = &store->items[sim_store_find(store, line->tag, line->type) - store->items];
		item->content.data[content.size / 2] ^= 1;
		hash_bytes(item->digest, buffer_bytes(&item->content));
	}
	buffer_format(answer, "Added TLS credential of type %s, sectag %u, and length %zu bytes.\n",
	    long_name(line->type), line->tag, content.size);
	return ERR_OK;
}

static enum err add(struct sim_modem *modem, struct buffer *gathered, size_t room,
    const struct cred_line *line, enum sim_deed deed, struct buffer *answer, struct fault *fault)
{
	struct buffer content = BUFFER_EMPTY;
	enum err err = ERR_OK;

	if (line->has_data) {
		wipe_gathered(gathered, answer);
		if (!gather(gathered, room, buffer_bytes(&line->data), answer))
			return ERR_OK;
	}
	if (gathered->size == 0)
		buffer_text(answer, RED "Please provide a credential to add.\n" PLAIN);
	else if (is_taken(modem, line))
		buffer_format(answer, RED "TLS credential with sectag %u and type %s already exists.\n" PLAIN,
		    line->tag, long_name(line->type));
	else if (!decode(&content, line, gathered))
		buffer_text(answer, RED "Could not decode input from base64, error: -22\n" PLAIN);
	else
		err = store(modem, line, buffer_bytes(&content), deed, answer, fault);
	buffer_free(&content);
	wipe_gathered(gathered, answer);
	return err;
}

static void delete(struct sim_modem *modem, const struct cred_line *line, struct buffer *answer)
{
	if (!sim_store_delete(sim_modem_store(modem), line->tag, line->type)) {
		buffer_format(answer, RED "There is no TLS credential with sectag %u and type %s.\n" PLAIN,
		    line->tag, long_name(line->type));
		return;
	}
	modem->changes++;
	buffer_format(answer, "Deleted TLS credential with sectag %u and type %s.\n", line->tag,
	    long_name(line->type));
}

static void list(struct sim_modem *modem, const struct cred_line *line, struct buffer *answer)
{
	const struct sim_store *store = sim_modem_store(modem);
	unsigned count = 0;

	for (size_t i = 0; i < store->count; i++) {
		const struct sim_item *item = &store->items[i];
		char digest[BASE64_SIZE(HASH_SIZE)] = "N/A";

		if (!is_ours(item) || (!line->any_tag && item->tag != line->tag) ||
		    (!line->any_type && item->type != line->type))
			continue;
		if (sim_has_digests(modem))
			base64_print(digest, bytes_from(item->digest, HASH_SIZE), true);
		buffer_format(answer, "%u,%s,%s,0\n", item->tag, short_name(item->type), digest);
		count++;
	}
	buffer_format(answer, "%u credentials found.\n", count);
}

void cred_fail(struct buffer *answer, const struct cred_line *line, uint32_t code)
{
	if (line->verb == CRED_ADD)
		say_failed(answer, line, code);
	else if (line->verb == CRED_DEL)
		buffer_format(answer, RED
		    "Deleting TLS credential with sectag %u and type %s failed with error: -%u.\n" PLAIN,
		    line->tag, long_name(line->type), code);
}

enum err cred_execute(struct sim_modem *modem, struct buffer *gathered, size_t room,
    const struct cred_line *line, enum sim_deed deed, struct buffer *answer, struct fault *fault)
{
	switch (line->verb) {
	case CRED_NONE:
		buffer_format(answer, RED "%s\n" PLAIN, line->complaint);
		break;
	case CRED_BUF:
		gather(gathered, room, buffer_bytes(&line->data), answer);
		break;
	case CRED_CLEAR:
		wipe_gathered(gathered, answer);
		break;
	case CRED_ADD:
		return add(modem, gathered, room, line, deed, answer, fault);
	case CRED_DEL:
		delete(modem, line, answer);
		break;
	case CRED_LIST:
		list(modem, line, answer);
		break;
	}
	return ERR_OK;
}
