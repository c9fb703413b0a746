/* SPDX-License-Identifier: ISC */
#include "terminal.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "gapseal/age.h"
#include "gapseal/file.h"
#include "gapseal/hash.h"
#include "gapseal/officer.h"

/* Our files in the stock programs minisign and age, theirs in ours. A program that is not installed is
 * left out, and said so. */
static struct fault fault;
static char folder[256];

static int remove_one(const char *name, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(name);
}

static int folder_make(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%s/gapseal-stock-XXXXXX", base != NULL ? base : "/tmp");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int folder_remove(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void need(const char *program)
{
	char command[64];

	snprintf(command, sizeof command, "command -v %s >/dev/null", program);
	if (system(command) != 0) {
		print_message("%s is not installed\n", program);
		skip();
	}
}

/* Runs a shell command in the folder; its exit code. */
static int run(const char *command)
{
	char text[1024];
	int status;

	snprintf(text, sizeof text, "cd '%s' && %s", folder, command);
	status = system(text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *path_of(const char *name)
{
	static char path[400];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void put(const char *name, struct bytes bytes)
{
	assert_int_equal(file_write(AT_FDCWD, path_of(name), bytes, 0600, true, &fault), ERR_OK);
}

static struct buffer get(const char *name)
{
	struct buffer out = BUFFER_EMPTY;

	assert_int_equal(file_read(&out, AT_FDCWD, path_of(name), 1 << 20, &fault), ERR_OK);
	return out;
}

static const char document[] = "{\n  \"schema\": \"gapseal/grant/v1\"\n}\n";
#define COMMENT "gapseal grant 7 sha256:0000"

static void prehash_of(uint8_t out[static 64])
{
	struct hash_wide hash;

	hash_wide_begin(&hash);
	hash_wide_add(&hash, bytes_of(document));
	hash_wide_end(&hash, out);
}

/* A new officer's files, and the key opened. */
static struct officer_key *officer_make(void)
{
	struct buffer public_file = BUFFER_EMPTY;
	struct secret *secret_file = NULL;
	struct officer_key *key = NULL;

	assert_int_equal(officer_key_new(&public_file, &secret_file, NULL, &fault), ERR_OK);
	put("a.pub", buffer_bytes(&public_file));
	put("a.key", secret_bytes(secret_file));
	put("grant.json", bytes_of(document));
	assert_int_equal(officer_key_open(&key, secret_bytes(secret_file), NULL, "a.key", &fault), ERR_OK);
	secret_free(&secret_file);
	buffer_free(&public_file);
	return key;
}

static void test_minisign(void **state)
{
	struct officer_key *key;
	struct buffer ours = BUFFER_EMPTY, stock;
	struct minisig minisig;
	uint8_t prehash[64];

	(void)state;
	need("minisign");
	key = officer_make();
	prehash_of(prehash);
	assert_int_equal(minisig_sign(&ours, key, prehash, COMMENT, &fault), ERR_OK);
	put("ours.minisig", buffer_bytes(&ours));
	assert_int_equal(run("minisign -V -Q -p a.pub -m grant.json -x ours.minisig >said && "
	    "test \"$(cat said)\" = '" COMMENT "'"), 0);
	assert_int_equal(run("minisign -S -s a.key -m grant.json -x stock.minisig -t '" COMMENT "' "
	    ">/dev/null"), 0);
	stock = get("stock.minisig");
	assert_int_equal(stock.size, ours.size);
	assert_memory_equal(stock.data, ours.data, ours.size);
	assert_int_equal(minisig_parse(&minisig, buffer_bytes(&stock), "s", &fault), ERR_OK);
	assert_int_equal(minisig_verify(&minisig, prehash, officer_key_public(key), "s", &fault), ERR_OK);
	assert_string_equal(minisig.comment, COMMENT);
	buffer_free(&ours);
	buffer_free(&stock);
	officer_key_free(&key);
}

/* Keys made by stock, without passphrase. */
static void test_minisign_key(void **state)
{
	struct buffer file, public_file;
	struct officer_key *key = NULL;
	struct minisig_key public_key;

	(void)state;
	need("minisign");
	assert_int_equal(run("minisign -G -W -p s.pub -s s.key >/dev/null"), 0);
	file = get("s.key");
	public_file = get("s.pub");
	assert_int_equal(officer_key_open(&key, buffer_bytes(&file), NULL, "s.key", &fault), ERR_OK);
	assert_int_equal(minisig_key_file(&public_key, buffer_bytes(&public_file), "s.pub", &fault), ERR_OK);
	assert_memory_equal(officer_key_public(key), &public_key, sizeof public_key);
	officer_key_free(&key);
	buffer_free(&file);
	buffer_free(&public_file);
}

static void test_age_ours(void **state)
{
	static const size_t sizes[] = {0, 5, 65536, 200000};
	static uint8_t plain[200000];
	struct secret *identity = NULL;
	struct recipient recipient;

	(void)state;
	need("age");
	assert_int_equal(age_identity_new(&identity, &recipient, &fault), ERR_OK);
	put("identity", secret_bytes(identity));
	for (size_t i = 0; i < sizeof plain; i++)
		plain[i] = (uint8_t)(i >> 7 ^ i);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct buffer file = BUFFER_EMPTY;

		assert_int_equal(age_seal(&file, bytes_from(plain, sizes[i]), &recipient, 1, &fault), ERR_OK);
		put("file.age", buffer_bytes(&file));
		put("plain", bytes_from(plain, sizes[i]));
		assert_int_equal(run("age -d -i identity file.age >opened && cmp opened plain"), 0);
		buffer_free(&file);
	}
	secret_free(&identity);
}

static void test_age_theirs(void **state)
{
	struct secret *key = NULL, *plain = NULL;
	struct buffer identity, file;
	struct recipient recipient;
	char text[RECIPIENT_SIZE];

	(void)state;
	need("age");
	need("age-keygen");
	assert_int_equal(run("age-keygen -o identity 2>/dev/null && age-keygen -y identity >recipient"), 0);
	identity = get("identity");
	assert_int_equal(age_identity_parse(&key, buffer_bytes(&identity), "identity", &fault), ERR_OK);
	age_identity_recipient(&recipient, key);
	recipient_print(text, &recipient);
	file = get("recipient");
	assert_int_equal(file.size, RECIPIENT_SIZE);
	assert_memory_equal(file.data, text, RECIPIENT_SIZE - 1);
	buffer_free(&file);
	assert_int_equal(run("age-keygen -o other 2>/dev/null && head -c 150000 /dev/zero | "
	    "age -r $(age-keygen -y other) -R recipient -o file.age"), 0);
	file = get("file.age");
	assert_int_equal(age_open(&plain, buffer_bytes(&file), key, 150000, "file.age", &fault), ERR_OK);
	assert_int_equal(secret_size(plain), 150000);
	secret_free(&plain);
	secret_free(&key);
	buffer_free(&identity);
	buffer_free(&file);
}

/* age with a terminal on which the passphrase is typed once or twice. */
static int age_on_terminal(const char *how, const char *out, const char *in, unsigned times)
{
	struct terminal terminal;
	size_t place = 0;

	if (!terminal_fork(&terminal)) {
		if (chdir(folder) == 0)
			execlp("age", "age", how, "-o", out, in, (char *)NULL);
		_exit(127);
	}
	for (unsigned i = 0; i < times; i++) {
		assert_true(terminal_expect(&terminal, &place, ": "));
		terminal_type(&terminal, "correct horse\n");
	}
	return terminal_wait(&terminal);
}

static void test_age_passphrase(void **state)
{
	struct secret *passphrase = NULL, *plain = NULL;
	struct buffer file = BUFFER_EMPTY;

	(void)state;
	need("age");
	assert_int_equal(secret_new(&passphrase, 64, &fault), ERR_OK);
	assert_true(secret_put(passphrase, bytes_of("correct horse")));
	put("plain", bytes_of("an identity"));

	assert_int_equal(age_scrypt_seal(&file, bytes_of("an identity"), passphrase, 12, &fault), ERR_OK);
	put("ours.age", buffer_bytes(&file));
	assert_int_equal(age_on_terminal("-d", "opened", "ours.age", 1), 0);
	assert_int_equal(run("cmp opened plain"), 0);
	buffer_free(&file);

	assert_int_equal(age_on_terminal("-p", "theirs.age", "plain", 2), 0);
	file = get("theirs.age");
	assert_int_equal(age_open_passphrase(&plain, buffer_bytes(&file), passphrase, 18, 64, "theirs.age",
	    &fault),
	    ERR_OK);
	assert_true(bytes_is(secret_bytes(plain), "an identity"));
	secret_free(&plain);
	secret_free(&passphrase);
	buffer_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_minisign, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_minisign_key, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_age_ours, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_age_theirs, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_age_passphrase, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
