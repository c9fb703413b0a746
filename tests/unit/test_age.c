/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "gapseal/age.h"

struct party {
	struct secret *text;
	struct secret *key;
	struct recipient recipient;
};

static struct party party_new(void)
{
	struct party out = {0};
	struct recipient again;

	assert_int_equal(age_identity_new(&out.text, &out.recipient, &fault), ERR_OK);
	assert_int_equal(secret_size(out.text), AGE_IDENTITY_SIZE);
	assert_int_equal(age_identity_parse(&out.key, secret_bytes(out.text), "i", &fault), ERR_OK);
	age_identity_recipient(&again, out.key);
	assert_memory_equal(again.key, out.recipient.key, 32);
	return out;
}

static void party_free(struct party *party)
{
	secret_free(&party->text);
	secret_free(&party->key);
}

static void assert_opens(struct bytes file, struct secret *key, struct bytes expected)
{
	struct secret *plain = NULL;

	assert_int_equal(age_open(&plain, file, key, expected.size, "a", &fault), ERR_OK);
	assert_bytes(secret_bytes(plain), expected);
	secret_free(&plain);
}

static void assert_refuses(struct bytes file, struct secret *key, size_t limit, const char *code)
{
	struct secret *plain = NULL;

	assert_fault(age_open(&plain, file, key, limit, "a", &fault), ERR_NO, code);
	assert_null(plain);
}

/* Around every border of the chunks. */
static void test_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 131071, 131072, 131073};
	static uint8_t plain[131073];
	struct party party = party_new(), other = party_new();
	struct buffer file = BUFFER_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof plain; i++)
		plain[i] = (uint8_t)(i * 31 >> 3);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct bytes text = bytes_from(plain, sizes[i]);

		buffer_clear(&file);
		assert_int_equal(age_seal(&file, text, &party.recipient, 1, &fault), ERR_OK);
		assert_opens(buffer_bytes(&file), party.key, text);
		assert_refuses(buffer_bytes(&file), other.key, sizes[i], "age-no-match");
		if (sizes[i] > 0)
			assert_refuses(buffer_bytes(&file), party.key, sizes[i] - 1, "age-size");
		/* a chunk's border as the end of the file */
		assert_refuses(bytes_from(file.data, file.size - 16 - sizes[i] % 65536), party.key, sizes[i],
		    "age-payload");
	}
	buffer_free(&file);
	party_free(&party);
	party_free(&other);
}

static void test_recipients(void **state)
{
	static struct recipient recipients[AGE_RECIPIENTS_MAX + 1];
	struct party first = party_new(), last = party_new(), other = party_new();
	struct buffer file = BUFFER_EMPTY;
	struct bytes text = bytes_of("sixteen lot keys");

	(void)state;
	for (size_t i = 0; i < AGE_RECIPIENTS_MAX + 1; i++)
		recipients[i] = other.recipient;
	recipients[0] = first.recipient;
	recipients[AGE_RECIPIENTS_MAX - 1] = last.recipient;
	buffer_text(&file, "before");
	assert_fault(age_seal(&file, text, recipients, 0, &fault), ERR_NO, "age-recipient");
	assert_fault(age_seal(&file, text, recipients, AGE_RECIPIENTS_MAX + 1, &fault), ERR_NO,
	    "age-recipient");
	memset(recipients[1].key, 0, 32);
	assert_fault(age_seal(&file, text, recipients, 2, &fault), ERR_NO, "age-recipient");
	assert_bytes(buffer_bytes(&file), bytes_of("before"));
	recipients[1] = other.recipient;
	assert_int_equal(age_seal(&file, text, recipients, AGE_RECIPIENTS_MAX, &fault), ERR_OK);
	assert_memory_equal(file.data, "before", 6);
	assert_opens(bytes_from(file.data + 6, file.size - 6), first.key, text);
	assert_opens(bytes_from(file.data + 6, file.size - 6), last.key, text);
	buffer_free(&file);
	party_free(&first);
	party_free(&last);
	party_free(&other);
}

