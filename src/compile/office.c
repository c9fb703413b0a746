/* SPDX-License-Identifier: ISC */
#include "gapseal/office.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gapseal/file.h"

#define IDENTITY_MAX 4096
#define IDENTITY_LOG_N_MAX 20

static const char office_conf[] =
    "# Defaults for the flags of gapseal, names with '_' for '-'; flags win.\n"
    "# trust = \"trust.json\"\n"
    "# ca = \"ca\"\n"
    "# series = \"main\"\n"
    "# lot_size = 65536\n";

static enum err write_identity(int folder, struct secret *text, struct secret *passphrase,
    struct fault *fault)
{
	struct buffer sealed = BUFFER_EMPTY;
	enum err err;

	if (passphrase == NULL)
		return secret_write_file(folder, OFFICE_IDENTITY, secret_bytes(text), false, fault);
	err = age_scrypt_seal(&sealed, secret_bytes(text), passphrase, OFFICE_LOG_N, fault);
	if (err == ERR_OK)
		err = secret_write_file(folder, OFFICE_IDENTITY_SEALED, buffer_bytes(&sealed), false, fault);
	buffer_free(&sealed);
	return err;
}

static enum err write_recipient(int folder, const struct recipient *recipient, struct fault *fault)
{
	char line[RECIPIENT_SIZE + 1], text[RECIPIENT_SIZE];

	recipient_print(text, recipient);
	snprintf(line, sizeof line, "%s\n", text);
	return file_write(folder, OFFICE_RECIPIENT, bytes_of(line), 0644, false, fault);
}

static enum err fill(int folder, struct secret *text, const struct recipient *recipient,
    struct secret *passphrase,
    struct fault *fault)
{
	enum err err = write_identity(folder, text, passphrase, fault);

	if (err == ERR_OK)
		err = write_recipient(folder, recipient, fault);
	if (err == ERR_OK)
		err = file_write(folder, OFFICE_CONF, bytes_of(office_conf), 0644, false, fault);
	if (err == ERR_OK)
		err = folder_create(folder, OFFICE_TRUST, 0700, fault);
	if (err == ERR_OK)
		err = folder_create(folder, OFFICE_BATCHES, 0700, fault);
	return err;
}

/* The ledger is made by path: that of the draft, beside the one the office will have. */
static enum err create_ledger(const struct folder_draft *draft, struct fault *fault)
{
	size_t length = strlen(draft->path);
	char *path;
	enum err err;

	while (length > 1 && draft->path[length - 1] == '/')
		length--;
	while (length > 0 && draft->path[length - 1] != '/')
		length--;
	if (asprintf(&path, "%.*s%s", (int)length, draft->path, draft->draft) < 0)
		return fault_memory(fault);
	err = ledger_create(path, fault);
	free(path);
	return err;
}

enum err office_create(const char *path, struct secret *passphrase, struct fault *fault)
{
	struct folder_draft draft;
	struct secret *text = NULL;
	struct recipient recipient;
	enum err err = folder_begin(&draft, path, fault);

	if (err != ERR_OK)
		return err;
	if (fchmod(draft.folder, 0700) != 0)
		err = fault_errno(fault, "file-write", path, "cannot set the rights of the folder");
	if (err == ERR_OK)
		err = age_identity_new(&text, &recipient, fault);
	if (err == ERR_OK)
		err = fill(draft.folder, text, &recipient, passphrase, fault);
	if (err == ERR_OK)
		err = create_ledger(&draft, fault);
	secret_free(&text);
	if (err == ERR_OK)
		return folder_commit(&draft, fault);
	folder_abandon(&draft);
	return err;
}

static enum err read_recipient(struct office *office, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	struct cursor cursor;
	struct bytes line;
	enum err err = file_read(&text, office->folder, OFFICE_RECIPIENT, 256, fault);

	cursor = cursor_of(buffer_bytes(&text));
	if (err != ERR_OK && !file_exists(office->folder, OFFICE_RECIPIENT))
		err = fault_set(fault, ERR_CANNOT, "office-open", office->path,
		    "this is not an office folder: it has no recipient file; 'gapseal keygen office' makes one");
	else if (err != ERR_OK)
		fault_inside(fault, office->path);
	else if (!take_line(&cursor, &line) || cursor_left(&cursor) != 0)
		err = fault_set(fault, ERR_CANNOT, "office-open", office->path,
		    "the recipient file is not one line");
	else
		err = recipient_parse(&office->recipient, line, OFFICE_RECIPIENT, fault);
	buffer_free(&text);
	return err;
}

