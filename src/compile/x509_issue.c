/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "x509_private.h"

#define SCRYPT_N 16384        /* libcrypto's readers take no more than 32 MiB, so the work goes into p */
#define SCRYPT_R 8
#define SCRYPT_P 5
#define SALT_SIZE 16
#define AUTHORITY_MAX 100     /* bytes of a key identifier */

void x509_key_id(uint8_t out[static X509_KEY_ID_SIZE], const uint8_t point[static P256_POINT_SIZE])
{
	uint8_t hash[HASH_SIZE];

	hash_bytes(hash, bytes_from(point, P256_POINT_SIZE));
	memcpy(out, hash, X509_KEY_ID_SIZE);
}

static bool add_extension(X509 *certificate, int nid, bool critical, const uint8_t *value, size_t size)
{
	ASN1_OCTET_STRING *string = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension = NULL;
	bool good;

	if (string != NULL && ASN1_OCTET_STRING_set(string, value, (int)size) == 1)
		extension = X509_EXTENSION_create_by_NID(NULL, nid, critical, string);
	good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(string);
	return good;
}

static bool add_key_id(X509 *certificate, const uint8_t point[static P256_POINT_SIZE])
{
	uint8_t value[2 + X509_KEY_ID_SIZE] = {V_ASN1_OCTET_STRING, X509_KEY_ID_SIZE};

	x509_key_id(value + 2, point);
	return add_extension(certificate, NID_subject_key_identifier, false, value, sizeof value);
}

/* The issuer's own identifier; one without gets what we would have given it. */
static bool add_authority(X509 *certificate, X509 *issuer)
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(issuer);
	struct bytes id = x509_identifier(issuer);
	uint8_t hash[HASH_SIZE], value[4 + AUTHORITY_MAX];

	hash_bytes(hash, bytes_from(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key)));
	if (id.size == 0)
		id = bytes_from(hash, X509_KEY_ID_SIZE);
	if (id.size > AUTHORITY_MAX)
		return false;
	value[0] = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
	value[1] = (uint8_t)(2 + id.size);
	value[2] = 0x80; /* [0] keyIdentifier */
	value[3] = (uint8_t)id.size;
	memcpy(value + 4, id.data, id.size);
	return add_extension(certificate, NID_authority_key_identifier, false, value, 4 + id.size);
}

static bool add_client_extensions(X509 *certificate, const struct x509_order *order)
{
	static const uint8_t not_ca[] = {0x30, 0x00};
	static const uint8_t digital_signature[] = {0x03, 0x02, 0x07, 0x80};
	static const uint8_t client_auth[] = {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07,
	    0x03, 0x02};

	return add_extension(certificate, NID_basic_constraints, true, not_ca, sizeof not_ca) &&
	    add_extension(certificate, NID_key_usage, true, digital_signature, sizeof digital_signature) &&
	    add_extension(certificate, NID_ext_key_usage, false, client_auth, sizeof client_auth) &&
	    add_authority(certificate, order->issuer) && add_key_id(certificate, order->point);
}

static bool add_root_extensions(X509 *certificate, const struct x509_order *order)
{
	static const uint8_t ca[] = {0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00}; /* no CA below */
	static const uint8_t sign[] = {0x03, 0x02, 0x01, 0x06}; /* keyCertSign, cRLSign */

	return add_extension(certificate, NID_basic_constraints, true, ca, sizeof ca) &&
	    add_extension(certificate, NID_key_usage, true, sign, sizeof sign) &&
	    add_key_id(certificate, order->point);
}

static bool set_subject(X509 *certificate, const struct x509_name *name)
{
	X509_NAME *subject = X509_get_subject_name(certificate);

	for (size_t i = 0; i < name->count; i++) {
		const struct x509_name_part *part = &name->parts[i];
		int nid = OBJ_sn2nid(part->type);
		/* RFC 5280 leaves no choice for a country */
		int type = nid == NID_countryName ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;

		if (nid == NID_undef || X509_NAME_add_entry_by_NID(subject, nid, type,
		    (const uint8_t *)part->value, -1, -1, 0) != 1)
			return false;
	}
	return true;
}

static bool set_key(X509 *certificate, const uint8_t point[static P256_POINT_SIZE])
{
	char group[] = "prime256v1";
	uint8_t copy[P256_POINT_SIZE];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof copy),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	bool good;

	memcpy(copy, point, sizeof copy);
	good = context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1 &&
	    X509_set_pubkey(certificate, key) == 1;
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(context);
	return good;
}

static bool set_extensions(X509 *certificate, const struct x509_order *order)
{
	return order->issuer != NULL ? add_client_extensions(certificate, order) :
	    add_root_extensions(certificate, order);
}

