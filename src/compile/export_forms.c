/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "export_private.h"

/* The forms, one small function each. What a back end cannot take is refused before its row is begun. */

static enum err refuse_identity(const struct export_device *device, const char *where, const char *text,
    struct fault *fault)
{
	return fault_set(fault, ERR_NO, "export-identity", where, "record %llu: %s",
	    (unsigned long long)device->unsealed->index, text);
}

/* Both servers cut a line at its first colon; mosquitto also trims, and takes '#' for a comment. */
static enum err check_colon(const struct export_device *device, const char *where, struct fault *fault)
{
	struct bytes identity = device->identity;

	if (memchr(identity.data, ':', identity.size) != NULL)
		return refuse_identity(device, where,
		    "the PSK identity holds a colon, at which the server would "
		    "cut it; give the devices identities without one", fault);
	if (identity.data[0] == '#' || identity.data[0] == ' ' || identity.data[identity.size - 1] == ' ')
		return refuse_identity(device, where,
		    "the PSK identity begins with '#' or has a blank at an end, "
		    "which the server would not take as it is", fault);
	return ERR_OK;
}

static void row_mosquitto(struct sheet *sheet, const struct export_device *device)
{
	sheet_put(sheet, device->identity);
	sheet_text(sheet, ":");
	sheet_put(sheet, device->psk);
	sheet_text(sheet, "\n");
}

/* The i-th byte of a PSK: contents_read has let hex digits through only. */
static uint8_t psk_byte(struct bytes psk, size_t i)
{
	uint8_t byte = 0;

	hex_decode(&byte, 1, bytes_from(psk.data + i, 2));
	return byte;
}

/* EMQX takes the characters behind the colon as the key itself. */
static enum err check_emqx(const struct export_device *device, const char *where, struct fault *fault)
{
	for (size_t i = 0; i < device->psk.size; i += 2) {
		uint8_t byte = psk_byte(device->psk, i);

		if (byte <= 0x20 || byte > 0x7e)
			return fault_set(fault, ERR_NO, "export-psk", where,
			    "record %llu: EMQX takes a PSK as text, and the bytes of this one are none; give the "
			    "devices PSKs of printable characters", (unsigned long long)device->unsealed->index);
	}
	return check_colon(device, where, fault);
}

static void row_emqx(struct sheet *sheet, const struct export_device *device)
{
	sheet_put(sheet, device->identity);
	sheet_text(sheet, ":");
	for (size_t i = 0; i < device->psk.size; i += 2) {
		uint8_t byte = psk_byte(device->psk, i);

		sheet_put(sheet, bytes_from(&byte, 1));
		secret_wipe(&byte, sizeof byte);
	}
	sheet_text(sheet, "\n");
}

/* The endpoint of an LwM2M client is its PSK identity unless somebody went to lengths. */
static void row_leshan(struct sheet *sheet, const struct export_device *device)
{
	sheet_text(sheet, "{\"endpoint\":");
	sheet_json(sheet, device->identity);
	sheet_text(sheet, ",\"psk\":{\"identity\":");
	sheet_json(sheet, device->identity);
	sheet_text(sheet, ",\"key\":");
	sheet_json(sheet, device->psk);
	sheet_text(sheet, "}}");
}

static void row_thingsboard(struct sheet *sheet, const struct export_device *device)
{
	sheet_csv(sheet, device->identity);
	sheet_text(sheet, ",default,");
	sheet_csv(sheet, device->identity);
	sheet_text(sheet, ",PSK,");
	sheet_csv(sheet, device->identity);
	sheet_text(sheet, ",");
	sheet_csv(sheet, device->psk);
	sheet_text(sheet, "\n");
}

static void row_thingsboard_x509(struct sheet *sheet, const struct export_device *device)
{
	sheet_csv(sheet, bytes_of(device->name));
	sheet_text(sheet, ",default,");
	sheet_csv(sheet, device->certificate);
	sheet_text(sheet, "\n");
}

/* Names of things: letters, digits, and :_- */
static enum err check_thing(const struct export_device *device, const char *where, struct fault *fault)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-";

	if (strspn(device->name, allowed) == strlen(device->name) && device->name[0] != '\0')
		return ERR_OK;
	return refuse_identity(device, where, "the certificate's common name, which the service takes as the "
	    "device's name, holds something else than letters, digits, ':', '_' and '-'", fault);
}

/* Columns: device id, sub-type, tags, firmware types, certificate; no header. */
static void row_nrfcloud(struct sheet *sheet, const struct export_device *device)
{
	sheet_csv(sheet, bytes_of(device->name));
	sheet_text(sheet, ",,,APP|MODEM,");
	sheet_csv(sheet, device->certificate);
	sheet_text(sheet, "\n");
}

/* The parameters of a bulk registration's template. */
static void row_aws(struct sheet *sheet, const struct export_device *device)
{
	sheet_text(sheet, "{\"ThingName\":");
	sheet_json(sheet, bytes_of(device->name));
	sheet_text(sheet, ",\"SerialNumber\":");
	sheet_json(sheet, bytes_of(device->unsealed->contents->imei));
	sheet_text(sheet, ",\"CertificatePem\":");
	sheet_json(sheet, device->certificate);
	sheet_text(sheet, "}\n");
}

/* A content as csv and json show it: of a private key nothing, of a common one its text. */
static struct bytes shown(const struct export_device *device, const struct contents_step *step)
{
	const struct manifest_common *commons = device->manifest->common.items;

