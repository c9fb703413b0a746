/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "specimen.h"

#include "gapseal/path.h"
#include "gapseal/pem.h"
#include "scratch.h"

static struct secret *file, *out;

static enum err read_name(const char *name)
{
	bool others;

	return path_read(file, &others, home, bytes_of(name), "list.csv:2:1", &fault);
}

static void refused(enum err err, const char *code)
{
	assert_int_equal(err, ERR_NO);
	assert_string_equal(fault.code, code);
}

static void test_names(void **state)
{
	static const char *const bad[] = {
		"", "/a", "//a", "a/", "a//b", ".", "..", "./a", "../a", "a/./b", "a/../b", "a/..", "a\x01",
		"gr\xfcn",
	};
	char name[PATH_NAME_MAX + 2];

	(void)state;
	put("a", "text");
	assert_int_equal(read_name("a"), ERR_OK);
	assert_true(bytes_is(secret_bytes(file), "text"));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		refused(read_name(bad[i]), "path-form");
		assert_string_equal(fault.where, "list.csv:2:1");
		assert_int_equal(secret_size(file), 0);
	}
	memset(name, 'x', sizeof name);
	name[PATH_NAME_MAX + 1] = '\0';
	refused(read_name(name), "path-form");
	name[PATH_NAME_MAX] = '\0';
	name[100] = '\0';
	assert_int_equal(folder_create(home, name, 0700, &fault), ERR_OK);
	name[100] = '/';
	put(name, "long");
	assert_int_equal(read_name(name), ERR_OK);
	assert_int_equal(folder_create(home, "..a", 0700, &fault), ERR_OK);
	put("..a/...", "dots");
	assert_int_equal(read_name("..a/..."), ERR_OK);
	assert_true(bytes_is(secret_bytes(file), "dots"));
}

/* No link, at the end or on the way, and no folder, FIFO or empty file. */
static void test_kinds(void **state)
{
	static const char *const bad[] = {
		"none", "folder", "link", "way/a", "folder/none", "a/b", "pipe", "empty",
	};

	(void)state;
	put("a", "text");
	put("empty", "");
	assert_int_equal(folder_create(home, "folder", 0700, &fault), ERR_OK);
	put("folder/a", "text");
	assert_int_equal(symlinkat("a", home, "link"), 0);
	assert_int_equal(symlinkat("folder", home, "way"), 0);
	assert_int_equal(mkfifoat(home, "pipe", 0600), 0);
	assert_int_equal(read_name("folder/a"), ERR_OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		refused(read_name(bad[i]), "path-file");
		assert_string_equal(fault.where, "list.csv:2:1");
	}
}

static void test_size(void **state)
{
	static char text[PATH_FILE_MAX + 2];

	(void)state;
	memset(text, 'x', PATH_FILE_MAX);
	put("a", text);
	assert_int_equal(read_name("a"), ERR_OK);
	assert_int_equal(secret_size(file), PATH_FILE_MAX);
	text[PATH_FILE_MAX] = 'x';
	put("a", text);
	refused(read_name("a"), "path-file");
}

static void test_others(void **state)
{
	static const struct { mode_t mode; bool others; } modes[] = {
		{0600, false}, {0400, false}, {0640, true}, {0604, true}, {0620, true},
	};
	bool others;

	(void)state;
	put("a", "text");
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		assert_int_equal(chmod(in_home("a"), modes[i].mode), 0);
		assert_int_equal(path_read(file, &others, home, bytes_of("a"), NULL, &fault), ERR_OK);
		assert_int_equal(others, modes[i].others);
	}
}

/* What is written of a specimen, whatever form the file has. */
static void check_key(const char *name, const char *label)
{
	char *text = specimen(name), *from;
	struct cursor cursor = cursor_of(bytes_of(text));
	struct buffer der = BUFFER_EMPTY, pem = BUFFER_EMPTY, odd = BUFFER_EMPTY;

	assert_int_equal(pem_take(&der, &cursor, label), PEM_BLOCK);
	for (int crlf = 0; crlf < 2; crlf++) {
		buffer_clear(&pem);
		pem_put(&pem, label, buffer_bytes(&der), crlf == 1);
		assert_int_equal(path_key(out, bytes_of(text), crlf == 1, NULL, &fault), ERR_OK);
		assert_true(bytes_equal(secret_bytes(out), buffer_bytes(&pem)));
		assert_int_equal(path_key(out, buffer_bytes(&der), crlf == 1, NULL, &fault), ERR_OK);
		assert_true(bytes_equal(secret_bytes(out), buffer_bytes(&pem)));
		assert_int_equal(path_encrypted(secret_bytes(out)), strstr(label, "ENCRYPTED") != NULL);
	}
	/* words around, blanks, lines of another length */
	buffer_text(&odd, "Bag Attributes\r\n");
	from = strstr(text, "-----BEGIN ");
	from = strstr(from, label) - strlen("-----BEGIN ");
	for (const char *at = from; *at != '\0'; at++) {
		if (*at == '\n')
			buffer_text(&odd, " \r");
		buffer_byte(&odd, (uint8_t)*at);
		if (at - from > 60 && at - from < 80)
			buffer_byte(&odd, '\n');
	}
	assert_int_equal(path_key(out, buffer_bytes(&odd), true, NULL, &fault), ERR_OK);
	assert_true(bytes_equal(secret_bytes(out), buffer_bytes(&pem)));
	buffer_free(&der);
	buffer_free(&pem);
	buffer_free(&odd);
	free(text);
}

