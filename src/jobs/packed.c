/* SPDX-License-Identifier: MIT */
/*
 * The bytes: a number and so many bytes of the common text, then the root's value.
 *   value      a tag, which is a json_type and, of a string, flags
 *   container  four bytes of length, then the members or elements; before each member's value its name
 *   number     a number and so many bytes: its digits and a NUL
 *   string     what the flags say, in this order: the number of a word, the common text, a number and so many bytes
 *   name       a tag, which is NAME and, of a word, its number (NAME_LARGE: it follows); else a number and so many
 * bytes A number is in base 128, the lowest digit first, 128 added to all but the last.
 */
#include "jobs/packed.h"

#include "codec/json_text.h"
#include "jobs/words.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

enum {
    TYPE_MASK = 7,
    HAS_WORD = 8,
    HAS_COMMON = 16,
    HAS_REST = 32,
    NAME = 7,
    NAME_SHIFT = 3,
    NAME_LARGE = 31,
    PIECES_MAX = 3,
    WORD_BYTES_MIN = 4, /* a shorter one costs no more where it stands */
    WORD_BYTES_MAX = 255,
    WORDS_MAX = 256 /* an answer has few names; one that is all names is kept as it is */
};

/* ---- writing ---- */

struct packer {
    struct slice text;
    size_t at;
    struct slice common;
    struct buf *to;
    struct buf taken; /* the words referred to */
    int error;
};

static void put_number(struct buf *to, size_t number)
{
    for (; number > 127; number >>= 7)
        (void)buf_append_char(to, (char)(128 | (number & 127)));
    (void)buf_append_char(to, (char)number);
}

static void put_bytes(struct buf *to, struct slice bytes)
{
    put_number(to, bytes.len);
    (void)buf_append(to, bytes.data, bytes.len);
}

/* 0: no memory, or enough words taken. */
static uint32_t take_word(struct packer *packer, struct slice text)
{
    if (packer->taken.len == packer->taken.max)
        return 0;
    uint32_t word = word_get(text);
    if (word && buf_append(&packer->taken, &word, sizeof word)) {
        word_put(word);
        word = 0;
    }
    if (!word)
        packer->error = -ENOMEM;
    return word;
}

static bool begins_with(struct slice text, struct slice start)
{
    return start.len && start.len <= text.len && !memcmp(text.data, start.data, start.len);
}

/* Whether it looks like one of a set of words: BATCH_INFERENCE, CREATE FAILED. */
static bool is_constant(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.data[i] < 'A' || text.data[i] > 'Z') && text.data[i] != '_' && text.data[i] != ' ')
            return false;
    return true;
}

/* How much of a string others may begin with alike: of an ARN or a path, up to the job's name or the last part. */
static size_t word_len(struct slice text, struct slice common)
{
    size_t len = 0;
    if (is_constant(text))
        return text.len;
    if (begins_with(text, common) || memchr(text.data, ' ', text.len))
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '/' && text.data[i] != ':')
            continue;
        len = i + 1;
        if (begins_with((struct slice){ text.data + len, text.len - len }, common))
            break;
    }
    return len;
}

static void put_string(struct packer *packer, struct slice rest, size_t as_word)
{
    struct buf *to = packer->to;
    uint32_t word = 0;
    if (as_word >= WORD_BYTES_MIN && as_word <= WORD_BYTES_MAX)
        word = take_word(packer, (struct slice){ rest.data, as_word });
    if (word)
        rest = (struct slice){ rest.data + as_word, rest.len - as_word };
    bool has_common = begins_with(rest, packer->common);
    if (has_common)
        rest = (struct slice){ rest.data + packer->common.len, rest.len - packer->common.len };
    (void)buf_append_char(
        to, (char)(JSON_STRING | (word ? HAS_WORD : 0) | (has_common ? HAS_COMMON : 0) | (rest.len ? HAS_REST : 0)));
    if (word)
        put_number(to, word);
    if (rest.len)
        put_bytes(to, rest);
}

static void put_name(struct packer *packer, struct slice name)
{
    struct buf *to = packer->to;
    uint32_t word = name.len <= WORD_BYTES_MAX ? take_word(packer, name) : 0;
    unsigned in_tag = word < NAME_LARGE ? word : NAME_LARGE;
    (void)buf_append_char(to, (char)(unsigned char)(NAME | in_tag << NAME_SHIFT));
    if (in_tag == NAME_LARGE)
        put_number(to, word);
    if (!word)
        put_bytes(to, name);
}

