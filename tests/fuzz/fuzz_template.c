/* SPDX-License-Identifier: ISC */
/* Templates: the parts are the whole. */
#include "fuzz.h"
#include "gapseal/template.h"

/* Each part as it may be written; one brace that is meant is two. */
static void put_part(struct buffer *out, enum template_part part, struct bytes text)
{
	if (part == TEMPLATE_TEXT && bytes_is(text, "{"))
		buffer_text(out, "{{");
	else if (part == TEMPLATE_TEXT)
		buffer_put(out, text);
	else
		buffer_format(out, "{%.*s}", (int)text.size, (const char *)text.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes template = bytes_from(data, size), text;
	struct cursor cursor = cursor_of(template);
	struct buffer again = BUFFER_EMPTY;
	enum template_part part;
	struct fault fault = {0};
	bool fields = false;
	enum err err = template_check(template, "input", &fault);

	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "template-form");
		return 0;
	}
	while ((part = template_take(&text, &cursor)) != TEMPLATE_END) {
		FUZZ_WANT(part != TEMPLATE_BROKEN && text.size > 0);
		put_part(&again, part, text);
		fields = fields || part == TEMPLATE_FIELD;
	}
	FUZZ_WANT(bytes_equal(buffer_bytes(&again), template));
	FUZZ_WANT(fields || !template_only_imei(template));
	buffer_free(&again);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_text(corpus, "{imei}@project");
	corpus_text(corpus, "urn:imei:{imei}");
	corpus_text(corpus, "{{literal}} {serial}-{imei}-{My Name}");
}
