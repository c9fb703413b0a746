/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_FUZZ_FINDINGS_H
#define GAPSEAL_FUZZ_FINDINGS_H

#include "fuzz.h"
#include "gapseal/finding.h"

/* Each is a sentence of a known rule; a foreign file's bytes are in it only as text. */
static inline void check_findings(const struct findings *findings)
{
	FUZZ_WANT(!findings->failed);
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		FUZZ_WANT(rule_of(finding->code) < RULES);
		FUZZ_WANT(finding->text[0] != '\0' && text_is_printable(bytes_of(finding->text)));
		FUZZ_WANT(text_is_printable(bytes_of(finding->where)));
	}
}

#endif
