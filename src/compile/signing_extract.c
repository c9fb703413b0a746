/* SPDX-License-Identifier: ISC */
#include "signing_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gapseal/extract.h"
#include "gapseal/grant.h"
#include "gapseal/json.h"
#include "gapseal/list.h"

static enum err check_grant(const struct signing *signing, const struct extract *extract,
    const struct manifest_fields *manifest, const uint8_t manifest_hash[static HASH_SIZE],
    struct fault *fault)
{
	struct grant_fields grant;
	enum err err = grant_parse(&grant, buffer_bytes(&signing->document.text), signing->path, fault);

	if (err != ERR_OK)
		return err;
	err = grant_check(&grant, manifest, manifest_hash, signing->path, fault);
	if (err == ERR_OK && (grant.records.count != 1 || list_integer(&grant.records, 0) != extract->index))
		err = fault_set(fault, ERR_NO, "grant-records", signing->path,
		    "the grant is not for record %" PRIu64 " alone", extract->index);
	json_free(&grant, &grant_shape);
	return err;
}

static enum err check(struct signing *signing, struct extract *extract, int folder, const char *path,
    const struct document *document, const struct manifest_fields *manifest, struct fault *fault)
{
	uint32_t lot;
	enum err err = extract_open(extract, folder, manifest, document->hash, path, fault);

	if (err == ERR_OK)
		err = check_grant(signing, extract, manifest, document->hash, fault);
	if (err == ERR_OK)
		buffer_format(&signing->summary, "  extract      record %" PRIu64 " of %" PRIu64
		    " in batch %s, lot %s; it stands under the root of its manifest\n", extract->index,
		    manifest->count, manifest->batch,
		    manifest_lot_of(manifest, extract->index, &lot)->name);
	return err;
}

static enum err check_manifest(struct signing *signing, struct extract *extract, int folder,
    const char *path, const struct document *document, const struct trust_fields *trust, struct fault *fault)
{
	struct manifest_fields manifest;
	unsigned counted;
	enum err err = manifest_parse(&manifest, buffer_bytes(&document->text), path, fault);

	if (err != ERR_OK)
		return err;
	if (trust != NULL)
		err = trust_count(&counted, NULL, trust, trust, ROLE_BATCH, document, "manifest",
		    manifest.batch, fault);
	if (err == ERR_OK)
		err = check(signing, extract, folder, path, document, &manifest, fault);
	json_free(&manifest, &manifest_shape);
	return err;
}

enum err signing_extract(struct signing *signing, int folder, const char *path,
    const struct trust_fields *trust, struct fault *fault)
{
	struct extract *extract = malloc(sizeof *extract);
	struct document document = DOCUMENT_EMPTY;
	enum err err;

	if (extract == NULL)
		return fault_memory(fault);
	err = document_load(&document, folder, MANIFEST_NAME, fault);
	if (err == ERR_OK)
		err = check_manifest(signing, extract, folder, path, &document, trust, fault);
	document_free(&document);
	free(extract);
	return err;
}
