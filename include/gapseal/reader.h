/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_READER_H
#define GAPSEAL_READER_H

#include "gapseal/document.h"
#include "gapseal/home.h"
#include "gapseal/message.h"

/*
 * reader: the role that reads documents, records and trees in the home; it holds no key and verifies
 * nothing: the vault does. Batches are numbered from 0 in order of issue, then id; grants by serial. A
 * record is found by binary search among the tags of a lot, O(log n) reads; its path comes from tree.bin.
 * Of a batch that is held only in extracts nothing is found by tag: a record comes by its index, with the
 * path that its extract has.
 */
struct reader;
/* Opens every batch and grant of the home: documents are read, records and tree only opened. ERR_CANNOT
 * "reader" (a folder that ingest did not leave so: says which), and codes of document_load and
 * manifest_parse or grant_parse. home is not used after it. */
enum err reader_open(struct reader **out, const struct home *home, struct fault *fault);
void reader_free(struct reader **reader); /* NULL is fine */
size_t reader_batches(const struct reader *reader);
/* The documents of a batch and of a grant, unverified; they stay where they are until reader_free, with the
 * signatures that the last reader_refresh found. */
const struct document *reader_manifest(const struct reader *reader, size_t batch);
size_t reader_grants(const struct reader *reader);
const struct document *reader_grant(const struct reader *reader, size_t grant);
/* The serial by which the home names the grant's folder. */
uint64_t reader_grant_serial(const struct reader *reader, size_t grant);
/* The bytes of the grant's keys.age; empty if the home has it no more (lot_keys.h). */
struct bytes reader_grant_keys(const struct reader *reader, size_t grant);
/* Takes over what was ingested since; *changed tells whether anything was. What was there keeps its number,
 * but may have more signatures; what is new comes behind it; a batch of which only extracts were held may be
 * whole now. */
enum err reader_refresh(struct reader *reader, bool *changed, struct fault *fault);
/* Answers LOOKUP with RECORD. On failure (ERR_CANNOT: a read error) the answer is there too, with the
 * reason "reader", so that the device has its end. */
enum err reader_answer(struct reader *reader, const struct message *lookup, struct message *record,
    struct fault *fault);

#endif
