/* SPDX-License-Identifier: MIT */
#include "codec/timestamp.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

static const char day_names[] = "SunMonTueWedThuFriSat";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* A JSON number (RFC 8259, section 6), taken apart: the value is 0.DIGITS × 10^point, the '.' being skipped. */
struct decimal {
    bool negative;
    const char *digits; /* of the integer and the fraction, with the '.' still between them */
    size_t len;         /* bytes, the '.' included */
    int64_t point;
};

/* Beyond any length that a text can have, and far from overflowing when lengths are added to it. */
static const int64_t exponent_limit = INT64_C(1) << 61;

static size_t count_digits(const char *text)
{
    size_t n = 0;
    while (isdigit((unsigned char)text[n]))
        n++;
    return n;
}

static int exponent_read(const char *text, int64_t *ret_exponent)
{
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    size_t len = count_digits(text);
    if (!len || text[len])
        return -EINVAL;
    int64_t exponent = 0;
    for (size_t i = 0; i < len && exponent < exponent_limit / 16; i++)
        exponent = 10 * exponent + (text[i] - '0');
    *ret_exponent = negative ? -exponent : exponent;
    return 0;
}

static int decimal_read(const char *text, struct decimal *ret)
{
    ret->negative = *text == '-';
    text += ret->negative;
    size_t whole = count_digits(text);
    if (!whole || (whole > 1 && *text == '0'))
        return -EINVAL;
    ret->digits = text;
    text += whole;
    if (*text == '.') {
        size_t fraction = count_digits(text + 1);
        if (!fraction)
            return -EINVAL;
        text += 1 + fraction;
    }
    ret->len = (size_t)(text - ret->digits);
    int64_t exponent = 0;
    if (*text == 'e' || *text == 'E') {
        if (exponent_read(text + 1, &exponent))
            return -EINVAL;
    } else if (*text) {
        return -EINVAL;
    }
    ret->point = (int64_t)whole + exponent;
    return 0;
}

int timestamp_from_number(const char *digits, int64_t *ret_ms)
{
    struct decimal decimal;
    if (decimal_read(digits, &decimal))
        return -EINVAL;
    const int64_t limit_ms = decimal.negative ? -TIMESTAMP_MIN_MS : TIMESTAMP_MAX_MS;
    int64_t ms = 0;
    size_t at = 0;
    /* As many digits as stand before the point once it is moved three places: seconds to milliseconds. */
    for (int64_t left = decimal.point + 3; left > 0; left--) {
        if (at < decimal.len && decimal.digits[at] == '.')
            at++;
        int digit = at < decimal.len ? decimal.digits[at++] - '0' : 0;
        if (at >= decimal.len && !ms && !digit)
            break; /* zero, whatever its exponent */
        ms = 10 * ms + digit;
        if (ms > limit_ms)
            return -ERANGE;
    }
    *ret_ms = decimal.negative ? -ms : ms;
    return 0;
}

static char *put_number(char *to, int value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + width;
}

