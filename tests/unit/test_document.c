/* SPDX-License-Identifier: ISC */
/* A document and the signature files beside it, none of it verified. */
#include "officers.h"
#include "place.h"

#include <sys/stat.h>

#define TEXT "a document\n"
#define NAME "manifest.json"
#define ID_1 "00112233445566AA"
#define ID_2 "AA11223344556600"

static int set_up(void **state)
{
	(void)state;
	place_make();
	place_put(NAME, TEXT, strlen(TEXT));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	place_remove();
	return 0;
}

static void put_text(const char *name, const char *text)
{
	place_put(name, text, strlen(text));
}

static void test_load(void **state)
{
	struct document document;
	uint8_t hash[HASH_SIZE], prehash[64];

	(void)state;
	put_text(NAME "." ID_2 ".minisig", "two");
	put_text(NAME "." ID_1 ".minisig", "one");
	/* other files, of other documents or none */
	put_text(NAME ".minisig", "no");
	put_text("nanifest.json." ID_1 ".minisig", "no");
	put_text("manifest.jsonx" ID_1 ".minisig", "no");
	put_text(NAME "." ID_1 ".minisig.part", "no");
	put_text(NAME "." ID_1, "no");
	assert_int_equal(document_load(&document, place, NAME, &fault), ERR_OK);
	assert_string_equal(document.where, NAME);
	assert_bytes(buffer_bytes(&document.text), bytes_of(TEXT));
	assert_int_equal(document.count, 2);
	assert_string_equal(document.signatures[0].key_id, ID_1);
	assert_bytes(buffer_bytes(&document.signatures[0].text), bytes_of("one"));
	assert_string_equal(document.signatures[1].key_id, ID_2);
	crypto_hash_sha256(hash, (const uint8_t *)TEXT, strlen(TEXT));
	assert_memory_equal(document.hash, hash, HASH_SIZE);
	crypto_generichash(prehash, 64, (const uint8_t *)TEXT, strlen(TEXT), NULL, 0);
	assert_memory_equal(document.prehash, prehash, 64);
	document_free(&document);
	assert_int_equal(document.count, 0);
}

/* A name with folders: the signatures lie beside the file, wherever that is. */
static void test_load_path(void **state)
{
	char name[sizeof place_path + 32];
	struct document document;

	(void)state;
	put_text(NAME "." ID_1 ".minisig", "one");
	snprintf(name, sizeof name, "%s/" NAME, place_path);
	assert_int_equal(document_load(&document, AT_FDCWD, name, &fault), ERR_OK);
	assert_int_equal(document.count, 1);
	assert_string_equal(document.where, name);
	document_free(&document);
	assert_int_equal(mkdirat(place, "deep", 0700), 0);
	put_text("deep/" NAME, "other");
	put_text("deep/" NAME "." ID_2 ".minisig", "two");
	assert_int_equal(document_load(&document, place, "deep/" NAME, &fault), ERR_OK);
	assert_int_equal(document.count, 1);
	assert_string_equal(document.signatures[0].key_id, ID_2);
	document_free(&document);
}

static void test_names(void **state)
{
	static const char *const bad[] = {
		NAME "..minisig", NAME ".00112233445566aa.minisig", NAME ".00112233445566A.minisig",
		NAME ".00112233445566AAA.minisig", NAME ".00112233445566AG.minisig",
		    NAME ". 0112233445566AA.minisig",
		NAME ".00112233445566AA.pub.minisig", NAME ".copy.minisig",
	};
	struct document document;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		put_text(bad[i], "text");
		assert_fault(document_load(&document, place, NAME, &fault), ERR_NO, "signature-name");
		assert_null(document.text.data);
		assert_int_equal(unlinkat(place, bad[i], 0), 0);
	}
}

static void test_count(void **state)
{
	struct document document;
	char name[64];

	(void)state;
	for (unsigned i = 0; i < DOCUMENT_SIGNATURES_MAX; i++) {
		snprintf(name, sizeof name, NAME ".%016X.minisig", i);
		put_text(name, "text");
	}
	assert_int_equal(document_load(&document, place, NAME, &fault), ERR_OK);
	assert_int_equal(document.count, DOCUMENT_SIGNATURES_MAX);
	document_free(&document);
	put_text(NAME ".FFFFFFFFFFFFFFFF.minisig", "text");
	assert_fault(document_load(&document, place, NAME, &fault), ERR_NO, "signature-count");
	assert_int_equal(document.count, 0);
}

