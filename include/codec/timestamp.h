/* SPDX-License-Identifier: MIT */
/*
 * timestamp: times as AWS JSON sends them (epoch seconds in any JSON number notation: 1700000060, 1700000060.123,
 * 1.700000060123E9) and as people read them (2023-11-14T22:14:20.123Z). Decimal arithmetic: nothing passes through a
 * double, three decimals are kept, the rest is cut, not rounded.
 */
#ifndef CODEC_TIMESTAMP_H
#define CODEC_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

enum { TIMESTAMP_SIZE = 25, TIMESTAMP_AMZ_SIZE = 17, TIMESTAMP_HTTP_SIZE = 30 }; /* with the NUL */

/* Years 0 to 9999. */
#define TIMESTAMP_MIN_MS INT64_C(-62167219200000)
#define TIMESTAMP_MAX_MS INT64_C(253402300799999)

/* A JSON number to milliseconds, cut toward zero. -EINVAL if it is no JSON number, -ERANGE outside years 0 to 9999. */
int timestamp_from_number(const char *digits, int64_t *ret_ms);
/* "YYYY-MM-DDTHH:MM:SS.mmmZ"; `ms` must be within years 0 to 9999: what is not gives the nearest that is. */
void timestamp_format(int64_t ms, char to[TIMESTAMP_SIZE]);
/* "YYYYMMDDTHHMMSSZ", the form that signing uses; the milliseconds are cut. */
void timestamp_format_amz(int64_t ms, char to[TIMESTAMP_AMZ_SIZE]);
/* The reverse. -EINVAL if `text` is not exactly of that form or no real date. */
int timestamp_from_amz(const char *text, int64_t *ret_ms);
/* An HTTP Date header in the one form that RFC 9110 (5.6.7) lets servers send: "Sun, 06 Nov 1994 08:49:37 GMT".
 * -EINVAL for anything else. */
int timestamp_from_http(const char *text, int64_t *ret_ms);
/* And the reverse. */
void timestamp_format_http(int64_t ms, char to[TIMESTAMP_HTTP_SIZE]);

/* The forms of ISO 8601 in which credentials say when they end: "2026-11-22T18:16:01", a fraction or none, then "Z",
 * "UTC" or "+01:00". -EINVAL for anything else, and for no real date. */
int timestamp_from_iso(const char *text, int64_t *ret_ms);

#endif
