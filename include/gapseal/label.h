/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LABEL_H
#define GAPSEAL_LABEL_H

#include "gapseal/entry.h"

/*
 * label: one line of a scanner. Taken as an IMEI:
 *
 *     352656100367872           15 digits; blanks and dashes between them are those of printed labels
 *     IMEI:352656100367872      the word in any case, then ':', '=', '#', blanks or nothing; anything may
 *                               stand before and behind it, as in QR codes of several fields
 *     (8002)352656100367872     GS1, application identifier 8002 (of a cellular telephone), as printed
 *     01...8002352656100367872  or as read: behind an identifier of the symbology (]C1, ]d2, ]Q3) and a GTIN
 *                               (01 and 14 digits), if they are there
 *
 * Two different IMEIs in one line are none. Everything else is a serial, as it stands.
 */
#define LABEL_LINE_MAX 256

struct label_read {
	/* the line without the blanks around it; "" if it is longer or not printable */
	char text[UNIT_SIZE];
	char imei[IMEI_SIZE];   /* "" if it holds none */
	/* it has the look of an IMEI, but the check digit is wrong or it is all zeros */
	bool digits;
};
void label_read(struct label_read *out, struct bytes line);
/* The first word of a line and the rest without the blanks between. */
void label_split(struct bytes *word, struct bytes *rest, struct bytes line);

#endif
