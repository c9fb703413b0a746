/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_TEMPLATE_H
#define GAPSEAL_TEMPLATE_H

#include "gapseal/bytes.h"

/* template: text with {imei} and {column}; "{{" stands for one brace, a lone '}' for itself. */
#define TEMPLATE_MAX 200

enum template_part { TEMPLATE_END, TEMPLATE_TEXT, TEMPLATE_FIELD, TEMPLATE_BROKEN };
/* Takes the next part; out is its text, or the name between the braces (1 to NAME_MAX_LENGTH
 * characters without a brace). Broken: an opening brace that begins no such name. */
enum template_part template_take(struct bytes *out, struct cursor *template);

/* ERR_NO "template-form": broken, empty, longer than TEMPLATE_MAX or not printable. */
enum err template_check(struct bytes template, const char *where, struct fault *fault);
/* Whether {imei} is the only field, so that only its digits differ from device to device. */
bool template_only_imei(struct bytes template);

#endif
