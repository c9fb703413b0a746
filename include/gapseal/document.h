/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_DOCUMENT_H
#define GAPSEAL_DOCUMENT_H

#include "gapseal/bytes.h"
#include "gapseal/hash.h"
#include "gapseal/minisig.h"

/* document: a file's bytes with the signature files that lie beside it, none of it verified. */
#define DOCUMENT_MAX (64u << 20)
#define DOCUMENT_SIGNATURES_MAX 32
#define DOCUMENT_FOLDER_MAX 65536 /* names in the folder a document lies in */

struct document_signature {
	char key_id[MINISIG_KEYID_SIZE]; /* from the file name */
	struct buffer text;
};
struct document {
	char where[128];                 /* the name as given, for places */
	struct buffer text;
	uint8_t hash[HASH_SIZE];         /* SHA-256 of text */
	uint8_t prehash[HASH_WIDE_SIZE]; /* BLAKE2b-512 of text */
	size_t count;
	struct document_signature signatures[DOCUMENT_SIGNATURES_MAX];
};
#define DOCUMENT_EMPTY ((struct document){0})

/* Reads name and every "<name>.<16 upper-case hex>.minisig" beside it (sorted). Any other
 * "<name>.*.minisig" is refused: ERR_NO "signature-name"; more than DOCUMENT_SIGNATURES_MAX:
 * "signature-count". File codes. name may hold folders ("out/trust.json"). On failure out is empty. */
enum err document_load(struct document *out, int folder, const char *name, struct fault *fault);
/* The same of a name in an open folder whose path is known: places say path/name. */
enum err document_load_in(struct document *out, int folder, const char *path, const char *name,
    struct fault *fault);
/* Writes the signatures under the name given, then the document, all new and durable. */
enum err document_copy(int folder, const char *name, const struct document *document, struct fault *fault);
void document_free(struct document *document); /* frees, leaves DOCUMENT_EMPTY */

/* The same document with more signatures: out is held, then those of more that are of other keys. It borrows
 * all it has from the two and is never freed. "signature-count". */
enum err document_join(struct document *out, const struct document *held, const struct document *more,
    struct fault *fault);
/* Writes under the name given the signatures of a joined document from number first on, each new and
 * durable. */
enum err document_copy_signatures(int folder, const char *name, const struct document *document, size_t first,
    struct fault *fault);

/* The file name of the i-th signature, for places: "manifest.json.5F42D941360BDAEA.minisig". */
#define DOCUMENT_PLACE_SIZE (128 + MINISIG_KEYID_SIZE + 16)
void document_signature_place(char out[static DOCUMENT_PLACE_SIZE], const struct document *document,
    size_t i);

/* "gapseal <type> <id> sha256:<hex>": the trusted comment every signature of this document must carry. */
#define DOCUMENT_COMMENT_MAX 160
void document_comment(char out[static DOCUMENT_COMMENT_MAX], const struct document *document,
    const char *type, const char *id);
/* The id in the trusted comment of the first signature, so that signatures can be verified before a byte
 * of the document is parsed: verify with this id, parse, compare it with the document's own. Proves
 * nothing by itself. ERR_NO "signature-none" (nobody has signed), "signature-comment", minisig codes. */
enum err document_claimed_id(char out[static NAME_SIZE], const struct document *document, const char *type,
    struct fault *fault);

#endif
