/* SPDX-License-Identifier: ISC */
#include "gapseal/activation.h"

#include "gapseal/json.h"
#include "gapseal/list.h"

static const struct field activation_table[] = {
	{.key = "batch", .kind = FIELD_NAME, .offset = offsetof(struct activation_fields, batch)},
	{.key = "done", .kind = FIELD_LIST, .offset = offsetof(struct activation_fields, done),
	    .shape = &integers_shape},
	{.key = "manifest_sha256", .kind = FIELD_HASH, .offset = offsetof(struct activation_fields,
	    manifest_sha256)},
	{.key = "org", .kind = FIELD_NAME, .offset = offsetof(struct activation_fields, org)},
	{.key = "trust", .kind = FIELD_INTEGER, .offset = offsetof(struct activation_fields, trust)},
};
const struct shape activation_shape = {
	.schema = ACTIVATION_SCHEMA,
	.fields = activation_table,
	.count = sizeof activation_table / sizeof activation_table[0],
	.size = sizeof(struct activation_fields),
};

static enum err check(const struct activation_fields *fields, const char *where, struct fault *fault)
{
	if (fields->batch[0] == '\0' || fields->org[0] == '\0' || fields->trust == 0)
		return fault_set(fault, ERR_NO, "activation-names", where,
		    "batch, org and trust must be given");
	if (!list_ascending(&fields->done))
		return fault_set(fault, ERR_NO, "activation-order", where, "done does not ascend");
	return ERR_OK;
}

enum err activation_parse(struct activation_fields *out, struct bytes text, const char *where,
    struct fault *fault)
{
	enum err err = json_read(out, &activation_shape, text, where, fault);

	if (err == ERR_OK)
		err = check(out, where, fault);
	if (err != ERR_OK)
		json_free(out, &activation_shape);
	return err;
}
