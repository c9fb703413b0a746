/* SPDX-License-Identifier: ISC */
#include "gapseal/mint.h"

#include <stdlib.h>
#include <string.h>

#include "gapseal/der.h"
#include "gapseal/pem.h"

#define DAY 86400
#define CHECK_EVERY 1000
#define RSA_NAME_MORE 3                /* bytes sha256WithRSAEncryption takes more than ecdsa-with-SHA256 */

/* What is signed of a certificate, made once by libcrypto for a length of CN and changed in place for every
 * device; building each anew takes ten times as long as signing it. */
struct template {
	struct buffer signed_part;   /* TBSCertificate; empty: not made yet */
	struct buffer algorithm;     /* AlgorithmIdentifier that follows it */
	size_t serial, cn, point, key_id; /* where in signed_part */
};

struct mint {
	const struct ca *ca;
	struct p256 *p256;
	struct secret *pair;         /* scalar, then DER */
	struct x509_signer *signer;  /* NULL: the CA's key is not here */
	struct evp_pkey_st *stand_in; /* in its place, for templates */
	int64_t not_before, not_after;
	bool verify_all;
	uint64_t made;
	struct buffer signature, der;
	struct template templates[MINT_CN_MAX + 1];
};

static enum err setup(struct mint *mint, struct fault *fault)
{
	enum err err = p256_new(&mint->p256, fault);

	if (err == ERR_OK)
		err = secret_new(&mint->pair, P256_SCALAR_SIZE + P256_SEC1_SIZE, fault);
	if (err != ERR_OK || mint->ca == NULL)
		return err;
	if (ca_key(mint->ca) == NULL)
		return x509_key_like(&mint->stand_in, ca_certificate(mint->ca), fault);
	return x509_signer_new(&mint->signer, ca_key(mint->ca), fault);
}

static struct evp_pkey_st *template_key(const struct mint *mint)
{
	return mint->stand_in != NULL ? mint->stand_in : ca_key(mint->ca);
}

enum err mint_new(struct mint **out, const struct ca *ca, int64_t issued, unsigned days,
    struct fault *fault)
{
	struct mint *mint;
	enum err err;

	*out = NULL;
	if (issued < 0 || issued > X509_TIME_MAX - (int64_t)days * DAY)
		return fault_set(fault, ERR_NO, "mint-days", NULL,
		    "certificates would be valid beyond the year 9999");
	mint = calloc(1, sizeof *mint);
	if (mint == NULL)
		return fault_memory(fault);
	mint->ca = ca;
	mint->not_before = issued;
	mint->not_after = issued + (int64_t)days * DAY;
	err = setup(mint, fault);
	if (err != ERR_OK)
		mint_free(&mint);
	*out = mint;
	return err;
}

void mint_verify_all(struct mint *mint)
{
	mint->verify_all = true;
}

static void template_free(struct template *template)
{
	buffer_free(&template->signed_part);
	buffer_free(&template->algorithm);
}

void mint_free(struct mint **mint)
{
	if (*mint == NULL)
		return;
	for (size_t i = 0; i <= MINT_CN_MAX; i++)
		template_free(&(*mint)->templates[i]);
	buffer_free(&(*mint)->signature);
	buffer_free(&(*mint)->der);
	x509_signer_free(&(*mint)->signer);
	x509_key_free(&(*mint)->stand_in);
	secret_free(&(*mint)->pair);
	p256_free(&(*mint)->p256);
	free(*mint);
	*mint = NULL;
}

enum err mint_key(struct secret *key_pem, uint8_t point[static P256_POINT_SIZE], struct mint *mint,
    struct bytes seed, bool crlf, struct fault *fault)
{
	uint8_t *scalar = secret_data(mint->pair), *der = scalar + P256_SCALAR_SIZE;
	enum err err;

	secret_clear(key_pem);
	err = p256_scalar(scalar, seed, fault);
	if (err == ERR_OK)
		err = p256_point(point, mint->p256, scalar, fault);
	if (err == ERR_OK) {
		p256_sec1(der, scalar, point);
		if (!pem_put_secret(key_pem, "EC PRIVATE KEY", bytes_from(der, P256_SEC1_SIZE), crlf))
			err = fault_memory(fault);
	}
	secret_clear(mint->pair);
	return err;
}

