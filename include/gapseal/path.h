/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PATH_H
#define GAPSEAL_PATH_H

#include "gapseal/bytes.h"
#include "gapseal/secret.h"

/*
 * path: a device's own certificate or private key, in a file that a CSV names: "keys/GS-B0001.pem", in or
 * below the CSV's folder. A name that would lead out of it is refused, and so is every link.
 *
 * A file is PEM, with any text around it, or DER. Certificates are X.509, all of the file in their order.
 * Of private keys the first one is taken: PKCS#8, encrypted PKCS#8, SEC1 (EC) or PKCS#1 (RSA); PEM that is
 * encrypted in itself (Proc-Type) is nothing a modem takes. Encrypted PKCS#8 stays as it is: the modem
 * gets it with its password.
 */
#define PATH_NAME_MAX 255
#define PATH_FILE_MAX 16384

/* Reads a file into out, which is cleared first and has room for PATH_FILE_MAX. others: whether group or
 * others may read it. ERR_NO:
 *   "path-form"  empty, longer than PATH_NAME_MAX, not printable, absolute, or with a part that is empty, "."
 *                or ".."
 *   "path-file"  not there, not readable, no regular file, a link on the way, empty or over PATH_FILE_MAX */
enum err path_read(struct secret *out, bool *others, int folder, struct bytes name, const char *where,
    struct fault *fault);
/* Writes what a modem gets of a file as PEM of 64 columns with a final line end, to out, which is cleared
 * first: all certificates, or the private key. ERR_NO x509_bundle's "pem-...", "key-none", "content-size"
 * (more than out has room for); ERR_CANNOT "memory". */
enum err path_certificates(struct secret *out, struct bytes file, bool crlf, const char *where,
    struct fault *fault);
enum err path_key(struct secret *out, struct bytes file, bool crlf, const char *where, struct fault *fault);
/* Whether a key is encrypted, so that a password goes with it. */
bool path_encrypted(struct bytes key_pem);

#endif
