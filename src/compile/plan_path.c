/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "gapseal/path.h"
#include "plan_private.h"

struct bytes plan_password(const struct plan *plan, size_t credential, const struct roster_row *row)
{
	int column = plan->passwords[credential];

	return column >= 0 ? row->fields[column] : bytes_from(NULL, 0);
}

uint8_t *plan_mark(const struct plan *plan, size_t credential, size_t row)
{
	return plan->marks[row * plan->files + plan->file_of[credential]];
}

void mark_make(uint8_t out[static HASH_SIZE], struct bytes content, struct bytes password)
{
	struct hash hash;

	hash_begin(&hash);
	hash_add(&hash, content);
	if (password.size > 0) {
		hash_add(&hash, bytes_from("", 1));
		hash_add(&hash, password);
	}
	hash_end(&hash, out);
}

enum err plan_file(struct secret *out, bool *others, const struct plan *plan, size_t credential,
    const struct roster_row *row, struct secret *file, struct fault *fault)
{
	const struct profile_credential *of = &plan->profile->credentials[credential];
	bool crlf = of->line_ending == LINE_ENDING_CRLF;
	enum err err = path_read(file, others, plan->folder, row->fields[plan->columns[credential]], NULL,
	    fault);

	if (err != ERR_OK)
		return err;
	if (of->slot.type == CREDENTIAL_KEY)
		return path_key(out, secret_bytes(file), crlf, NULL, fault);
	return path_certificates(out, secret_bytes(file), crlf, NULL, fault);
}

enum err plan_path(struct secret *out, struct bytes *password, const struct plan *plan, size_t credential,
    const struct roster_row *row, struct secret *file, struct fault *fault)
{
	char where[FAULT_WHERE_MAX];
	uint8_t mark[HASH_SIZE];
	bool others;
	enum err err = plan_file(out, &others, plan, credential, row, file, fault);

	snprintf(where, sizeof where, "%s:%lu:%d", roster_where(plan->roster), row->line,
	    plan->columns[credential] + 1);
	if (err != ERR_OK)
		return fault_set(fault, err, fault->code, where, "%s", fault->text);
	*password = plan_password(plan, credential, row);
	mark_make(mark, secret_bytes(out), *password);
	if (memcmp(mark, plan_mark(plan, credential, row->i), HASH_SIZE) != 0)
		return fault_set(fault, ERR_NO, "path-changed", where,
		    "the file is another than when it was checked");
	return ERR_OK;
}
