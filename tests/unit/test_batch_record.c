/* SPDX-License-Identifier: ISC */
#include "batch_bench.h"

#include "gapseal/json.h"
#include "gapseal/pem.h"
#include "gapseal/seal.h"

static const char column_profile[] =
    "credential psk { tag = 42 type = psk from = column }\n"
    "credential identity { tag = 42 type = identity from = column }\n"
    "credential other { tag = 7 type = psk bytes = 16 }\n"
    "credential name { tag = 7 type = identity template = \"x-{{{imei}\" }\n";

static const char x509_profile[] =
    "credential root { tag = 16842753 type = ca files = {\"ca.pem\"} line_ending = crlf }\n"
    "credential key { tag = 16842753 type = key from = generated }\n"
    "credential cert { tag = 16842753 type = cert from = issued cn = \"nrf-{imei}\" days = 5500 }\n"
    "credential key2 { tag = 9 type = key from = generated line_ending = crlf }\n"
    "credential cert2 { tag = 9 type = cert from = issued cn = \"{imei}\" days = 30 line_ending = crlf }\n";

static void row_of_secrets(struct buffer *out, unsigned i)
{
	buffer_format(out, ",00112233445566778899AABBCC%06x,user-%u", i, i);
}

/* A batch opened with nothing but its files and the seed. */
struct opened {
	int folder;
	struct manifest_fields manifest;
	uint8_t hash[HASH_SIZE];
	struct secret *keys;         /* batch, credentials, lot, tags, root, record keys */
	struct secret *plain;
};

