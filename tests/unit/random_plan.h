/* SPDX-License-Identifier: ISC */
#ifndef RANDOM_PLAN_H
#define RANDOM_PLAN_H

/*
 * A profile and a CSV by chance, which must be valid, and what every device is to get by them: worked out
 * while they are made, not by reading them. After batch_bench.h.
 */
#include "own_pair.h"

#define WANTS_MAX SLOTS_MAX
#define WANTED_MAX 200
#define LOTS_WANTED 5

/* An identity or a CN: text around the IMEI, the serial number or both. */
struct pattern { char before[10], between[10], after[10]; bool imei, serial; };
/* A credential of the profile. */
struct want {
	struct slot slot;
	enum source source;
	int lot;                     /* that alone it is for; -1: those that have no other one */
	unsigned bytes, days, files[2], file_count;
	bool crlf, chain;
	struct pattern pattern;
	char column[NAME_SIZE], password_column[NAME_SIZE];
};
struct wanted_device {
	char imei[IMEI_SIZE], serial[16];
	unsigned lot;
	char *texts[WANTS_MAX];      /* of a column: identity, PSK in lower case */
	struct own_pair *pairs[WANTS_MAX]; /* of a certificate by path, and of the key after it */
};
struct random_plan {
	struct buffer profile, csv;
	struct want wants[WANTS_MAX];
	size_t want_count, count;
	struct wanted_device *devices;
	unsigned lots;               /* 0: cut by size */
	size_t lot_size;
	bool serial;                 /* a column of serial numbers is needed */
	bool issues, paths;
	unsigned existing, rework, label, attestation, finish, attempts;
	bool log_imei, log_unit, nul;
	const char *firmware;
};

static const char *const bundle_specimens[] = {"x509/rsa2048.pem", "x509/p384.pem", "x509/p256.pem"};
static const char *const existing_words[] = {"keep-same", "refuse", "replace"};
static const char *const rework_words[] = {"local", "never", "permit"};
static const char *const label_words[] = {"imei", "off", "unit"};
static const char *const attestation_words[] = {"off", "record", "require"};
static const char *const finish_words[] = {"cfun0", "none", "reset"};

/* Characters that a template, a quoted field or a modem could trip over. */
static void random_text(char *out, size_t most)
{
	static const char letters[] = "abcXYZ0189-._:/+=,@{}'%;&<";
	size_t length = chance((unsigned)most);

	for (size_t i = 0; i < length; i++)
		out[i] = letters[chance(sizeof letters - 1)];
	out[length] = '\0';
}

static void random_pattern(struct random_plan *plan, struct pattern *out)
{
	random_text(out->before, sizeof out->before);
	random_text(out->between, sizeof out->between);
	random_text(out->after, sizeof out->after);
	out->serial = one_in(3);
	out->imei = !out->serial || one_in(2);
	plan->serial = plan->serial || out->serial;
}

static struct want *add_want(struct random_plan *plan, uint32_t tag, uint32_t type, enum source source)
{
	struct want *want = &plan->wants[plan->want_count++];

	assert_true(plan->want_count <= WANTS_MAX);
	*want = (struct want){.slot = {tag, type}, .source = source, .lot = -1, .crlf = one_in(3)};
	snprintf(want->column, sizeof want->column, "c%u-%zu", tag, plan->want_count);
	return want;
}

static void add_psk(struct random_plan *plan, uint32_t tag, int lot)
{
	struct want *want = add_want(plan, tag, CREDENTIAL_PSK, one_in(2) ? SOURCE_DERIVED : SOURCE_COLUMN);

	want->lot = lot;
	want->bytes = one_in(3) ? 16 + chance(49) : one_in(2) ? 16 : 32;
}

static void add_identity(struct random_plan *plan, uint32_t tag, int lot)
{
	struct want *want = add_want(plan, tag, CREDENTIAL_IDENTITY,
	    one_in(2) ? SOURCE_TEMPLATE : SOURCE_COLUMN);

	want->lot = lot;
	if (want->source == SOURCE_TEMPLATE)
		random_pattern(plan, &want->pattern);
}

