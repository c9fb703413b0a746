/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_EXPORT_OFFICE_H
#define GAPSEAL_EXPORT_OFFICE_H

#include "gapseal/unseal.h"

/*
 * export_office: what a back end needs to know of the devices of a batch, in its own form. Only devices that
 * are proven done: named by an activation that officers signed, given as a file or accepted into the ledger
 * before; and not superseded by a later batch of this office, whose export has what the device is to use
 * now. A device's private key is in none of the forms: no back end has a use for it.
 *
 * Public forms (certificates) go to a file, or to a folder of files where the back end takes so many rows at
 * a time. Secret forms (PSKs) go to age recipients, into a pipe, or, if asked for, to a plain file of mode
 * 0600; never to a terminal. Any number of devices takes little memory, sealed or not.
 */
#define EXPORT_NO_TAG UINT64_MAX
#define EXPORT_TO_PIPE "-"
struct export_request {
	const char *batch;               /* folder */
	const char *format;
	const char *out;                 /* path, or EXPORT_TO_PIPE */
	int pipe;                        /* descriptor that EXPORT_TO_PIPE means; stays open */
	const char *only;                /* signed activation file, or NULL: what the ledger accepted */
	bool all;                        /* every device, proven or not */
	bool plain;
	const char *const *recipients;   /* age1... */
	size_t recipient_count;
	uint64_t tag;                    /* security tag meant, or EXPORT_NO_TAG: there is only one */
};
struct export_result {
	char batch[NAME_SIZE];
	bool rehearsal;
	uint64_t devices;
	uint64_t unproven, superseded;   /* left out: not done; done, or asked for, but superseded */
};

/* The names of all forms with commas between, for a usage. */
extern const char export_formats[];

/* What can be refused before anything is opened: ERR_CANNOT "export-format", "export-choice" (options that
 * contradict each other), "export-secret" (a secret form to a file without recipients and without plain),
 * "export-terminal", "export-folder" (the form makes a folder), "file-exists"; ERR_NO "age-recipient". */
enum err export_check(const struct export_request *request, struct fault *fault);

/* Codes of export_check, own_batch_open, unseal_new, unseal_each and activation_open, and ERR_NO:
 *   "export-unproven"   nothing says which devices are done
 *   "export-empty"      no device is, or all that are were superseded
 *   "export-nothing"    the records hold no credential that the form carries
 *   "export-tag"        several tags hold one, or the tag asked for does not
 *   "export-identity"   a name that the form or the back end cannot take
 *   "export-psk"        a PSK whose bytes the form cannot hold
 *   "export-cert"       a certificate without a common name
 * On failure no file is left; a pipe may have been given a part. */
enum err office_export(struct export_result *out, const struct office *office, const struct trust *trust,
    struct secret *identity, const struct export_request *request, struct fault *fault);

#endif