static struct slice unquote(struct slice token)
{
    return token.len < 2 ? token : (struct slice){ token.data + 1, token.len - 2 };
}

static struct slice next_token(struct packer *packer) { return json_text_token(packer->text, &packer->at); }

static void put_value(struct packer *packer, struct slice token);

/* As deep as the text, which is limited. */
static void put_container(struct packer *packer, enum json_type type)
{
    uint32_t len = 0;
    (void)buf_append_char(packer->to, (char)type);
    (void)buf_append(packer->to, &len, sizeof len);
    size_t begin = packer->to->len;
    struct slice token = next_token(packer);
    while (token.len && *token.data != '}' && *token.data != ']' && !packer->error && !buf_error(packer->to)) {
        if (type == JSON_OBJECT) {
            put_name(packer, unquote(token));
            (void)next_token(packer); /* the colon */
            token = next_token(packer);
        }
        put_value(packer, token);
        token = next_token(packer);
        if (token.len && *token.data == ',')
            token = next_token(packer);
    }
    if (buf_error(packer->to))
        return;
    len = (uint32_t)(packer->to->len - begin);
    memcpy(packer->to->data + begin - sizeof len, &len, sizeof len);
}

static void put_value(struct packer *packer, struct slice token)
{
    struct slice text = unquote(token);
    switch (token.len ? *token.data : 'n') {
    case '{':
        put_container(packer, JSON_OBJECT);
        break;
    case '[':
        put_container(packer, JSON_ARRAY);
        break;
    case '"':
        put_string(packer, text, word_len(text, packer->common));
        break;
    case 'n':
        (void)buf_append_char(packer->to, JSON_NULL);
        break;
    case 't':
        (void)buf_append_char(packer->to, JSON_TRUE);
        break;
    case 'f':
        (void)buf_append_char(packer->to, JSON_FALSE);
        break;
    default:
        (void)buf_append_char(packer->to, JSON_NUMBER);
        put_number(packer->to, token.len + 1);
        (void)buf_append(packer->to, token.data, token.len);
        (void)buf_append_char(packer->to, 0);
    }
}

int packed_append(struct slice text, struct slice common, struct buf *to)
{
    /* Strings are cut where the common text begins and ends: within an escape they must not be. */
    bool repeats = common.len && !memchr(common.data, '\\', common.len);
    struct packer packer = { .text = text, .common = repeats ? common : (struct slice){ 0 }, .to = to };
    packer.taken = BUF_INIT(WORDS_MAX * sizeof(uint32_t));
    put_bytes(to, common);
    put_value(&packer, next_token(&packer));
    int error = packer.error ? packer.error : buf_error(to);
    for (size_t i = 0; error && i < packer.taken.len; i += sizeof(uint32_t)) {
        uint32_t word;
        memcpy(&word, packer.taken.data + i, sizeof word);
        word_put(word);
    }
    buf_release(&packer.taken);
    return error;
}

/* ---- reading ---- */

static size_t get_number(const char **at)
{
    size_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        unsigned char byte = (unsigned char)*(*at)++;
        number |= (size_t)(byte & 127) << shift;
        if (byte < 128)
            return number;
    }
}

static struct slice get_bytes(const char **at)
{
    size_t len = get_number(at);
    struct slice bytes = { *at, len };
    *at += len;
    return bytes;
}

static enum json_type type_at(const char *at) { return (enum json_type)(*at & TYPE_MASK); }

struct slice packed_common(const char *packed) { return get_bytes(&packed); }

/* The word that a name or a string begins with, 0 if none; *at is then behind what says so. */
static uint32_t get_word(const char **at)
{
    unsigned char tag = (unsigned char)*(*at)++;
    if ((tag & TYPE_MASK) != NAME)
        return tag & HAS_WORD ? (uint32_t)get_number(at) : 0;
    return tag >> NAME_SHIFT == NAME_LARGE ? (uint32_t)get_number(at) : tag >> NAME_SHIFT;
}

/* Whether bytes stand behind the tag and the word of a scalar or a name. */
static bool has_bytes(char tag, uint32_t word)
{
    unsigned type = tag & TYPE_MASK;
    return type == JSON_NUMBER || (type == JSON_STRING && tag & HAS_REST) || (type == NAME && !word);
}

