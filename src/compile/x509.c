/* SPDX-License-Identifier: ISC */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "gapseal/pem.h"
#include "x509_private.h"

#define LABEL "CERTIFICATE"
#define SECURE_HEAP 65536     /* private numbers at work, a few hundred bytes each */
#define SECURE_SMALLEST 32
#define BITS_MIN 112          /* of security: RSA 2048 */
#define RSA_LIKE_BITS 2048    /* for looks: the size shows in the signature alone */
#define EC_BITS_MIN 128       /* P-256 */

enum err x509_fault(struct fault *fault, const char *what)
{
	unsigned long code = ERR_peek_error();

	ERR_clear_error();
	return fault_set(fault, ERR_CANNOT, "crypto", NULL, "libcrypto cannot %s (its error %08lX)", what,
	    code);
}

static void *plain_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

/* libcrypto wipes what it knows to be secret, but its decoders leave copies of keys behind. */
static void wiping_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	if (memory != NULL)
		secret_wipe(memory, malloc_usable_size(memory));
	free(memory);
}

static void *wiping_realloc(void *memory, size_t size, const char *file, int line)
{
	size_t had = memory == NULL ? 0 : malloc_usable_size(memory);
	void *moved = malloc(size);

	if (moved == NULL)
		return NULL;
	if (memory != NULL)
		memcpy(moved, memory, had < size ? had : size);
	wiping_free(memory, file, line);
	return moved;
}

enum err x509_process(struct fault *fault)
{
	if (CRYPTO_secure_malloc_initialized())
		return ERR_OK;
	/* refused once libcrypto has allocated anything */
	if (CRYPTO_set_mem_functions(plain_malloc, wiping_realloc, wiping_free) != 1)
		return x509_fault(fault, "be told to wipe its memory");
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return x509_fault(fault, "start");
	/* 2: there is a heap, but it is not locked */
	if (CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_SMALLEST) != 1)
		return fault_set(fault, ERR_CANNOT, "secret-lock", NULL,
		    "memory for secrets cannot be locked: raise the limit for locked memory (ulimit -l)");
	return ERR_OK;
}

enum err x509_check_process(struct fault *fault)
{
	if (CRYPTO_secure_malloc_initialized())
		return ERR_OK;
	return fault_set(fault, ERR_CANNOT, "crypto", NULL,
	    "libcrypto was not told to keep secrets in locked memory");
}

/* The whole of the DER as one certificate, or NULL. */
static X509 *parse(struct bytes der)
{
	const unsigned char *at = der.data;
	X509 *certificate = d2i_X509(NULL, &at, (long)der.size);

	if (certificate != NULL && at == der.data + der.size)
		return certificate;
	X509_free(certificate);
	ERR_clear_error();
	return NULL;
}

static enum err refuse_block(size_t i, const char *where, struct fault *fault)
{
	return fault_set(fault, ERR_NO, "pem-parse", where, "certificate %zu of the file cannot be read",
	    i + 1);
}

enum err x509_read(struct x509_st **out, struct bytes pem, size_t i, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(pem);
	struct buffer der = BUFFER_EMPTY;
	enum pem_found found;
	size_t at = 0;
	enum err err;

	for (; (found = pem_take(&der, &cursor, LABEL)) == PEM_BLOCK && at < i; at++)
		buffer_clear(&der);
	err = buffer_check(&der, fault);
	*out = found == PEM_BLOCK ? parse(buffer_bytes(&der)) : NULL;
	buffer_free(&der);
	if (err != ERR_OK || *out != NULL)
		return err;
	if (found == PEM_NONE)
		return fault_set(fault, ERR_NO, "pem-none", where, "holds no certificate");
	return refuse_block(at, where, fault);
}

void x509_free(struct x509_st **certificate)
{
	X509_free(*certificate);
	*certificate = NULL;
}

/* Appends every block, rewritten, and counts them. */
static enum err put_blocks(struct buffer *out, size_t *count, struct bytes file, const char *where,
    struct fault *fault)
{
	struct cursor cursor = cursor_of(file);
	struct buffer der = BUFFER_EMPTY;
	enum pem_found found;

	for (*count = 0; (found = pem_take(&der, &cursor, LABEL)) == PEM_BLOCK; ++*count) {
		X509 *certificate = parse(buffer_bytes(&der));

		if (certificate == NULL)
			break;
		X509_free(certificate);
		pem_put(out, LABEL, buffer_bytes(&der), false);
		buffer_clear(&der);
	}
	out->failed = out->failed || der.failed;
	buffer_free(&der);
	if (found == PEM_NONE || out->failed)
		return buffer_check(out, fault);
	return refuse_block(*count, where, fault);
}

enum err x509_bundle(struct buffer *out, struct bytes file, const char *where, struct fault *fault)
{
	size_t start = out->size, count;
	enum err err;

	if (file.size > X509_BUNDLE_MAX)
		return fault_set(fault, ERR_NO, "pem-size", where, "is larger than %d bytes",
		    X509_BUNDLE_MAX);
	err = put_blocks(out, &count, file, where, fault);
	if (err == ERR_OK && count == 0)
		err = fault_set(fault, ERR_NO, "pem-none", where, "holds no certificate");
	if (err != ERR_OK)
		out->size = start;
	return err;
}

static int64_t seconds(const ASN1_TIME *time)
{
	struct tm parts;
	int64_t value = ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;

	/* 0 for a date that is none, or before 1970: it fails every comparison with today */
	return value > 0 ? value : 0;
}

static bool is_self_signed(X509 *certificate)
{
	return (X509_get_extension_flags(certificate) & EXFLAG_SS) != 0;
}

