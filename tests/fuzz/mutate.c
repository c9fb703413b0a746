/* SPDX-License-Identifier: ISC */
#include "mutate.h"

#include <ctype.h>

#define CHANGES_MAX 6     /* of one input */
#define REPEATS_MAX 64    /* of one line */
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* splitmix64 */
static uint64_t chance_next(struct chance *chance)
{
	uint64_t mixed = chance->state += UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ mixed >> 31;
}

struct chance chance_of(uint64_t seed, uint64_t round)
{
	struct chance chance = {seed};

	chance.state = chance_next(&chance) ^ round;
	chance_next(&chance);
	return chance;
}

/* 0 to limit - 1; of nothing 0. */
static size_t below(struct chance *chance, size_t limit)
{
	return limit == 0 ? 0 : (size_t)(chance_next(chance) % limit);
}

/* Small as a rule, now and then anything. */
static size_t few(struct chance *chance, size_t limit)
{
	return below(chance, below(chance, 4) == 0 || limit < 16 ? limit : 16);
}

struct span {
	size_t at, size;
};

static struct span any_span(struct chance *chance, size_t size)
{
	size_t at = below(chance, size);

	return (struct span){at, few(chance, size - at + 1)};
}

/* The line of the text around a place, with its LF. */
static struct span line_around(struct bytes text, size_t at)
{
	size_t start = at, end = at;

	while (start > 0 && text.data[start - 1] != '\n')
		start--;
	while (end < text.size && text.data[end++] != '\n')
		;
	return (struct span){start, end - start};
}

static bool is_word(uint8_t letter)
{
	return isalnum(letter) || letter == '_' || letter == '-' || letter == '.' || letter == '/';
}

/* The word around a place; empty between words. */
static struct span word_around(struct bytes text, size_t at)
{
	size_t start = at, end = at;

	while (start > 0 && is_word(text.data[start - 1]))
		start--;
	while (end < text.size && is_word(text.data[end]))
		end++;
	return (struct span){start, end - start};
}

/* The decimal number at a place or the next one behind it. */
static struct span number_behind(struct bytes text, size_t at)
{
	size_t end;

	while (at > 0 && at < text.size && isdigit(text.data[at - 1]))
		at--;
	while (at < text.size && !isdigit(text.data[at]))
		at++;
	for (end = at; end < text.size && isdigit(text.data[end]); end++)
		;
	return (struct span){at, end - at};
}

static struct bytes view(struct bytes text, struct span span)
{
	return bytes_from(text.data + span.at, span.size);
}

/* Puts other bytes in the place of a span. with does not point into out. */
static void replace(struct buffer *out, struct span span, struct bytes with)
{
	struct bytes text = buffer_bytes(out);
	struct buffer fresh = BUFFER_EMPTY;

	if (text.size - span.size + with.size > FUZZ_INPUT_MAX)
		return;
	buffer_put(&fresh, view(text, (struct span){0, span.at}));
	buffer_put(&fresh, with);
	buffer_put(&fresh, bytes_from(text.data + span.at + span.size, text.size - span.at - span.size));
	buffer_free(out);
	*out = fresh;
}

/* Puts a copy of a span of out itself somewhere else, so many times. */
static void repeat(struct buffer *out, struct span span, size_t at, size_t times)
{
	struct buffer copy = BUFFER_EMPTY;

	while (times-- > 0 && copy.size + span.size <= FUZZ_INPUT_MAX)
		buffer_put(&copy, view(buffer_bytes(out), span));
	replace(out, (struct span){at, 0}, buffer_bytes(&copy));
	buffer_free(&copy);
}

typedef void change(struct buffer *out, struct bytes other, struct chance *chance);

static void flip_bit(struct buffer *out, struct bytes other, struct chance *chance)
{
	(void)other;
	if (out->size > 0)
		out->data[below(chance, out->size)] ^= (uint8_t)(1u << below(chance, 8));
}

static void set_byte(struct buffer *out, struct bytes other, struct chance *chance)
{
	(void)other;
	if (out->size > 0)
		out->data[below(chance, out->size)] = (uint8_t)chance_next(chance);
}

/* What means something in one format or another. */
static void set_sign(struct buffer *out, struct bytes other, struct chance *chance)
{
	static const char signs[] = "\0\n\r\t\033 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\177\200\377"
	    "0123456789aAzZ";

	(void)other;
	if (out->size > 0)
		out->data[below(chance, out->size)] = (uint8_t)signs[below(chance, sizeof signs - 1)];
}

/* A digit stays a digit and a letter a letter: past the first look of a reader. */
static void set_alike(struct buffer *out, struct bytes other, struct chance *chance)
{
	uint8_t *at = out->data + below(chance, out->size);

	(void)other;
	if (out->size == 0)
		return;
	if (isdigit(*at))
		*at = (uint8_t)('0' + below(chance, 10));
	else if (islower(*at))
		*at = (uint8_t)('a' + below(chance, *at <= 'f' ? 6 : 26));
	else if (isupper(*at))
		*at = (uint8_t)('A' + below(chance, 26));
}

static void switch_case(struct buffer *out, struct bytes other, struct chance *chance)
{
	struct span span = word_around(buffer_bytes(out), below(chance, out->size));

	(void)other;
	for (size_t i = 0; i < span.size; i++) {
		uint8_t *at = out->data + span.at + i;

		*at = (uint8_t)(isupper(*at) ? tolower(*at) : toupper(*at));
	}
}

