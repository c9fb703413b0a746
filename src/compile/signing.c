/* SPDX-License-Identifier: ISC */
#include "signing_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gapseal/activation.h"
#include "gapseal/extract.h"
#include "gapseal/file.h"
#include "gapseal/json.h"

static const char *const type_names[] = {"manifest", "grant", "trust", "activation"};

static bool has_schema(const struct document *document, const char *schema)
{
	char line[64];
	int size = snprintf(line, sizeof line, "\n  \"schema\": \"%s\"", schema);

	return memmem(document->text.data, document->text.size, line, (size_t)size) != NULL;
}

/* What a person must see of everything signed: type, name, and the fingerprint of the very bytes. */
static void summary_head(struct signing *signing, const char *org)
{
	char fingerprint[FINGERPRINT_SIZE];

	fingerprint_print(fingerprint, signing->document.hash);
	buffer_format(&signing->summary, "%s %s%s%s\n  file         %s\n  fingerprint  %s\n",
	    type_names[signing->kind], signing->id,
	    org != NULL ? " of " : "", org != NULL ? org : "", signing->path, fingerprint);
}

static void summary_slots(struct buffer *out, const struct manifest_fields *manifest)
{
	static const char *const states[] = {"absent", "written, proven by digest", "present"};
	const struct manifest_slot *slots = manifest->policy.slots.items;

	for (size_t i = 0; i < manifest->policy.slots.count; i++) {
		const char *name = credential_type_name((uint32_t)slots[i].type);

		buffer_format(out, "  slot         tag %llu type %llu (%s): %s\n",
		    (unsigned long long)slots[i].tag,
		    (unsigned long long)slots[i].type, name != NULL ? name : "unknown",
		    states[slots[i].state]);
	}
}

/* Signed, it takes devices away from another batch. */
static void summary_supersedes(struct buffer *out, const struct manifest_fields *manifest)
{
	const struct manifest_supersede *items = manifest->supersedes.items;
	char fingerprint[FINGERPRINT_SIZE];

	for (size_t i = 0; i < manifest->supersedes.count; i++) {
		fingerprint_print(fingerprint, items[i].manifest_sha256);
		if (items[i].all)
			buffer_text(out, "  supersedes   every device");
		else
			buffer_format(out, "  supersedes   %zu device%s", items[i].indices.count,
			    items[i].indices.count == 1 ? "" : "s");
		buffer_format(out, " of the batch whose manifest is\n               %s\n"
		    "               because: %s\n", fingerprint, items[i].reason);
	}
}

static void summary_manifest(struct signing *signing, const struct manifest_fields *manifest)
{
	static const char *const existing[] = {"keep-same", "refuse", "replace"};
	struct buffer *out = &signing->summary;

	summary_head(signing, manifest->org);
	buffer_format(out,
	    "  title        %s\n  devices      %llu in %zu lot%s, series %s number %llu, issued %s\n",
	    manifest->title,
	    (unsigned long long)manifest->count, manifest->lots.count, manifest->lots.count == 1 ? "" : "s",
	    manifest->series,
	    (unsigned long long)manifest->seq, manifest->issued);
	summary_slots(out, manifest);
	summary_supersedes(out, manifest);
	buffer_format(out,
	    "  policy       occupied slots: %s; attempts %llu; made under trust version %llu\n",
	    existing[manifest->policy.existing], (unsigned long long)manifest->policy.attempts,
	    (unsigned long long)manifest->trust);
	if (manifest->purpose == PURPOSE_REHEARSAL)
		snprintf(signing->warning, sizeof signing->warning,
		    "REHEARSAL: this batch never counts as production");
}

static enum err open_manifest(struct signing *signing, int folder, const char *path, struct fault *fault)
{
	struct manifest_fields manifest;
	enum err err = manifest_parse(&manifest, buffer_bytes(&signing->document.text), path, fault);

	if (err != ERR_OK)
		return err;
	memcpy(signing->id, manifest.batch, NAME_SIZE);
	err = sums_verify(folder, &manifest, signing->document.hash, path, fault);
	if (err == ERR_OK)
		err = records_verify(folder, &manifest, 1, NULL, NULL, path, fault);
	if (err == ERR_OK)
		summary_manifest(signing, &manifest);
	json_free(&manifest, &manifest_shape);
	return err;
}

