/* SPDX-License-Identifier: ISC */
#include "gapseal/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A fault ends up on terminals and in one-line JSON: whatever a path or a message brought along, no
 * control byte leaves this file. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
	}
}

enum err fault_set(struct fault *fault, enum err err, const char *code, const char *where,
    const char *format, ...)
{
	/* Built aside: where and the arguments may point into the fault that is being replaced. */
	struct fault made = {.err = err, .code = code};
	va_list args;

	snprintf(made.where, sizeof made.where, "%s", where != NULL ? where : "");
	va_start(args, format);
	if (vsnprintf(made.text, sizeof made.text, format, args) < 0)
		made.text[0] = '\0';
	va_end(args);
	make_printable(made.where);
	make_printable(made.text);
	*fault = made;
	return err;
}

enum err fault_system(struct fault *fault, const char *where, const char *what)
{
	return fault_errno(fault, "system", where, what);
}

enum err fault_errno(struct fault *fault, const char *code, const char *where, const char *what)
{
	return fault_set(fault, ERR_CANNOT, code, where, "%s: %s", what, strerror(errno));
}

void fault_inside(struct fault *fault, const char *folder)
{
	size_t name = strlen(fault->where), more = strlen(folder) + 1;

	if (name == 0 || name + more >= sizeof fault->where)
		return;
	memmove(fault->where + more, fault->where, name + 1);
	memcpy(fault->where, folder, more - 1);
	fault->where[more - 1] = '/';
	make_printable(fault->where);
}

enum err fault_memory(struct fault *fault)
{
	return fault_set(fault, ERR_CANNOT, "memory", NULL, "out of memory");
}
