/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include <dlfcn.h>
#include <errno.h>
#include <sodium.h>

#include "gapseal/base64.h"
#include "gapseal/hash.h"
#include "gapseal/officer.h"

#define DIR "minisign/"
#define COMMENT "batch:specimen-0001 serial:7"

/*
 * scrypt of a stock key takes 1 GiB and seconds. It stands here in front of the library's: only one test
 * pays for it, the others look at what is asked for and get a small one.
 */
static struct {
	bool full;      /* really do it */
	bool fail;      /* no memory */
	unsigned calls;
	unsigned long long opslimit;
	size_t memlimit;
} kdf;

typedef int kdf_function(unsigned char *const, unsigned long long, const char *const, unsigned long long,
    const unsigned char *const, unsigned long long, size_t);

int crypto_pwhash_scryptsalsa208sha256(unsigned char *const out, unsigned long long size,
    const char *const word, unsigned long long length, const unsigned char *const salt,
    unsigned long long opslimit, size_t memlimit)
{
	kdf_function *real;

	*(void **)&real = dlsym(RTLD_NEXT, "crypto_pwhash_scryptsalsa208sha256");
	assert_true(real != NULL);
	kdf.calls++;
	kdf.opslimit = opslimit;
	kdf.memlimit = memlimit;
	if (kdf.fail) {
		errno = ENOMEM;
		return -1;
	}
	if (!kdf.full && memlimit > 1 << 24) {
		opslimit = 1 << 19;
		memlimit = 1 << 24;
	}
	return real(out, size, word, length, salt, opslimit, memlimit);
}

static int set_up(void **state)
{
	(void)state;
	memset(&kdf, 0, sizeof kdf);
	return sodium_init() < 0 ? -1 : 0;
}

static struct buffer in_folder(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, DIR "%s", name);
	return vector_file(path);
}

static void prehash_of(uint8_t out[static 64], struct bytes message)
{
	struct hash_wide hash;

	hash_wide_begin(&hash);
	hash_wide_add(&hash, message);
	hash_wide_end(&hash, out);
}

static struct secret *passphrase_of(const char *text)
{
	struct secret *out = NULL;

	assert_int_equal(secret_new(&out, 64, &fault), ERR_OK);
	assert_true(secret_put(out, bytes_of(text)));
	return out;
}

/* Signs a file as stock did; the bytes must be stock's. */
static void assert_signs(const char *key_file, const char *word, const char *message, const char *comment,
    const char *expected)
{
	struct buffer file = in_folder(key_file), text = in_folder(message), stock = in_folder(expected);
	struct buffer out = BUFFER_EMPTY;
	struct secret *passphrase = word != NULL ? passphrase_of(word) : NULL;
	struct officer_key *key = NULL;
	uint8_t prehash[64];

	assert_int_equal(officer_key_open(&key, buffer_bytes(&file), passphrase, key_file, &fault), ERR_OK);
	prehash_of(prehash, buffer_bytes(&text));
	assert_int_equal(minisig_sign(&out, key, prehash, comment, &fault), ERR_OK);
	assert_bytes(buffer_bytes(&out), buffer_bytes(&stock));
	officer_key_free(&key);
	secret_free(&passphrase);
	buffer_free(&file);
	buffer_free(&text);
	buffer_free(&stock);
	buffer_free(&out);
}

static void test_sign(void **state)
{
	(void)state;
	assert_signs("nopass.key", NULL, "message.txt", COMMENT, "message.txt.minisig");
	assert_signs("nopass.key", NULL, "empty.bin", "nothing in it", "empty.bin.minisig");
	assert_int_equal(kdf.calls, 0);
}

static void test_sign_with_passphrase(void **state)
{
	(void)state;
	kdf.full = true;
	assert_signs("pass.key", "test", "message.txt", COMMENT, "message.txt.pass.minisig");
	assert_int_equal(kdf.calls, 1);
}

static void test_public_half(void **state)
{
	struct buffer file = in_folder("nopass.key"), public_file = in_folder("nopass.pub");
	struct officer_key *key = NULL;
	struct minisig_key public_key;

	(void)state;
	assert_int_equal(officer_key_open(&key, buffer_bytes(&file), NULL, "k", &fault), ERR_OK);
	assert_int_equal(minisig_key_file(&public_key, buffer_bytes(&public_file), "p", &fault), ERR_OK);
	assert_memory_equal(officer_key_public(key), &public_key, sizeof public_key);
	officer_key_free(&key);
	officer_key_free(&key);
	buffer_free(&file);
	buffer_free(&public_file);
}