static void summary_grant(struct signing *signing, const struct grant_fields *grant)
{
	const struct grant_station *stations = grant->stations.items;
	const char(*lots)[NAME_SIZE] = grant->lots.items;
	struct buffer *out = &signing->summary;

	summary_head(signing, NULL);
	buffer_format(out, "  batch        %s\n  stations    ", grant->batch);
	for (size_t i = 0; i < grant->stations.count; i++)
		buffer_format(out, " %s", stations[i].name);
	if (grant->lots.count > 0)
		buffer_format(out, "\n  lots         %zu:", grant->lots.count);
	for (size_t i = 0; i < grant->lots.count && i < 8; i++)
		buffer_format(out, " %s", lots[i]);
	buffer_text(out, grant->lots.count > 8 ? " ..." : "");
	if (grant->records.count > 0)
		buffer_format(out, "\n  records      %zu single devices", grant->records.count);
	buffer_format(out, "\n  devices      at most %llu, from %s to %s\n",
	    (unsigned long long)grant->max_success, grant->not_before,
	    grant->not_after);
	if (grant->again.count > 0)
		buffer_format(out, "  again        %zu devices may be done once more\n", grant->again.count);
	if (grant->replaces.count > 0)
		buffer_format(out, "  replaces     %zu earlier grant%s\n", grant->replaces.count,
		    grant->replaces.count == 1 ? "" : "s");
}

static enum err check_keys(int folder, const struct grant_fields *grant, const char *path,
    struct fault *fault)
{
	struct buffer keys = BUFFER_EMPTY;
	uint8_t hash[HASH_SIZE];
	enum err err = file_read(&keys, folder, GRANT_KEYS_NAME, AGE_FILE_MAX, fault);

	hash_bytes(hash, buffer_bytes(&keys));
	buffer_free(&keys);
	if (err == ERR_OK && memcmp(hash, grant->keys_sha256, HASH_SIZE) != 0)
		return fault_set(fault, ERR_NO, "grant-keys", path,
		    "keys.age is not the file this grant was made with");
	return err;
}

static enum err open_grant(struct signing *signing, int folder, const char *path, struct fault *fault)
{
	struct grant_fields grant;
	enum err err = grant_parse(&grant, buffer_bytes(&signing->document.text), path, fault);

	if (err != ERR_OK)
		return err;
	snprintf(signing->id, sizeof signing->id, "%llu", (unsigned long long)grant.serial);
	err = check_keys(folder, &grant, path, fault);
	if (err == ERR_OK)
		summary_grant(signing, &grant);
	json_free(&grant, &grant_shape);
	return err;
}

static const char *const officer_words[] = {"", " (compromised)", " (retired)"};
static const char *const station_words[] = {"", " (lost)", " (retired)", " (stolen)"};

/* Officers who no longer count, and what is revoked. */
static void summary_left(struct buffer *out, const struct trust_fields *trust)
{
	for (size_t i = 0; i < trust->officers.count; i++) {
		const struct trust_officer *officer = trust_officer(trust, i);

		if (officer->status != OFFICER_ACTIVE)
			buffer_format(out, "  officer      %s%s\n", officer->name,
			    officer_words[officer->status]);
	}
	if (trust->revoked_batches.count + trust->revoked_grants.count > 0)
		buffer_format(out, "  revoked      %zu batches, %zu grants\n", trust->revoked_batches.count,
		    trust->revoked_grants.count);
}

/* The rules, the officers and the stations: a trust document is short enough to be read whole. */
static void summary_trust(struct signing *signing, const struct trust_fields *trust)
{
	struct buffer *out = &signing->summary;

	summary_head(signing, trust->org);
	for (size_t role = 0; role < ROLES; role++) {
		const char(*names)[NAME_SIZE] = trust->roles[role].officers.items;

		buffer_format(out, "  %-12s %llu of", trust_role_name((enum trust_role)role),
		    (unsigned long long)trust->roles[role].threshold);
		for (size_t i = 0; i < trust->roles[role].officers.count; i++)
			buffer_format(out, " %s", names[i]);
		buffer_text(out, "\n");
	}
	summary_left(out, trust);
	buffer_text(out, "  stations    ");
	for (size_t i = 0; i < trust->stations.count; i++)
		buffer_format(out, " %s%s", trust_station_at(trust, i)->name,
		    station_words[trust_station_at(trust, i)->status]);
	buffer_format(out, "%s\n  escrow       %zu recipient%s\n", trust->stations.count == 0 ? " none" : "",
	    trust->escrow.count,
	    trust->escrow.count == 1 ? "" : "s");
}

