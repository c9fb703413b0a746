/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_WORDS_H
#define GAPSEAL_WORDS_H

#include <stdint.h>

/*
 * words: the first 64 bits of a hash as eight words, a byte each, for reading aloud across a table. A
 * convenience for people: programs compare the whole hash. The 256 words stand in alphabetical order, so
 * that byte 0 is the first; each has five to seven letters, no two share their first four, and none
 * becomes another by one letter.
 */
#define WORDS_COUNT 256
#define WORDS_BYTES 8
#define WORDS_SIZE 64 /* eight words of at most seven letters, spaces between, and a NUL */

const char *words_word(uint8_t byte);
void words_print(char out[static WORDS_SIZE], const uint8_t bytes[static WORDS_BYTES]);

#endif
