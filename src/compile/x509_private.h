/* SPDX-License-Identifier: ISC */
#ifndef X509_PRIVATE_H
#define X509_PRIVATE_H

#include "gapseal/x509.h"

/* The fault of a failed call of libcrypto: ERR_CANNOT "crypto", with the number of its first error, never
 * its text. Empties its queue. */
enum err x509_fault(struct fault *fault, const char *what);
/* The subject key identifier a certificate has; empty if it has none. Lives as long as it does. */
struct bytes x509_identifier(struct x509_st *certificate);
/* The fault of whoever wants to hold a secret before x509_process: it would lie in ordinary memory. */
enum err x509_check_process(struct fault *fault);

#endif
