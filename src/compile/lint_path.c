/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/file.h"
#include "gapseal/path.h"
#include "gapseal/twins.h"
#include "gapseal/utc.h"
#include "gapseal/x509.h"
#include "plan_private.h"

#define PASSWORD_MORE 3 /* characters around a password in the command */

/* The files of all rows. A certificate stands before the key of its tag. */
struct paths {
	struct lint *lint;
	struct secret *file;
	struct secret *cert, *key;     /* as they will be written */
	struct secret *password;
	size_t credential;             /* in hand */
	const struct profile_credential *of;
	int column;
	bool cert_good;                /* cert holds a certificate of the present row, of cert_tag */
	uint32_t cert_tag;
	struct remark weak, old, expired, open;
};

static enum err refuse(struct paths *paths, enum err err, bool *good)
{
	*good = err == ERR_OK;
	return err == ERR_NO ? lint_take(paths->lint, paths->column) : err;
}

static bool password_fits(struct paths *paths, struct bytes password)
{
	struct lint *lint = paths->lint;
	int column = lint->plan->passwords[paths->credential];
	bool encrypted = path_encrypted(secret_bytes(paths->key));

	if (!encrypted && password.size == 0)
		return true;
	if (!encrypted)
		lint_row(lint, RULE_KEY_PASSWORD, column,
		    "there is a password, but the private key is not encrypted");
	else if (password.size == 0)
		lint_row(lint, RULE_KEY_PASSWORD, column >= 0 ? column : paths->column,
		    "the private key is encrypted and there is no password for it; the profile takes one "
		    "from password_column");
	else if (password.size > PASSWORD_MAX || !text_is_printable(password) ||
	    memchr(password.data, '"', password.size) != NULL)
		lint_row(lint, RULE_KEY_PASSWORD, column,
		    "modems take a password of 1 to %d printable characters without a quote", PASSWORD_MAX);
	else
		return true;
	return false;
}

static bool size_fits(struct paths *paths, struct bytes content, struct bytes password)
{
	size_t size = content.size + (password.size > 0 ? password.size + PASSWORD_MORE : 0);
	size_t limit = credential_limit(paths->of->slot.tag);

	if (size <= limit)
		return true;
	lint_row(paths->lint, RULE_CONTENT_SIZE, paths->column,
	    "%s: %zu bytes, the most a modem can be sent under tag %lu are %zu", paths->of->name, size,
	    (unsigned long)paths->of->slot.tag, limit);
	return false;
}

static enum err look_at_certificate(struct paths *paths, bool *good)
{
	struct x509_facts facts;
	enum err err = x509_facts(&facts, secret_bytes(paths->cert), 0, NULL, paths->lint->fault);

	if (err != ERR_OK)
		return refuse(paths, err, good);
	if (facts.weak)
		remark_add(&paths->weak, paths->lint, paths->column);
	if (facts.version == 1)
		remark_add(&paths->old, paths->lint, paths->column);
	if (facts.not_after < utc_now())
		remark_add(&paths->expired, paths->lint, paths->column);
	paths->cert_good = *good;
	paths->cert_tag = paths->of->slot.tag;
	return ERR_OK;
}

static enum err read_key(struct evp_pkey_st **out, struct paths *paths, struct bytes password)
{
	struct fault *fault = paths->lint->fault;
	enum err err;

	secret_clear(paths->password);
	secret_put(paths->password, password);
	err = x509_key_read(out, secret_bytes(paths->key), paths->password, NULL, fault);
	if (err == ERR_NO && strcmp(fault->code, "passphrase-wrong") == 0)
		return fault_set(fault, ERR_NO, "key-password", NULL,
		    "the password does not open the private key");
	return err;
}

/* Opens the key, which shows that it is one, and holds it against the certificate of its tag. */
static enum err look_at_key(struct paths *paths, struct bytes password, bool *good)
{
	struct fault *fault = paths->lint->fault;
	struct evp_pkey_st *key = NULL;
	struct x509_st *certificate = NULL;
	enum err err = read_key(&key, paths, password);

