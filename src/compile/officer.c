/* SPDX-License-Identifier: ISC */
#include "officer_key.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/base64.h"

/*
 * The second line of a secret key file: base64 of
 *
 *     algorithm 2 | kdf 2 | checksum algorithm 2 | salt 32 | opslimit u64 | memlimit u64 | sealed 104
 *
 * and what is sealed (XORed with scrypt's output, or not at all):
 *
 *     key id 8 | seed 32 | public key 32 | BLAKE2b-256 of algorithm, key id, seed and public key
 */
#define HEAD "untrusted comment: minisign encrypted secret key"
#define ALGORITHM_AT 0
#define KDF_AT 2
#define CHECKSUM_AT 4
#define SALT_AT 6
#define OPSLIMIT_AT 38
#define MEMLIMIT_AT 46
#define SEALED_AT 54
#define FILE_BLOB_SIZE 158
#define SEALED_SIZE 104
#define PAIR_AT 8    /* inside sealed */
#define SUM_AT 72
#define SUM_SIZE 32
#define PUBLIC_LINE_LENGTH 56 /* base64 of a public key's 42 bytes */
#define FILE_LINE_SIZE BASE64_SIZE(FILE_BLOB_SIZE)

/* Stock's own figures, and the most this program follows a file to: 1 GiB. */
#define OPSLIMIT crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE
#define MEMLIMIT crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE

static const uint8_t kdf_none[2] = {0, 0};
static const uint8_t kdf_scrypt[2] = {'S', 'c'};

static enum err form_fault(struct fault *fault, const char *where, const char *rule)
{
	return fault_set(fault, ERR_NO, "officer-key", where, "%s", rule);
}

/* The secret key's line decoded into a new secret; its algorithms checked. */
static enum err file_decode(struct secret **out, struct bytes file, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(file);
	struct bytes comment, line;
	uint8_t *blob;
	enum err err;

	if (file.size == 0)
		return form_fault(fault, where, "the file is empty: take the key from its backup");
	if (!take_line(&cursor, &comment) || !bytes_starts(comment, "untrusted comment: ") ||
	    !take_line(&cursor, &line) || cursor_left(&cursor) != 0)
		return form_fault(fault, where, "a minisign secret key file is two lines, each ended by LF");
	if (line.size == PUBLIC_LINE_LENGTH)
		return form_fault(fault, where,
		    "this is a public key; the secret one is in the file ending in .key");
	if ((err = secret_new(out, FILE_BLOB_SIZE, fault)) != ERR_OK)
		return err;
	blob = secret_data(*out);
	if (!base64_exact(blob, FILE_BLOB_SIZE, line, true))
		err = form_fault(fault, where, "the second line should be 158 bytes in base64");
	else if (memcmp(blob + ALGORITHM_AT, "Ed", 2) != 0 || memcmp(blob + CHECKSUM_AT, "B2", 2) != 0)
		err = form_fault(fault, where,
		    "the algorithms of this minisign secret key are not Ed and B2");
	else if (memcmp(blob + KDF_AT, kdf_none, 2) != 0 && memcmp(blob + KDF_AT, kdf_scrypt, 2) != 0)
		err = form_fault(fault, where, "this minisign secret key is encrypted in an unknown way");
	if (err != ERR_OK)
		secret_free(out);
	return err;
}

static bool is_encrypted(struct secret *blob)
{
	return memcmp(secret_data(blob) + KDF_AT, kdf_scrypt, sizeof kdf_scrypt) == 0;
}

enum err officer_key_encrypted(bool *out, struct bytes file, const char *where, struct fault *fault)
{
	struct secret *blob = NULL;
	enum err err = file_decode(&blob, file, where, fault);

	if (err == ERR_OK)
		*out = is_encrypted(blob);
	secret_free(&blob);
	return err;
}

