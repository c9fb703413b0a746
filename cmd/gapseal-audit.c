/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <string.h>

#include "command.h"
#include "gapseal/file.h"
#include "gapseal/reconcile.h"
#include "gapseal/signature.h"

/* gapseal-audit: see gapseal-audit(1). It holds no key and opens nothing that is sealed. */

struct request { /* what the command line says */
	struct texts trusts, batches, grants, logs;
	const char *pin, *html, *activation;
	bool json, complete, force;
};

static void request_free(struct request *request)
{
	texts_free(&request->trusts);
	texts_free(&request->batches);
	texts_free(&request->grants);
	texts_free(&request->logs);
}

typedef enum err add_one(struct audit *audit, const char *folder, struct fault *fault);

static enum err add_all(struct audit *audit, const struct texts *folders, add_one *add, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < folders->count && err == ERR_OK; i++)
		err = add(audit, folders->items[i], fault);
	return err;
}

static enum err load(struct audit **out, const struct request *request, struct fault *fault)
{
	enum err err;

	err = audit_new(out, request->trusts.items, request->trusts.count, request->pin, fault);
	if (err == ERR_OK)
		err = add_all(*out, &request->batches, audit_add_batch, fault);
	if (err == ERR_OK)
		err = add_all(*out, &request->grants, audit_add_grant, fault);
	if (err == ERR_OK)
		err = add_all(*out, &request->logs, audit_add_log, fault);
	return err;
}

typedef void put_report(struct buffer *out, const struct audit *audit);

static int print(const struct audit *audit, put_report *report)
{
	struct buffer out = BUFFER_EMPTY;
	int code;

	report(&out, audit);
	code = command_print(&out);
	buffer_free(&out);
	return code;
}

/* The exit code of what was printed: a printer's failure goes before a no. */
static int answer(int printed, bool yes)
{
	return printed != ERR_OK ? printed : yes ? ERR_OK : ERR_NO;
}

static int do_verify(const struct request *request)
{
	struct audit *audit = NULL;
	struct fault fault;
	int code;
	enum err err;

	err = load(&audit, request, &fault);
	if (err == ERR_OK)
		err = audit_verify(audit, &fault);
	if (err == ERR_OK)
		code = answer(print(audit, request->json ? report_items_json : report_items_text),
		    audit_accepts(audit));
	else
		code = command_fault(&fault, request->json);
	audit_free(&audit);
	return code;
}

static int verify(const struct command *command, int argc, char **argv)
{
	struct request request = {0};
	const struct command_option options[] = {
		{"trust", OPTION_TEXTS, &request.trusts, "FILE", "a version of trust; all, in any order"},
		{"pin", OPTION_TEXT, &request.pin, "HEX", "fingerprint that one of the versions must have"},
		{"batch", OPTION_TEXTS, &request.batches, "DIR", "a batch folder"},
		{"grant", OPTION_TEXTS, &request.grants, "DIR", "a grant folder"},
		{"log", OPTION_TEXTS, &request.logs, "DIR", "a station's log, as exported"},
		{"json", OPTION_FLAG, &request.json, NULL, "the result as one JSON object"},
	};
	struct operands operands;
	int code;

	if (command_options(command, options, sizeof options / sizeof options[0], argc, argv, 0, 0, &operands,
	    &code))
		code = request.trusts.count == 0 ? command_missing(command, "trust") : do_verify(&request);
	request_free(&request);
	return code;
}

static enum err write_html(const struct audit *audit, const struct request *request, struct fault *fault)
{
	struct buffer page = BUFFER_EMPTY;
	enum err err;

	report_html(&page, audit);
	err = buffer_check(&page, fault);
	if (err == ERR_OK)
		err = file_write(AT_FDCWD, request->html, buffer_bytes(&page), 0644, request->force, fault);
	buffer_free(&page);
	return err;
}

static enum err write_activation(const struct audit *audit, const struct request *request,
    struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	err = activation_write(&text, audit, 0, fault);
	if (err == ERR_OK)
		err = file_write(AT_FDCWD, request->activation, buffer_bytes(&text), 0644, request->force,
		    fault);
	buffer_free(&text);
	return err;
}