static void test_comment(void **state)
{
	static char comment[MINISIG_COMMENT_MAX + 2];
	struct buffer file = in_folder("nopass.key"), out = BUFFER_EMPTY;
	struct officer_key *key = NULL;
	struct minisig minisig;
	uint8_t prehash[64] = {0};

	(void)state;
	assert_int_equal(officer_key_open(&key, buffer_bytes(&file), NULL, "k", &fault), ERR_OK);
	assert_fault(minisig_sign(&out, key, prehash, "a\tb", &fault), ERR_NO, "minisig-form");
	assert_fault(minisig_sign(&out, key, prehash, "a\nb", &fault), ERR_NO, "minisig-form");
	assert_fault(minisig_sign(&out, key, prehash, "\xc3\xa9", &fault), ERR_NO, "minisig-form");
	memset(comment, 'c', MINISIG_COMMENT_MAX + 1);
	assert_fault(minisig_sign(&out, key, prehash, comment, &fault), ERR_NO, "minisig-form");
	assert_int_equal(out.size, 0);
	comment[MINISIG_COMMENT_MAX] = '\0';
	assert_int_equal(minisig_sign(&out, key, prehash, comment, &fault), ERR_OK);
	assert_int_equal(minisig_parse(&minisig, buffer_bytes(&out), "s", &fault), ERR_OK);
	assert_int_equal(minisig_verify(&minisig, prehash, officer_key_public(key), "s", &fault), ERR_OK);
	officer_key_free(&key);
	buffer_free(&file);
	buffer_free(&out);
}

/* The decoded second line of a key file, to be tampered with, and back. */
static void blob_read(uint8_t blob[static 158], struct bytes file)
{
	struct cursor cursor = cursor_of(file);
	struct bytes line;

	assert_true(take_line(&cursor, &line) && take_line(&cursor, &line));
	assert_true(base64_exact(blob, 158, line, true));
}

static struct buffer file_of(const uint8_t blob[static 158])
{
	struct buffer out = BUFFER_EMPTY;
	char text[BASE64_SIZE(158)];

	base64_print(text, bytes_from(blob, 158), true);
	buffer_format(&out, "untrusted comment: minisign encrypted secret key\n%s\n", text);
	return out;
}

static void refuse_blob(const uint8_t blob[static 158], const char *word, const char *code)
{
	struct secret *passphrase = word != NULL ? passphrase_of(word) : NULL;
	struct buffer file = file_of(blob);
	struct officer_key *key = NULL;

	assert_fault(officer_key_open(&key, buffer_bytes(&file), passphrase, "k", &fault), ERR_NO, code);
	assert_null(key);
	secret_free(&passphrase);
	buffer_free(&file);
}

static void refuse_file(const char *text)
{
	struct officer_key *key = NULL;
	bool encrypted;

	assert_fault(officer_key_open(&key, bytes_of(text), NULL, "k", &fault), ERR_NO, "officer-key");
	assert_fault(officer_key_encrypted(&encrypted, bytes_of(text), "k", &fault), ERR_NO, "officer-key");
	assert_null(key);
}

static void test_form(void **state)
{
	struct buffer file = in_folder("nopass.key");
	static const size_t at[] = {0, 1, 2, 3, 4, 5};
	uint8_t blob[158];

	(void)state;
	blob_read(blob, buffer_bytes(&file));
	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
		blob[at[i]] ^= 1;
		refuse_blob(blob, NULL, "officer-key");
		blob[at[i]] ^= 1;
	}
	for (size_t i = 62; i < 126; i++) { /* either half of the pair */
		blob[i] ^= 4;
		refuse_blob(blob, NULL, "officer-key");
		blob[i] ^= 4;
	}
	refuse_file("");
	refuse_file("untrusted comment: x\n");
	refuse_file("untrusted comment: x\nRWQ=\n");
	refuse_file("trusted comment: x\nRWQ=\n");
	buffer_byte(&file, '\n');
	buffer_byte(&file, '\0');
	refuse_file((const char *)file.data);
	buffer_free(&file);
}

static void test_encrypted(void **state)
{
	struct buffer open = in_folder("nopass.key"), locked = in_folder("pass.key");
	bool encrypted = true;

	(void)state;
	assert_int_equal(officer_key_encrypted(&encrypted, buffer_bytes(&open), "k", &fault), ERR_OK);
	assert_false(encrypted);
	assert_int_equal(officer_key_encrypted(&encrypted, buffer_bytes(&locked), "k", &fault), ERR_OK);
	assert_true(encrypted);
	buffer_free(&open);
	buffer_free(&locked);
}

