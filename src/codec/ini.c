/* SPDX-License-Identifier: MIT */
#include "codec/ini.h"

#include "base/cleanup.h"
#include "base/list.h"
#include "base/secret.h"
#include "base/table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * A tree of four levels: section kind, section name, property, sub-property. The first two have no value.
 */
struct node {
    struct list link;     /* in the parent's children */
    struct list children; /* in the order in which they came */
    struct table index;   /* the same by name */
    char *value;
    char name[];
};

/* Values, keys among them, stand many to a piece in memory of base/secret.h. */
struct piece {
    struct piece *next;
    size_t room;
    size_t used;
    char bytes[];
};

enum { PIECE_BYTES = 4000 };

struct ini {
    struct piece *pieces;
    struct node root; /* without a name, and so last */
};

struct lines {
    const char *at;
    const char *end;
    unsigned number; /* of the line last read */
};

struct line {
    struct slice text; /* trimmed, never empty */
    bool indented;
};

struct parser {
    enum ini_kind kind;
    struct lines lines;
    struct ini *ini;
    struct node *section; /* NULL: before the first, or in one that is ignored */
    bool in_section;
    struct error *error;
};

/* [default] of a config file until the end of the file tells whether there is a [profile default], which replaces it.
 */
#define PLAIN_DEFAULT "default"
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

static struct slice slice_of(const char *text) { return (struct slice){ text, strlen(text) }; }

static bool slice_is(struct slice slice, const char *text)
{
    return slice.len == strlen(text) && !memcmp(slice.data, text, slice.len);
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }
static bool is_comment(char c) { return c == '#' || c == ';'; }

static struct slice trim(struct slice text)
{
    while (text.len && is_blank(text.data[text.len - 1]))
        text.len--;
    while (text.len && is_blank(*text.data)) {
        text.data++;
        text.len--;
    }
    return text;
}

/* Values */

/* `size` bytes of zeros that last as long as `ini`, or NULL. */
static char *value_new(struct ini *ini, size_t size)
{
    struct piece *piece = ini->pieces;
    if (!piece || piece->room - piece->used < size) {
        size_t room = size > PIECE_BYTES ? size : PIECE_BYTES;
        piece = secret_alloc(sizeof *piece + room);
        if (!piece)
            return NULL;
        piece->room = room;
        piece->next = ini->pieces;
        ini->pieces = piece;
    }
    piece->used += size;
    return piece->bytes + piece->used - size;
}

/* Nodes */

static struct slice node_key(const void *item) { return slice_of(((const struct node *)item)->name); }

static void node_init(struct node *node)
{
    list_init(&node->link);
    list_init(&node->children);
    table_init(&node->index, node_key);
}

/* Takes the value away, frees all that is below. */
static void node_empty(struct node *node)
{
    list_each (link, after, &node->children) {
        struct node *child = list_item(link, struct node, link);
        node_empty(child);
        free(child);
    }
    list_init(&node->children);
    table_release(&node->index);
    table_init(&node->index, node_key);
    node->value = NULL;
}

/* The child of that name, made if it is not there; NULL: no memory. */
static struct node *node_child(struct node *parent, struct slice name)
{
    struct node *child = table_get(&parent->index, name);
    if (child)
        return child;
    child = calloc(1, sizeof *child + name.len + 1);
    if (!child)
        return NULL;
    node_init(child);
    memcpy(child->name, name.data, name.len);
    if (table_add(&parent->index, child)) {
        free(child);
        return NULL;
    }
    list_insert(&parent->children, &child->link);
    return child;
}

static void node_remove(struct node *parent, struct node *child)
{
    (void)table_remove(&parent->index, slice_of(child->name));
    list_remove(&child->link);
    node_empty(child);
    free(child);
}

/* Copies all that is below `from` into a node of `ini`; a property that is in both becomes the one of `from`,
 * sub-properties included. */
static int node_merge(struct ini *ini, struct node *to, const struct node *from)
{
    list_each (link, after, &from->children) {
        const struct node *source = list_item(link, struct node, link);
        struct node *target = node_child(to, slice_of(source->name));
        if (!target)
            return -ENOMEM;
        if (source->value) {
            size_t size = strlen(source->value) + 1;
            node_empty(target);
            target->value = value_new(ini, size);
            if (!target->value)
                return -ENOMEM;
            memcpy(target->value, source->value, size);
        }
        if (node_merge(ini, target, source))
            return -ENOMEM;
    }
    return 0;
}

static const struct node *node_at(const struct node *node, const char *const *path)
{
    for (; node && *path; path++)
        node = table_get(&node->index, slice_of(*path));
    return node;
}

/* Lines */

/* The next line that is neither blank nor a comment. */
static bool lines_next(struct lines *lines, struct line *line)
{
    while (lines->at < lines->end) {
        const char *start = lines->at;
        const char *newline = memchr(start, '\n', (size_t)(lines->end - start));
        const char *end = newline ? newline : lines->end;
        lines->at = newline ? newline + 1 : lines->end;
        lines->number++;
        if (end > start && end[-1] == '\r')
            end--;
        line->text = trim((struct slice){ start, (size_t)(end - start) });
        line->indented = line->text.data > start;
        if (line->text.len && !is_comment(*line->text.data))
            return true;
    }
    return false;
}