/* A yes writes both files, a no only the page that says why. */
static enum err write_files(const struct audit *audit, const struct request *request, bool yes,
    struct fault *fault)
{
	enum err err = ERR_OK;

	if (request->html != NULL)
		err = write_html(audit, request, fault);
	if (err == ERR_OK && request->activation != NULL && yes)
		err = write_activation(audit, request, fault);
	return err;
}

static int tell(const struct audit *audit, const struct request *request)
{
	bool yes = audit_accepts(audit) && (!request->complete || audit_complete(audit));
	struct fault fault;
	int code;

	code = answer(print(audit, request->json ? report_json : report_text), yes);
	if (write_files(audit, request, yes, &fault) != ERR_OK)
		return command_fault(&fault, false);
	if (request->activation != NULL && !yes)
		command_say("%s: not written, the answer is no", request->activation);
	return code;
}

/* Said before hours of reading, not after. */
static enum err check_output(const char *name, const struct request *request, struct fault *fault)
{
	if (name == NULL || request->force || !file_exists(AT_FDCWD, name))
		return ERR_OK;
	return fault_set(fault, ERR_CANNOT, "file-exists", name, "exists already; --force replaces it");
}

static int do_reconcile(const struct request *request)
{
	struct audit *audit = NULL;
	struct fault fault;
	int code;
	enum err err;

	err = check_output(request->html, request, &fault);
	if (err == ERR_OK)
		err = check_output(request->activation, request, &fault);
	if (err == ERR_OK)
		err = load(&audit, request, &fault);
	if (err == ERR_OK)
		err = audit_judge(audit, &fault);
	code = err == ERR_OK ? tell(audit, request) : command_fault(&fault, request->json);
	audit_free(&audit);
	return code;
}

static int check_request(const struct command *command, const struct request *request)
{
	if (request->trusts.count == 0)
		return command_missing(command, "trust");
	if (request->batches.count == 0)
		return command_missing(command, "batch");
	if (request->activation == NULL || request->batches.count == 1)
		return ERR_OK;
	command_say("%s: --activation is for one batch at a time [usage]", command->name);
	return ERR_CANNOT;
}

static int reconcile(const struct command *command, int argc, char **argv)
{
	struct request request = {0};
	const struct command_option options[] = {
		{"trust", OPTION_TEXTS, &request.trusts, "FILE", "a version of trust; all, in any order"},
		{"pin", OPTION_TEXT, &request.pin, "HEX", "fingerprint that one of the versions must have"},
		{"batch", OPTION_TEXTS, &request.batches, "DIR", "a batch folder"},
		{"grant", OPTION_TEXTS, &request.grants, "DIR", "a grant folder"},
		{"log", OPTION_TEXTS, &request.logs, "DIR", "a station's log, as exported"},
		{"complete", OPTION_FLAG, &request.complete, NULL, "a device not yet done is a no"},
		{"json", OPTION_FLAG, &request.json, NULL, "the result as one JSON object"},
		{"html", OPTION_TEXT, &request.html, "FILE", "write the report as a page, too"},
		{"activation", OPTION_TEXT, &request.activation, "FILE", "on a yes, the devices proven done"},
		{"force", OPTION_FLAG, &request.force, NULL, "replace files that exist"},
	};
	struct operands operands;
	int code;

	if (command_options(command, options, sizeof options / sizeof options[0], argc, argv, 0, 0, &operands,
	    &code)) {
		code = check_request(command, &request);
		if (code == ERR_OK)
			code = do_reconcile(&request);
	}
	request_free(&request);
	return code;
}

static const struct command commands[] = {
	{"verify", "", "check signatures, records and logs", verify},
	{"reconcile", "", "hold station logs against batches and grants", reconcile},
};

int main(int argc, char **argv)
{
	struct fault fault;

	command_begin("gapseal-audit");
	if (signature_init(&fault) != ERR_OK)
		return command_fault(&fault, false);
	return command_main(commands, sizeof commands / sizeof commands[0], argc, argv);
}
