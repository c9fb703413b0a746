/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gapseal/age.h"
#include "gapseal/file.h"
#include "gapseal/home.h"
#include "gapseal/logbook.h"

#define FOLDER_MODE 0700
#define CARD_MODE 0644
#define CARD_NAME_SIZE (NAME_SIZE + sizeof ".station")

/* What a new home is made of: only one at a time, and nothing of it is anywhere but in its draft. */
struct enrolment {
	struct folder_draft draft;
	char origin[2 * NAME_SIZE + 1];
	struct card card;
	struct signer *signer;
	const char *tool;
};

static enum err check_name(const char *name, const char *where, struct fault *fault)
{
	if (text_is_name(bytes_of(name)))
		return ERR_OK;
	return fault_set(fault, ERR_CANNOT, "name-form", where,
	    "a name is 1 to 40 of a-z 0-9 . - and begins with a letter or digit");
}

/* An empty folder makes room; anything else that has the name is somebody's. */
static enum err make_room(const char *path, struct fault *fault)
{
	if (rmdir(path) == 0 || errno == ENOENT)
		return ERR_OK;
	if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
		return fault_set(fault, ERR_CANNOT, "home-exists", path,
		    "there is something already: a station is enrolled once, into a new or empty folder");
	return fault_errno(fault, "file-write", path, "cannot replace the empty folder");
}

static enum err make_identity(struct enrolment *new, struct fault *fault)
{
	struct recipient recipient;
	struct secret *text;
	enum err err;

	err = age_identity_new(&text, &recipient, fault);
	if (err != ERR_OK)
		return err;
	recipient_print(new->card.recipient, &recipient);
	err = secret_write_file(new->draft.folder, HOME_IDENTITY, secret_bytes(text), false, fault);
	secret_free(&text);
	return err;
}

/* 64 hex digits and LF, built inside a secret. */
static enum err write_seed(int folder, const struct secret *seed, struct fault *fault)
{
	struct secret *text;
	enum err err;

	err = secret_new(&text, 2 * SIGNER_SEED_SIZE + 1, fault);
	if (err != ERR_OK)
		return err;
	hex_encode((char *)secret_data(text), secret_bytes(seed));
	secret_data(text)[2 * SIGNER_SEED_SIZE] = '\n'; /* for the NUL */
	secret_resize(text, 2 * SIGNER_SEED_SIZE + 1);
	err = secret_write_file(folder, HOME_LOG_SEED, secret_bytes(text), false, fault);
	secret_free(&text);
	return err;
}

static enum err make_log_key(struct enrolment *new, struct fault *fault)
{
	struct secret *seed;
	enum err err;

	err = secret_new(&seed, SIGNER_SEED_SIZE, fault);
	if (err != ERR_OK)
		return err;
	secret_random(secret_data(seed), SIGNER_SEED_SIZE);
	secret_resize(seed, SIGNER_SEED_SIZE);
	err = write_seed(new->draft.folder, seed, fault);
	if (err == ERR_OK)
		err = signer_new(&new->signer, new->origin, seed, fault);
	if (err == ERR_OK)
		note_key_print(new->card.log_key, signer_key(new->signer));
	secret_free(&seed);
	return err;
}

static enum err write_card(uint8_t fingerprint[static HASH_SIZE], const struct enrolment *new,
    struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY, note = BUFFER_EMPTY;
	char name[CARD_NAME_SIZE];
	enum err err;

	snprintf(name, sizeof name, "%s.station", new->card.station);
	card_format(&text, &new->card);
	err = buffer_check(&text, fault);
	if (err == ERR_OK)
		err = note_sign(&note, new->signer, buffer_bytes(&text), fault);
	if (err == ERR_OK)
		err = file_write(new->draft.folder, name, buffer_bytes(&note), CARD_MODE, false, fault);
	hash_bytes(fingerprint, buffer_bytes(&note));
	buffer_free(&text);
	buffer_free(&note);
	return err;
}

