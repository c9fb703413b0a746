/* SPDX-License-Identifier: ISC */
#include "gapseal/medium.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "medium_private.h"

enum err medium_refuse(enum err err, struct fault *fault)
{
	if (err == ERR_OK || (strcmp(fault->code, "signature-none") != 0 &&
	    strcmp(fault->code, "signature-threshold") != 0))
		return err;
	return fault_set(fault, err, fault->code, fault->where, "%s: ask another officer to sign",
	    fault->text);
}

enum err medium_in_folder(enum err err, const char *path, struct fault *fault)
{
	char place[2 * FAULT_WHERE_MAX];

	if (err == ERR_OK)
		return err;
	snprintf(place, sizeof place, "%s/%s", path, fault->where);
	return fault_set(fault, err, fault->code, place, "%s", fault->text);
}

static enum err fill(struct medium *medium, struct fault *fault)
{
	enum err err = medium_read_trusts(medium, fault);

	if (err == ERR_OK)
		err = medium_check_stations(medium, fault);
	if (err == ERR_OK)
		err = medium_read_batches(medium, fault);
	if (err == ERR_OK)
		err = medium_read_grants(medium, fault);
	if (err == ERR_OK)
		err = medium_check_rules(medium, fault);
	if (err == ERR_OK)
		err = medium_verify_files(medium, fault);
	if (err == ERR_OK)
		err = medium_list_files(medium, fault);
	if (err == ERR_OK)
		err = medium_fill_delivery(medium, fault);
	return err;
}

enum err medium_open(struct medium **out, const struct medium_request *request, struct fault *fault)
{
	enum err err;

	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return fault_memory(fault);
	(*out)->request = request;
	err = fill(*out, fault);
	if (err != ERR_OK)
		medium_free(out);
	return err;
}

void medium_free(struct medium **freed)
{
	struct medium *medium = *freed;

	if (medium == NULL)
		return;
	*freed = NULL;
	medium_free_delivery(&medium->delivery);
	for (size_t i = 0; i < medium->trust_count; i++)
		document_free(&medium->trusts[i].document);
	for (size_t i = 0; i < medium->batch_count; i++)
		medium_batch_free(&medium->batches[i]);
	for (size_t i = 0; i < medium->grant_count; i++) {
		free(medium->grants[i].path);
		grant_free(&medium->grants[i].grant);
		document_free(&medium->grants[i].document);
		buffer_free(&medium->grants[i].keys);
	}
	free(medium->trusts);
	free(medium->batches);
	free(medium->grants);
	free(medium->files);
	chain_free(&medium->chain);
	free(medium);
}

const struct delivery *medium_delivery(const struct medium *medium)
{
	return &medium->delivery;
}