/* Cuts a comment off: it begins at '#' or ';' after a blank, or `anywhere`. */
static struct slice without_comment(struct slice text, bool anywhere)
{
    for (size_t i = 1; i < text.len; i++)
        if (is_comment(text.data[i]) && (anywhere || is_blank(text.data[i - 1])))
            text.len = i;
    return trim(text);
}

/* [profile "dev"] is [profile dev], as in botocore. */
static struct slice without_quotes(struct slice name)
{
    bool quoted = name.len > 2 && (*name.data == '"' || *name.data == '\'') && name.data[name.len - 1] == *name.data;
    return quoted ? (struct slice){ name.data + 1, name.len - 2 } : name;
}

/* Names of profiles and properties: letters, digits and -_/.%@:+ */
static bool name_is_valid(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && !(c && strchr("-_/.%@:+", c)))
            return false;
    }
    return name.len > 0;
}

/* What is wrong with the line last read; never what stands there, which may be a secret. */
static int refuse(struct parser *parser, const char *why)
{
    return error_set(parser->error, EINVAL, NULL, "line %u: %s", parser->lines.number, why);
}

static int out_of_memory(struct error *error) { return error_set(error, ENOMEM, NULL, "out of memory"); }

/* The parser */

static int section_read(struct parser *parser, struct slice line)
{
    static const char *const kinds[] = { "profile", "sso-session", "services" };
    line = without_comment(line, true);
    if (line.data[line.len - 1] != ']')
        return refuse(parser, "a section's name must end with ']'");
    parser->in_section = true;
    parser->section = NULL;

    struct slice name = trim((struct slice){ line.data + 1, line.len - 2 });
    const char *kind = NULL;
    if (parser->kind == INI_CREDENTIALS) {
        kind = "profile";
    } else if (slice_is(name, "default")) {
        kind = PLAIN_DEFAULT;
    } else {
        struct slice word = { name.data, 0 };
        while (word.len < name.len && !is_blank(word.data[word.len]))
            word.len++;
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (slice_is(word, kinds[i]))
                kind = kinds[i];
        name = without_quotes(trim((struct slice){ name.data + word.len, name.len - word.len }));
    }
    if (!kind || !name_is_valid(name))
        return 0;
    struct node *parent = node_child(&parser->ini->root, slice_of(kind));
    parser->section = parent ? node_child(parent, name) : NULL;
    return parser->section ? 0 : out_of_memory(parser->error);
}

/* "NAME = VALUE", a comment after it cut off. */
static int pair_read(struct parser *parser, struct slice line, struct slice *name, struct slice *value)
{
    line = without_comment(line, false);
    const char *equals = memchr(line.data, '=', line.len);
    if (!equals)
        return refuse(parser, "there is no '=' after the property's name");
    *name = trim((struct slice){ line.data, (size_t)(equals - line.data) });
    *value = trim((struct slice){ equals + 1, line.len - (size_t)(equals - line.data) - 1 });
    return name->len ? 0 : refuse(parser, "there is no name before the '='");
}

