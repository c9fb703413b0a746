/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/file.h"
#include "gapseal/utc.h"
#include "gapseal/x509.h"
#include "profile_private.h"

/* A path relative to the profile's folder; NULL if there is no memory. */
static char *beside(const char *profile, const char *name)
{
	const char *slash = strrchr(profile, '/');
	int length = slash != NULL && name[0] != '/' ? (int)(slash - profile) + 1 : 0;
	char *path;

	return asprintf(&path, "%.*s%s", length, profile, name) >= 0 ? path : NULL;
}

/* Appends the certificates of one file. What is wrong with it is a finding: the other files and the
 * rest of the profile are still to be looked at. */
static enum err take_file(struct buffer *pem, struct profile_reading *reading, const char *name,
    unsigned line)
{
	char *path = beside(reading->path, name);
	struct buffer file = BUFFER_EMPTY;
	enum err err;

	if (path == NULL)
		return fault_memory(reading->fault);
	err = file_read(&file, AT_FDCWD, path, X509_BUNDLE_MAX, reading->fault);
	if (err == ERR_OK)
		err = x509_bundle(pem, buffer_bytes(&file), path, reading->fault);
	else if (strcmp(reading->fault->code, "memory") != 0)
		err = fault_set(reading->fault, ERR_NO, "pem-file", NULL, "%s", reading->fault->text);
	buffer_free(&file);
	free(path);
	if (err != ERR_NO)
		return err;
	fault_set(reading->fault, ERR_NO, reading->fault->code, NULL, "%s: %s", name, reading->fault->text);
	return findings_take(reading->findings,
	    (struct finding_place){.file = reading->profile->where, .line = line}, reading->fault);
}

static void look_at(struct profile_reading *reading, const struct x509_facts *facts, size_t i,
    unsigned line)
{
	if (facts->weak)
		profile_say(reading, RULE_PEM_WEAK, line,
		    "certificate %zu is weak: RSA below 2048 bits, a small curve, or signed with SHA-1",
		    i + 1);
	if (facts->version == 1)
		profile_say(reading, RULE_PEM_VERSION, line,
		    "certificate %zu is of X.509 version 1: it does not say that it is a CA's, and some "
		    "stacks refuse it", i + 1);
	if (facts->not_after < utc_now())
		profile_say(reading, RULE_PEM_EXPIRED, line, "certificate %zu has expired",
		    i + 1);
	if (!facts->ca)
		profile_say(reading, RULE_PEM_NO_CA, line,
		    "certificate %zu is not a CA's: servers are checked against CAs", i + 1);
}

static enum err look(struct profile_reading *reading, const struct buffer *pem, unsigned line)
{
	struct x509_facts facts;
	enum err err;

	for (size_t i = 0;; i++) {
		err = x509_facts(&facts, buffer_bytes(pem), i, reading->profile->where, reading->fault);
		if (err != ERR_OK)
			return err == ERR_NO ? ERR_OK : err; /* "pem-none": that was the last */
		look_at(reading, &facts, i, line);
	}
}

static void check_size(const struct profile_credential *credential, struct profile_reading *reading,
    const struct buffer *pem, unsigned line)
{
	size_t size = pem->size;

	for (size_t i = 0; credential->line_ending == LINE_ENDING_CRLF && i < pem->size; i++)
		size += pem->data[i] == '\n';
	if (size > credential_limit(credential->slot.tag))
		profile_say(reading, RULE_CONTENT_SIZE, line,
		    "the certificates have %zu bytes, the most a modem can be sent under tag %lu are %zu",
		    size, (unsigned long)credential->slot.tag, credential_limit(credential->slot.tag));
}

static enum err keep(struct profile_credential *credential, struct profile_reading *reading,
    struct buffer *pem, unsigned line)
{
	enum err err = look(reading, pem, line);

	if (err != ERR_OK)
		return err;
	check_size(credential, reading, pem, line);
	buffer_byte(pem, '\0');
	err = buffer_check(pem, reading->fault);
	if (err != ERR_OK)
		return err;
	credential->pem = (char *)pem->data;
	*pem = BUFFER_EMPTY;
	return ERR_OK;
}

enum err profile_take_files(struct profile_credential *credential, struct profile_reading *reading,
    struct config_place place)
{
	size_t errors = reading->findings->errors;
	struct buffer pem = BUFFER_EMPTY;
	unsigned line = credential->line;
	enum err err = ERR_OK;
	const char *name;
	size_t i = 0;

	for (; err == ERR_OK && config_texts(reading->config, place, "files", i, &name, &line); i++)
		err = take_file(&pem, reading, name, line);
	if (err == ERR_OK && i == 0)
		profile_say(reading, RULE_PROFILE_MISSING, line, "credential %s has no files",
		    credential->name);
	if (err == ERR_OK && reading->findings->errors == errors)
		err = keep(credential, reading, &pem, line);
	buffer_free(&pem);
	return err;
}
