/* SPDX-License-Identifier: ISC */
#ifndef EXPORT_PRIVATE_H
#define EXPORT_PRIVATE_H

#include "gapseal/age.h"
#include "gapseal/export_office.h"
#include "gapseal/file.h"

/*
 * sheet: where an export is written. What passes through stays in locked memory until it leaves. The first
 * failure is kept and what follows does nothing, so that only the end needs looking at.
 */
enum sheet_kind { SHEET_FILE, SHEET_FOLDER, SHEET_PIPE };
struct sheet_place {
	enum sheet_kind kind;
	const char *path;                    /* of a file or folder */
	int pipe;
	bool secret;                         /* mode 0600, otherwise 0644 */
	const struct recipient *recipients;  /* of an age file; none: it is not sealed */
	size_t recipient_count;
};
struct sheet {
	struct sheet_place place;
	struct secret *held;                 /* not written yet: at most one chunk of an age file */
	struct age_sealer *sealer;           /* NULL: it is not sealed */
	struct buffer sealed;                /* a chunk on its way out */
	int folder;                          /* the file lies in; -1: none */
	const char *base;                    /* of the file in it */
	char *part;                          /* its name while it is not whole */
	int file;                            /* -1: none */
	struct folder_draft draft;
	enum err err;
	struct fault fault;
};
#define SHEET_EMPTY ((struct sheet){.folder = -1, .file = -1, .draft = FOLDER_DRAFT_EMPTY})

enum err sheet_open(struct sheet *sheet, const struct sheet_place *place, struct fault *fault);
/* In a folder: ends the file in hand and begins the next. */
void sheet_next(struct sheet *sheet, const char *name);
void sheet_put(struct sheet *sheet, struct bytes bytes);
void sheet_text(struct sheet *sheet, const char *text);
void sheet_number(struct sheet *sheet, uint64_t number);
void sheet_json(struct sheet *sheet, struct bytes text);  /* as a JSON string with its quotes */
void sheet_csv(struct sheet *sheet, struct bytes text);   /* as a CSV field, quoted if it must be */
/* Puts the whole in its place, durable; gives the first failure of all. */
enum err sheet_end(struct sheet *sheet, struct fault *fault);
/* Always; removes what was not put in its place. */
void sheet_close(struct sheet *sheet);

/* One device as the forms see it. */
#define EXPORT_NAME_SIZE 65 /* common names have at most 64 characters */
struct export_device {
	const struct unsealed *unsealed;
	const struct manifest_fields *manifest;
	struct bytes identity, psk;      /* of NEED_PSK; the PSK as the modem takes it, in hex */
	struct bytes certificate;        /* of NEED_CERTIFICATE: PEM */
	char name[EXPORT_NAME_SIZE];     /* its common name */
};

enum export_need { NEED_ANY, NEED_PSK, NEED_CERTIFICATE };
struct export_form {
	const char *name;
	bool secret;
	enum export_need need;
	/* the most of a file: the export is a folder; 0: one file, any number */
	uint64_t rows;
	/* how the names of such files begin: "onboard" for onboard-001.csv */
	const char *file;
	const char *head, *between, *tail;
	/* Whether the form can say it; may be NULL. */
	enum err (*check)(const struct export_device *device, const char *where, struct fault *fault);
	void (*row)(struct sheet *sheet, const struct export_device *device);
};
/* NULL if there is none of that name. */
const struct export_form *export_form(const char *name);

/* The common name of the first certificate of a PEM text: ERR_NO "export-cert". */
enum err export_common_name(char out[static EXPORT_NAME_SIZE], struct bytes pem, const char *where,
    struct fault *fault);

#endif