/* A next version may already carry signatures of officers that only the version before names; --trust gives
 * that one. */
static enum err open_trust(struct signing *signing, const char *path, const struct trust_fields *given,
    struct fault *fault)
{
	const struct trust_fields *previous = NULL;
	struct trust_fields trust;
	unsigned counted, before;
	enum err err = trust_parse(&trust, buffer_bytes(&signing->document.text), path, fault);

	if (err != ERR_OK)
		return err;
	snprintf(signing->id, sizeof signing->id, "%llu", (unsigned long long)trust.version);
	if (given != NULL && given->version + 1 == trust.version)
		previous = given;
	err = trust_count_next(&counted, &before, &trust, previous, &signing->document, fault);
	if (err == ERR_OK)
		summary_trust(signing, &trust);
	json_free(&trust, &trust_shape);
	return err;
}

static enum err open_activation(struct signing *signing, const char *path, struct fault *fault)
{
	struct activation_fields activation;
	enum err err = activation_parse(&activation, buffer_bytes(&signing->document.text), path, fault);

	if (err != ERR_OK)
		return err;
	memcpy(signing->id, activation.batch, NAME_SIZE);
	summary_head(signing, activation.org);
	buffer_format(&signing->summary, "  devices      %zu proven done\n", activation.done.count);
	json_free(&activation, &activation_shape);
	return ERR_OK;
}

/* The grant in an extract; the folder of the extract becomes the grant's. */
static enum err find_grant(struct signing *signing, int *folder, int *extract, const char *path,
    struct fault *fault)
{
	*extract = *folder;
	*folder = -1;
	snprintf(signing->path, sizeof signing->path, "%s/" EXTRACT_GRANT_NAME "/" GRANT_NAME, path);
	if (folder_open(folder, *extract, EXTRACT_GRANT_NAME, fault) != ERR_OK)
		return fault->err;
	return document_load(&signing->document, *folder, GRANT_NAME, fault);
}

/* A folder is a batch, an extract or a grant by what it holds; a file is a document by its schema. */
static enum err find_document(struct signing *signing, int *folder, int *extract, const char *path,
    struct fault *fault)
{
	struct stat status;
	const char *name = NULL;
	enum err err;

	if (stat(path, &status) != 0)
		return fault_errno(fault, "file-open", path, "cannot open");
	if (!S_ISDIR(status.st_mode)) {
		snprintf(signing->path, sizeof signing->path, "%s", path);
		return document_load(&signing->document, AT_FDCWD, path, fault);
	}
	err = folder_open(folder, AT_FDCWD, path, fault);
	if (err != ERR_OK)
		return err;
	if (extract_is(*folder))
		return find_grant(signing, folder, extract, path, fault);
	if (file_exists(*folder, MANIFEST_NAME))
		name = MANIFEST_NAME;
	else if (file_exists(*folder, GRANT_NAME))
		name = GRANT_NAME;
	if (name == NULL)
		return fault_set(fault, ERR_CANNOT, "sign-kind", path,
		    "neither a batch folder nor a grant folder nor an extract");
	snprintf(signing->path, sizeof signing->path, "%s/%s", path, name);
	return document_load_in(&signing->document, *folder, path, name, fault);
}

