/* SPDX-License-Identifier: ISC */
#include "gapseal/mint.h"

#include <stdlib.h>
#include <string.h>

#include "gapseal/pem.h"
#include "gapseal/utc.h"

#define DAY 86400

struct ca {
	struct x509_st *certificate;
	struct evp_pkey_st *key;
	struct x509_facts facts;
};

static enum err check_dates(const struct x509_facts *facts, int64_t now, const char *where,
    struct fault *fault)
{
	char text[UTC_SIZE], clock[UTC_SIZE];
	bool early = now < facts->not_before;

	if (!early && now <= facts->not_after)
		return ERR_OK;
	utc_format(text, early ? facts->not_before : facts->not_after);
	utc_format(clock, now);
	return fault_set(fault, ERR_NO, "ca-expired", where,
	    "the CA certificate is valid only %s %s, and the clock of this machine says %s: set the clock, "
	    "or take another CA", early ? "from" : "to", text, clock);
}

static enum err check_certificate(const struct ca *ca, const char *where, struct fault *fault)
{
	if (!ca->facts.ca || !ca->facts.cert_sign)
		return fault_set(fault, ERR_NO, "ca-usage", where,
		    "the certificate is not that of a CA: it must have CA:TRUE and may sign certificates");
	if (ca->facts.weak || (!ca->facts.p256 && !ca->facts.rsa))
		return fault_set(fault, ERR_NO, "ca-key", where,
		    "the CA needs a key of P-256 or of RSA with 2048 bits, and no SHA-1 in its signature");
	return ERR_OK;
}

static enum err check(const struct ca *ca, int64_t now, const char *where, struct fault *fault)
{
	enum err err;

	if (!x509_belongs(ca->certificate, ca->key))
		return fault_set(fault, ERR_NO, "ca-match", where,
		    "the CA's private key and certificate do not belong together");
	err = check_certificate(ca, where, fault);
	return err == ERR_OK ? check_dates(&ca->facts, now, where, fault) : err;
}

static enum err read_certificate(struct ca **out, struct bytes cert_pem, const char *where,
    struct fault *fault)
{
	enum err err;

	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return fault_memory(fault);
	err = x509_read(&(*out)->certificate, cert_pem, 0, where, fault);
	if (err == ERR_OK)
		x509_look(&(*out)->facts, (*out)->certificate);
	else
		ca_free(out);
	return err;
}

enum err ca_open(struct ca **out, struct bytes cert_pem, struct bytes key_pem,
    const struct secret *passphrase, int64_t now, const char *where, struct fault *fault)
{
	enum err err = read_certificate(out, cert_pem, where, fault);

	if (err != ERR_OK)
		return err;
	err = x509_key_read(&(*out)->key, key_pem, passphrase, where, fault);
	if (err == ERR_OK)
		err = check(*out, now, where, fault);
	if (err != ERR_OK)
		ca_free(out);
	return err;
}

enum err ca_open_certificate(struct ca **out, struct bytes cert_pem, const char *where, struct fault *fault)
{
	enum err err = read_certificate(out, cert_pem, where, fault);

	if (err != ERR_OK)
		return err;
	err = check_certificate(*out, where, fault);
	if (err != ERR_OK)
		ca_free(out);
	return err;
}

void ca_free(struct ca **ca)
{
	if (*ca == NULL)
		return;
	x509_key_free(&(*ca)->key);
	x509_free(&(*ca)->certificate);
	free(*ca);
	*ca = NULL;
}

int64_t ca_not_after(const struct ca *ca)
{
	return ca->facts.not_after;
}

struct x509_st *ca_certificate(const struct ca *ca)
{
	return ca->certificate;
}

struct evp_pkey_st *ca_key(const struct ca *ca)
{
	return ca->key;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool take_part(struct x509_name *name, struct bytes text)
{
	static const char *const types[] = {"C", "ST", "L", "O", "OU", "CN"};
	struct x509_name_part *part = &name->parts[name->count];
	struct cursor cursor = cursor_of(text);
	struct bytes type, value;

	if (name->count == X509_NAME_PARTS_MAX || !take_field(&cursor, '=', &type) ||
	    !take_bytes(&cursor, cursor_left(&cursor), &value) || value.size == 0 ||
	    !text_is_printable(value) || !text_copy(part->value, sizeof part->value, value))
		return false;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (bytes_is(type, types[i]))
			text_copy(part->type, sizeof part->type, type);
	if (strcmp(part->type, "C") == 0 && (value.size != 2 || !is_letter(value.data[0]) ||
	    !is_letter(value.data[1])))
		return false;
	name->count++;
	return part->type[0] != '\0';
}

static enum err take_subject(struct x509_name *out, const char *subject, struct fault *fault)
{
	uint8_t separator = subject[0] == '/' ? '/' : ',';
	struct bytes text = bytes_of(subject[0] == '/' ? subject + 1 : subject), part;
	struct cursor cursor = cursor_of(text);
	bool good = text.size > 0 && text.data[text.size - 1] != separator;