static char *put_text(char *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

/* Splits into UTC's calendar fields and the milliseconds after them. */
static int split_ms(int64_t ms, struct tm *ret_tm)
{
    if (ms < TIMESTAMP_MIN_MS)
        ms = TIMESTAMP_MIN_MS;
    if (ms > TIMESTAMP_MAX_MS)
        ms = TIMESTAMP_MAX_MS;
    int rest = (int)(ms % 1000);
    if (rest < 0)
        rest += 1000;
    time_t seconds = (time_t)((ms - rest) / 1000);
    *ret_tm = (struct tm){ 0 };
    (void)gmtime_r(&seconds, ret_tm); /* cannot fail: the year fits */
    return rest;
}

void timestamp_format(int64_t ms, char to[TIMESTAMP_SIZE])
{
    struct tm tm;
    int rest = split_ms(ms, &tm);
    to = put_number(to, tm.tm_year + 1900, 4);
    *to++ = '-';
    to = put_number(to, tm.tm_mon + 1, 2);
    *to++ = '-';
    to = put_number(to, tm.tm_mday, 2);
    *to++ = 'T';
    to = put_number(to, tm.tm_hour, 2);
    *to++ = ':';
    to = put_number(to, tm.tm_min, 2);
    *to++ = ':';
    to = put_number(to, tm.tm_sec, 2);
    *to++ = '.';
    to = put_number(to, rest, 3);
    *to++ = 'Z';
    *to = 0;
}

void timestamp_format_amz(int64_t ms, char to[TIMESTAMP_AMZ_SIZE])
{
    struct tm tm;
    (void)split_ms(ms, &tm);
    to = put_number(to, tm.tm_year + 1900, 4);
    to = put_number(to, tm.tm_mon + 1, 2);
    to = put_number(to, tm.tm_mday, 2);
    *to++ = 'T';
    to = put_number(to, tm.tm_hour, 2);
    to = put_number(to, tm.tm_min, 2);
    to = put_number(to, tm.tm_sec, 2);
    *to++ = 'Z';
    *to = 0;
}

void timestamp_format_http(int64_t ms, char to[TIMESTAMP_HTTP_SIZE])
{
    struct tm tm;
    (void)split_ms(ms, &tm);
    to = put_text(to, day_names + 3 * (ptrdiff_t)tm.tm_wday, 3);
    to = put_text(to, ", ", 2);
    to = put_number(to, tm.tm_mday, 2);
    *to++ = ' ';
    to = put_text(to, month_names + 3 * (ptrdiff_t)tm.tm_mon, 3);
    *to++ = ' ';
    to = put_number(to, tm.tm_year + 1900, 4);
    *to++ = ' ';
    to = put_number(to, tm.tm_hour, 2);
    *to++ = ':';
    to = put_number(to, tm.tm_min, 2);
    *to++ = ':';
    to = put_number(to, tm.tm_sec, 2);
    to = put_text(to, " GMT", 4);
    *to = 0;
}

/* The number in `width` bytes; what is no digit gives nonsense, which the caller's comparison then finds. */
static int get_number(const char *text, int width)
{
    int value = 0;
    for (int i = 0; i < width; i++)
        value = 10 * value + (text[i] - '0') % 10;
    return value;
}

/* timegm() takes 30 February as 1 March, so the callers write the time again and compare. */
static int64_t join_ms(struct tm *tm) { return (int64_t)timegm(tm) * 1000; }

int timestamp_from_amz(const char *text, int64_t *ret_ms)
{
    if (strlen(text) != TIMESTAMP_AMZ_SIZE - 1)
        return -EINVAL;
    struct tm tm = { .tm_year = get_number(text, 4) - 1900,
                     .tm_mon = get_number(text + 4, 2) - 1,
                     .tm_mday = get_number(text + 6, 2),
                     .tm_hour = get_number(text + 9, 2),
                     .tm_min = get_number(text + 11, 2),
                     .tm_sec = get_number(text + 13, 2) };
    int64_t ms = join_ms(&tm);
    char again[TIMESTAMP_AMZ_SIZE];
    timestamp_format_amz(ms, again);
    if (strcmp(text, again) != 0)
        return -EINVAL;
    *ret_ms = ms;
    return 0;
}

int timestamp_from_http(const char *text, int64_t *ret_ms)
{
    if (strlen(text) != TIMESTAMP_HTTP_SIZE - 1)
        return -EINVAL;
    int month = 0;
    while (month < 12 && memcmp(text + 8, month_names + 3 * (ptrdiff_t)month, 3) != 0)
        month++;
    if (month == 12)
        return -EINVAL;
    struct tm tm = { .tm_year = get_number(text + 12, 4) - 1900,
                     .tm_mon = month,
                     .tm_mday = get_number(text + 5, 2),
                     .tm_hour = get_number(text + 17, 2),
                     .tm_min = get_number(text + 20, 2),
                     .tm_sec = get_number(text + 23, 2) };
    int64_t ms = join_ms(&tm);
    char again[TIMESTAMP_HTTP_SIZE];
    timestamp_format_http(ms, again);
    if (strcmp(text, again) != 0)
        return -EINVAL;
    *ret_ms = ms;
    return 0;
}

/* "Z", "UTC" or "+01:00", to the end: minutes ahead of UTC. */
static int zone_read(const char *text, int *ret_minutes)
{
    *ret_minutes = 0;
    if (!strcmp(text, "Z") || !strcmp(text, "UTC"))
        return 0;
    if ((*text != '+' && *text != '-') || strlen(text) != 6 || text[3] != ':')
        return -EINVAL;
    for (int i = 1; i < 6; i++)
        if (i != 3 && (text[i] < '0' || text[i] > '9'))
            return -EINVAL;
    int hours = get_number(text + 1, 2);
    int minutes = get_number(text + 4, 2);
    if (hours > 23 || minutes > 59)
        return -EINVAL;
    *ret_minutes = (hours * 60 + minutes) * (*text == '-' ? -1 : 1);
    return 0;
}

int timestamp_from_iso(const char *text, int64_t *ret_ms)
{
    enum { SECONDS_LEN = 19, MINUTE_MS = 60000 };
    if (strnlen(text, SECONDS_LEN) < SECONDS_LEN)
        return -EINVAL;
    struct tm tm = { .tm_year = get_number(text, 4) - 1900,
                     .tm_mon = get_number(text + 5, 2) - 1,
                     .tm_mday = get_number(text + 8, 2),
                     .tm_hour = get_number(text + 11, 2),
                     .tm_min = get_number(text + 14, 2),
                     .tm_sec = get_number(text + 17, 2) };
    int64_t ms = join_ms(&tm);
    char again[TIMESTAMP_SIZE];
    timestamp_format(ms, again);
    if (memcmp(text, again, SECONDS_LEN) != 0)
        return -EINVAL;
    const char *at = text + SECONDS_LEN;
    if (*at == '.') {
        const char *digits = ++at;
        for (int unit = 100; *at >= '0' && *at <= '9'; at++, unit /= 10)
            ms += (int64_t)(*at - '0') * unit;
        if (at == digits)
            return -EINVAL;
    }
    int minutes;
    if (zone_read(at, &minutes))
        return -EINVAL;
    *ret_ms = ms - (int64_t)minutes * MINUTE_MS;
    return 0;
}