static void add_roots(struct random_plan *plan, uint32_t tag, int lot)
{
	struct want *want = add_want(plan, tag, CREDENTIAL_CA, SOURCE_FILES);

	want->lot = lot;
	want->file_count = 1 + chance(2);
	want->files[0] = chance(3);
	want->files[1] = (want->files[0] + 1 + chance(2)) % 3;
}

static void add_issued(struct random_plan *plan, uint32_t tag, int lot)
{
	struct want *want = add_want(plan, tag, CREDENTIAL_CERT, SOURCE_ISSUED);

	want->lot = lot;
	want->days = 1 + chance(36500);
	want->chain = one_in(2);
	random_pattern(plan, &want->pattern);
	add_want(plan, tag, CREDENTIAL_KEY, SOURCE_GENERATED)->lot = lot;
	plan->issues = true;
}

static void add_own(struct random_plan *plan, uint32_t tag, int lot)
{
	struct want *want;

	add_want(plan, tag, CREDENTIAL_CERT, SOURCE_PATH)->lot = lot;
	want = add_want(plan, tag, CREDENTIAL_KEY, SOURCE_PATH);
	want->lot = lot;
	if (one_in(2))
		snprintf(want->password_column, sizeof want->password_column, "w%u-%zu", tag,
		    plan->want_count);
	plan->paths = true;
}

static void add_pair(struct random_plan *plan, uint32_t tag, int lot)
{
	if (one_in(2))
		add_issued(plan, tag, lot);
	else
		add_own(plan, tag, lot);
}

/* What somebody else put there, or what is to go. */
static void add_others(struct random_plan *plan, uint32_t tag, enum source source)
{
	uint32_t first = chance(CREDENTIAL_TYPES);

	for (uint32_t type = first; type == first || (type < CREDENTIAL_TYPES && one_in(2)); type++)
		add_want(plan, tag, type, source);
}

/* What a tag gets, and now and then what one lot gets instead. */
static void add_tag(struct random_plan *plan, uint32_t tag)
{
	static void (*const kinds[])(struct random_plan *, uint32_t, int) = {
		add_psk, add_identity, add_roots, add_pair
	};
	unsigned which = 1 + chance(15);

	if (one_in(5)) {
		add_others(plan, tag, one_in(2) ? SOURCE_DELETE : SOURCE_EXPECT);
		return;
	}
	for (size_t i = 0; i < 4; i++) {
		if ((which >> i & 1) == 0)
			continue;
		kinds[i](plan, tag, -1);
		if (plan->lots > 1 && one_in(3))
			kinds[i](plan, tag, (int)chance(plan->lots));
	}
}

static void add_tags(struct random_plan *plan)
{
	static const uint32_t tags[] = {0, 7, 42, 1140, 16842753, 515765868, SLOT_TAG_MAX};
	unsigned first = chance(7), count = 1 + chance(3);

	for (unsigned i = 0; i < count; i++)
		add_tag(plan, tags[(first + i * 2) % 7]);
}

static void random_imei(char out[static IMEI_SIZE], unsigned number)
{
	snprintf(out, IMEI_SIZE, "%02u%06u%06u0", 1 + chance(99), chance(3) * 333333,
	    number * 4999 % 1000000);
	out[IMEI_LENGTH - 1] = imei_check_digit(out);
}

static void add_devices(struct random_plan *plan)
{
	plan->count = one_in(6) ? 1 : 1 + chance(plan->paths ? 24 : one_in(3) ? WANTED_MAX : 30);
	if (plan->count < plan->lots)
		plan->count = plan->lots;
	plan->devices = calloc(plan->count, sizeof *plan->devices);
	assert_non_null(plan->devices);
	for (unsigned i = 0; i < plan->count; i++) {
		struct wanted_device *device = &plan->devices[i];

		random_imei(device->imei, i);
		snprintf(device->serial, sizeof device->serial, one_in(4) ? "S/N,%u" : "B%05u", i);
		device->lot = i < plan->lots ? i : plan->lots > 0 ? chance(plan->lots) : 0;
	}
	for (size_t i = plan->count - 1; plan->lots > 0 && i > 0; i--) { /* no lot's devices need to adjoin */
		size_t j = chance((unsigned)i + 1);
		unsigned lot = plan->devices[i].lot;

		plan->devices[i].lot = plan->devices[j].lot;
		plan->devices[j].lot = lot;
	}
}

