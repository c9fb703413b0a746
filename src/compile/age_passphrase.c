/* SPDX-License-Identifier: ISC */
#include "age_writer.h"

#include "gapseal/base64.h"

/* The one stanza of a passphrase-protected file: salt and work factor. */
static enum err stanza_parse(struct age_stanza *stanza, uint8_t salt[static AGE_SALT_SIZE], unsigned *log_n,
    const struct age_header *header, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(header->stanzas);
	uint64_t work;

	if (!age_stanza_take(stanza, &cursor) || !bytes_is(stanza->type, "scrypt"))
		return fault_set(fault, ERR_NO, "age-no-match", where, "not protected by a passphrase");
	if (stanza->arguments != 2 || !base64_exact(salt, AGE_SALT_SIZE, stanza->argument[0], false) ||
	    !decimal_parse(stanza->argument[1], INTEGER_MAX, &work) || work == 0 ||
	    stanza->body_size != AGE_WRAPPED_SIZE)
		return age_header_fault(fault, where,
		    "the scrypt recipient in the age header does not parse");
	*log_n = work > AGE_LOG_N_MAX ? AGE_LOG_N_MAX + 1 : (unsigned)work;
	return ERR_OK;
}

static enum err file_key_find(uint8_t file_key[static AGE_FILE_KEY_SIZE], const struct age_header *header,
    const struct secret *passphrase, unsigned max_log_n, const char *where, struct fault *fault)
{
	uint8_t salt[AGE_SALT_SIZE], key[AGE_KEY_SIZE];
	struct age_stanza stanza;
	unsigned log_n = 0;
	bool good;
	enum err err;

	if ((err = stanza_parse(&stanza, salt, &log_n, header, where, fault)) != ERR_OK)
		return err;
	if (log_n > max_log_n || log_n > AGE_LOG_N_MAX)
		return fault_set(fault, ERR_NO, "age-work", where,
		    "this file asks for more memory and time to be opened than is allowed here");
	if ((err = age_scrypt_key(key, passphrase, salt, log_n, fault)) != ERR_OK)
		return err;
	good = age_unwrap(file_key, stanza.body, key);
	secret_wipe(key, sizeof key);
	if (!good)
		return fault_set(fault, ERR_NO, "passphrase-wrong", where,
		    "the passphrase does not open this file");
	return ERR_OK;
}

enum err age_open_passphrase(struct secret **plain, struct bytes file, const struct secret *passphrase,
    unsigned max_log_n, size_t limit, const char *where, struct fault *fault)
{
	uint8_t file_key[AGE_FILE_KEY_SIZE];
	struct age_header header;
	enum err err;

	*plain = NULL;
	if ((err = age_header_parse(&header, file, where, fault)) != ERR_OK)
		return err;
	err = file_key_find(file_key, &header, passphrase, max_log_n, where, fault);
	if (err == ERR_OK)
		err = age_finish(plain, &header, file_key, limit, where, fault);
	secret_wipe(file_key, sizeof file_key);
	return err;
}
