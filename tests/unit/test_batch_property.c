/* SPDX-License-Identifier: ISC */
/*
 * Any valid plan: profiles and CSVs by chance are compiled, and every record is opened and held against what
 * was worked out beside them with nothing but libsodium, libcrypto and the words of the headers. GAPSEAL_SEED
 * and GAPSEAL_ROUNDS choose others than the ones every run tries; a failure says how to have it again.
 */
#include "batch_open.h"
#include "random_plan.h"
#include "random_files.h"
#include "random_model.h"

#define ROUNDS 150

static uint64_t round_seed;          /* of the round that runs; what it made is in the plan */
static struct random_plan plan;
static bool round_whole = true;

static int say_round(void **state)
{
	(void)state;
	if (!round_whole) {
		print_error("again with GAPSEAL_SEED=%llu GAPSEAL_ROUNDS=1\n%s%.2000s\n",
		    (unsigned long long)round_seed, (const char *)plan.profile.data,
		    (const char *)plan.csv.data);
		round_whole = true;
	}
	return 0;
}

static struct bytes written(const struct opened *opened, const struct contents_step *step,
    struct buffer *scratch)
{
	const struct manifest_common *common = opened->manifest.common.items;

	if (!step->shared)
		return step->content;
	buffer_clear(scratch);
	put_ended(scratch, common[step->common].text, common[step->common].line_ending == LINE_ENDING_CRLF);
	return buffer_bytes(scratch);
}

static void check_write(const struct opened *opened, const struct contents *contents, size_t step, size_t i,
    const struct model *model, const struct wanted_device *device, const char *ca_pem)
{
	const struct want *want = &plan.wants[i];
	struct buffer expected = BUFFER_EMPTY, scratch = BUFFER_EMPTY;
	struct bytes content = written(opened, &contents->steps[step], &scratch);
	const char *password = want->source == SOURCE_PATH && want->slot.type == CREDENTIAL_KEY ?
	    device->pairs[i]->password : "";

	assert_int_equal(contents->steps[step].shared, want->source == SOURCE_FILES);
	assert_true(bytes_is(contents->steps[step].password, password));
	if (want->source == SOURCE_ISSUED) {
		check_issued(model, device, want, content, content_of(contents, want->slot.tag,
		    CREDENTIAL_KEY),
		    ca_pem);
	} else if (want->source != SOURCE_GENERATED) { /* which was seen beside its certificate */
		put_content(&expected, &plan, model, device, i);
		assert_true(bytes_equal(buffer_bytes(&expected), content));
	}
	buffer_free(&expected);
	buffer_free(&scratch);
}

/* Every step is the one a credential asks for, and every credential has its step. */
static void check_steps(const struct opened *opened, const struct contents *contents,
    const struct model *model,
    const struct wanted_device *device, const char *ca_pem)
{
	size_t wanted = 0;

	for (size_t i = 0; i < plan.want_count; i++)
		wanted += want_of(&plan, device, plan.wants[i].slot) == i;
	assert_int_equal(contents->count, wanted);
	for (size_t step = 0; step < contents->count; step++) {
		size_t i = want_of(&plan, device, contents->steps[step].slot);
		enum source source;

		assert_true(i < plan.want_count);
		source = plan.wants[i].source;
		assert_int_equal(contents->steps[step].op, source == SOURCE_DELETE ? CONTENTS_DELETE :
		    source == SOURCE_EXPECT ? CONTENTS_EXPECT : CONTENTS_WRITE);
		if (contents->steps[step].op == CONTENTS_WRITE)
			check_write(opened, contents, step, i, model, device, ca_pem);
	}
}

/* The text of state.h, one line a slot in numeric order. */
static void check_commitment(const struct opened *opened, const struct contents *contents,
    const uint8_t *blind,
    const uint8_t *record)
{
	struct buffer text = BUFFER_EMPTY, scratch = BUFFER_EMPTY;
	uint8_t digest[HASH_SIZE];
	uint64_t last = 0;

	buffer_text(&text, "gapseal/state/v1\n");
	buffer_hex(&text, bytes_from(blind, BLIND_SIZE));
	buffer_format(&text, "\nimei %s\n", contents->imei);
	for (size_t done = 0; done < contents->count; done++) {
		const struct contents_step *next = NULL;

		for (size_t i = 0; i < contents->count; i++) {
			const struct contents_step *step = &contents->steps[i];
			uint64_t id = (uint64_t)step->slot.tag * 256 + step->slot.type + 1;

			if (id > last && (next == NULL || slot_compare(step->slot, next->slot) < 0))
				next = step;
		}
		last = (uint64_t)next->slot.tag * 256 + next->slot.type + 1;
		buffer_format(&text, "%u,%u,", next->slot.tag, next->slot.type);
		if (next->op == CONTENTS_WRITE) {
			struct bytes content = written(opened, next, &scratch);

			crypto_hash_sha256(digest, content.data, content.size);
			buffer_hex(&text, bytes_from(digest, sizeof digest));
		}
		buffer_text(&text, next->op == CONTENTS_DELETE ? "absent\n" : next->op == CONTENTS_EXPECT ?
		    "present\n" : "\n");
	}
	crypto_hash_sha256(digest, text.data, text.size);
	assert_memory_equal(record + RECORD_STATE, digest, HASH_SIZE);
	buffer_free(&text);
	buffer_free(&scratch);
}