/* Every bit counts, and every byte that is missing or too many. */
static void test_every_bit(void **state)
{
	struct party party = party_new();
	struct buffer file = BUFFER_EMPTY;
	struct secret *plain = NULL;

	(void)state;
	assert_int_equal(age_seal(&file, bytes_of("a key"), &party.recipient, 1, &fault), ERR_OK);
	for (size_t i = 0; i < file.size * 8; i++) {
		file.data[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(age_open(&plain, buffer_bytes(&file), party.key, 5, "a", &fault), ERR_NO);
		assert_null(plain);
		file.data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < file.size; i++)
		assert_int_equal(age_open(&plain, bytes_from(file.data, i), party.key, 5, "a", &fault),
		    ERR_NO);
	assert_opens(buffer_bytes(&file), party.key, bytes_of("a key"));
	buffer_byte(&file, 0);
	assert_refuses(buffer_bytes(&file), party.key, 16, "age-payload");
	buffer_free(&file);
	party_free(&party);
}

/* Two files of the same plaintext to the same recipient have nothing in common but the plain words. */
static void test_fresh(void **state)
{
	struct party party = party_new();
	struct buffer a = BUFFER_EMPTY, b = BUFFER_EMPTY;
	size_t head = strlen("age-encryption.org/v1\n-> X25519 ");

	(void)state;
	assert_int_equal(age_seal(&a, bytes_of("a key"), &party.recipient, 1, &fault), ERR_OK);
	assert_int_equal(age_seal(&b, bytes_of("a key"), &party.recipient, 1, &fault), ERR_OK);
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, head);
	assert_memory_not_equal(a.data + head, b.data + head, 43);               /* share */
	assert_memory_not_equal(a.data + head + 44, b.data + head + 44, 43);     /* wrapped key */
	assert_memory_not_equal(a.data + a.size - 37, b.data + b.size - 37, 16); /* nonce */
	assert_memory_not_equal(a.data + a.size - 21, b.data + b.size - 21, 21); /* payload */
	buffer_free(&a);
	buffer_free(&b);
	party_free(&party);
}

static struct secret *passphrase_of(const char *text)
{
	struct secret *out = NULL;

	assert_int_equal(secret_new(&out, 64, &fault), ERR_OK);
	assert_true(secret_put(out, bytes_of(text)));
	return out;
}

static void assert_locked(struct bytes file, const char *word, unsigned max_log_n, const char *code)
{
	struct secret *passphrase = passphrase_of(word), *plain = NULL;

	assert_fault(age_open_passphrase(&plain, file, passphrase, max_log_n, 64, "a", &fault), ERR_NO, code);
	assert_null(plain);
	secret_free(&passphrase);
}

static void test_passphrase(void **state)
{
	struct secret *passphrase = passphrase_of("correct horse"), *plain = NULL;
	struct party party = party_new();
	struct buffer file = BUFFER_EMPTY;

	(void)state;
	assert_fault(age_scrypt_seal(&file, bytes_of("x"), passphrase, 0, &fault), ERR_NO, "age-work");
	assert_fault(age_scrypt_seal(&file, bytes_of("x"), passphrase, 23, &fault), ERR_NO, "age-work");
	assert_int_equal(file.size, 0);
	assert_int_equal(age_scrypt_seal(&file, secret_bytes(party.text), passphrase, 10, &fault), ERR_OK);
	assert_int_equal(age_open_passphrase(&plain, buffer_bytes(&file), passphrase, 10, AGE_IDENTITY_SIZE,
	    "a",
	    &fault), ERR_OK);
	assert_bytes(secret_bytes(plain), secret_bytes(party.text));
	secret_free(&plain);
	assert_locked(buffer_bytes(&file), "correct horsf", 10, "passphrase-wrong");
	assert_locked(buffer_bytes(&file), "correct horse", 9, "age-work");
	assert_locked(buffer_bytes(&file), "correct horse", 10, "age-size");
	assert_refuses(buffer_bytes(&file), party.key, 75, "age-no-match");
	for (size_t i = 0; i < file.size; i += 7) {
		file.data[i] ^= 1;
		assert_int_equal(age_open_passphrase(&plain, buffer_bytes(&file), passphrase, 10, 75, "a",
		    &fault), ERR_NO);
		file.data[i] ^= 1;
	}
	buffer_clear(&file);
	assert_int_equal(age_seal(&file, bytes_of("x"), &party.recipient, 1, &fault), ERR_OK);
	assert_locked(buffer_bytes(&file), "correct horse", 10, "age-no-match");
	buffer_free(&file);
	secret_free(&passphrase);
	party_free(&party);
}

