/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gapseal/office.h"
#include "medium_private.h"

#define PATH_SIZE 320

static enum err add(struct medium *medium, const char *path, struct fault *fault)
{
	struct medium_trust *grown = reallocarray(medium->trusts, medium->trust_count + 1, sizeof *grown);
	struct medium_trust *added;
	enum err err;

	if (grown == NULL)
		return fault_memory(fault);
	medium->trusts = grown;
	added = &grown[medium->trust_count];
	err = document_load(&added->document, AT_FDCWD, path, fault);
	if (err != ERR_OK)
		return err;
	medium->trust_count++;
	return trust_claimed_version(&added->version, &added->document, fault);
}

/* Every version the office has used: a station may hold an old one and needs those between. */
static enum err add_of_office(struct medium *medium, struct fault *fault)
{
	struct office office;
	enum err err = office_open(&office, medium->request->office, fault);

	if (err != ERR_OK)
		return err;
	for (size_t i = 0; i < chain_count(office.chain) && err == ERR_OK; i++) {
		char path[PATH_SIZE];

		snprintf(path, sizeof path, "%s/" OFFICE_TRUST "/trust-%06" PRIu64 ".json", office.path,
		    trust_get(chain_at(office.chain, i))->version);
		err = add(medium, path, fault);
	}
	office_close(&office);
	return err;
}

static int compare_versions(const void *a, const void *b)
{
	const struct medium_trust *left = a, *right = b;

	return (left->version > right->version) - (left->version < right->version);
}

/* The versions from the oldest on; one that was given twice goes along once. */
static enum err build_chain(struct medium *medium, struct fault *fault)
{
	size_t kept = 0;
	enum err err = ERR_OK;

	for (size_t i = 0; i < medium->trust_count && err == ERR_OK; i++) {
		struct medium_trust *trust = &medium->trusts[i];
		bool added;

		err = medium_refuse(chain_add(medium->chain, &trust->document, &added, fault), fault);
		if (err != ERR_OK)
			break;
		if (!added) {
			document_free(&trust->document);
		} else if (kept++ != i) {
			medium->trusts[kept - 1] = *trust;
			trust->document = DOCUMENT_EMPTY;
		}
	}
	if (err == ERR_OK)
		medium->trust_count = kept;
	return err;
}

static enum err check_pin(const struct medium *medium, struct fault *fault)
{
	const char *pin = medium->request->pin;
	enum err err = ERR_OK;

	for (size_t i = 0; pin != NULL && i < chain_count(medium->chain); i++) {
		err = fingerprint_check(trust_hash(chain_at(medium->chain, i)), pin, false, "--pin", fault);
		if (err == ERR_OK)
			return ERR_OK;
	}
	return err;
}

enum err medium_read_trusts(struct medium *medium, struct fault *fault)
{
	const struct medium_request *request = medium->request;
	enum err err = chain_new(&medium->chain, fault);

	if (err == ERR_OK && request->office != NULL)
		err = add_of_office(medium, fault);
	for (size_t i = 0; i < request->trust_count && err == ERR_OK; i++)
		err = add(medium, request->trusts[i], fault);
	if (err == ERR_OK && medium->trust_count == 0)
		err = fault_set(fault, ERR_CANNOT, "usage", "--trust",
		    "at least one version of trust is needed");
	if (err != ERR_OK)
		return err;
	qsort(medium->trusts, medium->trust_count, sizeof *medium->trusts, compare_versions);
	err = build_chain(medium, fault);
	if (err == ERR_OK)
		err = check_pin(medium, fault);
	return err;
}
