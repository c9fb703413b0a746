/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_FIRMWARE_H
#define GAPSEAL_FIRMWARE_H

#include <stdbool.h>

#include "gapseal/manifest.h"

/* firmware: what AT+CGMR says, "mfw_nrf91x1_2.0.2": a family and a version of three numbers.
 */

/* Whether a policy admits this firmware: NULL, or the reason it does not: "firmware-pti" (a production test
 * image), "firmware-unknown" (no version can be read though the policy asks for one), "firmware-family",
 * "firmware-old". */
const char *firmware_reason(const struct manifest_policy *policy, const char *firmware);

#endif