/* Headers only a strange program would write; none is worth a try with a key. */
static void refuse_header(const char *stanzas, const char *code)
{
	struct party party = party_new();
	struct buffer file = BUFFER_EMPTY;

	buffer_format(&file, "age-encryption.org/v1\n%s--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	    "0123456789abcdef0123456789abcdef", stanzas);
	assert_refuses(buffer_bytes(&file), party.key, 64, code);
	if (strstr(stanzas, "scrypt") != NULL)
		assert_locked(buffer_bytes(&file), "correct horse", 18, strstr(stanzas, " 19\n") != NULL ||
		    strstr(stanzas, " 999\n") != NULL ? "age-work" : "age-header");
	buffer_free(&file);
	party_free(&party);
}

#define BODY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
#define SALT "AAAAAAAAAAAAAAAAAAAAAA"

static void test_headers(void **state)
{
	(void)state;
	refuse_header("", "age-header");
	refuse_header("-> grease\n\n", "age-no-match");
	refuse_header("-> grease  two\n\n", "age-header");
	refuse_header("-> grease \n\n", "age-header");
	refuse_header("->\n\n", "age-header");
	refuse_header("-> gre\x07" "ase\n\n", "age-header");
	refuse_header("-> grease t\two\n\n", "age-header");
	refuse_header("-> grease\x7f\n\n", "age-header");
	refuse_header("-> gr\xc3\xa9" "ase\n\n", "age-header");
	refuse_header("-> X25519 " BODY BODY BODY, "age-header");
	refuse_header("-> X25519 more " BODY BODY, "age-header");
	refuse_header("-> scrypt " SALT " 10\n" BODY "-> scrypt " SALT " 10\n" BODY, "age-header");
	refuse_header("-> grease\n\n-> scrypt " SALT " 10\n" BODY, "age-header");
	refuse_header("-> scrypt " SALT " 19\n" BODY, "age-no-match");
	refuse_header("-> scrypt " SALT " 999\n" BODY, "age-no-match");
	refuse_header("-> scrypt " SALT " 0\n" BODY, "age-no-match");
	refuse_header("-> scrypt " SALT " 010\n" BODY, "age-no-match");
	refuse_header("-> scrypt " SALT " 10 x\n" BODY, "age-no-match");
	refuse_header("-> scrypt " SALT "\n" BODY, "age-no-match");
	refuse_header("-> scrypt " SALT "AA 10\n" BODY, "age-no-match");
	refuse_header("-> scrypt " SALT " 10\nAAAA\n", "age-no-match");
}

/* A stanza that does not parse refuses the file, even behind one that would have opened it. */
static void test_bad_after_good(void **state)
{
	struct party party = party_new();
	struct buffer file = BUFFER_EMPTY, bad = BUFFER_EMPTY;
	uint8_t *end;

	(void)state;
	assert_int_equal(age_seal(&file, bytes_of("a key"), &party.recipient, 1, &fault), ERR_OK);
	end = memmem(file.data, file.size, "---", 3);
	assert_non_null(end);
	buffer_put(&bad, bytes_from(file.data, (size_t)(end - file.data)));
	buffer_text(&bad, "-> X25519\n" BODY);
	buffer_put(&bad, bytes_from(end, file.size - (size_t)(end - file.data)));
	assert_refuses(buffer_bytes(&bad), party.key, 5, "age-header");
	buffer_free(&file);
	buffer_free(&bad);
	party_free(&party);
}

static void test_many_stanzas(void **state)
{
	struct buffer stanzas = BUFFER_EMPTY;

	(void)state;
	for (size_t i = 0; i < 1024; i++)
		buffer_text(&stanzas, "-> grease\n\n");
	buffer_byte(&stanzas, '\0');
	refuse_header((const char *)stanzas.data, "age-no-match");
	stanzas.size--;
	buffer_text(&stanzas, "-> grease\n\n");
	buffer_byte(&stanzas, '\0');
	refuse_header((const char *)stanzas.data, "age-header");
	buffer_free(&stanzas);
}

static void test_armor(void **state)
{
	struct party party = party_new();

	(void)state;
	assert_refuses(bytes_of("-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCg==\n"
	    "-----END AGE ENCRYPTED FILE-----\n"), party.key, 64, "age-header");
	assert_refuses(bytes_of(""), party.key, 64, "age-header");
	party_free(&party);
}

static void refuse_identity(const char *text)
{
	struct secret *key = NULL;

	assert_fault(age_identity_parse(&key, bytes_of(text), "i", &fault), ERR_NO, "age-identity");
	assert_null(key);
}

#define IDENTITY "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"

static void test_identity(void **state)
{
	struct secret *key = NULL;

	(void)state;
	assert_int_equal(age_identity_parse(&key,
	    bytes_of("# created: now\n# public key: age1...\n" IDENTITY "\n"),
	    "i", &fault), ERR_OK);
	secret_free(&key);
	refuse_identity("");
	refuse_identity("# only a comment\n");
	refuse_identity("\n" IDENTITY "\n");
	refuse_identity(IDENTITY "\n" IDENTITY "\n");
	refuse_identity(IDENTITY "\r\n");
	refuse_identity(IDENTITY "Q");
	refuse_identity("AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM2\n");
	refuse_identity("age-secret-key-1egtzvffv20835nwyv6270lxyvk2vknx2mmdkwyklmgr48uawx40q2p2lm0\n");
	refuse_identity("AGE-SECRET-KEY-1eGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0\n");
}

/* Chunk by chunk, each taken out of the buffer before the next: the same file, whatever its size. */
static void test_sealer(void **state)
{
	static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 131072, 131073};
	static uint8_t plain[131073];
	struct party party = party_new();
	struct buffer whole = BUFFER_EMPTY, piece = BUFFER_EMPTY;
	struct age_sealer *none;

	(void)state;
	for (size_t i = 0; i < sizeof plain; i++)
		plain[i] = (uint8_t)(i * 7 >> 2);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct age_sealer *sealer;
		size_t at = 0, cut;

		buffer_clear(&whole);
		assert_int_equal(age_sealer_new(&sealer, &whole, &party.recipient, 1, &fault), ERR_OK);
		do {
			size_t some = sizes[i] - at < AGE_CHUNK_SIZE ? sizes[i] - at : AGE_CHUNK_SIZE;

			cut = whole.size;
			buffer_clear(&piece);
			assert_int_equal(age_sealer_put(sealer, &piece, bytes_from(plain + at, some),
			    at + some == sizes[i], &fault), ERR_OK);
			buffer_put(&whole, buffer_bytes(&piece));
			at += some;
		} while (at < sizes[i]);
		age_sealer_free(&sealer);
		assert_null(sealer);
		assert_opens(buffer_bytes(&whole), party.key, bytes_from(plain, sizes[i]));
		assert_refuses(bytes_from(whole.data, cut), party.key, sizes[i] + 1, "age-payload");
	}
	assert_fault(age_sealer_new(&none, &whole, &party.recipient, 0, &fault), ERR_NO, "age-recipient");
	buffer_free(&whole);
	buffer_free(&piece);
	party_free(&party);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_sealer),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_fresh),
		cmocka_unit_test(test_passphrase),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_bad_after_good),
		cmocka_unit_test(test_many_stanzas),
		cmocka_unit_test(test_armor),
		cmocka_unit_test(test_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