	if (step->slot.type == CREDENTIAL_KEY)
		return bytes_from(NULL, 0);
	return step->shared ? bytes_of(commons[step->common].text) : step->content;
}

/* The digest of a slot in hex, empty if none is known beforehand. */
static void digest_of(char out[static 2 * HASH_SIZE + 1], const struct unsealed *unsealed, struct slot slot)
{
	out[0] = '\0';
	for (size_t i = 0; i < unsealed->count; i++)
		if (unsealed->slots[i].kind == STATE_DIGEST &&
		    slot_compare(unsealed->slots[i].slot, slot) == 0)
			hex_encode(out, bytes_from(unsealed->slots[i].digest, HASH_SIZE));
}

static const char *op_name(enum contents_op op)
{
	static const char *const names[] = {
		[CONTENTS_WRITE] = "write",
		[CONTENTS_DELETE] = "delete",
		[CONTENTS_KEYGEN] = "keygen",
		[CONTENTS_EXPECT] = "expect",
	};

	return names[op];
}

static void row_csv(struct sheet *sheet, const struct export_device *device)
{
	const struct unsealed *unsealed = device->unsealed;
	char digest[2 * HASH_SIZE + 1];

	for (size_t i = 0; i < unsealed->contents->count; i++) {
		const struct contents_step *step = &unsealed->contents->steps[i];

		digest_of(digest, unsealed, step->slot);
		sheet_number(sheet, unsealed->index);
		sheet_text(sheet, ",");
		sheet_text(sheet, unsealed->lot->name);
		sheet_text(sheet, ",");
		sheet_text(sheet, unsealed->contents->imei);
		sheet_text(sheet, ",");
		sheet_text(sheet, op_name(step->op));
		sheet_text(sheet, ",");
		sheet_number(sheet, step->slot.tag);
		sheet_text(sheet, ",");
		sheet_text(sheet, credential_type_name(step->slot.type));
		sheet_text(sheet, ",");
		sheet_text(sheet, digest);
		sheet_text(sheet, ",");
		sheet_csv(sheet, shown(device, step));
		sheet_text(sheet, "\n");
	}
	secret_wipe(digest, sizeof digest);
}

static void json_step(struct sheet *sheet, const struct export_device *device,
    const struct contents_step *step)
{
	char digest[2 * HASH_SIZE + 1];

	digest_of(digest, device->unsealed, step->slot);
	sheet_text(sheet, "{\"op\":\"");
	sheet_text(sheet, op_name(step->op));
	sheet_text(sheet, "\",\"tag\":");
	sheet_number(sheet, step->slot.tag);
	sheet_text(sheet, ",\"type\":\"");
	sheet_text(sheet, credential_type_name(step->slot.type));
	sheet_text(sheet, "\",\"sha256\":\"");
	sheet_text(sheet, digest);
	sheet_text(sheet, "\",\"content\":");
	sheet_json(sheet, shown(device, step));
	sheet_text(sheet, "}");
	secret_wipe(digest, sizeof digest);
}

static void row_json(struct sheet *sheet, const struct export_device *device)
{
	const struct unsealed *unsealed = device->unsealed;

	sheet_text(sheet, "{\"index\":");
	sheet_number(sheet, unsealed->index);
	sheet_text(sheet, ",\"lot\":\"");
	sheet_text(sheet, unsealed->lot->name);
	sheet_text(sheet, "\",\"imei\":\"");
	sheet_text(sheet, unsealed->contents->imei);
	sheet_text(sheet, "\",\"credentials\":[");
	for (size_t i = 0; i < unsealed->contents->count; i++) {
		if (i > 0)
			sheet_text(sheet, ",");
		json_step(sheet, device, &unsealed->contents->steps[i]);
	}
	sheet_text(sheet, "]}");
}

const char export_formats[] =
    "aws, csv, emqx, json, leshan, mosquitto, nrfcloud, thingsboard, thingsboard-x509";

static const struct export_form forms[] = {
	{.name = "aws", .need = NEED_CERTIFICATE, .check = check_thing, .row = row_aws},
	{.name = "csv", .secret = true, .head = "index,lot,imei,op,tag,type,sha256,content\n",
	    .row = row_csv},
	{.name = "emqx", .secret = true, .need = NEED_PSK, .check = check_emqx, .row = row_emqx},
	{.name = "json", .secret = true, .head = "[\n", .between = ",\n", .tail = "\n]\n", .row = row_json},
	{.name = "leshan", .secret = true, .need = NEED_PSK, .head = "[\n", .between = ",\n", .tail = "\n]\n",
	    .row = row_leshan},
	{.name = "mosquitto", .secret = true, .need = NEED_PSK, .check = check_colon, .row = row_mosquitto},
	{.name = "nrfcloud", .need = NEED_CERTIFICATE, .rows = 1000, .file = "onboard",
	    .check = check_thing, .row = row_nrfcloud},
	{.name = "thingsboard", .secret = true, .need = NEED_PSK,
	    .head = "Name,Type,LwM2M endpoint,LwM2M security mode,LwM2M identity,LwM2M key\n",
	    .row = row_thingsboard},
	{.name = "thingsboard-x509", .need = NEED_CERTIFICATE, .head = "Name,Type,X.509 certificate\n",
	    .row = row_thingsboard_x509},
};

const struct export_form *export_form(const char *name)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (strcmp(forms[i].name, name) == 0)
			return &forms[i];
	return NULL;
}