static void set_cn(struct x509_name *subject, struct bytes cn)
{
	*subject = (struct x509_name){.count = 1, .parts = {{.type = "CN"}}};
	memcpy(subject->parts[0].value, cn.data, cn.size);
}

/* Takes a certificate apart and finds what differs from device to device: the serial, the end of the
 * subject, the end of the key, and, last of the extensions, the key identifier. */
static bool template_cut(struct template *out, struct bytes certificate, const struct x509_order *order)
{
	struct bytes cn = bytes_of(order->subject.parts[0].value);
	struct cursor cursor = cursor_of(certificate);
	struct der whole, tbs, algorithm, parts[8]; /* version to extensions */
	uint8_t key_id[X509_KEY_ID_SIZE];

	if (!der_take(&cursor, &whole))
		return false;
	cursor = cursor_of(whole.content);
	if (!der_take(&cursor, &tbs) || !der_take(&cursor, &algorithm))
		return false;
	cursor = cursor_of(tbs.content);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (!der_take(&cursor, &parts[i]))
			return false;
	buffer_put(&out->signed_part, tbs.whole);
	buffer_put(&out->algorithm, algorithm.whole);
	out->serial = (size_t)(parts[1].content.data - tbs.whole.data);
	out->cn = (size_t)(parts[5].content.data - tbs.whole.data) + parts[5].content.size - cn.size;
	out->point = (size_t)(parts[6].content.data - tbs.whole.data) + parts[6].content.size -
	    P256_POINT_SIZE;
	out->key_id = tbs.whole.size - X509_KEY_ID_SIZE;
	x509_key_id(key_id, order->point);
	return memcmp(tbs.whole.data + out->serial, order->serial, X509_SERIAL_SIZE) == 0 &&
	    memcmp(tbs.whole.data + out->cn, cn.data, cn.size) == 0 &&
	    memcmp(tbs.whole.data + out->point, order->point, P256_POINT_SIZE) == 0 &&
	    memcmp(tbs.whole.data + out->key_id, key_id, X509_KEY_ID_SIZE) == 0;
}

static enum err template_make(struct template *out, const struct x509_order *order, struct evp_pkey_st *key,
    struct fault *fault)
{
	struct buffer certificate = BUFFER_EMPTY;
	enum err err = x509_issue(&certificate, order, key, fault);

	if (err == ERR_OK && !template_cut(out, buffer_bytes(&certificate), order))
		err = fault_set(fault, ERR_CANNOT, "mint-check", NULL,
		    "libcrypto does not write certificates the way this program knows");
	if (err == ERR_OK)
		err = buffer_check(&out->signed_part, fault);
	if (err == ERR_OK)
		err = buffer_check(&out->algorithm, fault);
	if (err != ERR_OK)
		template_free(out);
	buffer_free(&certificate);
	return err;
}

static void template_patch(struct template *template, const struct x509_order *order)
{
	struct bytes cn = bytes_of(order->subject.parts[0].value);
	uint8_t *data = template->signed_part.data;

	memcpy(data + template->serial, order->serial, X509_SERIAL_SIZE);
	memcpy(data + template->cn, cn.data, cn.size);
	memcpy(data + template->point, order->point, P256_POINT_SIZE);
	x509_key_id(data + template->key_id, order->point);
}

/* Joins what is signed, the algorithm and the signature to a certificate. */
static void join(struct buffer *out, const struct template *template, struct bytes signature)
{
	size_t bits = 1 + signature.size; /* none of them unused */

	der_put_header(out, DER_SEQUENCE,
	    template->signed_part.size + template->algorithm.size + der_size(bits));
	buffer_put(out, buffer_bytes(&template->signed_part));
	buffer_put(out, buffer_bytes(&template->algorithm));
	der_put_header(out, DER_BIT_STRING, bits);
	buffer_byte(out, 0);
	buffer_put(out, signature);
}

static enum err refuse_check(const struct mint *mint, struct fault *fault)
{
	return fault_set(fault, ERR_CANNOT, "mint-check", NULL,
	    "certificate %llu is not what was ordered: the machine or the CA's key is faulty",
	    (unsigned long long)mint->made + 1);
}

