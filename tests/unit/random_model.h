/* SPDX-License-Identifier: ISC */
#ifndef RANDOM_MODEL_H
#define RANDOM_MODEL_H

/* What the devices of a random plan are to get, byte by byte, made with nothing but libsodium and libcrypto.
 * After random_plan.h. */
#include <sodium.h>

/* The hierarchy of keys.h, worked out anew. */
struct model {
	uint8_t seed[32], batch[32], credentials[32];
	uint8_t plan_hash[HASH_SIZE];
};

static void keyed(uint8_t *out, size_t size, const uint8_t *key, const char *label, const void *data,
    size_t length)
{
	crypto_generichash_state state;

	assert_int_equal(crypto_generichash_init(&state, key, 32, size), 0);
	crypto_generichash_update(&state, (const uint8_t *)label, strlen(label));
	crypto_generichash_update(&state, data, length);
	crypto_generichash_final(&state, out, size);
}

static void derive(uint8_t *out, size_t size, uint64_t id, const char *context, const uint8_t *key)
{
	assert_int_equal(crypto_kdf_derive_from_key(out, size, id, context, key), 0);
}

static void model_make(struct model *out, const uint8_t *plan_hash)
{
	memset(out->seed, 7, sizeof out->seed);
	memcpy(out->plan_hash, plan_hash, HASH_SIZE);
	keyed(out->batch, 32, out->seed, "gapseal/batch/v1\n", plan_hash, HASH_SIZE);
	derive(out->credentials, 32, 0, "gs-cred_", out->batch);
}

static void device_secret(uint8_t *out, size_t size, const struct model *model, const char *imei,
    struct slot slot,
    const char *context)
{
	uint8_t device[32];

	keyed(device, 32, model->credentials, "", imei, IMEI_LENGTH);
	derive(out, size, (uint64_t)slot.tag * 256 + slot.type, context, device);
}

static void expand(struct buffer *out, const struct pattern *pattern, const struct wanted_device *device)
{
	buffer_format(out, "%s%s%s%s%s", pattern->before, pattern->imei ? device->imei : "", pattern->between,
	    pattern->serial ? device->serial : "", pattern->after);
}

static void put_ended(struct buffer *out, const char *text, bool crlf)
{
	for (; *text != '\0'; text++)
		buffer_text(out, *text == '\n' && crlf ? "\r\n" : (char[]){*text, '\0'});
}

/* The roots of a credential, with LF. */
static void put_roots(struct buffer *out, const struct want *want)
{
	for (unsigned i = 0; i < want->file_count; i++) {
		char *text = specimen(bundle_specimens[want->files[i]]);

		buffer_text(out, strstr(text, "-----BEGIN"));
		free(text);
	}
}

/* The bytes a modem is to get, where they follow from the plan alone. */
static void put_content(struct buffer *out, const struct random_plan *plan, const struct model *model,
    const struct wanted_device *device, size_t i)
{
	const struct want *want = &plan->wants[i];
	struct buffer roots = BUFFER_EMPTY;
	uint8_t psk[PROFILE_BYTES_MAX];

	switch (want->source) {
	case SOURCE_DERIVED:
		device_secret(psk, want->bytes, model, device->imei, want->slot, "gs-psk__");
		buffer_hex(out, bytes_from(psk, want->bytes));
		break;
	case SOURCE_COLUMN:
		buffer_text(out, device->texts[i]);
		break;
	case SOURCE_TEMPLATE:
		expand(out, &want->pattern, device);
		break;
	case SOURCE_FILES:
		put_roots(&roots, want);
		buffer_byte(&roots, '\0');
		put_ended(out, (const char *)roots.data, want->crlf);
		break;
	case SOURCE_PATH:
		put_ended(out, want->slot.type == CREDENTIAL_CERT ? device->pairs[i]->cert :
		    device->pairs[i]->key, want->crlf);
		break;
	default:
		fail();
	}
	buffer_free(&roots);
}

/* Text with LF of one that must have the line ending throughout. */
static char *without_cr(struct bytes content, bool crlf)
{
	char *out = malloc(content.size + 1);
	size_t size = 0;

	assert_non_null(out);
	for (size_t i = 0; i < content.size; i++) {
		if (content.data[i] == '\n')
			assert_true((i > 0 && content.data[i - 1] == '\r') == crlf);
		if (content.data[i] != '\r')
			out[size++] = (char)content.data[i];
	}
	out[size] = '\0';
	return out;
}

static void check_validity(const X509 *cert, unsigned days)
{
	int between, seconds;

	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), (time_t)SPECIMEN_NOW), 0);
	assert_int_equal(ASN1_TIME_diff(&between, &seconds, X509_get0_notBefore(cert),
	    X509_get0_notAfter(cert)), 1);
	assert_int_equal(between, days);
	assert_int_equal(seconds, 0);
}

static void check_serial(const X509 *cert, const struct model *model, const char *imei, struct slot slot)
{
	BIGNUM *found = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	uint8_t serial[16], shown[16];

	device_secret(serial, sizeof serial, model, imei, slot, "gs-cert_");
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
	assert_int_equal(BN_bn2binpad(found, shown, sizeof shown), sizeof shown);
	assert_memory_equal(serial, shown, sizeof serial);
	BN_free(found);
}

static void check_name(const X509 *cert, const struct want *want, const struct wanted_device *device)
{
	struct buffer cn = BUFFER_EMPTY;
	char text[100];

	expand(&cn, &want->pattern, device);
	assert_int_equal(X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, text,
	    sizeof text), cn.size);
	assert_memory_equal(text, cn.data, cn.size);
	buffer_free(&cn);
}

static X509 *take_certificate(BIO *bio)
{
	return PEM_read_bio_X509(bio, NULL, NULL, NULL);
}

static void check_issued(const struct model *model, const struct wanted_device *device,
    const struct want *want, struct bytes content, struct bytes key_content, const char *ca_pem)
{
	char *text = without_cr(content, want->crlf), *key_text = without_cr(key_content, want[1].crlf);
	BIO *bio = BIO_new_mem_buf(text, -1), *key_bio = BIO_new_mem_buf(key_text, -1), *ca_bio =
	    BIO_new_mem_buf(ca_pem, -1);
	X509 *cert = take_certificate(bio), *next = take_certificate(bio), *ca = take_certificate(ca_bio);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);

	assert_true(cert != NULL && key != NULL && ca != NULL);
	assert_int_equal(strncmp(key_text, "-----BEGIN EC PRIVATE KEY-----\n", 31), 0);
	assert_int_equal(X509_check_private_key(cert, key), 1);
	assert_int_equal(X509_verify(cert, X509_get0_pubkey(ca)), 1);
	check_validity(cert, want->days);
	check_serial(cert, model, device->imei, want->slot);
	check_name(cert, want, device);
	assert_true((next != NULL) == want->chain);
	assert_true(next == NULL || X509_cmp(next, ca) == 0);
	X509_free(cert);
	X509_free(next);
	X509_free(ca);
	EVP_PKEY_free(key);
	BIO_free(bio);
	BIO_free(key_bio);
	BIO_free(ca_bio);
	free(text);
	free(key_text);
}

#endif