static bool is_weak(X509 *certificate, EVP_PKEY *key)
{
	int bits_min = EVP_PKEY_is_a(key, "RSA") ? BITS_MIN : EC_BITS_MIN, bits = 0;

	if (EVP_PKEY_get_security_bits(key) < bits_min)
		return true;
	/* what a root says about itself nobody verifies */
	if (is_self_signed(certificate))
		return false;
	return X509_get_signature_info(certificate, NULL, NULL, &bits, NULL) != 1 || bits < BITS_MIN;
}

static bool is_p256(EVP_PKEY *key)
{
	char group[32];

	return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
	    strcmp(group, "prime256v1") == 0;
}

void x509_look(struct x509_facts *out, struct x509_st *certificate)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	*out = (struct x509_facts){
		.version = (unsigned)X509_get_version(certificate) + 1,
		.not_before = seconds(X509_get0_notBefore(certificate)),
		.not_after = seconds(X509_get0_notAfter(certificate)),
		.cert_sign = (X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN) != 0,
	};
	out->ca = (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0 ||
	    (out->version == 1 && is_self_signed(certificate));
	out->weak = key == NULL || is_weak(certificate, key);
	if (key != NULL) {
		out->rsa = EVP_PKEY_is_a(key, "RSA");
		out->p256 = is_p256(key);
		out->signature_max = (size_t)EVP_PKEY_get_size(key);
	}
	ERR_clear_error();
}

enum err x509_facts(struct x509_facts *out, struct bytes bundle, size_t i, const char *where,
    struct fault *fault)
{
	X509 *certificate;
	enum err err = x509_read(&certificate, bundle, i, where, fault);

	if (err != ERR_OK)
		return err;
	x509_look(out, certificate);
	x509_free(&certificate);
	return ERR_OK;
}

struct prompt {
	const struct secret *passphrase;
	bool asked;
};

/* Instead of libcrypto's own, which asks on the terminal. */
static int answer(char *out, int size, int writing, void *context)
{
	struct prompt *prompt = context;
	struct bytes passphrase;

	(void)writing;
	prompt->asked = true;
	if (prompt->passphrase == NULL)
		return -1;
	passphrase = secret_bytes(prompt->passphrase);
	if (passphrase.size == 0 || passphrase.size > (size_t)size)
		return -1;
	memcpy(out, passphrase.data, passphrase.size);
	return (int)passphrase.size;
}

static enum err refuse_key(const struct prompt *prompt, const char *where, struct fault *fault)
{
	ERR_clear_error();
	if (!prompt->asked)
		return fault_set(fault, ERR_NO, "pem-parse", where, "the private key cannot be read");
	if (prompt->passphrase == NULL)
		return fault_set(fault, ERR_NO, "passphrase-needed", where,
		    "the private key is protected by a passphrase");
	return fault_set(fault, ERR_NO, "passphrase-wrong", where,
	    "the passphrase does not open the private key");
}

enum err x509_key_read(struct evp_pkey_st **out, struct bytes pem, const struct secret *passphrase,
    const char *where, struct fault *fault)
{
	struct prompt prompt = {.passphrase = passphrase};
	enum err err = x509_check_process(fault);
	BIO *bio;

	*out = NULL;
	if (err != ERR_OK)
		return err;
	if (pem.size > X509_BUNDLE_MAX)
		return fault_set(fault, ERR_NO, "pem-parse", where, "the private key is too large");
	bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	if (bio == NULL)
		return x509_fault(fault, "read from memory");
	*out = PEM_read_bio_PrivateKey(bio, NULL, answer, &prompt);
	BIO_free(bio);
	if (*out == NULL)
		return refuse_key(&prompt, where, fault);
	ERR_clear_error();
	return ERR_OK;
}

void x509_key_free(struct evp_pkey_st **key)
{
	EVP_PKEY_free(*key);
	*key = NULL;
}

enum err x509_key_like(struct evp_pkey_st **out, struct x509_st *certificate, struct fault *fault)
{
	struct x509_facts facts;
	enum err err = x509_check_process(fault);

	*out = NULL;
	if (err != ERR_OK)
		return err;
	x509_look(&facts, certificate);
	*out = facts.rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_LIKE_BITS) :
	    EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	return *out != NULL ? ERR_OK : x509_fault(fault, "make a key");
}

bool x509_belongs(struct x509_st *certificate, struct evp_pkey_st *key)
{
	bool same = X509_check_private_key(certificate, key) == 1;

	ERR_clear_error();
	return same;
}

enum err x509_match(struct bytes cert_pem, struct bytes key_pem, const char *where, struct fault *fault)
{
	EVP_PKEY *key = NULL;
	X509 *certificate;
	enum err err = x509_read(&certificate, cert_pem, 0, where, fault);

	if (err == ERR_OK)
		err = x509_key_read(&key, key_pem, NULL, where, fault);
	if (err == ERR_OK && !x509_belongs(certificate, key))
		err = fault_set(fault, ERR_NO, "key-match", where,
		    "the private key and the certificate do not belong together");
	x509_key_free(&key);
	x509_free(&certificate);
	return err;
}

struct bytes x509_identifier(struct x509_st *certificate)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(certificate);

	if (id == NULL)
		return bytes_from(NULL, 0);
	return bytes_from(ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id));
}

bool x509_verify(struct bytes der, struct x509_st *issuer)
{
	X509 *certificate = parse(der);
	bool good = certificate != NULL && X509_verify(certificate, X509_get0_pubkey(issuer)) == 1 &&
	    X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(issuer)) == 0;

	X509_free(certificate);
	ERR_clear_error();
	return good;
}