/* Tag and state commitment by the keys of the device's lot. */
static void check_sealed(const struct opened *opened, const struct contents *contents,
    const struct model *model,
    uint32_t lot, uint64_t index)
{
	uint8_t lot_key[32], tag_key[32], root[32], commitments[64], tag[RECORD_TAG_SIZE];
	uint8_t record[RECORD_STRIDE_MAX];

	derive(lot_key, 32, lot, "gs-lot__", model->batch);
	derive(tag_key, 32, 0, "gs-tag__", lot_key);
	derive(root, 32, index, "gs-rec__", lot_key);
	derive(commitments, 64, 1, "gs-cmts_", root);
	keyed(tag, sizeof tag, tag_key, "", contents->imei, IMEI_LENGTH);
	read_record(record, opened, index);
	assert_memory_equal(record, tag, sizeof tag);
	assert_memory_equal(record + RECORD_COMMITMENT, commitments + BLIND_SIZE, HASH_SIZE);
	check_commitment(opened, contents, commitments, record);
}

/* Lots in the order in which the CSV names them first, or by size. Number of the device's. */
static uint32_t lot_number(const struct wanted_device *device)
{
	uint32_t number = 0;
	bool seen[LOTS_WANTED] = {false};

	if (plan.lots == 0)
		return (uint32_t)((size_t)(device - plan.devices) / plan.lot_size);
	for (const struct wanted_device *other = plan.devices; other->lot != device->lot; other++) {
		number += !seen[other->lot];
		seen[other->lot] = true;
	}
	return number;
}

static void check_lots(const struct manifest_fields *manifest)
{
	for (uint64_t first = 0, lot = 0; lot < manifest->lots.count; first += manifest_lot(manifest,
	    lot++)->count) {
		const struct manifest_lot *found = manifest_lot(manifest, lot);
		uint64_t count = 0;
		char name[NAME_SIZE] = "";

		for (size_t d = 0; d < plan.count; d++) {
			if (lot_number(&plan.devices[d]) != lot)
				continue;
			snprintf(name, sizeof name, plan.lots > 0 ? "wo-%u" : "lot-%03u",
			    plan.lots > 0 ? plan.devices[d].lot : (unsigned)lot + 1);
			count++;
		}
		assert_string_equal(found->name, name);
		assert_int_equal(found->first, first);
		assert_int_equal(found->count, count);
	}
}

static void check_policy(const struct manifest_policy *policy)
{
	assert_int_equal(policy->existing, plan.existing);
	assert_int_equal(policy->rework, plan.rework);
	assert_int_equal(policy->label, plan.label);
	assert_int_equal(policy->attestation, plan.attestation);
	assert_int_equal(policy->finish, plan.finish);
	assert_int_equal(policy->attempts, plan.attempts);
	assert_int_equal(policy->log_imei, plan.log_imei);
	assert_int_equal(policy->log_unit, plan.log_unit);
	assert_int_equal(policy->digest_forms.count, plan.nul ? 2 : 1);
	assert_string_equal(policy->minimum_firmware, plan.firmware);
}

static size_t device_named(const char *imei)
{
	size_t i = 0;

	while (i < plan.count && strcmp(plan.devices[i].imei, imei) != 0)
		i++;
	assert_true(i < plan.count);
	return i;
}

static void check_records(struct opened *opened, const struct bench *bench, const struct batch_result *result)
{
	bool seen[WANTED_MAX] = {false};
	struct contents contents;
	struct model model;

	model_make(&model, result->plan_hash);
	assert_int_equal(opened->manifest.count, plan.count);
	for (uint64_t index = 0; index < plan.count; index++) {
		size_t d;
		uint32_t lot;

		open_record(&contents, opened, index);
		d = device_named(contents.imei);
		assert_false(seen[d]);
		seen[d] = true;
		manifest_lot_of(&opened->manifest, index, &lot);
		assert_int_equal(lot, lot_number(&plan.devices[d]));
		check_steps(opened, &contents, &model, &plan.devices[d], bench->ca_pem);
		check_sealed(opened, &contents, &model, lot, index);
		for (size_t i = 0; i < plan.count; i++) /* what the ledger gets */
			if (result->indices[i] == index)
				assert_int_equal(result->imeis[i], number_of(contents.imei));
	}
}

