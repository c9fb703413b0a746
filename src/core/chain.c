/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/json.h"
#include "gapseal/trust.h"

#define PREFIX "trust-"
#define SUFFIX ".json"
#define DIGITS 6 /* of TRUST_VERSION_MAX */
#define FILE_NAME_LENGTH (sizeof PREFIX - 1 + DIGITS + sizeof SUFFIX - 1)
#define FILE_MODE 0644

struct chain {
	struct trust **items;
	size_t count;
};

enum err chain_new(struct chain **out, struct fault *fault)
{
	*out = calloc(1, sizeof **out);
	return *out == NULL ? fault_memory(fault) : ERR_OK;
}

void chain_free(struct chain **chain)
{
	if (*chain == NULL)
		return;
	for (size_t i = 0; i < (*chain)->count; i++)
		trust_free(&(*chain)->items[i]);
	free((*chain)->items);
	free(*chain);
	*chain = NULL;
}

size_t chain_count(const struct chain *chain)
{
	return chain->count;
}

const struct trust *chain_at(const struct chain *chain, size_t i)
{
	return chain->items[i];
}

const struct trust *chain_newest(const struct chain *chain)
{
	return chain->count == 0 ? NULL : chain->items[chain->count - 1];
}

const struct trust *chain_version(const struct chain *chain, uint64_t version)
{
	uint64_t first;

	if (chain->count == 0)
		return NULL;
	first = trust_get(chain->items[0])->version;
	return version < first || version - first >= chain->count ? NULL : chain->items[version - first];
}

static enum err push(struct chain *chain, struct trust *trust, struct fault *fault)
{
	struct trust **items = realloc(chain->items, (chain->count + 1) * sizeof *items);

	if (items == NULL)
		return fault_memory(fault);
	chain->items = items;
	items[chain->count++] = trust;
	return ERR_OK;
}

enum err trust_claimed_version(uint64_t *out, const struct document *document, struct fault *fault)
{
	struct trust_fields fields;
	enum err err;

	err = trust_parse(&fields, buffer_bytes(&document->text), document->where, fault);
	if (err != ERR_OK)
		return err;
	*out = fields.version;
	json_free(&fields, &trust_shape);
	return ERR_OK;
}

enum err chain_add(struct chain *chain, const struct document *document, bool *added, struct fault *fault)
{
	const struct trust *held, *previous;
	struct trust *trust;
	uint64_t version;
	enum err err;

	*added = false;
	err = trust_claimed_version(&version, document, fault);
	if (err != ERR_OK)
		return err;
	held = chain_version(chain, version);
	if (held != NULL && memcmp(trust_hash(held), document->hash, HASH_SIZE) != 0)
		return fault_set(fault, ERR_NO, "trust-differs", document->where,
		    "another version %" PRIu64 " of trust is held here: one of the two is a fork", version);
	previous = held != NULL ? chain_version(chain, version - 1) : chain_newest(chain);
	err = trust_open(&trust, document, previous, fault);
	if (err != ERR_OK)
		return err;
	if (held == NULL)
		err = push(chain, trust, fault);
	*added = held == NULL && err == ERR_OK;
	if (!*added)
		trust_free(&trust);
	return err;
}

/* The version in a name of this folder's own making; false for any other name. */
static bool file_version(const char *name, uint64_t *version)
{
	struct cursor cursor = cursor_of(bytes_of(name));
	struct bytes prefix, digits;

	*version = 0;
	if (!take_bytes(&cursor, sizeof PREFIX - 1, &prefix) || !bytes_is(prefix, PREFIX) ||
	    !take_bytes(&cursor, DIGITS, &digits) ||
	    !bytes_is(bytes_from(cursor.at, cursor_left(&cursor)), SUFFIX))
		return false;
	for (size_t i = 0; i < digits.size; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
		*version = *version * 10 + digits.data[i] - '0';
	}
	return true;
}

static enum err load_one(struct chain *chain, int folder, const char *name, uint64_t version,
    const char *where, struct fault *fault)
{
	struct document document;
	bool added;
	enum err err;

	err = document_load(&document, folder, name, fault);
	if (err != ERR_OK)
		return err;
	snprintf(document.where, sizeof document.where, "%s/%s", where, name);
	err = chain_add(chain, &document, &added, fault);
	if (err == ERR_OK && trust_get(chain_newest(chain))->version != version)
		err = fault_set(fault, ERR_NO, "trust-name", document.where,
		    "the file is not named by the version in it");
	document_free(&document);
	return err;
}

enum err chain_load(struct chain *chain, int folder, const char *where, struct fault *fault)
{
	enum err err;
	char **names;

	err = folder_list(&names, folder, DOCUMENT_FOLDER_MAX, where, fault);
	if (err != ERR_OK)
		return err;
	for (char **name = names; *name != NULL && err == ERR_OK; name++) {
		uint64_t version; /* ascending, as the names are sorted */

		if (file_version(*name, &version))
			err = load_one(chain, folder, *name, version, where, fault);
	}
	free(names);
	return err;
}

static void signature_name(char *out, size_t size, const char *name, const char *key_id)
{
	snprintf(out, size, "%s.%s.minisig", name, key_id);
}

/* What an interrupted store of another document of this number left beside the name it never reached
 * would refuse the folder. */
static enum err remove_leftovers(int folder, const char *name, struct fault *fault)
{
	enum err err;
	char **names;

	if (file_exists(folder, name))
		return ERR_OK;
	err = folder_list(&names, folder, DOCUMENT_FOLDER_MAX, name, fault);
	if (err != ERR_OK)
		return err;
	for (char **other = names; *other != NULL && err == ERR_OK; other++) {
		if (strncmp(*other, name, strlen(name)) == 0 && unlinkat(folder, *other, 0) != 0)
			err = fault_system(fault, *other, "remove a signature without a document");
	}
	free(names);
	return err;
}

enum err chain_store(int folder, const struct document *document, uint64_t version, struct fault *fault)
{
	char name[FILE_NAME_LENGTH + 16], signature[sizeof name + DOCUMENT_PLACE_SIZE];
	enum err err;

	snprintf(name, sizeof name, PREFIX "%0*" PRIu64 SUFFIX, DIGITS, version);
	err = remove_leftovers(folder, name, fault);
	for (size_t i = 0; i < document->count && err == ERR_OK; i++) {
		signature_name(signature, sizeof signature, name, document->signatures[i].key_id);
		err = file_write(folder, signature, buffer_bytes(&document->signatures[i].text), FILE_MODE,
		    true, fault);
	}
	if (err == ERR_OK)
		err = file_write(folder, name, buffer_bytes(&document->text), FILE_MODE, true, fault);
	return err;
}
