/* SPDX-License-Identifier: ISC */
#include "gapseal/utc.h"

#include <string.h>
#include <time.h>

#define DAY 86400
#define SECONDS_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t month_days(int64_t year, int64_t month)
{
	static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to the first of January of a year from 1970 on. */
static int64_t year_start(int64_t year)
{
	int64_t before = year - 1;

	/* leap years before this year less those before 1970, of which there were 477 */
	return (year - 1970) * 365 + before / 4 - before / 100 + before / 400 - 477;
}

static void put_digits(char *out, size_t count, int64_t value)
{
	for (size_t i = count; i > 0; i--) {
		out[i - 1] = (char)('0' + value % 10);
		value /= 10;
	}
}

void utc_format(char out[static UTC_SIZE], int64_t seconds)
{
	int64_t days = seconds / DAY, rest = seconds % DAY;
	int64_t year = 1970 + days / 366, month = 1; /* never too late, at most some years too early */

	while (days >= year_start(year + 1))
		year++;
	days -= year_start(year);
	while (days >= month_days(year, month))
		days -= month_days(year, month++);
	memcpy(out, shape, UTC_SIZE);
	put_digits(out, 4, year);
	put_digits(out + 5, 2, month);
	put_digits(out + 8, 2, days + 1);
	put_digits(out + 11, 2, rest / 3600);
	put_digits(out + 14, 2, rest / 60 % 60);
	put_digits(out + 17, 2, rest % 60);
}

static int64_t get_digits(const uint8_t *text, size_t count)
{
	int64_t value = 0;

	for (size_t i = 0; i < count; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

static bool has_shape(struct bytes text)
{
	if (text.size != UTC_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (shape[i] == 'd' ? c < '0' || c > '9' : c != (uint8_t)shape[i])
			return false;
	}
	return true;
}

bool utc_parse(struct bytes text, int64_t *seconds)
{
	int64_t year, month, day, hour, minute, second;

	if (!has_shape(text))
		return false;
	year = get_digits(text.data, 4);
	month = get_digits(text.data + 5, 2);
	day = get_digits(text.data + 8, 2);
	hour = get_digits(text.data + 11, 2);
	minute = get_digits(text.data + 14, 2);
	second = get_digits(text.data + 17, 2);
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 ||
	    minute > 59 || second > 59)
		return false;
	day += year_start(year) - 1;
	while (--month > 0)
		day += month_days(year, month);
	*seconds = day * DAY + hour * 3600 + minute * 60 + second;
	return true;
}

int64_t utc_now(void)
{
	int64_t now = time(NULL);

	/* a clock outside the years we can write is as wrong as one at their edge */
	if (now < 0)
		return 0;
	return now > SECONDS_MAX ? SECONDS_MAX : now;
}