static void check_master(const struct bench *bench, const struct batch_result *result)
{
	uint8_t plan_hash[HASH_SIZE];
	struct secret *seed;
	struct fault fault;

	assert_int_equal(master_open(&seed, plan_hash, buffer_bytes(&result->master), bench->identity,
	    result->manifest_sha256, "master", &fault), ERR_OK);
	assert_memory_equal(plan_hash, result->plan_hash, HASH_SIZE);
	assert_true(bytes_equal(secret_bytes(seed), secret_bytes(bench->seed)));
	secret_free(&seed);
}

/* Made again by another number of threads: the same but for what only the CA can make. */
static void check_again(struct bench *bench, const struct opened *opened)
{
	struct buffer text = BUFFER_EMPTY;
	struct batch_given given = {.folder = opened->folder, .where = "again", .manifest =
	    &opened->manifest};
	struct batch_result result;
	struct fault fault;

	assert_int_equal(file_read(&text, opened->folder, MANIFEST_NAME, 1 << 20, &fault), ERR_OK);
	given.text = buffer_bytes(&text);
	bench->request.threads = 1 + chance(5);
	if (batch_rebuild(&result, &given, bench->plan, bench->seed, &bench->request, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
	batch_result_free(&result);
	buffer_free(&text);
}

/* SHA256SUMS names every byte of a batch. */
static void check_same(struct bench *bench, const struct opened *opened)
{
	struct buffer first = BUFFER_EMPTY, second = BUFFER_EMPTY;
	struct batch_result result;
	struct fault fault;

	if (plan.issues)
		return;
	snprintf(bench->out, sizeof bench->out, "%s/second", place_path);
	bench->request.threads = 1 + chance(5);
	compile(&result, bench);
	assert_int_equal(file_read(&first, opened->folder, SUMS_NAME, 1 << 20, &fault), ERR_OK);
	assert_int_equal(file_read(&second, place, "second/" SUMS_NAME, 1 << 20, &fault), ERR_OK);
	assert_true(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
	batch_result_free(&result);
	buffer_free(&first);
	buffer_free(&second);
}

/* What the rounds have come across: chance must not leave anything out. */
static struct {
	unsigned sources;            /* a bit each */
	bool crlf, chain, password, own_lot, sizes, columns, files;
} met;

static void note_round(const struct manifest_fields *manifest)
{
	for (size_t i = 0; i < plan.want_count; i++) {
		met.sources |= 1U << plan.wants[i].source;
		met.crlf |= plan.wants[i].crlf;
		met.chain |= plan.wants[i].chain;
		met.own_lot |= plan.wants[i].lot >= 0;
		for (size_t d = 0; d < plan.count; d++)
			if (plan.devices[d].pairs[i] != NULL)
				met.password |= plan.devices[d].pairs[i]->password[0] != '\0';
	}
	met.sizes |= plan.lots == 0 && manifest->lots.count > 1;
	met.columns |= plan.lots > 1;
	met.files |= manifest->files.count > 1;
}

static void check_met(void)
{
	assert_int_equal(met.sources, (1U << SOURCES) - 1);
	assert_true(met.crlf && met.chain && met.password && met.own_lot);
	assert_true(met.sizes && met.columns && met.files);
}

static void one_round(void)
{
	static const char *const cas[] = {"p256", "rsa2048"};
	struct batch_result result;
	struct opened opened;
	struct bench bench;

	random_plan_make(&plan, round_seed);
	random_plan_write(&plan);
	begin_cut(&bench, cas[chance(2)], (const char *)plan.profile.data, (const char *)plan.csv.data,
	    plan.lot_size);
	bench.request.threads = 1 + chance(5);
	if (one_in(2))
		bench.request.file_max = RECORD_STRIDE_MAX + chance(100000);
	compile(&result, &bench);
	open_batch(&opened, &bench, &result);
	check_lots(&opened.manifest);
	check_policy(&opened.manifest.policy);
	check_records(&opened, &bench, &result);
	check_master(&bench, &result);
	check_again(&bench, &opened);
	check_same(&bench, &opened);
	note_round(&opened.manifest);
	close_batch(&opened);
	batch_result_free(&result);
	end(&bench);
	random_plan_free(&plan);
}

static void test_any_plan(void **state)
{
	uint64_t seed = chance_setting("GAPSEAL_SEED", 1), rounds = chance_setting("GAPSEAL_ROUNDS", ROUNDS);

	(void)state;
	for (uint64_t i = 0; i < rounds; i++) {
		round_seed = seed + i;
		round_whole = false;
		place_make();
		one_round();
		place_remove();
		round_whole = true;
	}
	if (rounds >= ROUNDS)
		check_met();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_any_plan, say_round),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