static void insert_bytes(struct buffer *out, struct bytes other, struct chance *chance)
{
	uint8_t bytes[16];
	size_t size = 1 + below(chance, sizeof bytes);
	uint8_t same = (uint8_t)chance_next(chance);
	bool mixed = below(chance, 2) == 0;

	(void)other;
	for (size_t i = 0; i < size; i++)
		bytes[i] = mixed ? (uint8_t)chance_next(chance) : same;
	replace(out, (struct span){below(chance, out->size + 1), 0}, bytes_from(bytes, size));
}

static void delete_bytes(struct buffer *out, struct bytes other, struct chance *chance)
{
	(void)other;
	replace(out, any_span(chance, out->size), bytes_of(""));
}

static void truncate_end(struct buffer *out, struct bytes other, struct chance *chance)
{
	(void)other;
	if (out->size > 0)
		out->size -= 1 + few(chance, out->size);
}

static void repeat_bytes(struct buffer *out, struct bytes other, struct chance *chance)
{
	(void)other;
	repeat(out, any_span(chance, out->size), below(chance, out->size + 1), 1 + few(chance, REPEATS_MAX));
}

static void repeat_line(struct buffer *out, struct bytes other, struct chance *chance)
{
	struct span line = line_around(buffer_bytes(out), below(chance, out->size));

	(void)other;
	repeat(out, line, line.at, 1 + few(chance, REPEATS_MAX));
}

static void move_line(struct buffer *out, struct bytes other, struct chance *chance)
{
	struct bytes text = buffer_bytes(out);

	(void)other;
	repeat(out, line_around(text, below(chance, text.size)),
	    line_around(text, below(chance, text.size)).at, 1);
}

static void delete_line(struct buffer *out, struct bytes other, struct chance *chance)
{
	(void)other;
	replace(out, line_around(buffer_bytes(out), below(chance, out->size)), bytes_of(""));
}

static void put_other_line(struct buffer *out, struct bytes other, struct chance *chance)
{
	struct span line = line_around(buffer_bytes(out), below(chance, out->size));

	if (below(chance, 2) == 0)
		line.size = 0;
	replace(out, line, view(other, line_around(other, below(chance, other.size))));
}

static void put_other_word(struct buffer *out, struct bytes other, struct chance *chance)
{
	struct span word = word_around(buffer_bytes(out), below(chance, out->size));

	if (below(chance, 3) == 0)
		word.size = 0;
	replace(out, word, view(other, word_around(other, below(chance, other.size))));
}

static void put_other_bytes(struct buffer *out, struct bytes other, struct chance *chance)
{
	replace(out, any_span(chance, out->size), view(other, any_span(chance, other.size)));
}

/* The head of one and the tail of the other. */
static void join_seeds(struct buffer *out, struct bytes other, struct chance *chance)
{
	size_t at = below(chance, out->size + 1), from = below(chance, other.size + 1);

	if (below(chance, 2) == 0 && at <= other.size)
		from = at;
	replace(out, (struct span){at, out->size - at},
	    bytes_from(other.data + from, other.size - from));
}

static void put_number(struct buffer *out, struct bytes other, struct chance *chance)
{
	static const char *const numbers[] = {"0", "00", "01", "1", "2", "-1", "+1", "1.0", "1e3",
		"0x10", "255", "256", "32767",
		 "32768", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296",
		"9007199254740991", "9007199254740992", "18446744073709551615", "18446744073709551616",
		"99999999999999999999999999", ""};

	(void)other;
	replace(out, number_behind(buffer_bytes(out), below(chance, out->size)),
	    bytes_of(numbers[below(chance, COUNT(numbers))]));
}

static void put_integer(struct buffer *out, struct bytes other, struct chance *chance)
{
	static const uint64_t integers[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
		0x80000000, 0xffffffff, INTEGER_MAX, INTEGER_MAX + 1, INT64_MAX, UINT64_MAX};
	size_t width = (size_t)1 << below(chance, 4);
	uint8_t bytes[8];

	(void)other;
	put_u64(bytes, integers[below(chance, COUNT(integers))] + below(chance, 3) - 1);
	if (out->size >= width)
		memcpy(out->data + below(chance, out->size - width + 1), bytes, width);
}

static change *const changes[] = {
	flip_bit, set_byte, set_sign, set_alike, switch_case, insert_bytes, delete_bytes, truncate_end,
	repeat_bytes, repeat_line, move_line, delete_line, put_other_line, put_other_word, put_other_bytes,
	join_seeds, put_number, put_integer
};

static struct bytes any_seed(const struct corpus *corpus, struct chance *chance)
{
	return buffer_bytes(&corpus->items[below(chance, corpus->count)]);
}

void mutate(struct buffer *out, const struct corpus *corpus, struct chance *chance)
{
	size_t count = 1 + below(chance, 1 + below(chance, CHANGES_MAX));

	buffer_clear(out);
	buffer_put(out, any_seed(corpus, chance));
	while (count-- > 0)
		changes[below(chance, COUNT(changes))](out, any_seed(corpus, chance), chance);
	FUZZ_WANT(!out->failed && out->size <= FUZZ_INPUT_MAX);
}