static enum err write_conf(const struct enrolment *new, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	buffer_format(&text,
	    "# The names this station was enrolled under; they are in its keys and never change.\n"
	    "org = \"%s\"\n"
	    "name = \"%s\"\n"
	    "\n"
	    "# Defaults for the flags of gapseal-line, names with '_' for '-'; flags win.\n"
	    "# port = {\"left=/dev/ttyUSB0\", \"right=/dev/ttyUSB1\"}\n"
	    "# baud = 115200\n"
	    "# timeout = 60\n"
	    "# operator = \"shift-1\"\n", new->card.org, new->card.station);
	err = buffer_check(&text, fault);
	if (err == ERR_OK)
		err = file_write(new->draft.folder, HOME_CONF, buffer_bytes(&text), 0600, false, fault);
	buffer_free(&text);
	return err;
}

static enum err make_folders(const struct enrolment *new, struct fault *fault)
{
	static const char *const names[] = {HOME_TRUST, HOME_BATCHES, HOME_GRANTS};
	enum err err = ERR_OK;

	for (size_t i = 0; i < sizeof names / sizeof names[0] && err == ERR_OK; i++)
		err = folder_create(new->draft.folder, names[i], FOLDER_MODE, fault);
	return err;
}

static enum err log_enroll(struct logbook *logbook, const struct enrolment *new, struct fault *fault)
{
	struct entry entry = {.type = ENTRY_ENROLL};
	enum err err;

	memcpy(entry.org, new->card.org, sizeof new->card.org);
	memcpy(entry.station, new->card.station, sizeof new->card.station);
	memcpy(entry.recipient, new->card.recipient, sizeof new->card.recipient);
	memcpy(entry.log_key, new->card.log_key, sizeof new->card.log_key);
	snprintf(entry.tool, sizeof entry.tool, "%s", new->tool);
	err = logbook_lock(logbook, fault);
	if (err == ERR_OK)
		err = logbook_append(logbook, &entry, fault);
	if (err == ERR_OK)
		err = logbook_commit(logbook, fault);
	if (err == ERR_OK)
		err = logbook_sync(logbook, fault);
	return err;
}

static enum err make_log(const struct enrolment *new, struct fault *fault)
{
	const struct log_position start = {0};
	struct logbook *logbook;
	enum err err;

	err = logbook_create(new->draft.folder, new->origin, new->signer, fault);
	if (err == ERR_OK)
		err = logbook_open(&logbook, new->draft.folder, new->origin, new->signer, &start,
		    NULL, NULL, fault);
	if (err != ERR_OK)
		return err;
	err = log_enroll(logbook, new, fault);
	logbook_close(&logbook);
	return err;
}

static enum err fill(uint8_t fingerprint[static HASH_SIZE], struct enrolment *new, struct fault *fault)
{
	enum err err;

	if (fchmod(new->draft.folder, FOLDER_MODE) != 0)
		return fault_errno(fault, "file-write", new->draft.path, "cannot set the folder's rights");
	err = make_identity(new, fault);
	if (err == ERR_OK)
		err = make_log_key(new, fault);
	if (err == ERR_OK)
		err = write_card(fingerprint, new, fault);
	if (err == ERR_OK)
		err = write_conf(new, fault);
	if (err == ERR_OK)
		err = make_folders(new, fault);
	if (err == ERR_OK)
		err = make_log(new, fault);
	return err;
}

static enum err make_home(uint8_t fingerprint[static HASH_SIZE], struct enrolment *new, const char *path,
    struct fault *fault)
{
	enum err err;

	err = make_room(path, fault);
	if (err == ERR_OK)
		err = folder_begin(&new->draft, path, fault);
	if (err != ERR_OK)
		return err;
	err = fill(fingerprint, new, fault);
	if (err == ERR_OK)
		return folder_commit(&new->draft, fault);
	folder_abandon(&new->draft);
	return err;
}

enum err home_enroll(uint8_t fingerprint[static HASH_SIZE], const char *path, const char *org,
    const char *name, const char *tool, struct fault *fault)
{
	struct enrolment new = {.draft = FOLDER_DRAFT_EMPTY, .tool = tool};
	enum err err;

	err = check_name(org, "--org", fault);
	if (err == ERR_OK)
		err = check_name(name, "--name", fault);
	if (err != ERR_OK)
		return err;
	snprintf(new.card.org, sizeof new.card.org, "%s", org);
	snprintf(new.card.station, sizeof new.card.station, "%s", name);
	snprintf(new.origin, sizeof new.origin, "%s/%s", org, name);
	err = make_home(fingerprint, &new, path, fault);
	signer_free(&new.signer);
	return err;
}
