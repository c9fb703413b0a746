/* SPDX-License-Identifier: ISC */
#include "gapseal/common.h"

void common_content(struct buffer *out, const char *text, bool crlf)
{
	for (; *text != '\0'; text++) {
		if (crlf && *text == '\n')
			buffer_byte(out, '\r');
		buffer_byte(out, (uint8_t)*text);
	}
}