static void test_keys(void **state)
{
	(void)state;
	check_key("x509/p256.key", "PRIVATE KEY");
	check_key("x509/p256-encrypted.key", "ENCRYPTED PRIVATE KEY");
	check_key("x509/p256-parameters.key", "EC PRIVATE KEY"); /* stands behind EC PARAMETERS */
	check_key("x509/rsa2048.key", "PRIVATE KEY");
	check_key("path/rsa1024-pkcs1.key", "RSA PRIVATE KEY");
	put("two.key", "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n"
	    "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"
	    "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n");
	assert_int_equal(read_name("two.key"), ERR_OK);
	assert_int_equal(path_key(out, secret_bytes(file), false, NULL, &fault), ERR_OK);
	assert_true(bytes_starts(secret_bytes(out), "-----BEGIN EC PRIVATE KEY-----"));
}

static void test_keys_refused(void **state)
{
	static const char *const bad[] = {
		"", "words", "-----BEGIN PRIVATE KEY-----\nMAA=\n",
		"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMAA=\n"
		    "-----END EC PRIVATE KEY-----\n",
		"\x30\x03\x02\x01\x01", "\x30\x06\x30\x01\x01\x02\x01\x01",
		"\x30\x06\x04\x01\x01\x04\x01\x01",
	};
	struct secret *little;
	char *text = specimen("x509/rsa2048.key");

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		refused(path_key(out, bytes_of(bad[i]), false, NULL, &fault), "key-none");
	assert_int_equal(secret_new(&little, strlen(text) - 1, &fault), ERR_OK);
	refused(path_key(little, bytes_of(text), false, NULL, &fault), "content-size");
	secret_free(&little);
	free(text);
}

static void test_certificates(void **state)
{
	char *one = specimen("x509/p256.pem"), *two = specimen("x509/p384.pem");
	struct buffer both = BUFFER_EMPTY, der = BUFFER_EMPTY, pem = BUFFER_EMPTY;
	struct cursor cursor = cursor_of(bytes_of(one));

	(void)state;
	buffer_format(&both, "words\n%swords%s", one, "\n");
	buffer_text(&both, two);
	assert_int_equal(path_certificates(out, buffer_bytes(&both), false, NULL, &fault), ERR_OK);
	assert_int_equal(x509_bundle(&pem, buffer_bytes(&both), NULL, &fault), ERR_OK);
	assert_true(bytes_equal(secret_bytes(out), buffer_bytes(&pem)));
	assert_int_equal(pem_take(&der, &cursor, "CERTIFICATE"), PEM_BLOCK);
	buffer_clear(&pem);
	pem_put(&pem, "CERTIFICATE", buffer_bytes(&der), true);
	assert_int_equal(path_certificates(out, buffer_bytes(&der), true, NULL, &fault), ERR_OK);
	assert_true(bytes_equal(secret_bytes(out), buffer_bytes(&pem)));
	refused(path_certificates(out, bytes_of("words"), false, NULL, &fault), "pem-none");
	refused(path_certificates(out, bytes_of("\x30\x03\x02\x01\x01"), false, NULL, &fault), "pem-parse");
	buffer_clear(&both);
	for (size_t i = 0; i < 8; i++)
		buffer_text(&both, one);
	refused(path_certificates(out, buffer_bytes(&both), false, NULL, &fault), "content-size");
	buffer_free(&both);
	buffer_free(&der);
	buffer_free(&pem);
	free(one);
	free(two);
}

static int begin(void **state)
{
	if (secret_new(&file, PATH_FILE_MAX, &fault) != ERR_OK || secret_new(&out, 4079, &fault) != ERR_OK)
		return -1;
	return specimen_setup(state);
}

static int end(void **state)
{
	(void)state;
	secret_free(&file);
	secret_free(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_names), SCRATCH_TEST(test_kinds), SCRATCH_TEST(test_size),
		SCRATCH_TEST(test_others), SCRATCH_TEST(test_keys), SCRATCH_TEST(test_keys_refused),
		SCRATCH_TEST(test_certificates),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
