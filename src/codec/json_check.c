/* SPDX-License-Identifier: MIT */
/* The grammar of RFC 8259, one byte at a time and without recursion: no input can use up the stack. */
#include "codec/json.h"

#include <errno.h>
#include <string.h>

struct checker {
    const char *text;
    size_t len;
    size_t at;
    json_number_fn *number;
    void *data;
    struct error *error;
    size_t values;
    unsigned depth_max;
    unsigned depth;
    bool is_object[JSON_DEPTH_MAX]; /* of what is open at each depth, else an array */
};

static int fail(const struct checker *checker, const char *what)
{
    return error_set(checker->error, EBADMSG, NULL, "JSON refused: %s at byte %zu", what, checker->at);
}

/* The next byte, -1 at the end. */
static int peek(const struct checker *checker)
{
    return checker->at < checker->len ? (unsigned char)checker->text[checker->at] : -1;
}

static bool take(struct checker *checker, int byte)
{
    if (peek(checker) != byte)
        return false;
    checker->at++;
    return true;
}

static void skip_space(struct checker *checker)
{
    while (take(checker, ' ') || take(checker, '\n') || take(checker, '\r') || take(checker, '\t'))
        ;
}

static bool is_digit(int byte) { return byte >= '0' && byte <= '9'; }

static bool is_hex(int byte) { return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F'); }

/* Length of the character that begins with `lead`, and the bounds of its second byte: RFC 3629, section 4. */
static int utf8_shape(int lead, int *ret_low, int *ret_high)
{
    *ret_low = lead == 0xe0 ? 0xa0 : (lead == 0xf0 ? 0x90 : 0x80);
    *ret_high = lead == 0xed ? 0x9f : (lead == 0xf4 ? 0x8f : 0xbf);
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

static int check_utf8(struct checker *checker)
{
    int low = 0;
    int high = 0;
    int len = utf8_shape(peek(checker), &low, &high);
    if (!len)
        return fail(checker, "a byte that is not UTF-8");
    for (int i = 1; i < len; i++) {
        checker->at++;
        int byte = peek(checker);
        if (byte < low || byte > high)
            return fail(checker, "a character that is not UTF-8");
        low = 0x80;
        high = 0xbf;
    }
    checker->at++;
    return 0;
}

static int check_escape(struct checker *checker)
{
    checker->at++;
    int byte = peek(checker);
    if (byte <= 0 || !strchr("\"\\/bfnrtu", byte))
        return fail(checker, "an unknown escape");
    checker->at++;
    for (int i = 0; byte == 'u' && i < 4; i++) {
        if (!is_hex(peek(checker)))
            return fail(checker, "an escape without four hexadecimal digits");
        checker->at++;
    }
    return 0;
}

static int check_string(struct checker *checker)
{
    checker->at++;
    for (;;) {
        int error = 0;
        int byte = peek(checker);
        if (byte < 0)
            return fail(checker, "a string without an end");
        if (byte < ' ')
            return fail(checker, "a control character in a string");
        if (byte == '\\')
            error = check_escape(checker);
        else if (byte >= 0x80)
            error = check_utf8(checker);
        else
            checker->at++;
        if (error)
            return error;
        if (byte == '"')
            return 0;
    }
}

static bool take_digits(struct checker *checker)
{
    size_t start = checker->at;
    while (is_digit(peek(checker)))
        checker->at++;
    return checker->at > start;
}

static int check_number(struct checker *checker)
{
    size_t start = checker->at;
    (void)take(checker, '-');
    if (!take(checker, '0') && !take_digits(checker))
        return fail(checker, "a number without digits");
    if (take(checker, '.') && !take_digits(checker))
        return fail(checker, "a fraction without digits");
    if (take(checker, 'e') || take(checker, 'E')) {
        if (!take(checker, '+'))
            (void)take(checker, '-');
        if (!take_digits(checker))
            return fail(checker, "an exponent without digits");
    }
    if (!checker->number)
        return 0;
    int error = checker->number(checker->data, (struct json_span){ start, checker->at - start });
    return error ? error_set(checker->error, -error, NULL, "the number at byte %zu was refused", start) : 0;
}

static int check_literal(struct checker *checker, const char *literal)
{
    size_t len = strlen(literal);
    if (checker->len - checker->at < len || memcmp(checker->text + checker->at, literal, len) != 0)
        return fail(checker, "an unknown word");
    checker->at += len;
    return 0;
}

/* A member's name and its colon. */
static int check_key(struct checker *checker)
{
    skip_space(checker);
    if (peek(checker) != '"')
        return fail(checker, "no key where one must be");
    int error = check_string(checker);
    if (error)
        return error;
    skip_space(checker);
    return take(checker, ':') ? 0 : fail(checker, "no colon after a key");
}

/* '[' or '{', up to where its first value stands; *ret_complete if it is closed at once. */
static int open_container(struct checker *checker, bool *ret_complete)
{
    bool is_object = peek(checker) == '{';
    if (checker->depth >= checker->depth_max)
        return fail(checker, "too deep a nesting");
    checker->at++;
    skip_space(checker);
    *ret_complete = take(checker, is_object ? '}' : ']');
    if (*ret_complete)
        return 0;
    checker->is_object[checker->depth++] = is_object;
    return is_object ? check_key(checker) : 0;
}

static int begin_value(struct checker *checker, bool *ret_complete)
{
    skip_space(checker);
    *ret_complete = true;
    if (++checker->values > JSON_VALUES_MAX)
        return fail(checker, "too many values");
    int byte = peek(checker);
    switch (byte) {
    case '{':
    case '[':
        return open_container(checker, ret_complete);
    case '"':
        return check_string(checker);
    case 't':
        return check_literal(checker, "true");
    case 'f':
        return check_literal(checker, "false");
    case 'n':
        return check_literal(checker, "null");
    default:
        if (byte == '-' || is_digit(byte))
            return check_number(checker);
        return fail(checker, byte < 0 ? "the end where a value must be" : "no value where one must be");
    }
}

/* From the end of a value to where the next one stands; *ret_done if it was the last. */
static int end_value(struct checker *checker, bool *ret_done)
{
    *ret_done = false;
    for (;;) {
        skip_space(checker);
        if (!checker->depth) {
            *ret_done = true;
            return checker->at == checker->len ? 0 : fail(checker, "something after the end");
        }
        bool is_object = checker->is_object[checker->depth - 1];
        if (take(checker, ','))
            return is_object ? check_key(checker) : 0;
        if (!take(checker, is_object ? '}' : ']'))
            return fail(checker, peek(checker) < 0 ? "the end within an array or object" : "no comma after a value");
        checker->depth--;
    }
}

int json_check(const char *text, size_t len, const struct json_limits *limits, json_number_fn *number, void *data,
               struct error *error)
{
    if (len > limits->bytes)
        return error_set(error, EBADMSG, NULL, "JSON of %zu bytes, where %zu are allowed", len, limits->bytes);
    struct checker checker = {
        .text = text,
        .len = len,
        .number = number,
        .data = data,
        .error = error,
        .depth_max = limits->depth < JSON_DEPTH_MAX ? limits->depth : JSON_DEPTH_MAX,
    };
    bool done = false;
    while (!done) {
        bool complete = false;
        int failed = begin_value(&checker, &complete);
        if (!failed && complete)
            failed = end_value(&checker, &done);
        if (failed)
            return failed;
    }
    return 0;
}