/* The text of a scalar or a name as it was sent, in pieces; *at is then behind it. */
struct pieces {
    struct slice piece[PIECES_MAX];
    unsigned n;
};

static struct pieces get_pieces(const char *packed, const char **at)
{
    struct pieces pieces = { .n = 0 };
    char tag = **at;
    unsigned type = tag & TYPE_MASK;
    uint32_t word = get_word(at);
    if (word)
        pieces.piece[pieces.n++] = word_text(word);
    if (type == JSON_STRING && tag & HAS_COMMON)
        pieces.piece[pieces.n++] = packed_common(packed);
    if (has_bytes(tag, word))
        pieces.piece[pieces.n++] = get_bytes(at);
    if (type == JSON_NUMBER)
        pieces.piece[0].len--; /* the NUL */
    return pieces;
}

/* What a container holds; its end is behind it. */
static struct slice inside(const char *at)
{
    uint32_t len;
    memcpy(&len, at + 1, sizeof len);
    return (struct slice){ at + 1 + sizeof len, len };
}

static bool is_container(const char *at) { return type_at(at) == JSON_OBJECT || type_at(at) == JSON_ARRAY; }

/* A value or a name. */
static const char *skip(const char *at)
{
    if (is_container(at))
        return inside(at).data + inside(at).len;
    char tag = *at;
    uint32_t word = get_word(&at);
    if (has_bytes(tag, word))
        (void)get_bytes(&at);
    return at;
}

void packed_release(const char *packed)
{
    const char *at = packed;
    (void)get_bytes(&at);
    const char *end = skip(at);
    while (at < end) { /* flat: names and values, however deep, follow one another */
        if (is_container(at)) {
            at = inside(at).data;
            continue;
        }
        const char *begin = at;
        at = skip(at);
        uint32_t word = get_word(&begin);
        if (word)
            word_put(word);
    }
}

/* The value at value.at, whose name stands there first if it is a member. */
static struct packed_value settle(struct packed_value value, bool is_member)
{
    value.key = NULL;
    if (value.at >= value.end)
        return (struct packed_value){ 0 };
    if (is_member) {
        value.key = value.at;
        value.at = skip(value.at);
    }
    return value;
}

struct packed_value packed_root(const char *packed)
{
    const char *at = packed;
    (void)get_bytes(&at);
    return (struct packed_value){ .packed = packed, .at = at, .end = at };
}

bool packed_same(const char *a, const char *b)
{
    struct slice in_a = inside(packed_root(a).at);
    struct slice in_b = inside(packed_root(b).at);
    size_t len = (size_t)(in_a.data + in_a.len - a);
    return len == (size_t)(in_b.data + in_b.len - b) && !memcmp(a, b, len);
}

enum json_type packed_type(struct packed_value value) { return value.at ? type_at(value.at) : JSON_NULL; }

struct packed_value packed_first(struct packed_value value)
{
    if (!value.at || !is_container(value.at))
        return (struct packed_value){ 0 };
    bool is_object = type_at(value.at) == JSON_OBJECT;
    struct slice bytes = inside(value.at);
    value.at = bytes.data;
    value.end = bytes.data + bytes.len;
    return settle(value, is_object);
}

struct packed_value packed_next(struct packed_value value)
{
    value.at = skip(value.at);
    return settle(value, value.key);
}

/* A scalar's text, decoded a character at a time. */
struct reader {
    struct pieces pieces;
    unsigned piece;
    size_t at;
    char bytes[4];
    unsigned n_bytes;
    unsigned next;
};

static struct reader reader_of(const char *packed, const char *at)
{
    return (struct reader){ .pieces = get_pieces(packed, &at) };
}

/* The next byte, or -1 at the end. */
static int read_byte(struct reader *reader)
{
    while (reader->next == reader->n_bytes) {
        if (reader->piece == reader->pieces.n)
            return -1;
        reader->next = 0;
        reader->n_bytes = json_text_decode(reader->pieces.piece[reader->piece], &reader->at, reader->bytes);
        if (!reader->n_bytes) {
            reader->piece++;
            reader->at = 0;
        }
    }
    return (unsigned char)reader->bytes[reader->next++];
}