/* Has libcrypto make what the template made. */
static enum err check_template(const struct mint *mint, const struct template *made,
    const struct x509_order *order, struct fault *fault)
{
	struct template other = {0};
	enum err err = template_make(&other, order, template_key(mint), fault);

	if (err == ERR_OK && !bytes_equal(buffer_bytes(&other.signed_part), buffer_bytes(&made->signed_part)))
		err = refuse_check(mint, fault);
	template_free(&other);
	return err;
}

/* A signature that was given is always verified, our own now and then unless all are to be. */
static enum err check(const struct mint *mint, const struct template *made, const struct x509_order *order,
    bool given, struct fault *fault)
{
	bool now = mint->made % CHECK_EVERY == 0;

	if ((given || now || mint->verify_all) &&
	    !x509_verify(buffer_bytes(&mint->der), ca_certificate(mint->ca)))
		return given ? fault_set(fault, ERR_NO, "mint-signature", NULL,
		    "the CA did not sign the certificate as it is to be") : refuse_check(mint, fault);
	return now ? check_template(mint, made, order, fault) : ERR_OK;
}

/* Appends the signature of a certificate made before. */
static enum err take_signature(struct buffer *out, struct bytes given, struct fault *fault)
{
	struct cursor cursor = cursor_of(given);
	struct der whole, parts[3]; /* what is signed, the algorithm, the signature */
	struct buffer der = BUFFER_EMPTY;
	bool found = pem_take(&der, &cursor, "CERTIFICATE") == PEM_BLOCK;
	enum err err = buffer_check(&der, fault);

	cursor = cursor_of(buffer_bytes(&der));
	found = found && der_take(&cursor, &whole);
	if (found)
		cursor = cursor_of(whole.content);
	for (size_t i = 0; i < sizeof parts / sizeof *parts && found; i++)
		found = der_take(&cursor, &parts[i]);
	found = found && parts[2].tag == DER_BIT_STRING && parts[2].content.size > 1;
	if (found) /* behind the number of unused bits */
		buffer_put(out, bytes_from(parts[2].content.data + 1, parts[2].content.size - 1));
	buffer_free(&der);
	if (err != ERR_OK)
		return err;
	return found ? buffer_check(out, fault) : fault_set(fault, ERR_NO, "mint-given", NULL,
	    "what was given is no certificate");
}

static enum err sign(struct mint *mint, const struct template *template, struct bytes given,
    struct fault *fault)
{
	uint8_t digest[HASH_SIZE];

	buffer_clear(&mint->signature);
	if (given.size > 0)
		return take_signature(&mint->signature, given, fault);
	hash_bytes(digest, buffer_bytes(&template->signed_part));
	return x509_sign(&mint->signature, mint->signer, digest, fault);
}

/* Leaves the certificate in mint->der. */
static enum err make(struct mint *mint, struct template *template, const struct x509_order *order,
    struct bytes given, struct fault *fault)
{
	enum err err = ERR_OK;

	if (template->signed_part.size == 0)
		err = template_make(template, order, template_key(mint), fault);
	if (err != ERR_OK)
		return err;
	template_patch(template, order);
	err = sign(mint, template, given, fault);
	if (err != ERR_OK)
		return err;
	buffer_clear(&mint->der);
	join(&mint->der, template, buffer_bytes(&mint->signature));
	err = buffer_check(&mint->der, fault);
	return err == ERR_OK ? check(mint, template, order, given.size > 0, fault) : err;
}

void mint_serial(uint8_t serial[static X509_SERIAL_SIZE])
{
	serial[0] = (serial[0] & 0x3f) | 0x40;
}

static enum err issue(struct buffer *out, struct mint *mint, const uint8_t point[static P256_POINT_SIZE],
    const char *cn, const uint8_t serial[static X509_SERIAL_SIZE], bool crlf, struct bytes given,
    struct fault *fault)
{
	struct x509_order order = {.not_before = mint->not_before, .not_after = mint->not_after};
	size_t length = strlen(cn);
	enum err err;