static void open_batch(struct opened *out, const struct bench *bench, const struct batch_result *result)
{
	struct buffer text = BUFFER_EMPTY, again = BUFFER_EMPTY;
	struct fault fault;

	assert_int_equal(folder_open(&out->folder, AT_FDCWD, bench->out, &fault), ERR_OK);
	assert_int_equal(file_read(&text, out->folder, MANIFEST_NAME, 1 << 20, &fault), ERR_OK);
	hash_bytes(out->hash, buffer_bytes(&text));
	assert_memory_equal(out->hash, result->manifest_sha256, HASH_SIZE);
	if (manifest_parse(&out->manifest, buffer_bytes(&text), MANIFEST_NAME, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
	json_write(&again, &manifest_shape, &result->manifest); /* what was handed out is what was written */
	assert_true(bytes_equal(buffer_bytes(&again), buffer_bytes(&text)));
	assert_int_equal(sums_verify(out->folder, &out->manifest, out->hash, "out", &fault), ERR_OK);
	assert_int_equal(records_verify(out->folder, &out->manifest, NULL, NULL, "out", &fault), ERR_OK);
	assert_int_equal(secret_new(&out->keys, 5 * KEY_SIZE + sizeof(struct record_keys), &fault), ERR_OK);
	assert_int_equal(secret_new(&out->plain, RECORD_STRIDE_MAX, &fault), ERR_OK);
	keys_batch(secret_data(out->keys), secret_data(bench->seed), result->plan_hash);
	keys_credentials(secret_data(out->keys) + KEY_SIZE, secret_data(out->keys));
	buffer_free(&text);
	buffer_free(&again);
}

static void close_batch(struct opened *opened)
{
	json_free(&opened->manifest, &manifest_shape);
	secret_free(&opened->keys);
	secret_free(&opened->plain);
	close(opened->folder);
}

static void read_record(uint8_t *out, const struct opened *opened, uint64_t index)
{
	char name[RECORDS_NAME_SIZE];
	struct fault fault;
	unsigned file;
	uint64_t offset;
	off_t size;
	int fd;

	records_locate(&opened->manifest, index, &file, &offset);
	records_name(name, file);
	assert_int_equal(file_open(&fd, &size, opened->folder, name, &fault), ERR_OK);
	assert_int_equal(file_pread(fd, out, (size_t)opened->manifest.stride, (off_t)offset, name, &fault),
	    ERR_OK);
	close(fd);
}

/* What the listing of a modem that took the record must be, and its commitment. */
static void check_state(const struct opened *opened, const struct contents *contents, const uint8_t *record,
    const uint8_t *blind)
{
	struct state_slot slots[SLOTS_MAX];
	const struct manifest_common *commons = opened->manifest.common.items;
	size_t count = manifest_state(slots, &opened->manifest);
	uint8_t state[HASH_SIZE];

	assert_int_equal(count, contents->count);
	for (size_t i = 0; i < contents->count; i++) {
		const struct contents_step *step = &contents->steps[i];
		size_t at = 0;

		assert_int_equal(step->op, CONTENTS_WRITE);
		while (at < count && slot_compare(slots[at].slot, step->slot) != 0)
			at++;
		assert_true(at < count && slots[at].kind == STATE_DIGEST);
		if (step->shared)
			memcpy(slots[at].digest, commons[step->common].digest, HASH_SIZE);
		else
			hash_bytes(slots[at].digest, step->content);
	}
	state_commit(state, blind, contents->imei, slots, count);
	assert_memory_equal(state, record + RECORD_STATE, HASH_SIZE);
}

/* The index-th device's contents, viewing into opened->plain. */
static void open_record(struct contents *out, struct opened *opened, uint64_t index)
{
	uint8_t *keys = secret_data(opened->keys), *lot_key = keys + 2 * KEY_SIZE,
	    *tags = keys + 3 * KEY_SIZE;
	uint8_t *root = keys + 4 * KEY_SIZE, record[RECORD_STRIDE_MAX], tag[RECORD_TAG_SIZE],
	    check[HASH_SIZE];
	struct record_keys *own = (struct record_keys *)(void *)(keys + 5 * KEY_SIZE);
	const struct manifest_lot *lot;
	struct record_place where;
	struct fault fault;
	uint32_t number;

	lot = manifest_lot_of(&opened->manifest, index, &number);
	keys_lot(lot_key, keys, number);
	keys_lot_check(check, lot_key);
	assert_memory_equal(check, lot->check, HASH_SIZE);
	keys_lot_tag_key(tags, lot_key);
	keys_root(root, lot_key, index);
	keys_record(own, root);
	manifest_place(&where, &opened->manifest, number, index);
	read_record(record, opened, index);
	if (record_open(opened->plain, bytes_from(record, (size_t)opened->manifest.stride), &where, own,
	    "record",
	    &fault) != ERR_OK)
		fail_msg("%s: %s", fault.code, fault.text);
	if (contents_read(out, secret_bytes(opened->plain), (uint16_t)opened->manifest.common.count, "record",
	    &fault) !=
	    ERR_OK)
		fail_msg("%s", fault.text);
	keys_tag(tag, tags, out->imei);
	assert_memory_equal(tag, record, RECORD_TAG_SIZE);
	check_state(opened, out, record, own->blind);
}

static struct bytes content_of(const struct contents *contents, uint32_t tag, uint32_t type)
{
	for (size_t i = 0; i < contents->count; i++)
		if (slot_compare(contents->steps[i].slot, (struct slot){tag, type}) == 0)
			return contents->steps[i].content;
	fail_msg("no step for %u/%u", tag, type);
	return bytes_of("");
}

static void device_key(uint8_t out[static KEY_SIZE], struct opened *opened, const char imei[static IMEI_SIZE])
{
	keys_device(out, secret_data(opened->keys) + KEY_SIZE, imei);
}

static void check_psk(struct opened *opened, const struct contents *contents, uint32_t tag, size_t size)
{
	uint8_t device[KEY_SIZE], psk[64];
	char text[2 * sizeof psk + 1];

	device_key(device, opened, contents->imei);
	keys_credential(psk, size, device, (struct slot){tag, CREDENTIAL_PSK}, KEYS_PSK);
	hex_encode(text, bytes_from(psk, size));
	assert_true(bytes_is(content_of(contents, tag, CREDENTIAL_PSK), text));
}

static uint64_t number_of(const char *imei)
{
	return strtoull(imei, NULL, 10);
}

/* Every device of the result is in exactly one record; check, if not NULL, looks at each. */
static void check_all(struct opened *opened, const struct batch_result *result,
    void (*check)(struct opened *opened, const struct contents *contents))
{
	size_t count = (size_t)opened->manifest.count;
	bool *seen = calloc(count, 1);

	for (uint64_t i = 0; i < count; i++) {
		struct contents contents;
		size_t at = 0;

		open_record(&contents, opened, i);
		while (at < count && result->imeis[at] != number_of(contents.imei))
			at++;
		assert_true(at < count && !seen[at]);
		seen[at] = true;
		check(opened, &contents);
	}
	for (size_t i = 1; i < count; i++)
		assert_true(result->imeis[i - 1] < result->imeis[i]);
	free(seen);
}

static void check_derived(struct opened *opened, const struct contents *contents)
{
	char identity[32];

	assert_int_equal(contents->count, 2);
	check_psk(opened, contents, 42, 32);
	snprintf(identity, sizeof identity, "urn:%s", contents->imei);
	assert_true(bytes_is(content_of(contents, 42, CREDENTIAL_IDENTITY), identity));
}

static void check_manifest(const struct manifest_fields *manifest)
{
	assert_string_equal(manifest->batch, "b-1");
	assert_string_equal(manifest->org, "acme");
	assert_string_equal(manifest->title, "A batch");
	assert_string_equal(manifest->series, "eu");
	assert_string_equal(manifest->issued, ISSUED);
	assert_string_equal(manifest->tool, "gapseal test");
	assert_int_equal(manifest->seq, 3);
	assert_int_equal(manifest->trust, 1);
	assert_int_equal(manifest->kind, KIND_FULL);
	assert_int_equal(manifest->purpose, PURPOSE_PRODUCTION);
	assert_int_equal(manifest->master_recipients.count, 1);
	assert_int_equal(manifest->supersedes.count, 0);
}

static void test_psk(void **state)
{
	char *csv = devices(300, "", row_alone);
	struct batch_result result;
	struct opened opened;
	struct bench bench;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	compile(&result, &bench);
	open_batch(&opened, &bench, &result);
	check_manifest(&opened.manifest);
	assert_int_equal(opened.manifest.count, 300);
	assert_int_equal(opened.manifest.lots.count, 1);
	assert_int_equal(opened.manifest.files.count, 1);
	check_all(&opened, &result, check_derived);
	close_batch(&opened);
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

/* Lots of devices that do not adjoin, and files that end where no lot ends. */
static void test_lots_and_files(void **state)
{
	char *csv = devices(301, ",lot", row_of_three_lots);
	const struct manifest_file *files;
	struct batch_result result;
	struct opened opened;
	struct bench bench;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	bench.request.file_max = 256 * 7 + 255;
	compile(&result, &bench);
	open_batch(&opened, &bench, &result);
	assert_int_equal(opened.manifest.stride, 256);
	assert_int_equal(opened.manifest.lots.count, 3);
	assert_string_equal(manifest_lot(&opened.manifest, 0)->name, "red");
	assert_int_equal(opened.manifest.files.count, 43);
	files = opened.manifest.files.items;
	for (size_t i = 0; i < 43; i++)
		assert_int_equal(files[i].bytes, 256 * 7);
	check_all(&opened, &result, check_derived);
	close_batch(&opened);
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

static void check_columns(struct opened *opened, const struct contents *contents)
{
	struct bytes psk = content_of(contents, 42, CREDENTIAL_PSK),
	    name = content_of(contents, 42, CREDENTIAL_IDENTITY);
	char imei[IMEI_SIZE], expected[64];
	unsigned i = (unsigned)strtoul((const char *)name.data + strlen("user-"), NULL, 10);

	imei_of(imei, i * 7919 % 10007);
	assert_string_equal(contents->imei, imei); /* what one row says stays together */
	snprintf(expected, sizeof expected, "00112233445566778899aabbcc%06x", i);
	assert_true(bytes_is(psk, expected));
	snprintf(expected, sizeof expected, "x-{%s", imei);
	assert_true(bytes_is(content_of(contents, 7, CREDENTIAL_IDENTITY), expected));
	check_psk(opened, contents, 7, 16);
}

static void test_columns(void **state)
{
	char *csv = devices(50, ",psk,psk_identity", row_of_secrets);
	struct batch_result result;
	struct opened opened;
	struct bench bench;

	(void)state;
	begin(&bench, column_profile, csv);
	compile(&result, &bench);
	open_batch(&opened, &bench, &result);
	check_all(&opened, &result, check_columns);
	close_batch(&opened);
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

/* Makes CR LF of every LF of a view. */
static void has_crlf(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] == '\n')
			assert_true(i > 0 && text.data[i - 1] == '\r');
}

/* The CN stands in the certificate as UTF8String, once. */
static void check_cn(struct bytes pem, const char *cn)
{
	struct cursor cursor = cursor_of(pem);
	struct buffer der = BUFFER_EMPTY, wanted = BUFFER_EMPTY;

	assert_int_equal(pem_take(&der, &cursor, "CERTIFICATE"), PEM_BLOCK);
	buffer_put(&wanted, bytes_from("\x55\x04\x03\x0c", 4));
	buffer_byte(&wanted, (uint8_t)strlen(cn));
	buffer_text(&wanted, cn);
	assert_non_null(memmem(der.data, der.size, wanted.data, wanted.size));
	buffer_free(&der);
	buffer_free(&wanted);
}

static void check_pair(struct opened *opened, const struct contents *contents, uint32_t tag, int64_t days)
{
	struct bytes certificate = content_of(contents, tag, CREDENTIAL_CERT),
	    key = content_of(contents, tag, CREDENTIAL_KEY);
	uint8_t device[KEY_SIZE], seed[KEY_SIZE], point[P256_POINT_SIZE];
	struct secret *key_pem;
	struct x509_facts facts;
	struct mint *mint;
	struct fault fault;
	char cn[32];

	snprintf(cn, sizeof cn, "%s%s", tag == 9 ? "" : "nrf-", contents->imei);
	check_cn(certificate, cn);
	assert_int_equal(x509_match(certificate, key, "pair", &fault), ERR_OK);
	assert_int_equal(x509_facts(&facts, certificate, 0, "pair", &fault), ERR_OK);
	assert_true(!facts.ca && facts.p256 && !facts.weak);
	assert_int_equal(facts.not_before, SPECIMEN_NOW);
	assert_int_equal(facts.not_after, SPECIMEN_NOW + days * 86400);
	device_key(device, opened, contents->imei);
	keys_credential(seed, KEY_SIZE, device, (struct slot){tag, CREDENTIAL_KEY}, KEYS_EC);
	assert_int_equal(mint_new(&mint, NULL, 0, 0, &fault), ERR_OK);
	assert_int_equal(secret_new(&key_pem, MINT_KEY_PEM_MAX, &fault), ERR_OK);
	assert_int_equal(mint_key(key_pem, point, mint, bytes_from(seed, sizeof seed), tag == 9, &fault),
	    ERR_OK);
	assert_true(bytes_equal(secret_bytes(key_pem), key));
	secret_free(&key_pem);
	mint_free(&mint);
}

static void check_issued(struct opened *opened, const struct contents *contents)
{
	assert_int_equal(contents->count, 5);
	check_pair(opened, contents, 16842753, 5500);
	check_pair(opened, contents, 9, 30);
	has_crlf(content_of(contents, 9, CREDENTIAL_CERT));
	has_crlf(content_of(contents, 9, CREDENTIAL_KEY));
}

static void test_x509(void **state)
{
	char *csv = devices(40, ",lot", row_of_three_lots), *root = specimen("x509/rsa2048.pem");
	struct batch_result result;
	struct opened opened;
	struct bench bench;

	(void)state;
	place_put("ca.pem", root, strlen(root));
	begin(&bench, x509_profile, csv);
	bench.request.threads = 2;
	compile(&result, &bench);
	open_batch(&opened, &bench, &result);
	assert_int_equal(opened.manifest.common.count, 1);
	check_all(&opened, &result, check_issued);
	close_batch(&opened);
	batch_result_free(&result);
	end(&bench);
	free(csv);
	free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BATCH_TEST(test_psk),
		BATCH_TEST(test_lots_and_files),
		BATCH_TEST(test_columns),
		BATCH_TEST(test_x509),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