static enum err load_chain(struct office *office, struct fault *fault)
{
	int folder;
	enum err err = folder_open(&folder, office->folder, OFFICE_TRUST, fault);

	if (err != ERR_OK)
		return err;
	err = chain_load(office->chain, folder, OFFICE_TRUST, fault);
	close(folder);
	return err;
}

enum err office_open(struct office *out, const char *path, struct fault *fault)
{
	enum err err;

	*out = OFFICE_EMPTY;
	if (!text_copy(out->path, sizeof out->path, bytes_of(path)))
		return fault_set(fault, ERR_CANNOT, "office-open", NULL,
		    "the path of the office folder is too long");
	err = folder_open(&out->folder, AT_FDCWD, path, fault);
	if (err == ERR_OK)
		err = read_recipient(out, fault);
	if (err == ERR_OK)
		err = chain_new(&out->chain, fault);
	if (err == ERR_OK)
		err = load_chain(out, fault);
	if (err != ERR_OK)
		office_close(out);
	return err;
}

void office_close(struct office *office)
{
	chain_free(&office->chain);
	if (office->folder >= 0)
		close(office->folder);
	*office = OFFICE_EMPTY;
}

static enum err store(struct office *office, const struct document *document, const struct trust *trust,
    struct fault *fault)
{
	int folder;
	enum err err = folder_open(&folder, office->folder, OFFICE_TRUST, fault);

	if (err != ERR_OK)
		return err;
	err = chain_store(folder, document, trust_get(trust)->version, fault);
	close(folder);
	return err;
}

/* A trust file below the newest held is refused: a batch made under an old version would be signed by its old
 * officers. */
static enum err take_into_use(const struct trust **trust, struct office *office,
    const struct document *document,
    struct fault *fault)
{
	bool added;
	enum err err = chain_add(office->chain, document, &added, fault);

	if (err != ERR_OK)
		return err;
	if (added)
		err = store(office, document, chain_newest(office->chain), fault);
	if (err != ERR_OK)
		return err;
	*trust = chain_newest(office->chain);
	if (memcmp(trust_hash(*trust), document->hash, HASH_SIZE) != 0)
		return fault_set(fault, ERR_NO, "trust-old", document->where,
		    "this office already uses a later version, %llu",
		    (unsigned long long)trust_get(*trust)->version);
	return ERR_OK;
}

enum err office_trust(const struct trust **trust, struct office *office, const char *path, const char *pin,
    struct fault *fault)
{
	struct document document = DOCUMENT_EMPTY;
	enum err err = document_load(&document, AT_FDCWD, path, fault);

	*trust = NULL;
	if (err == ERR_OK && pin != NULL)
		err = fingerprint_check(document.hash, pin, false, path, fault);
	if (err == ERR_OK)
		err = take_into_use(trust, office, &document, fault);
	document_free(&document);
	return err;
}

bool office_identity_sealed(const struct office *office)
{
	return file_exists(office->folder, OFFICE_IDENTITY_SEALED);
}

static enum err open_sealed(struct secret **text, const struct office *office, struct secret *passphrase,
    struct fault *fault)
{
	struct buffer file = BUFFER_EMPTY;
	enum err err = file_read(&file, office->folder, OFFICE_IDENTITY_SEALED, IDENTITY_MAX, fault);

	if (err == ERR_OK)
		err = age_open_passphrase(text, buffer_bytes(&file), passphrase, IDENTITY_LOG_N_MAX,
		    IDENTITY_MAX,
		    OFFICE_IDENTITY_SEALED, fault);
	buffer_free(&file);
	return err;
}

enum err office_identity(struct secret **key, const struct office *office, struct secret *passphrase,
    struct fault *fault)
{
	struct secret *text = NULL;
	struct recipient recipient;
	enum err err;

	*key = NULL;
	if (office_identity_sealed(office))
		err = open_sealed(&text, office, passphrase, fault);
	else
		err = secret_read_file(&text, office->folder, OFFICE_IDENTITY, IDENTITY_MAX, fault);
	if (err == ERR_OK)
		err = age_identity_parse(key, secret_bytes(text), OFFICE_IDENTITY, fault);
	secret_free(&text);
	if (err != ERR_OK) {
		fault_inside(fault, office->path);
		return err;
	}
	age_identity_recipient(&recipient, *key);
	if (memcmp(recipient.key, office->recipient.key, sizeof recipient.key) != 0) {
		secret_free(key);
		return fault_set(fault, ERR_NO, "office-identity", office->path,
		    "the identity does not belong to the recipient file beside it");
	}
	return ERR_OK;
}