	if (length == 0 || length > MINT_CN_MAX || !text_is_printable(bytes_of(cn)))
		return fault_set(fault, ERR_NO, "mint-cn", NULL,
		    "the common name of a certificate must be 1 to %d printable characters", MINT_CN_MAX);
	if (mint->ca == NULL || (given.size == 0 && mint->signer == NULL))
		return fault_set(fault, ERR_CANNOT, "ca-needed", NULL,
		    "certificates cannot be made without a CA");
	order.issuer = ca_certificate(mint->ca);
	set_cn(&order.subject, bytes_of(cn));
	memcpy(order.point, point, P256_POINT_SIZE);
	memcpy(order.serial, serial, X509_SERIAL_SIZE);
	mint_serial(order.serial);
	err = make(mint, &mint->templates[length], &order, given, fault);
	if (err != ERR_OK)
		return err;
	mint->made++;
	pem_put(out, "CERTIFICATE", buffer_bytes(&mint->der), crlf);
	return buffer_check(out, fault);
}

enum err mint_certificate(struct buffer *out, struct mint *mint, const uint8_t point[static P256_POINT_SIZE],
    const char *cn, const uint8_t serial[static X509_SERIAL_SIZE], bool crlf, struct fault *fault)
{
	return issue(out, mint, point, cn, serial, crlf, bytes_from(NULL, 0), fault);
}

enum err mint_certificate_again(struct buffer *out, struct mint *mint,
    const uint8_t point[static P256_POINT_SIZE], const char *cn,
    const uint8_t serial[static X509_SERIAL_SIZE], bool crlf, struct bytes given, struct fault *fault)
{
	if (given.size == 0)
		return fault_set(fault, ERR_NO, "mint-given", NULL, "what was given is no certificate");
	return issue(out, mint, point, cn, serial, crlf, given, fault);
}

/* The key pair of the number one, which everybody knows: good for measuring. */
static enum err stand_in(struct evp_pkey_st **out, uint8_t point[static P256_POINT_SIZE], struct fault *fault)
{
	uint8_t scalar[P256_SCALAR_SIZE] = {[P256_SCALAR_SIZE - 1] = 1}, der[P256_SEC1_SIZE];
	struct buffer pem = BUFFER_EMPTY;
	struct p256 *p256;
	enum err err = p256_new(&p256, fault);

	if (err != ERR_OK)
		return err;
	err = p256_point(point, p256, scalar, fault);
	p256_free(&p256);
	if (err != ERR_OK)
		return err;
	p256_sec1(der, scalar, point);
	pem_put(&pem, "EC PRIVATE KEY", bytes_from(der, sizeof der), false);
	err = buffer_check(&pem, fault);
	if (err == ERR_OK)
		err = x509_key_read(out, buffer_bytes(&pem), NULL, NULL, fault);
	buffer_free(&pem);
	return err;
}

/* Measures the template of an order that the stand-in signs, and adds what the CA's own signature takes. */
static enum err measure(size_t *out, struct x509_order *order, struct fault *fault)
{
	struct template template = {0};
	struct evp_pkey_st *key = NULL;
	struct x509_facts facts;
	enum err err = stand_in(&key, order->point, fault);

	x509_look(&facts, order->issuer);
	if (err == ERR_OK)
		err = template_make(&template, order, key, fault);
	if (err == ERR_OK) {
		/* it stands twice, and what is signed may take a longer header */
		size_t more = facts.rsa ? 2 * RSA_NAME_MORE + 1 : 0;
		size_t size = template.signed_part.size + template.algorithm.size + more;

		*out = pem_size("CERTIFICATE", der_size(size + der_size(1 + facts.signature_max)), true);
	}
	template_free(&template);
	x509_key_free(&key);
	return err;
}

enum err mint_certificate_max(size_t *out, struct bytes ca_pem, size_t cn_length, const char *where,
    struct fault *fault)
{
	struct x509_order order = {.serial = {0x40}, .not_before = X509_TIME_MAX,
	    .not_after = X509_TIME_MAX}; /* longest */
	char cn[MINT_CN_MAX];
	enum err err;

	*out = 0;
	if (cn_length == 0 || cn_length > MINT_CN_MAX)
		return fault_set(fault, ERR_NO, "mint-cn", where,
		    "the common name of a certificate must be 1 to %d printable characters", MINT_CN_MAX);
	memset(cn, 'x', cn_length);
	set_cn(&order.subject, bytes_from(cn, cn_length));
	err = x509_read(&order.issuer, ca_pem, 0, where, fault);
	if (err == ERR_OK)
		err = measure(out, &order, fault);
	x509_free(&order.issuer);
	return err;
}