	*out = (struct x509_name){0};
	while (good && take_field(&cursor, separator, &part))
		good = take_part(out, part);
	if (good)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "ca-subject", NULL,
	    "the subject must read like \"C=NO,O=Example,CN=Example Root\": C (two letters), ST, L, O, OU, "
	    "CN, each 1 to %d printable characters", X509_NAME_VALUE_MAX);
}

/* Draws a key pair: the point for the certificate, the whole as PKCS#8 in a new secret. */
static enum err draw_key(struct secret **pkcs8, uint8_t point[static P256_POINT_SIZE], struct fault *fault)
{
	struct secret *drawn = NULL; /* seed, scalar */
	struct p256 *p256 = NULL;
	enum err err = secret_new(&drawn, 2 * P256_SCALAR_SIZE, fault);

	if (err == ERR_OK)
		err = secret_new(pkcs8, P256_PKCS8_SIZE, fault);
	if (err == ERR_OK)
		err = p256_new(&p256, fault);
	if (err == ERR_OK) {
		uint8_t *seed = secret_data(drawn), *scalar = seed + P256_SCALAR_SIZE;

		secret_random(seed, P256_SCALAR_SIZE);
		err = p256_scalar(scalar, bytes_from(seed, P256_SCALAR_SIZE), fault);
		if (err == ERR_OK)
			err = p256_point(point, p256, scalar, fault);
		if (err == ERR_OK) {
			p256_pkcs8(secret_data(*pkcs8), scalar, point);
			secret_resize(*pkcs8, P256_PKCS8_SIZE);
		}
	}
	p256_free(&p256);
	secret_free(&drawn);
	return err;
}

static enum err key_text(struct secret **out, const struct secret *pkcs8, const struct secret *passphrase,
    struct fault *fault)
{
	const char *label = passphrase == NULL ? "PRIVATE KEY" : "ENCRYPTED PRIVATE KEY";
	struct buffer encrypted = BUFFER_EMPTY;
	struct bytes der = secret_bytes(pkcs8);
	enum err err = ERR_OK;

	if (passphrase != NULL) {
		err = x509_key_encrypt(&encrypted, der, passphrase, fault);
		der = buffer_bytes(&encrypted);
	}
	if (err == ERR_OK)
		err = secret_new(out, pem_size(label, der.size, false), fault);
	if (err == ERR_OK && !pem_put_secret(*out, label, der, false))
		err = fault_memory(fault);
	buffer_free(&encrypted);
	return err;
}

/* Issues the root with the key as it will be read from its file, and opens both: what is handed out
 * works. */
static enum err issue(struct buffer *cert_pem, const struct x509_order *order, const struct secret *key_pem,
    const struct secret *passphrase, struct fault *fault)
{
	struct buffer der = BUFFER_EMPTY;
	struct evp_pkey_st *key = NULL;
	struct ca *ca = NULL;
	size_t start = cert_pem->size;
	enum err err = x509_key_read(&key, secret_bytes(key_pem), passphrase, NULL, fault);

	if (err == ERR_OK)
		err = x509_issue(&der, order, key, fault);
	if (err == ERR_OK) {
		pem_put(cert_pem, "CERTIFICATE", buffer_bytes(&der), false);
		err = buffer_check(cert_pem, fault);
	}
	if (err == ERR_OK)
		err = ca_open(&ca, bytes_from(cert_pem->data + start, cert_pem->size - start),
		    secret_bytes(key_pem), passphrase, order->not_before, NULL, fault);
	if (err != ERR_OK)
		cert_pem->size = start;
	ca_free(&ca);
	x509_key_free(&key);
	buffer_free(&der);
	return err;
}

enum err ca_new(struct buffer *cert_pem, struct secret **key_pem, const char *subject, unsigned days,
    int64_t now, const struct secret *passphrase, struct fault *fault)
{
	struct x509_order order = {.not_before = now, .not_after = now + (int64_t)days * DAY};
	struct secret *pkcs8 = NULL;
	enum err err = take_subject(&order.subject, subject, fault);

	*key_pem = NULL;
	if (err == ERR_OK && (days == 0 || days > CA_DAYS_MAX || order.not_after > X509_TIME_MAX))
		err = fault_set(fault, ERR_NO, "ca-days", NULL, "a CA is valid for 1 to %d days",
		    CA_DAYS_MAX);
	if (err == ERR_OK)
		err = draw_key(&pkcs8, order.point, fault);
	if (err == ERR_OK)
		err = key_text(key_pem, pkcs8, passphrase, fault);
	if (err == ERR_OK) {
		secret_random(order.serial, sizeof order.serial);
		order.serial[0] = (order.serial[0] & 0x3f) | 0x40; /* positive, of constant length */
		err = issue(cert_pem, &order, *key_pem, passphrase, fault);
	}
	if (err != ERR_OK)
		secret_free(key_pem);
	secret_free(&pkcs8);
	return err;
}
