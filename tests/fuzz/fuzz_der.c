/* SPDX-License-Identifier: ISC */
/* DER: elements cut apart and put together again, to the bottom. */
#include "gapseal/der.h"
#include "pems.h"

#define CONSTRUCTED 0x20
#define DEPTH_MAX 32

static void check_element(const struct der *element)
{
	struct buffer again = BUFFER_EMPTY;
	size_t head = element->whole.size - element->content.size;

	FUZZ_WANT(element->content.data + element->content.size == element->whole.data + element->whole.size);
	der_put_header(&again, element->tag, element->content.size);
	FUZZ_WANT(der_size(element->content.size) == again.size + element->content.size);
	/* A length may be written longer than it must be: this is no judge of it. */
	FUZZ_WANT(again.size <= head);
	if (again.size == head)
		FUZZ_WANT(memcmp(again.data, element->whole.data, head) == 0);
	buffer_free(&again);
}

static void walk(struct bytes text, unsigned depth)
{
	struct cursor cursor = cursor_of(text);
	struct der element;

	while (der_take(&cursor, &element)) {
		check_element(&element);
		if ((element.tag & CONSTRUCTED) != 0 && depth < DEPTH_MAX)
			walk(element.content, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk(bytes_from(data, size), 0);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_der(corpus, "tests/vectors/x509/*.pem", "CERTIFICATE");
	corpus_der(corpus, "tests/vectors/x509/*.key", "PRIVATE KEY");
	corpus_der(corpus, "tests/vectors/lint/files/*.key", "EC PRIVATE KEY");
}
