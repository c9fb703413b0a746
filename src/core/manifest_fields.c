/* SPDX-License-Identifier: ISC */
#include "gapseal/json.h"
#include "gapseal/manifest.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const kind_words[] = {"cert-only", "full", "harvest", NULL};
static const char *const purpose_words[] = {"production", "rehearsal", NULL};
static const char *const existing_words[] = {"keep-same", "refuse", "replace", NULL};
static const char *const rework_words[] = {"local", "never", "permit", NULL};
static const char *const label_words[] = {"imei", "off", "unit", NULL};
static const char *const attestation_words[] = {"off", "record", "require", NULL};
static const char *const form_words[] = {"exact", "nul", NULL};
static const char *const slot_words[] = {"absent", "digest", "present", NULL};
static const char *const finish_words[] = {"cfun0", "none", "reset", NULL};
static const char *const ending_words[] = {"crlf", "lf", NULL};

static const struct field file_fields[] = {
	{"bytes", FIELD_INTEGER, offsetof(struct manifest_file, bytes), 0, NULL, NULL},
	{"sha256", FIELD_HASH, offsetof(struct manifest_file, sha256), 0, NULL, NULL},
};
static const struct shape files_shape = {NULL, file_fields, LENGTH(file_fields),
    sizeof(struct manifest_file)};

static const struct field lot_fields[] = {
	{"check", FIELD_HASH, offsetof(struct manifest_lot, check), 0, NULL, NULL},
	{"count", FIELD_INTEGER, offsetof(struct manifest_lot, count), 0, NULL, NULL},
	{"first", FIELD_INTEGER, offsetof(struct manifest_lot, first), 0, NULL, NULL},
	{"name", FIELD_NAME, offsetof(struct manifest_lot, name), 0, NULL, NULL},
};
static const struct shape lots_shape = {NULL, lot_fields, LENGTH(lot_fields), sizeof(struct manifest_lot)};

static const struct field common_fields[] = {
	{"digest", FIELD_HASH, offsetof(struct manifest_common, digest), 0, NULL, NULL},
	{"line_ending", FIELD_CHOICE, offsetof(struct manifest_common, line_ending), 0, NULL, ending_words},
	{"text", FIELD_LINES, offsetof(struct manifest_common, text), 0, NULL, NULL},
};
static const struct shape commons_shape = {
	NULL, common_fields, LENGTH(common_fields), sizeof(struct manifest_common)
};

static const struct field supersede_fields[] = {
	{"all", FIELD_BOOLEAN, offsetof(struct manifest_supersede, all), 0, NULL, NULL},
	{"indices", FIELD_LIST, offsetof(struct manifest_supersede, indices), 0, &integers_shape, NULL},
	{"manifest_sha256", FIELD_HASH, offsetof(struct manifest_supersede, manifest_sha256), 0, NULL, NULL},
	{"reason", FIELD_TEXT, offsetof(struct manifest_supersede, reason), TITLE_SIZE, NULL, NULL},
};
static const struct shape supersedes_shape = {
	NULL, supersede_fields, LENGTH(supersede_fields), sizeof(struct manifest_supersede)
};

static const struct field slot_fields[] = {
	{"state", FIELD_CHOICE, offsetof(struct manifest_slot, state), 0, NULL, slot_words},
	{"tag", FIELD_INTEGER, offsetof(struct manifest_slot, tag), 0, NULL, NULL},
	{"type", FIELD_INTEGER, offsetof(struct manifest_slot, type), 0, NULL, NULL},
};
static const struct shape slots_shape = {NULL, slot_fields, LENGTH(slot_fields),
    sizeof(struct manifest_slot)};

static const struct field form_fields[] = {{.kind = FIELD_CHOICE, .words = form_words}};
static const struct shape forms_shape = {NULL, form_fields, LENGTH(form_fields), sizeof(unsigned)};

