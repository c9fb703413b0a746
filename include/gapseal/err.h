/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_ERR_H
#define GAPSEAL_ERR_H

/*
 * err: what can go wrong, and the sentence for it.
 *
 * Library code never prints and never exits. A function that can fail returns an enum err, takes a
 * struct fault as its last parameter and fills it on every return other than ERR_OK. The numbers are
 * the exit codes of the programs.
 */
enum err {
	ERR_OK = 0,      /* yes, done */
	ERR_NO = 1,      /* the answer is no: bad signature, lint error, device refused, audit error */
	ERR_CANNOT = 2,  /* could not ask: usage, file, port, memory */
	ERR_UNKNOWN = 3  /* the state is not known, a person must look (station only) */
};

#define FAULT_WHERE_MAX 192
#define FAULT_TEXT_MAX 384

/* One fault: where, which rule, and a sentence an operator can act on. Never holds a secret, nor a
 * byte of foreign input that was not checked to be printable. */
struct fault {
	enum err err;
	const char *code;            /* stable word of static storage, such as "imei-check-digit" */
	char where[FAULT_WHERE_MAX]; /* "devices.csv:17:1" or "manifest.json", "" if there is no place */
	char text[FAULT_TEXT_MAX];   /* the sentence, no capital, no full stop */
};

/* Fills the fault (place and text are cut at their limits, what is not printable ASCII becomes '?';
 * arguments may point into the fault itself) and returns err, so that a function can end in
 * `return fault_set(...)`. where may be NULL for no place. */
enum err fault_set(struct fault *fault, enum err err, const char *code, const char *where,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The fault of a failed system call: ERR_CANNOT, code "system", the text names what and errno. */
enum err fault_system(struct fault *fault, const char *where, const char *what);
/* The same under a code of its own. */
enum err fault_errno(struct fault *fault, const char *code, const char *where, const char *what);

/* Says of a place that is a name inside a folder which folder that is: "batch-7/manifest.json". A name that
 * would be too long stays as it is. */
void fault_inside(struct fault *fault, const char *folder);

/* The fault of an exhausted memory: ERR_CANNOT, code "memory". */
enum err fault_memory(struct fault *fault);

#endif
