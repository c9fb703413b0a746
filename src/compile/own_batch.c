/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/unseal.h"

static enum err verify(struct own_batch *batch, const struct office *office, struct fault *fault)
{
	const struct manifest_fields *fields = manifest_get(batch->manifest);
	enum err err = sums_verify(batch->folder, fields, manifest_hash(batch->manifest), batch->path, fault);

	if (err == ERR_OK)
		err = records_verify(batch->folder, fields, 1, NULL, NULL, batch->path, fault);
	if (err == ERR_OK)
		err = ledger_open(&batch->ledger, office->path, fields->org, fault);
	if (err == ERR_OK)
		err = ledger_has_batch(batch->ledger, manifest_hash(batch->manifest), fields->batch, fault);
	return err;
}

/* What officers signed when they were in office stays signed: so by the newest version of trust, or by an
 * older one this office has used; what newest calls compromised or revoked counts in none of them. */
static enum err open_manifest(struct own_batch *batch, const struct office *office,
    const struct trust *newest, struct fault *fault)
{
	struct fault older;
	enum err first = manifest_open(&batch->manifest, &batch->document, newest, newest, fault),
	    err = first;

	for (size_t i = chain_count(office->chain); err == ERR_NO && i-- > 0;)
		err = manifest_open(&batch->manifest, &batch->document, chain_at(office->chain, i), newest,
		    &older);
	return err == ERR_OK ? ERR_OK : first;
}

static enum err load(struct own_batch *out, const char *path, struct fault *fault)
{
	enum err err;

	*out = OWN_BATCH_EMPTY;
	out->path = path;
	err = folder_open(&out->folder, AT_FDCWD, path, fault);
	return err == ERR_OK ? document_load_in(&out->document, out->folder, path, MANIFEST_NAME, fault)
	    : err;
}

enum err own_batch_open(struct own_batch *out, const struct office *office, const struct trust *trust,
    const char *path, struct fault *fault)
{
	enum err err = load(out, path, fault);

	if (err == ERR_OK)
		err = open_manifest(out, office, trust, fault);
	if (err == ERR_OK)
		err = verify(out, office, fault);
	if (err != ERR_OK)
		own_batch_close(out);
	return err;
}

enum err own_batch_open_now(struct own_batch *out, const struct office *office, const struct trust *trust,
    const char *path, struct fault *fault)
{
	enum err err = load(out, path, fault);

	if (err == ERR_OK)
		err = manifest_open(&out->manifest, &out->document, trust, trust, fault);
	if (err == ERR_OK)
		err = verify(out, office, fault);
	if (err != ERR_OK)
		own_batch_close(out);
	return err;
}

void own_batch_close(struct own_batch *batch)
{
	ledger_free(&batch->ledger);
	manifest_free(&batch->manifest);
	document_free(&batch->document);
	if (batch->folder >= 0)
		close(batch->folder);
	*batch = OWN_BATCH_EMPTY;
}