/* XORs the sealed part with scrypt of the passphrase; the same call seals and opens. */
static enum err scrypt_apply(uint8_t blob[static FILE_BLOB_SIZE], const struct secret *passphrase,
    uint64_t opslimit, uint64_t memlimit, struct fault *fault)
{
	struct bytes word = secret_bytes(passphrase);
	struct secret *stream = NULL;
	enum err err;

	if ((err = secret_new(&stream, SEALED_SIZE, fault)) != ERR_OK)
		return err;
	if (crypto_pwhash_scryptsalsa208sha256(secret_data(stream), SEALED_SIZE, (const char *)word.data,
	    word.size, blob + SALT_AT, opslimit, (size_t)memlimit) != 0)
		err = fault_set(fault, ERR_CANNOT, "memory", NULL,
		    "a passphrase for this key takes %llu MiB of free memory",
		    (unsigned long long)(memlimit >> 20));
	for (size_t i = 0; err == ERR_OK && i < SEALED_SIZE; i++)
		blob[SEALED_AT + i] ^= secret_data(stream)[i];
	secret_free(&stream);
	return err;
}

static void checksum(uint8_t out[static SUM_SIZE], const uint8_t blob[static FILE_BLOB_SIZE])
{
	crypto_generichash_state state;

	/* Cannot fail. */
	crypto_generichash_init(&state, NULL, 0, SUM_SIZE);
	crypto_generichash_update(&state, blob + ALGORITHM_AT, 2);
	crypto_generichash_update(&state, blob + SEALED_AT, SUM_AT);
	crypto_generichash_final(&state, out, SUM_SIZE);
	secret_wipe(&state, sizeof state);
}

static uint64_t read_u64(const uint8_t *at)
{
	struct cursor cursor = cursor_of(bytes_from(at, 8));
	uint64_t value = 0;

	take_u64(&cursor, &value);
	return value;
}

static enum err unlock(struct secret *file, const struct secret *passphrase, const char *where,
    struct fault *fault)
{
	uint8_t sum[SUM_SIZE], *blob = secret_data(file);
	uint64_t opslimit = read_u64(blob + OPSLIMIT_AT), memlimit = read_u64(blob + MEMLIMIT_AT);
	bool good;
	enum err err;

	if (opslimit > OPSLIMIT || memlimit > MEMLIMIT)
		return form_fault(fault, where,
		    "this minisign secret key asks for more than 1 GiB to be unlocked");
	if (passphrase == NULL)
		return fault_set(fault, ERR_NO, "passphrase-wrong", where, "this key needs a passphrase");
	if ((err = scrypt_apply(blob, passphrase, opslimit, memlimit, fault)) != ERR_OK)
		return err;
	checksum(sum, blob);
	good = secret_equal(sum, blob + SEALED_AT + SUM_AT, sizeof sum);
	secret_wipe(sum, sizeof sum);
	if (!good)
		return fault_set(fault, ERR_NO, "passphrase-wrong", where,
		    "the passphrase does not unlock this key");
	return ERR_OK;
}

/* The public half comes from the seed, never from the file: signing with a pair that does not match
 * gives the key away. */
static enum err pair_take(struct officer_key *out, struct secret *file, const char *where,
    struct fault *fault)
{
	const uint8_t *sealed = secret_data(file) + SEALED_AT;
	enum err err = secret_new(&out->pair, crypto_sign_SECRETKEYBYTES, fault);

	if (err != ERR_OK)
		return err;
	memcpy(out->public_key.id, sealed, sizeof out->public_key.id);
	crypto_sign_seed_keypair(out->public_key.key, secret_data(out->pair), sealed + PAIR_AT);
	secret_resize(out->pair, crypto_sign_SECRETKEYBYTES);
	if (!secret_equal(secret_data(out->pair), sealed + PAIR_AT, crypto_sign_SECRETKEYBYTES))
		return form_fault(fault, where,
		    "the halves of this minisign secret key do not belong together");
	return ERR_OK;
}