static void test_files(void **state)
{
	struct document document;

	(void)state;
	assert_fault(document_load(&document, place, "none.json", &fault), ERR_CANNOT, "file-open");
	assert_fault(document_load(&document, place, "none/manifest.json", &fault), ERR_CANNOT, "file-open");
	assert_int_equal(symlinkat(NAME, place, NAME "." ID_1 ".minisig"), 0);
	assert_fault(document_load(&document, place, NAME, &fault), ERR_CANNOT, "file-kind");
	assert_int_equal(unlinkat(place, NAME "." ID_1 ".minisig", 0), 0);
	assert_int_equal(mkdirat(place, NAME "." ID_1 ".minisig", 0700), 0);
	assert_fault(document_load(&document, place, NAME, &fault), ERR_CANNOT, "file-kind");
	assert_int_equal(unlinkat(place, NAME "." ID_1 ".minisig", AT_REMOVEDIR), 0);
	{
		char *large = calloc(1, MINISIG_FILE_MAX + 1);

		place_put(NAME "." ID_1 ".minisig", large, MINISIG_FILE_MAX + 1);
		free(large);
	}
	assert_fault(document_load(&document, place, NAME, &fault), ERR_CANNOT, "file-size");
}

static void test_comment(void **state)
{
	struct document document;
	char comment[DOCUMENT_COMMENT_MAX], longest[NAME_SIZE], place_text[DOCUMENT_PLACE_SIZE];

	(void)state;
	document_of(&document, NAME, bytes_of("abc"));
	document_comment(comment, &document, "grant", "17");
	assert_string_equal(comment,
	    "gapseal grant 17 sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	memset(longest, 'x', NAME_MAX_LENGTH);
	longest[NAME_MAX_LENGTH] = '\0';
	document_comment(comment, &document, "activation", longest);
	assert_string_equal(comment + strlen(comment) - 8, "f20015ad");
	memcpy(document.signatures[0].key_id, ID_1, sizeof ID_1);
	document_signature_place(place_text, &document, 0);
	assert_string_equal(place_text, NAME "." ID_1 ".minisig");
	document_free(&document);
}

static void claim(struct document *document, const char *comment)
{
	document_of(document, NAME, bytes_of(TEXT));
	sign_with_comment(document, ANNA, comment);
}

static void test_claimed_id(void **state)
{
	static const char *const bad[] = {
		"", "gapseal", "gapseal manifest", "gapseal manifest ", "gapseal manifest  sha256:00",
		    "gapseal grant b-1 sha256:00",
		"gapseal manifest Upper sha256:00",
		    "gapseal manifest forty-one-characters-are-one-too-many-here sha256:00",
		"Gapseal manifest b-1 sha256:00",
	};
	struct document document;
	char id[NAME_SIZE];

	(void)state;
	document_of(&document, NAME, bytes_of(TEXT));
	assert_fault(document_claimed_id(id, &document, "manifest", &fault), ERR_NO, "signature-none");
	document_free(&document);
	claim(&document, "gapseal manifest b-1.x sha256:whatever");
	assert_int_equal(document_claimed_id(id, &document, "manifest", &fault), ERR_OK);
	assert_string_equal(id, "b-1.x");
	document.signatures[0].text.data[0] = 'x';
	assert_fault(document_claimed_id(id, &document, "manifest", &fault), ERR_NO, "minisig-form");
	document_free(&document);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		claim(&document, bad[i]);
		if (document_claimed_id(id, &document, "manifest", &fault) != ERR_NO)
			fail_msg("accepted: %s", bad[i]);
		assert_string_equal(fault.code, "signature-comment");
		document_free(&document);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_load), TEST(test_load_path), TEST(test_names), TEST(test_count), TEST(test_files),
		cmocka_unit_test(test_comment), cmocka_unit_test(test_claimed_id),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