	if (err == ERR_OK && paths->cert_good && paths->cert_tag == paths->of->slot.tag) {
		err = x509_read(&certificate, secret_bytes(paths->cert), 0, NULL, fault);
		if (err == ERR_OK && !x509_belongs(certificate, key))
			err = fault_set(fault, ERR_NO, "key-match", NULL,
			    "the private key and the certificate of tag %lu do not belong together",
			    (unsigned long)paths->of->slot.tag);
	}
	x509_free(&certificate);
	x509_key_free(&key);
	return refuse(paths, err, good);
}

static void keep(struct paths *paths, struct bytes content, struct bytes password)
{
	struct plan *plan = paths->lint->plan;
	size_t *longest = &plan->longest[paths->credential];

	if (content.size > *longest)
		*longest = content.size;
	if (password.size > plan->password_max)
		plan->password_max = password.size;
	mark_make(plan_mark(plan, paths->credential, paths->lint->row.i), content, password);
}

/* One file of the present row. */
static enum err take_file(struct paths *paths)
{
	struct lint *lint = paths->lint;
	bool key = paths->of->slot.type == CREDENTIAL_KEY, good = true, others;
	struct secret *content = key ? paths->key : paths->cert;
	struct bytes password = plan_password(lint->plan, paths->credential, &lint->row);
	enum err err;

	if (!key)
		paths->cert_good = false;
	if (!lint_field(lint, paths->column))
		return ERR_OK;
	err = plan_file(content, &others, lint->plan, paths->credential, &lint->row, paths->file,
	    lint->fault);
	if (err != ERR_OK)
		return refuse(paths, err, &good);
	if (key && others)
		remark_add(&paths->open, lint, paths->column);
	if ((key && !password_fits(paths, password)) || !size_fits(paths, secret_bytes(content), password))
		return ERR_OK;
	err = key ? look_at_key(paths, password, &good) : look_at_certificate(paths, &good);
	if (err == ERR_OK && good)
		keep(paths, secret_bytes(content), password);
	return err;
}

static enum err take_row(struct paths *paths, size_t row)
{
	struct lint *lint = paths->lint;
	const struct plan *plan = lint->plan;
	enum err err = roster_row(&lint->row, lint->reader, row, lint->fault);

	paths->cert_good = false;
	for (size_t slot = 0; err == ERR_OK && slot < plan_slots(plan); slot++) {
		size_t credential = plan_credential_of(plan, row, slot);

		if (credential == NO_CREDENTIAL || lint->broken[credential] ||
		    plan->profile->credentials[credential].source != SOURCE_PATH)
			continue;
		paths->credential = credential;
		paths->of = &plan->profile->credentials[credential];
		paths->column = plan->columns[credential];
		err = take_file(paths);
	}
	return err;
}

static enum err report(struct lint *lint, size_t slot, size_t first, size_t row)
{
	enum err err = roster_row(&lint->row, lint->reader, first, lint->fault);
	unsigned long line = lint->row.line;
	size_t credential = plan_credential_of(lint->plan, row, slot);

	if (err == ERR_OK)
		err = roster_row(&lint->row, lint->reader, row, lint->fault);
	if (err == ERR_OK)
		lint_row(lint, RULE_PATH_DUPLICATE, lint->plan->columns[credential],
		    "%s: the same content as on line %lu",
		    lint->plan->profile->credentials[credential].name, line);
	return err;
}

static bool is_marked(const uint8_t mark[static HASH_SIZE])
{
	static const uint8_t none[HASH_SIZE];

	return memcmp(mark, none, HASH_SIZE) != 0;
}

static enum err compare(struct lint *lint, size_t slot, size_t first, size_t row)
{
	const struct plan *plan = lint->plan;
	const uint8_t *a = plan_mark(plan, plan_credential_of(plan, first, slot), first);
	const uint8_t *b = plan_mark(plan, plan_credential_of(plan, row, slot), row);