#define AT(member) offsetof(struct manifest_policy, member)
static const struct field policy_fields[] = {
	{"attempts", FIELD_INTEGER, AT(attempts), 0, NULL, NULL},
	{"attestation", FIELD_CHOICE, AT(attestation), 0, NULL, attestation_words},
	{"digest_forms", FIELD_LIST, AT(digest_forms), 0, &forms_shape, NULL},
	{"existing", FIELD_CHOICE, AT(existing), 0, NULL, existing_words},
	{"families", FIELD_LIST, AT(families), 0, &names_shape, NULL},
	{"finish", FIELD_CHOICE, AT(finish), 0, NULL, finish_words},
	{"label", FIELD_CHOICE, AT(label), 0, NULL, label_words},
	{"log_imei", FIELD_BOOLEAN, AT(log_imei), 0, NULL, NULL},
	{"log_unit", FIELD_BOOLEAN, AT(log_unit), 0, NULL, NULL},
	{"minimum_firmware", FIELD_TEXT, AT(minimum_firmware), FIRMWARE_VERSION_SIZE, NULL, NULL},
	{"rework", FIELD_CHOICE, AT(rework), 0, NULL, rework_words},
	{"slots", FIELD_LIST, AT(slots), 0, &slots_shape, NULL},
};
#undef AT
static const struct shape policy_shape = {
	NULL, policy_fields, LENGTH(policy_fields), sizeof(struct manifest_policy)
};

#define AT(member) offsetof(struct manifest_fields, member)
static const struct field manifest_table[] = {
	{"abandoned", FIELD_LIST, AT(abandoned), 0, &integers_shape, NULL},
	{"batch", FIELD_NAME, AT(batch), 0, NULL, NULL},
	{"common", FIELD_LIST, AT(common), 0, &commons_shape, NULL},
	{"count", FIELD_INTEGER, AT(count), 0, NULL, NULL},
	{"files", FIELD_LIST, AT(files), 0, &files_shape, NULL},
	{"issued", FIELD_TIME, AT(issued), 0, NULL, NULL},
	{"kind", FIELD_CHOICE, AT(kind), 0, NULL, kind_words},
	{"lots", FIELD_LIST, AT(lots), 0, &lots_shape, NULL},
	{"master_recipients", FIELD_LIST, AT(master_recipients), 0, &recipients_shape, NULL},
	{"org", FIELD_NAME, AT(org), 0, NULL, NULL},
	{"policy", FIELD_OBJECT, AT(policy), 0, &policy_shape, NULL},
	{"purpose", FIELD_CHOICE, AT(purpose), 0, NULL, purpose_words},
	{"root", FIELD_HASH, AT(root), 0, NULL, NULL},
	{"seq", FIELD_INTEGER, AT(seq), 0, NULL, NULL},
	{"series", FIELD_NAME, AT(series), 0, NULL, NULL},
	{"stride", FIELD_INTEGER, AT(stride), 0, NULL, NULL},
	{"supersedes", FIELD_LIST, AT(supersedes), 0, &supersedes_shape, NULL},
	{"title", FIELD_TEXT, AT(title), TITLE_SIZE, NULL, NULL},
	{"tool", FIELD_TEXT, AT(tool), TITLE_SIZE, NULL, NULL},
	{"trust", FIELD_INTEGER, AT(trust), 0, NULL, NULL},
};
#undef AT
const struct shape manifest_shape = {
	MANIFEST_SCHEMA, manifest_table, LENGTH(manifest_table), sizeof(struct manifest_fields)
};

enum err manifest_parse(struct manifest_fields *out, struct bytes text, const char *where,
    struct fault *fault)
{
	enum err err;

	err = json_read(out, &manifest_shape, text, where, fault);
	if (err != ERR_OK)
		return err;
	err = manifest_check(out, where, fault);
	if (err != ERR_OK)
		json_free(out, &manifest_shape);
	return err;
}
