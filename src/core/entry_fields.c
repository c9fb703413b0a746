/* SPDX-License-Identifier: ISC */
#include "gapseal/entry.h"

/* A choice is written as an unsigned, and enum entry_type is one. */
_Static_assert(sizeof(enum entry_type) == sizeof(unsigned), "the type of an entry is read as a choice");

static const char *const type_words[ENTRY_TYPES + 1] = {
	"enroll", "trust", "ingest", "start", "begin", "end", "same", "refuse", "release", "void", "unvoid",
	"recover", "export", "closeout", "stop", "clock", NULL
};

#define ROW(key, kind, member, words) \
	{key, kind, offsetof(struct entry, member), sizeof((struct entry *)NULL)->member, NULL, words}

/* Every key there is, once: its kind and its place in struct entry. */
#define ATTEMPT       ROW("attempt", FIELD_INTEGER, attempt, NULL)
#define ATTESTATION   ROW("attestation", FIELD_HASH_OR_EMPTY, attestation, NULL)
#define BATCH         ROW("batch", FIELD_NAME, batch, NULL)
#define BEGIN         ROW("begin", FIELD_INTEGER, begin, NULL)
#define BOOT          ROW("boot", FIELD_TEXT, boot, NULL)
#define BYTES         ROW("bytes", FIELD_INTEGER, bytes, NULL)
#define DONE          ROW("done", FIELD_INTEGER, done, NULL)
#define DONE_SHA256   ROW("done_sha256", FIELD_HASH, done_sha256, NULL)
#define FAILED        ROW("failed", FIELD_INTEGER, failed, NULL)
#define FAILED_SHA256 ROW("failed_sha256", FIELD_HASH, failed_sha256, NULL)
#define FIRMWARE      ROW("firmware", FIELD_TEXT, firmware, NULL)
#define FORM          ROW("form", FIELD_TEXT, form, NULL)
#define GRANT         ROW("grant", FIELD_INTEGER, grant, NULL)
#define IMEI          ROW("imei", FIELD_TEXT, imei, NULL)
#define INDEX         ROW("index", FIELD_INTEGER, index, NULL)
#define LEAF          ROW("leaf", FIELD_HASH_OR_EMPTY, leaf, NULL)
#define LOG_KEY       ROW("log_key", FIELD_TEXT, log_key, NULL)
#define LOT           ROW("lot", FIELD_NAME, lot, NULL)
#define MANIFEST      ROW("manifest_sha256", FIELD_HASH_OR_EMPTY, manifest, NULL)
#define MONO          ROW("mono", FIELD_INTEGER, mono, NULL)
#define MS            ROW("ms", FIELD_INTEGER, ms, NULL)
#define N             ROW("n", FIELD_INTEGER, n, NULL)
#define OPERATOR      ROW("operator", FIELD_TEXT, operator_, NULL)
#define ORG           ROW("org", FIELD_NAME, org, NULL)
#define PORT          ROW("port", FIELD_TEXT, port, NULL)
#define REASON        ROW("reason", FIELD_TEXT, reason, NULL)
#define RECIPIENT     ROW("recipient", FIELD_TEXT, recipient, NULL)
#define RESULT        ROW("result", FIELD_TEXT, result, NULL)
#define SHA256        ROW("sha256", FIELD_HASH_OR_EMPTY, sha256, NULL)
#define SIZE          ROW("size", FIELD_INTEGER, size, NULL)
#define STATE         ROW("state", FIELD_HASH_OR_EMPTY, state, NULL)
#define STATION       ROW("station", FIELD_NAME, station, NULL)
#define STEPS         ROW("steps", FIELD_NUMBERS, steps, NULL)
#define TEXT          ROW("text", FIELD_TEXT, text, NULL)
#define TIME          ROW("time", FIELD_TIME, time, NULL)
#define TOOL          ROW("tool", FIELD_TEXT, tool, NULL)
#define TRUST         ROW("trust", FIELD_INTEGER, trust, NULL)
#define TYPE          ROW("type", FIELD_CHOICE, type, type_words)
#define UNIT          ROW("unit", FIELD_TEXT, unit, NULL)
#define UNUSED        ROW("unused", FIELD_INTEGER, unused, NULL)
#define UNUSED_SHA256 ROW("unused_sha256", FIELD_HASH, unused_sha256, NULL)
#define V             ROW("v", FIELD_INTEGER, v, NULL)
#define VOID          ROW("void", FIELD_INTEGER, void_, NULL)
#define VOID_SHA256   ROW("void_sha256", FIELD_HASH, void_sha256, NULL)

