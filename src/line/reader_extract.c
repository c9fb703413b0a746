/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <unistd.h>

#include "gapseal/extract.h"
#include "gapseal/file.h"
#include "gapseal/json.h"
#include "reader_private.h"

/* Read anew at every look-up: they are few and small, and a copy taken anew is seen at once. */

static enum err read_proof(struct message *record, int folder, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	struct proof_fields proof;
	enum err err;

	err = file_read(&text, folder, PROOF_NAME, PROOF_MAX, fault);
	if (err == ERR_OK)
		err = proof_parse(&proof, buffer_bytes(&text), PROOF_NAME, fault);
	buffer_free(&text);
	if (err != ERR_OK)
		return err;
	record->path_count = proof.path.count;
	if (proof.path.count > 0)
		memcpy(record->path, proof.path.items, proof.path.count * HASH_SIZE);
	json_free(&proof, &proof_shape);
	return ERR_OK;
}

static enum err read_record(struct message *record, int folder, uint64_t stride, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	err = file_read(&text, folder, EXTRACT_RECORD_NAME, RECORD_STRIDE_MAX, fault);
	if (err == ERR_OK && text.size != stride)
		err = fault_set(fault, ERR_CANNOT, "reader", EXTRACT_RECORD_NAME,
		    "the file has not the size its manifest says: ingest the extract again");
	if (err == ERR_OK)
		memcpy(record->record, text.data, text.size);
	buffer_free(&text);
	return err;
}

enum err reader_extract_read(struct message *record, const struct reader_batch *batch, int batches,
    struct fault *fault)
{
	char name[EXTRACT_FOLDER_SIZE];
	int folder;
	enum err err;

	extract_folder_name(name, batch->id, record->index);
	err = folder_open(&folder, batches, name, fault);
	if (err != ERR_OK)
		return err;
	err = read_proof(record, folder, fault);
	if (err == ERR_OK)
		err = read_record(record, folder, batch->fields.stride, fault);
	close(folder);
	if (err == ERR_OK)
		return ERR_OK;
	return fault_set(fault, ERR_CANNOT, "reader", name, "%s: ingest the extract again", fault->text);
}
