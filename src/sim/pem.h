/* SPDX-License-Identifier: ISC */
#ifndef SIM_PEM_H
#define SIM_PEM_H

#include <stdbool.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"

/* What modem firmware from 2.0.2 on asks of types 0 and 1, as far as a stand-in goes: one or more
 * blocks of -----BEGIN CERTIFICATE-----, base64 in whole lines, -----END CERTIFICATE-----, each line
 * ended by LF or CR LF (the last end may be missing), each block one DER SEQUENCE that fills it. *out
 * is the answer; ERR_CANNOT "memory". */
enum err pem_certificates(bool *out, struct bytes text, struct fault *fault);

#endif
