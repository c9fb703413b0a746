/* SPDX-License-Identifier: ISC */
#include "inputs.h"

#include <fcntl.h>
#include <unistd.h>

#include "gapseal/file.h"

#define CA_FILE_MAX 65536
#define CA_CERTIFICATE "ca.pem"
#define CA_KEY "ca.key"

static enum err read_certificate(struct buffer *out, const char *ca, struct fault *fault)
{
	int folder;
	enum err err = folder_open(&folder, AT_FDCWD, ca, fault);

	if (err != ERR_OK) /* no folder: the certificate itself */
		return file_read(out, AT_FDCWD, ca, CA_FILE_MAX, fault);
	err = file_read(out, folder, CA_CERTIFICATE, CA_FILE_MAX, fault);
	if (err != ERR_OK)
		fault_inside(fault, ca);
	close(folder);
	return err;
}

static enum err read_key(struct secret **out, const char *ca, struct fault *fault)
{
	int folder;
	enum err err = folder_open(&folder, AT_FDCWD, ca, fault);

	if (err != ERR_OK)
		return err;
	err = secret_read_file(out, folder, CA_KEY, CA_FILE_MAX, fault);
	if (err != ERR_OK)
		fault_inside(fault, ca);
	close(folder);
	return err;
}

static enum err open_ca(struct inputs *out, const struct inputs_request *request, struct fault *fault)
{
	struct secret *key = NULL;
	enum err err;

	if (request->ca == NULL)
		return fault_set(fault, ERR_CANNOT, "ca-needed", request->profile,
		    "the profile issues certificates, so --ca must name %s", request->use == CA_SIGN ?
		    "the folder of ca.pem and ca.key" : "the CA's certificate, or the folder of ca.pem");
	err = read_certificate(&out->ca_pem, request->ca, fault);
	if (err == ERR_OK && request->use == CA_SIGN)
		err = read_key(&key, request->ca, fault);
	if (err == ERR_OK && request->use == CA_SIGN)
		err = ca_open(&out->ca, buffer_bytes(&out->ca_pem), secret_bytes(key), request->ca_passphrase,
		    request->now, request->ca, fault);
	else if (err == ERR_OK)
		err = ca_open_certificate(&out->ca, buffer_bytes(&out->ca_pem), request->ca, fault);
	secret_free(&key);
	/* the plan takes the text as a C string */
	buffer_byte(&out->ca_pem, 0);
	return err == ERR_OK ? buffer_check(&out->ca_pem, fault) : err;
}

/* Both files are read whatever the first one's findings are, so that one run shows everything. */
static enum err read_all(struct inputs *out, struct findings *findings, const struct inputs_request *request,
    struct fault *fault)
{
	struct plan_request plan = {.org = request->org, .batch = request->batch,
		.lot_size = (size_t)request->lot_size, .now = request->now};
	enum err err = profile_read(&out->profile, request->profile, findings, fault);

	if (err == ERR_OK)
		err = roster_read(&out->roster, request->csv, findings, fault);
	if (err == ERR_OK && request->use != CA_NONE && findings->errors == 0 &&
	    profile_issues(&out->profile)) {
		err = open_ca(out, request, fault);
		plan.ca_pem = (const char *)out->ca_pem.data;
	}
	if (err == ERR_OK && out->roster != NULL)
		err = plan_make(&out->plan, &out->profile, out->roster, &plan, findings, fault);
	return err;
}

/* The place is that of the first error, which may be in the profile as well as in the CSV. */
static enum err refuse(const struct findings *findings, struct fault *fault)
{
	size_t first = 0;

	while (first < findings->count && findings->items[first].severity != SEVERITY_ERROR)
		first++;
	return fault_set(fault, ERR_NO, "lint",
	    first < findings->count ? findings->items[first].where : NULL,
	    "%zu error%s; nothing was written", findings->errors,
	    findings->errors == 1 ? "" : "s, this is the first");
}

enum err inputs_read(struct inputs *out, struct findings *findings, const struct inputs_request *request,
    struct fault *fault)
{
	enum err err;

	*out = (struct inputs){0};
	err = read_all(out, findings, request, fault);
	findings_sort(findings);
	return err == ERR_OK && findings->errors > 0 ? refuse(findings, fault) : err;
}

void inputs_free(struct inputs *inputs)
{
	ca_free(&inputs->ca);
	buffer_free(&inputs->ca_pem);
	plan_free(&inputs->plan);
	roster_free(&inputs->roster);
	profile_free(&inputs->profile);
	*inputs = (struct inputs){0};
}