	return memcmp(a, b, HASH_SIZE) == 0 ? report(lint, slot, first, row) : ERR_OK;
}

static enum err find_duplicates(struct lint *lint, size_t slot)
{
	const struct plan *plan = lint->plan;
	size_t count = roster_count(plan->roster), first = 0;
	struct twins twins;
	enum err err = twins_new(&twins, count, lint->fault);

	for (size_t i = 0; err == ERR_OK && i < count; i++) {
		size_t credential = plan_credential_of(plan, i, slot);
		const uint8_t *mark;

		if (credential == NO_CREDENTIAL ||
		    plan->profile->credentials[credential].source != SOURCE_PATH)
			continue;
		mark = plan_mark(plan, credential, i);
		if (is_marked(mark))
			twins_add(&twins, twins_key(bytes_from(mark, HASH_SIZE)), (uint32_t)i);
	}
	if (err == ERR_OK)
		err = twins_sort(&twins, lint->fault);
	for (size_t i = 1; err == ERR_OK && i < twins.count; i++) {
		if (twins.items[i].key != twins.items[first].key)
			first = i;
		else
			err = compare(lint, slot, twins.items[first].row, twins.items[i].row);
	}
	twins_free(&twins);
	return err;
}

static void number_files(struct plan *plan)
{
	for (size_t i = 0; i < plan->profile->count; i++)
		if (plan->profile->credentials[i].source == SOURCE_PATH)
			plan->file_of[i] = plan->files++;
}

static enum err begin(struct paths *paths)
{
	struct plan *plan = paths->lint->plan;
	struct fault *fault = paths->lint->fault;
	const char *base;
	enum err err = folder_parent(&plan->folder, &base, AT_FDCWD, roster_where(plan->roster), fault);

	number_files(plan);
	plan->mark_count = roster_count(plan->roster) * plan->files;
	plan->marks = calloc(plan->mark_count + 1, HASH_SIZE);
	if (err == ERR_OK && plan->marks == NULL)
		err = fault_memory(fault);
	if (err == ERR_OK)
		err = secret_new(&paths->file, PATH_FILE_MAX, fault);
	if (err == ERR_OK)
		err = secret_new(&paths->cert, credential_limit(0), fault);
	if (err == ERR_OK)
		err = secret_new(&paths->key, credential_limit(0), fault);
	if (err == ERR_OK)
		err = secret_new(&paths->password, PASSWORD_MAX, fault);
	return err;
}

static void mention(struct paths *paths)
{
	struct lint *lint = paths->lint;

	remark_say(&paths->weak, lint, RULE_PEM_WEAK,
	    "the certificate is weak: RSA below 2048 bits, a small curve, or signed with SHA-1");
	remark_say(&paths->old, lint, RULE_PEM_VERSION,
	    "the certificate is of X.509 version 1, which some servers refuse");
	remark_say(&paths->expired, lint, RULE_PEM_EXPIRED, "the certificate has expired");
	remark_say(&paths->open, lint, RULE_PATH_MODE,
	    "others than the owner may read the file of a private key: chmod 600 it");
}

enum err lint_paths(struct lint *lint)
{
	struct paths paths = {.lint = lint};
	size_t count = roster_count(lint->plan->roster);
	enum err err;

	if (!profile_has(lint->plan->profile, SOURCE_PATH))
		return ERR_OK;
	err = begin(&paths);
	for (size_t row = 0; err == ERR_OK && row < count; row++)
		err = take_row(&paths, row);
	for (size_t slot = 0; err == ERR_OK && slot < plan_slots(lint->plan); slot++)
		err = find_duplicates(lint, slot);
	if (err == ERR_OK)
		mention(&paths);
	secret_free(&paths.file);
	secret_free(&paths.cert);
	secret_free(&paths.key);
	secret_free(&paths.password);
	return err;
}