/* Puts an empty property with room for `room` bytes under `parent`, in the place of one of that name. */
static struct node *property_make(struct ini *ini, struct node *parent, struct slice name, size_t room)
{
    FREE_CLEANUP char *lower = strndup(name.data, name.len);
    if (!lower)
        return NULL;
    for (char *c = lower; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    struct node *property = node_child(parent, slice_of(lower));
    if (!property)
        return NULL;
    node_empty(property);
    property->value = value_new(ini, room + 1);
    return property->value ? property : NULL;
}

static int subproperty_read(struct parser *parser, struct node *property, struct slice line)
{
    struct slice name = { 0 };
    struct slice value = { 0 };
    int r = pair_read(parser, line, &name, &value);
    if (r || !name_is_valid(name))
        return r;
    struct node *child = property_make(parser->ini, property, name, value.len);
    if (!child)
        return out_of_memory(parser->error);
    memcpy(child->value, value.data, value.len);
    return 0;
}

/* A property and the indented lines after it: more of its value, or sub-properties if its own line has none. */
static int property_read(struct parser *parser, struct slice line)
{
    struct slice name = { 0 };
    struct slice value = { 0 };
    int r = pair_read(parser, line, &name, &value);
    if (r)
        return r;
    /* Measured first, so that a secret is written to one place only. */
    size_t room = value.len;
    struct lines ahead = parser->lines;
    struct line next;
    while (lines_next(&ahead, &next) && next.indented)
        room += 1 + next.text.len;

    struct node *property = NULL;
    if (name_is_valid(name)) {
        property = property_make(parser->ini, parser->section, name, room);
        if (!property)
            return out_of_memory(parser->error);
        memcpy(property->value, value.data, value.len);
    }
    size_t len = value.len;
    for (ahead = parser->lines; lines_next(&ahead, &next) && next.indented;) {
        parser->lines = ahead;
        if (property) {
            property->value[len++] = '\n';
            memcpy(property->value + len, next.text.data, next.text.len);
            len += next.text.len;
        }
        if (property && !value.len) {
            r = subproperty_read(parser, property, next.text);
            if (r)
                return r;
        }
    }
    return 0;
}

/* Gives [default] its place: that of [profile default] if there is none, nothing otherwise. */
static int default_settle(struct ini *ini)
{
    struct node *root = &ini->root;
    struct node *plain = table_get(&root->index, slice_of(PLAIN_DEFAULT));
    if (!plain)
        return 0;
    int r = 0;
    if (!node_at(root, (const char *const[]){ "profile", "default", NULL })) {
        struct node *profiles = node_child(root, slice_of("profile"));
        r = profiles ? node_merge(ini, profiles, plain) : -ENOMEM;
    }
    node_remove(root, plain);
    return r;
}

static int text_read(struct parser *parser)
{
    struct line line;
    while (lines_next(&parser->lines, &line)) {
        int r = 0;
        if (!line.indented && *line.text.data == '[')
            r = section_read(parser, line.text);
        else if (!parser->in_section)
            r = refuse(parser, "a section such as [default] must come first");
        else if (!parser->section)
            continue;
        else if (line.indented)
            r = refuse(parser, "an indented line must follow a property");
        else
            r = property_read(parser, line.text);
        if (r)
            return r;
    }
    return default_settle(parser->ini) ? out_of_memory(parser->error) : 0;
}

static unsigned line_of(const char *text, const char *place)
{
    unsigned number = 1;
    for (; text < place; text++)
        number += *text == '\n';
    return number;
}

static struct ini *ini_new(void)
{
    struct ini *ini = calloc(1, sizeof *ini);
    if (ini)
        node_init(&ini->root);
    return ini;
}

static void ini_cleanup(struct ini **ini) { ini_free(*ini); }

int ini_parse(struct ini **ini, enum ini_kind kind, const char *text, size_t len, struct error *error)
{
    const char *nul = len ? memchr(text, 0, len) : NULL;
    if (nul)
        return error_set(error, EINVAL, NULL, "line %u: there is a NUL byte", line_of(text, nul));
    size_t skip = len >= 3 && !memcmp(text, BYTE_ORDER_MARK, 3) ? 3 : 0;
    __attribute__((cleanup(ini_cleanup))) struct ini *parsed = ini_new();
    __attribute__((cleanup(ini_cleanup))) struct ini *merged = NULL;
    if (!parsed)
        return out_of_memory(error);
    struct parser parser = { .kind = kind, .ini = parsed, .error = error };
    if (len)
        parser.lines = (struct lines){ .at = text + skip, .end = text + len };
    int r = text_read(&parser);
    if (r)
        return r;
    if (*ini) {
        /* Into a third one, so that a failure half-way leaves *ini as it was. */
        merged = ini_new();
        if (!merged || node_merge(merged, &merged->root, &(*ini)->root) ||
            node_merge(merged, &merged->root, &parsed->root))
            return out_of_memory(error);
        ini_free(*ini);
        *ini = steal(&merged);
    } else {
        *ini = steal(&parsed);
    }
    return 0;
}

void ini_free(struct ini *ini)
{
    if (!ini)
        return;
    node_empty(&ini->root);
    for (struct piece *next, *piece = ini->pieces; piece; piece = next) {
        next = piece->next;
        secret_free(piece);
    }
    free(ini);
}

const char *ini_get(const struct ini *ini, const char *section, const char *name, const char *property)
{
    const struct node *node = ini ? node_at(&ini->root, (const char *const[]){ section, name, property, NULL }) : NULL;
    return node ? node->value : NULL;
}

const char *ini_get_nested(const struct ini *ini, const char *section, const char *name, const char *property,
                           const char *key)
{
    const struct node *node =
        ini ? node_at(&ini->root, (const char *const[]){ section, name, property, key, NULL }) : NULL;
    return node ? node->value : NULL;
}

int ini_has(const struct ini *ini, const char *section, const char *name)
{
    return ini && node_at(&ini->root, (const char *const[]){ section, name, NULL });
}

struct visitor {
    ini_visit_fn *visit;
    void *data;
    const char *path[4]; /* kind, section, property, sub-property */
};

static void node_visit(const struct node *node, struct visitor *visitor, unsigned depth)
{
    list_each (link, after, &node->children) {
        const struct node *child = list_item(link, struct node, link);
        const char **path = visitor->path;
        path[depth] = child->name;
        if (depth > 0)
            visitor->visit(visitor->data, path[0], path[1], path[2], path[3], child->value);
        if (depth + 1 < sizeof visitor->path / sizeof *visitor->path)
            node_visit(child, visitor, depth + 1);
        path[depth] = NULL;
    }
}

void ini_visit(const struct ini *ini, ini_visit_fn *visit, void *data)
{
    if (ini)
        node_visit(&ini->root, &(struct visitor){ .visit = visit, .data = data }, 0);
}