/* A file decides how much memory it takes to be opened, within bounds. */
static void test_limits(void **state)
{
	struct buffer file = in_folder("pass.key");
	struct secret *passphrase = passphrase_of("test");
	struct officer_key *key = NULL;
	uint8_t blob[158];

	(void)state;
	blob_read(blob, buffer_bytes(&file));
	put_u64(blob + 38, 33554433);
	refuse_blob(blob, "test", "officer-key");
	put_u64(blob + 38, 33554432);
	put_u64(blob + 46, 1073741825);
	refuse_blob(blob, "test", "officer-key");
	put_u64(blob + 46, UINT64_MAX);
	refuse_blob(blob, "test", "officer-key");
	assert_int_equal(kdf.calls, 0);
	put_u64(blob + 46, 1073741824);
	refuse_blob(blob, "test", "passphrase-wrong"); /* the small scrypt here gives another key */
	assert_int_equal(kdf.calls, 1);
	refuse_blob(blob, NULL, "passphrase-wrong");
	assert_int_equal(kdf.calls, 1);
	kdf.fail = true;
	assert_fault(officer_key_open(&key, buffer_bytes(&file), passphrase, "k", &fault), ERR_CANNOT,
	    "memory");
	assert_non_null(strstr(fault.text, "1024 MiB"));
	assert_null(key);
	secret_free(&passphrase);
	buffer_free(&file);
}

/* A new key opens again and its halves fit. */
static void assert_new(struct secret *passphrase)
{
	struct buffer public_file = BUFFER_EMPTY;
	struct secret *secret_file = NULL;
	struct officer_key *key = NULL;
	struct minisig_key public_key;
	bool encrypted;

	assert_int_equal(officer_key_new(&public_file, &secret_file, passphrase, &fault), ERR_OK);
	assert_int_equal(officer_key_encrypted(&encrypted, secret_bytes(secret_file), "k", &fault), ERR_OK);
	assert_int_equal(encrypted, passphrase != NULL);
	assert_int_equal(officer_key_open(&key, secret_bytes(secret_file), passphrase, "k", &fault), ERR_OK);
	assert_int_equal(minisig_key_file(&public_key, buffer_bytes(&public_file), "p", &fault), ERR_OK);
	assert_memory_equal(officer_key_public(key), &public_key, sizeof public_key);
	officer_key_free(&key);
	secret_free(&secret_file);
	buffer_free(&public_file);
}

static void test_new(void **state)
{
	struct buffer public_file = BUFFER_EMPTY;
	struct secret *passphrase = passphrase_of("pass"), *other = passphrase_of("pasS"), *file = NULL;
	struct officer_key *key = NULL;
	uint8_t blob[158];

	(void)state;
	assert_new(NULL);
	assert_int_equal(kdf.calls, 0);
	assert_new(passphrase);
	assert_int_equal(kdf.calls, 2);
	/* stock's own figures, asked for and written down */
	assert_int_equal(kdf.opslimit, 33554432);
	assert_int_equal(kdf.memlimit, 1073741824);
	assert_int_equal(officer_key_new(&public_file, &file, passphrase, &fault), ERR_OK);
	assert_fault(officer_key_open(&key, secret_bytes(file), other, "k", &fault), ERR_NO,
	    "passphrase-wrong");
	blob_read(blob, secret_bytes(file));
	assert_memory_equal(blob, "EdScB2", 6);
	assert_int_equal(blob[38 + 3], 0x02); /* 2^25 */
	assert_int_equal(blob[46 + 3], 0x40); /* 2^30 */
	secret_free(&file);
	public_file.size = 0;
	kdf.fail = true;
	assert_fault(officer_key_new(&public_file, &file, passphrase, &fault), ERR_CANNOT, "memory");
	assert_null(file);
	assert_int_equal(public_file.size, 0);
	secret_free(&passphrase);
	secret_free(&other);
	buffer_free(&public_file);
}

/* As `minisign -G -W` leaves them: no salt, no limits, no checksum. */
static void test_new_open(void **state)
{
	static const uint8_t zeros[158];
	struct buffer public_file = BUFFER_EMPTY;
	struct secret *file = NULL;
	uint8_t blob[158];

	(void)state;
	assert_int_equal(officer_key_new(&public_file, &file, NULL, &fault), ERR_OK);
	blob_read(blob, secret_bytes(file));
	assert_memory_equal(blob, "Ed\0\0B2", 6);
	assert_memory_equal(blob + 6, zeros, 48);
	assert_memory_equal(blob + 126, zeros, 32);
	secret_free(&file);
	buffer_free(&public_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_sign, set_up),
		cmocka_unit_test_setup(test_sign_with_passphrase, set_up),
		cmocka_unit_test_setup(test_public_half, set_up),
		cmocka_unit_test_setup(test_comment, set_up),
		cmocka_unit_test_setup(test_form, set_up),
		cmocka_unit_test_setup(test_encrypted, set_up),
		cmocka_unit_test_setup(test_limits, set_up),
		cmocka_unit_test_setup(test_new, set_up),
		cmocka_unit_test_setup(test_new_open, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