static bool fill(X509 *certificate, const struct x509_order *order)
{
	X509 *issuer = order->issuer != NULL ? order->issuer : certificate;

	return X509_set_version(certificate, X509_VERSION_3) == 1 &&
	    ASN1_STRING_set(X509_get_serialNumber(certificate), order->serial, X509_SERIAL_SIZE) == 1 &&
	    ASN1_TIME_set(X509_getm_notBefore(certificate), order->not_before) != NULL &&
	    ASN1_TIME_set(X509_getm_notAfter(certificate), order->not_after) != NULL &&
	    set_subject(certificate, &order->subject) &&
	    X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
	    set_key(certificate, order->point) && set_extensions(certificate, order);
}

static enum err put_der(struct buffer *der, X509 *certificate, struct fault *fault)
{
	int size = i2d_X509(certificate, NULL);
	uint8_t *space;

	if (size <= 0)
		return x509_fault(fault, "write a certificate");
	space = buffer_space(der, (size_t)size);
	if (space == NULL)
		return fault_memory(fault);
	return i2d_X509(certificate, &space) == size ? ERR_OK : x509_fault(fault, "write a certificate");
}

enum err x509_issue(struct buffer *der, const struct x509_order *order, struct evp_pkey_st *key,
    struct fault *fault)
{
	X509 *certificate = X509_new();
	enum err err;

	if (certificate == NULL || !fill(certificate, order) ||
	    X509_sign(certificate, key, EVP_sha256()) <= 0)
		err = x509_fault(fault, "make a certificate");
	else
		err = put_der(der, certificate, fault);
	X509_free(certificate);
	return err;
}

struct x509_signer {
	EVP_PKEY_CTX *context;
	size_t max;
};

static bool signer_setup(struct x509_signer *signer, EVP_PKEY *key)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	signer->context = context;
	signer->max = (size_t)EVP_PKEY_get_size(key);
	if (context == NULL || EVP_PKEY_sign_init(context) != 1)
		return false;
	if (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1)
		return false;
	return EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1;
}

enum err x509_signer_new(struct x509_signer **out, struct evp_pkey_st *key, struct fault *fault)
{
	struct x509_signer *signer = calloc(1, sizeof *signer);

	*out = NULL;
	if (signer == NULL)
		return fault_memory(fault);
	if (!signer_setup(signer, key)) {
		x509_signer_free(&signer);
		return x509_fault(fault, "sign with the key of the CA");
	}
	*out = signer;
	return ERR_OK;
}

void x509_signer_free(struct x509_signer **signer)
{
	if (*signer == NULL)
		return;
	EVP_PKEY_CTX_free((*signer)->context);
	free(*signer);
	*signer = NULL;
}

enum err x509_sign(struct buffer *out, struct x509_signer *signer, const uint8_t digest[static HASH_SIZE],
    struct fault *fault)
{
	size_t start = out->size, size = signer->max;
	uint8_t *space = buffer_space(out, size);

	if (space == NULL)
		return fault_memory(fault);
	if (EVP_PKEY_sign(signer->context, space, &size, digest, HASH_SIZE) != 1) {
		out->size = start;
		return x509_fault(fault, "sign a certificate");
	}
	out->size = start + size;
	return ERR_OK;
}

/* How to derive the key and encrypt: PBES2 with scrypt and AES-256-CBC, salt and IV drawn anew. */
static X509_ALGOR *scrypt_parameters(void)
{
	uint8_t salt[SALT_SIZE];

	secret_random(salt, sizeof salt);
	return PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof salt, NULL, SCRYPT_N, SCRYPT_R,
	    SCRYPT_P);
}

static enum err put_encrypted(struct buffer *der, X509_SIG *encrypted, struct fault *fault)
{
	int size = i2d_X509_SIG(encrypted, NULL);
	uint8_t *space = size > 0 ? buffer_space(der, (size_t)size) : NULL;

	if (space == NULL)
		return fault_memory(fault);
	return i2d_X509_SIG(encrypted, &space) == size ? ERR_OK : x509_fault(fault, "write a private key");
}

enum err x509_key_encrypt(struct buffer *der, struct bytes pkcs8, const struct secret *passphrase,
    struct fault *fault)
{
	struct bytes words = secret_bytes(passphrase);
	const uint8_t *at = pkcs8.data;
	PKCS8_PRIV_KEY_INFO *key = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)pkcs8.size);
	X509_ALGOR *parameters = scrypt_parameters();
	X509_SIG *encrypted = NULL;
	enum err err;

	/* takes the parameters over if it succeeds */
	if (key != NULL && parameters != NULL)
		encrypted = PKCS8_set0_pbe((const char *)words.data, (int)words.size, key, parameters);
	if (encrypted == NULL) {
		X509_ALGOR_free(parameters);
		err = x509_fault(fault, "encrypt a private key");
	} else {
		err = put_encrypted(der, encrypted, fault);
	}
	X509_SIG_free(encrypted);
	PKCS8_PRIV_KEY_INFO_free(key);
	return err;
}