static enum err open_kind(struct signing *signing, int folder, const char *path,
    const struct trust_fields *trust, struct fault *fault)
{
	if (folder >= 0 && has_schema(&signing->document, MANIFEST_SCHEMA)) {
		signing->kind = SIGNING_MANIFEST;
		return open_manifest(signing, folder, path, fault);
	}
	if (folder >= 0 && has_schema(&signing->document, GRANT_SCHEMA)) {
		signing->kind = SIGNING_GRANT;
		return open_grant(signing, folder, path, fault);
	}
	if (folder < 0 && has_schema(&signing->document, TRUST_SCHEMA)) {
		signing->kind = SIGNING_TRUST;
		return open_trust(signing, path, trust, fault);
	}
	if (folder < 0 && has_schema(&signing->document, ACTIVATION_SCHEMA)) {
		signing->kind = SIGNING_ACTIVATION;
		return open_activation(signing, path, fault);
	}
	return fault_set(fault, ERR_CANNOT, "sign-kind", signing->path,
	    "nothing that is signed here, or not all of it; what is signed is a batch folder, a grant "
	    "folder, a trust file or an activation file");
}

static enum err check_present(const struct signing *signing, const struct trust_fields *trust,
    struct fault *fault)
{
	static const enum trust_role roles[] = {ROLE_BATCH, ROLE_GRANT, ROLE_TRUST, ROLE_GRANT};
	unsigned counted;

	if (trust == NULL || signing->kind == SIGNING_TRUST)
		return ERR_OK;
	return trust_count(&counted, NULL, trust, trust, roles[signing->kind], &signing->document,
	    type_names[signing->kind],
	    signing->id, fault);
}

enum err signing_open(struct signing *out, const char *path, const struct trust_fields *trust,
    struct fault *fault)
{
	int folder = -1, extract = -1;
	enum err err;

	*out = (struct signing){0};
	err = find_document(out, &folder, &extract, path, fault);
	if (err == ERR_OK)
		err = open_kind(out, folder, path, trust, fault);
	if (err == ERR_OK)
		err = check_present(out, trust, fault);
	if (err == ERR_OK && extract >= 0)
		err = signing_extract(out, extract, path, trust, fault);
	if (err == ERR_OK)
		err = buffer_check(&out->summary, fault);
	if (folder >= 0)
		close(folder);
	if (extract >= 0)
		close(extract);
	if (err != ERR_OK)
		signing_free(out);
	return err;
}

void signing_free(struct signing *signing)
{
	document_free(&signing->document);
	buffer_free(&signing->summary);
	*signing = (struct signing){0};
}

/* Whether a signature text is this key's, good, over this document and with this comment. */
static enum err check_own(const struct signing *signing, struct bytes text, const struct minisig_key *key,
    const char *comment,
    const char *name, struct fault *fault)
{
	struct minisig minisig;
	enum err err = minisig_parse(&minisig, text, name, fault);

	if (err == ERR_OK)
		err = minisig_verify(&minisig, signing->document.prehash, key, name, fault);
	if (err == ERR_OK && strcmp(minisig.comment, comment) != 0)
		err = fault_set(fault, ERR_NO, "signature-comment", name,
		    "the trusted comment is not the one of this document");
	return err;
}

static const struct document_signature *own_signature(const struct document *document, const char *key_id)
{
	for (size_t i = 0; i < document->count; i++)
		if (strcmp(document->signatures[i].key_id, key_id) == 0)
			return &document->signatures[i];
	return NULL;
}

enum err signing_sign(char name[static 600], bool *already, const struct signing *signing,
    const struct officer_key *key,
    struct fault *fault)
{
	const struct minisig_key *public = officer_key_public(key);
	const struct document_signature *present;
	char key_id[MINISIG_KEYID_SIZE], comment[DOCUMENT_COMMENT_MAX];
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	minisig_key_id(key_id, public);
	snprintf(name, 600, "%s.%s.minisig", signing->path, key_id);
	document_comment(comment, &signing->document, type_names[signing->kind], signing->id);
	present = own_signature(&signing->document, key_id);
	*already = present != NULL;
	if (present != NULL)
		return check_own(signing, buffer_bytes(&present->text), public, comment, name, fault);
	err = minisig_sign(&text, key, signing->document.prehash, comment, fault);
	if (err == ERR_OK)
		err = check_own(signing, buffer_bytes(&text), public, comment, name, fault);
	if (err == ERR_OK)
		err = file_write(AT_FDCWD, name, buffer_bytes(&text), 0644, false, fault);
	buffer_free(&text);
	return err;
}