/* Which credential a device gets for the slot of another one. */
static size_t want_of(const struct random_plan *plan, const struct wanted_device *device, struct slot slot)
{
	size_t found = WANTS_MAX;

	for (size_t i = 0; i < plan->want_count; i++) {
		const struct want *want = &plan->wants[i];

		if (slot_compare(want->slot, slot) != 0)
			continue;
		if (want->lot == (int)device->lot && plan->lots > 0)
			return i;
		if (want->lot < 0)
			found = i;
	}
	return found;
}

static char *random_psk(void)
{
	uint8_t key[64];
	size_t size = 16 + chance(49);
	char *text = malloc(2 * size + 1);

	assert_non_null(text);
	chance_bytes(key, size);
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", key[i]);
	return text;
}

static char *random_identity(const struct wanted_device *device)
{
	char text[10], *out = malloc(40);

	assert_non_null(out);
	random_text(text, sizeof text);
	snprintf(out, 40, "%s%s", text, device->imei);
	return out;
}

static void give(struct random_plan *plan, struct wanted_device *device, size_t i)
{
	const struct want *want = &plan->wants[i];

	if (want_of(plan, device, want->slot) != i)
		return;
	if (want->source == SOURCE_COLUMN)
		device->texts[i] = want->slot.type == CREDENTIAL_PSK ? random_psk() : random_identity(device);
	if (want->source != SOURCE_PATH || want->slot.type != CREDENTIAL_CERT)
		return;
	device->pairs[i] = device->pairs[i + 1] = calloc(1, sizeof **device->pairs);
	assert_non_null(device->pairs[i]);
	own_pair_make(device->pairs[i], plan->wants[i + 1].password_column[0] != '\0' && one_in(2));
}

static void random_policy(struct random_plan *plan)
{
	static const char *const versions[] = {"", "1.3.2", "2.0.1"};

	plan->existing = chance(3);
	plan->rework = chance(3);
	plan->label = chance(3);
	plan->attestation = chance(3);
	plan->finish = chance(3);
	plan->attempts = 1 + chance(ATTEMPTS_MAX);
	plan->log_imei = one_in(2);
	plan->log_unit = one_in(2);
	plan->nul = one_in(2);
	plan->firmware = versions[chance(3)];
}

static void random_plan_make(struct random_plan *plan, uint64_t seed)
{
	*plan = (struct random_plan){.profile = BUFFER_EMPTY, .csv = BUFFER_EMPTY};
	chance_state = seed;
	plan->lots = one_in(2) ? 1 + chance(LOTS_WANTED) : 0;
	add_tags(plan);
	add_devices(plan);
	plan->lot_size = one_in(2) ? 1 + chance((unsigned)plan->count) : 1000;
	for (size_t d = 0; d < plan->count; d++)
		for (size_t i = 0; i < plan->want_count; i++)
			give(plan, &plan->devices[d], i);
	random_policy(plan);
}

static void random_plan_free(struct random_plan *plan)
{
	for (size_t d = 0; d < plan->count; d++) {
		struct wanted_device *device = &plan->devices[d];

		for (size_t i = 0; i < plan->want_count; i++) {
			free(device->texts[i]);
			if (device->pairs[i] == NULL || plan->wants[i].slot.type != CREDENTIAL_CERT)
				continue;
			own_pair_free(device->pairs[i]);
			free(device->pairs[i]);
		}
	}
	free(plan->devices);
	buffer_free(&plan->profile);
	buffer_free(&plan->csv);
}

#endif