/* One table a type: the keys of its line, in their order. */
static const struct field enroll_keys[] = {
	BOOT, LOG_KEY, MONO, N, ORG, RECIPIENT, STATION, TIME, TOOL, TYPE, V
};
static const struct field trust_keys[] = {BOOT, MONO, N, SHA256, TIME, TRUST, TYPE, V};
static const struct field ingest_keys[] = {
	BATCH, BOOT, GRANT, MANIFEST, MONO, N, SHA256, TIME, TRUST, TYPE, V
};
static const struct field start_keys[] = {BOOT, MONO, N, OPERATOR, SHA256, TIME, TOOL, TYPE, V};
static const struct field begin_keys[] = {
	ATTEMPT, BOOT, GRANT, IMEI, INDEX, LEAF, MANIFEST, MONO, N, PORT, TIME, TYPE, UNIT, V
};
static const struct field end_keys[] = {
	ATTEMPT, ATTESTATION, BEGIN, BOOT, FIRMWARE, FORM, GRANT, IMEI, INDEX, LEAF, MANIFEST, MONO, MS, N,
	PORT, REASON, RESULT, STATE, STEPS, TIME, TYPE, UNIT, V
};
static const struct field same_keys[] = {
	ATTEMPT, ATTESTATION, BOOT, FIRMWARE, FORM, GRANT, IMEI, INDEX, LEAF, MANIFEST, MONO, MS, N, PORT,
	REASON, RESULT, STATE, STEPS, TIME, TYPE, UNIT, V
};
static const struct field refuse_keys[] = {
	ATTEMPT, BOOT, GRANT, IMEI, INDEX, LEAF, MANIFEST, MONO, N, PORT, REASON, TIME, TYPE, UNIT, V
};
static const struct field release_keys[] = {BOOT, INDEX, MANIFEST, MONO, N, OPERATOR, TEXT, TIME, TYPE, V};
static const struct field void_keys[] = {BOOT, INDEX, MANIFEST, MONO, N, OPERATOR, TEXT, TIME, TYPE, UNIT, V};
static const struct field recover_keys[] = {BOOT, BYTES, MONO, N, SHA256, TEXT, TIME, TYPE, V};
static const struct field export_keys[] = {BOOT, MONO, N, SIZE, TIME, TYPE, V};
static const struct field closeout_keys[] = {
	BOOT, DONE, DONE_SHA256, FAILED, FAILED_SHA256, GRANT, LOT, MANIFEST, MONO, N, TIME, TYPE, UNUSED,
	UNUSED_SHA256, V, VOID, VOID_SHA256
};
static const struct field stop_keys[] = {BOOT, MONO, N, REASON, TIME, TYPE, V};
static const struct field clock_keys[] = {BOOT, MONO, N, TEXT, TIME, TYPE, V};

#define SHAPE(table) {NULL, table, sizeof(table) / sizeof((table)[0]), sizeof(struct entry)}
const struct shape entry_shapes[ENTRY_TYPES] = {
	[ENTRY_ENROLL] = SHAPE(enroll_keys),
	[ENTRY_TRUST] = SHAPE(trust_keys),
	[ENTRY_INGEST] = SHAPE(ingest_keys),
	[ENTRY_START] = SHAPE(start_keys),
	[ENTRY_BEGIN] = SHAPE(begin_keys),
	[ENTRY_END] = SHAPE(end_keys),
	[ENTRY_SAME] = SHAPE(same_keys),
	[ENTRY_REFUSE] = SHAPE(refuse_keys),
	[ENTRY_RELEASE] = SHAPE(release_keys),
	[ENTRY_VOID] = SHAPE(void_keys),
	[ENTRY_UNVOID] = SHAPE(void_keys),
	[ENTRY_RECOVER] = SHAPE(recover_keys),
	[ENTRY_EXPORT] = SHAPE(export_keys),
	[ENTRY_CLOSEOUT] = SHAPE(closeout_keys),
	[ENTRY_STOP] = SHAPE(stop_keys),
	[ENTRY_CLOCK] = SHAPE(clock_keys),
};

const char *entry_type_name(enum entry_type type)
{
	return type_words[type];
}
