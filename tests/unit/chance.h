/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CHANCE_H
#define GAPSEAL_CHANCE_H

/* Numbers that look random and are the same for one seed on every machine (SplitMix64). After testing.h. */
#include <stdbool.h>

static uint64_t chance_state;

static inline uint64_t chance_next(void)
{
	uint64_t x = chance_state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* 0 to below - 1. */
static inline unsigned chance(unsigned below)
{
	return (unsigned)(chance_next() % below);
}

static inline bool one_in(unsigned n)
{
	return chance(n) == 0;
}

static inline void chance_bytes(uint8_t *out, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)chance_next();
}

/* A number from the environment, or the one a test has by itself. */
static inline uint64_t chance_setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL && *text != '\0' ? strtoull(text, NULL, 0) : otherwise;
}

#endif