static bool key_is(struct packed_value value, const char *name, size_t len)
{
    const char *at = value.key;
    uint32_t word = get_word(&at);
    struct slice sent = word ? word_text(word) : get_bytes(&at);
    if (!memchr(sent.data, '\\', sent.len))
        return sent.len == len && !memcmp(sent.data, name, len);
    struct reader reader = reader_of(value.packed, value.key);
    for (size_t i = 0; i < len; i++)
        if (read_byte(&reader) != (unsigned char)name[i])
            return false;
    return read_byte(&reader) < 0;
}

struct packed_value packed_path(struct packed_value value, const char *path)
{
    for (;;) {
        size_t len = strcspn(path, ".");
        bool is_object = packed_type(value) == JSON_OBJECT;
        value = is_object ? packed_first(value) : (struct packed_value){ 0 };
        while (value.at && !key_is(value, path, len))
            value = packed_next(value);
        if (!path[len])
            return value;
        path += len + 1;
    }
}

bool packed_equal(struct packed_value a, struct packed_value b)
{
    if (packed_type(a) != packed_type(b) || !a.at != !b.at)
        return false;
    if (!a.at || is_container(a.at))
        return true;
    struct reader read_a = reader_of(a.packed, a.at);
    struct reader read_b = reader_of(b.packed, b.at);
    for (;;) {
        int byte = read_byte(&read_a);
        if (byte != read_byte(&read_b))
            return false;
        if (byte < 0)
            return true;
    }
}

/* ---- texts ---- */

static int append_decoded(const char *packed, const char *at, struct buf *to)
{
    struct pieces pieces = get_pieces(packed, &at);
    for (unsigned i = 0; i < pieces.n; i++) {
        struct slice piece = pieces.piece[i];
        const char *escape = memchr(piece.data, '\\', piece.len);
        size_t begin = escape ? (size_t)(escape - piece.data) : piece.len;
        char bytes[4];
        (void)buf_append(to, piece.data, begin);
        for (unsigned n; (n = json_text_decode(piece, &begin, bytes));)
            (void)buf_append(to, bytes, n);
    }
    return buf_error(to);
}

const char *packed_number(struct packed_value value)
{
    const char *at = value.at;
    return packed_type(value) == JSON_NUMBER ? get_pieces(value.packed, &at).piece[0].data : NULL;
}

int packed_key(struct packed_value value, struct buf *to)
{
    return value.key ? append_decoded(value.packed, value.key, to) : buf_error(to);
}

int packed_text(struct packed_value value, struct buf *to)
{
    return value.at && !is_container(value.at) ? append_decoded(value.packed, value.at, to) : buf_error(to);
}

static void append_sent(const char *packed, const char *at, struct buf *to)
{
    bool quoted = type_at(at) != JSON_NUMBER;
    struct pieces pieces = get_pieces(packed, &at);
    if (quoted)
        (void)buf_append_char(to, '"');
    for (unsigned i = 0; i < pieces.n; i++)
        (void)buf_append(to, pieces.piece[i].data, pieces.piece[i].len);
    if (quoted)
        (void)buf_append_char(to, '"');
}

/* As deep as the text was. */
static void append_container(struct packed_value value, struct buf *to)
{
    bool is_object = packed_type(value) == JSON_OBJECT;
    const char *separator = "";
    (void)buf_append_char(to, is_object ? '{' : '[');
    for (struct packed_value below = packed_first(value); below.at; below = packed_next(below)) {
        (void)buf_append_str(to, separator);
        separator = ",";
        (void)packed_member_json(below, to);
    }
    (void)buf_append_char(to, is_object ? '}' : ']');
}

int packed_member_json(struct packed_value value, struct buf *to)
{
    if (value.key) {
        append_sent(value.packed, value.key, to);
        (void)buf_append_char(to, ':');
    }
    return packed_json(value, to);
}

int packed_json(struct packed_value value, struct buf *to)
{
    switch (packed_type(value)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        append_container(value, to);
        break;
    case JSON_STRING:
    case JSON_NUMBER:
        append_sent(value.packed, value.at, to);
        break;
    case JSON_TRUE:
        return buf_append_str(to, "true");
    case JSON_FALSE:
        return buf_append_str(to, "false");
    case JSON_NULL:
        return buf_append_str(to, "null");
    }
    return buf_error(to);
}