enum err officer_key_open(struct officer_key **out, struct bytes file, const struct secret *passphrase,
    const char *where, struct fault *fault)
{
	struct officer_key *key = NULL;
	struct secret *blob = NULL;
	enum err err;

	*out = NULL;
	if ((err = file_decode(&blob, file, where, fault)) != ERR_OK)
		return err;
	/* Without encryption stock leaves limits and checksum zero: there is nothing to compare. */
	if (is_encrypted(blob) && (err = unlock(blob, passphrase, where, fault)) != ERR_OK)
		goto out;
	if ((key = calloc(1, sizeof *key)) == NULL) {
		err = fault_memory(fault);
		goto out;
	}
	if ((err = pair_take(key, blob, where, fault)) != ERR_OK)
		officer_key_free(&key);
out:
	secret_free(&blob);
	*out = key;
	return err;
}

void officer_key_free(struct officer_key **key)
{
	if (*key == NULL)
		return;
	secret_free(&(*key)->pair);
	free(*key);
	*key = NULL;
}

const struct minisig_key *officer_key_public(const struct officer_key *key)
{
	return &key->public_key;
}

/* A fresh pair, still open, in the layout of a secret key file. */
static void pair_make(struct minisig_key *public_key, uint8_t blob[static FILE_BLOB_SIZE])
{
	uint8_t *sealed = blob + SEALED_AT;

	memcpy(blob + ALGORITHM_AT, "Ed", 2);
	memcpy(blob + KDF_AT, kdf_none, sizeof kdf_none);
	memcpy(blob + CHECKSUM_AT, "B2", 2);
	secret_random(sealed, sizeof public_key->id);
	memcpy(public_key->id, sealed, sizeof public_key->id);
	crypto_sign_keypair(public_key->key, sealed + PAIR_AT);
}

static enum err seal(uint8_t blob[static FILE_BLOB_SIZE], const struct secret *passphrase,
    struct fault *fault)
{
	memcpy(blob + KDF_AT, kdf_scrypt, sizeof kdf_scrypt);
	secret_random(blob + SALT_AT, OPSLIMIT_AT - SALT_AT);
	put_u64(blob + OPSLIMIT_AT, OPSLIMIT);
	put_u64(blob + MEMLIMIT_AT, MEMLIMIT);
	checksum(blob + SEALED_AT + SUM_AT, blob);
	return scrypt_apply(blob, passphrase, OPSLIMIT, MEMLIMIT, fault);
}

static enum err file_encode(struct secret **out, const uint8_t blob[static FILE_BLOB_SIZE],
    struct fault *fault)
{
	enum err err = secret_new(out, sizeof HEAD + FILE_LINE_SIZE, fault);

	if (err != ERR_OK)
		return err;
	secret_put(*out, bytes_of(HEAD "\n"));
	base64_print((char *)secret_data(*out) + sizeof HEAD, bytes_from(blob, FILE_BLOB_SIZE), true);
	secret_data(*out)[sizeof HEAD + FILE_LINE_SIZE - 1] = '\n'; /* for the NUL */
	secret_resize(*out, sizeof HEAD + FILE_LINE_SIZE);
	return ERR_OK;
}

enum err officer_key_new(struct buffer *public_file, struct secret **secret_file,
    const struct secret *passphrase, struct fault *fault)
{
	struct minisig_key public_key;
	struct secret *blob = NULL;
	size_t start = public_file->size;
	enum err err;

	*secret_file = NULL;
	if ((err = secret_new(&blob, FILE_BLOB_SIZE, fault)) != ERR_OK)
		return err;
	pair_make(&public_key, secret_data(blob));
	if (passphrase != NULL && (err = seal(secret_data(blob), passphrase, fault)) != ERR_OK)
		goto out;
	minisig_key_format(public_file, &public_key);
	if ((err = buffer_check(public_file, fault)) != ERR_OK ||
	    (err = file_encode(secret_file, secret_data(blob), fault)) != ERR_OK)
		public_file->size = start;
out:
	secret_free(&blob);
	return err;
}
