/* SPDX-License-Identifier: MIT */
#include "fs/content.h"

#include "codec/json_text.h"
#include "fs/render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES_MAX = 1024, NUMBER_FIRST = 2 };

struct content {
    const struct layout *layout;
    struct record *record;
    struct buf key;         /* of the member that is being looked at */
    struct member *members; /* room for all that the answer can have */
    unsigned n_members;
    struct table names; /* of members, by parent and name */
    /* The last name that had to be numbered, so that thousands that are alike are not tried from 2 each. */
    char numbered[NAME_SIZE];
    unsigned numbered_parent;
    unsigned numbered_last;
    uint64_t names_hash;
};

/* Before a member's name, in the same block, stands its parent: together they are its key. */
static struct slice key_of(const void *item)
{
    const struct member *member = item;
    return (struct slice){ member->name - sizeof member->parent, sizeof member->parent + strlen(member->name) };
}

/* A member's name, encoded: as it is, or the n-th of several that come out alike. -EEXIST if it is taken. */
static int name_take(struct content *content, struct member *member, const char *encoded, unsigned n)
{
    char name[NAME_SIZE];
    memcpy(name, encoded, sizeof name);
    if (n)
        name_number(name, n);
    if (member->parent < MEMBER_BASE && layout_find(content->layout, member->parent, name))
        return -EEXIST;
    char *block = malloc(sizeof member->parent + strlen(name) + 1);
    if (!block)
        return -ENOMEM;
    memcpy(block, &member->parent, sizeof member->parent);
    memcpy(block + sizeof member->parent, name, strlen(name) + 1);
    member->name = block + sizeof member->parent;
    int result = table_add(&content->names, member);
    if (result)
        free(block);
    return result;
}

static bool is_container(struct packed_value value)
{
    return packed_type(value) == JSON_OBJECT || packed_type(value) == JSON_ARRAY;
}

static int member_add(struct content *content, unsigned parent, const char *key, struct packed_value value)
{
    struct member *member = &content->members[content->n_members];
    char encoded[NAME_SIZE];
    bool whole = name_encode(key, encoded);
    *member = (struct member){ .parent = parent, .is_dir = is_container(value), .value = value };
    bool again = content->numbered_parent == parent && !strcmp(content->numbered, encoded);
    unsigned first = again ? content->numbered_last + 1 : NUMBER_FIRST;
    int result = whole ? name_take(content, member, encoded, 0) : -EEXIST;
    for (unsigned n = first; result == -EEXIST; n++) {
        result = name_take(content, member, encoded, n);
        memcpy(content->numbered, encoded, sizeof encoded);
        content->numbered_parent = parent;
        content->numbered_last = n;
    }
    if (result)
        return result;
    content->names_hash = hash_bytes(content->names_hash, member->name, strlen(member->name) + 1);
    content->n_members++;
    return 0;
}

static size_t count_values(struct packed_value value)
{
    size_t n = 1;
    for (struct packed_value below = packed_first(value); below.at; below = packed_next(below))
        n += count_values(below);
    return n;
}

/* A member's name, valid until the next is asked for; NULL: no memory. */
static const char *key_of_value(struct content *content, struct packed_value value)
{
    buf_clear(&content->key);
    return packed_key(value, &content->key) ? NULL : buf_str(&content->key);
}

/* Everything in an object or array that is shown as `parent`. As deep as the answer, which is limited. */
static int members_below(struct content *content, unsigned parent, struct packed_value container)
{
    size_t index = 0;
    char number[24];
    for (struct packed_value value = packed_first(container); value.at; value = packed_next(value)) {
        (void)snprintf(number, sizeof number, "%zu", index++);
        const char *key = packed_type(container) == JSON_ARRAY ? number : key_of_value(content, value);
        int result = key ? member_add(content, parent, key, value) : -ENOMEM;
        unsigned self = MEMBER_BASE + content->n_members - 1;
        if (!result && is_container(value))
            result = members_below(content, self, value);
        if (result)
            return result;
    }
    return 0;
}

enum documented { UNKNOWN, IS_FIELD, IS_MAP, HOLDS_FIELDS };

static enum documented documented_as(const struct kind *kind, const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < kind->n_fields; i++) {
        const char *member = kind->fields[i].member;
        if (strncmp(member, path, len) != 0)
            continue;
        if (!member[len])
            return kind->fields[i].type == FIELD_MAP ? IS_MAP : IS_FIELD;
        if (member[len] == '.')
            return HOLDS_FIELDS;
    }
    return UNKNOWN;
}

/* What the table does not name in the object at `path`, which is shown as the layout's directory `dir`. */
static int members_of_object(struct content *content, unsigned dir, const char *path, struct packed_value object)
{
    char below[PATH_BYTES_MAX];
    int result = 0;
    for (struct packed_value value = packed_first(object); value.at && !result; value = packed_next(value)) {
        const char *key = key_of_value(content, value);
        if (!key)
            return -ENOMEM;
        int len = snprintf(below, sizeof below, "%s%s%s", path, *path ? "." : "", key);
        bool fits = len >= 0 && (size_t)len < sizeof below && !strchr(key, '.');
        const struct layout_entry *entry = layout_find(content->layout, dir, key);
        unsigned inner = entry && entry->is_dir ? content->layout->dir_same[entry->index] : dir;
        switch (fits ? documented_as(record_kind(content->record), below) : UNKNOWN) {
        case IS_FIELD:
            break;
        case IS_MAP:
            result = members_below(content, inner, value);
            break;
        case HOLDS_FIELDS:
            result = members_of_object(content, inner, below, value);
            break;
        case UNKNOWN:
            result = member_add(content, dir, key, value);
            if (!result && is_container(value))
                result = members_below(content, MEMBER_BASE + content->n_members - 1, value);
            break;
        }
    }
    return result;
}

int content_new(const struct layout *layout, struct record *record, struct content **ret_content)
{
    struct content *content = calloc(1, sizeof *content);
    if (!content)
        return -ENOMEM;
    struct packed_value root = record_root(record);
    content->layout = layout;
    content->record = record_ref(record);
    content->key = BUF_INIT(RENDER_BYTES_MAX);
    table_init(&content->names, key_of);
    content->members = calloc(count_values(root), sizeof *content->members);
    int result = content->members ? members_of_object(content, 0, "", root) : -ENOMEM;
    buf_release(&content->key);
    if (result) {
        content_free(content);
        return result;
    }
    *ret_content = content;
    return 0;
}

void content_free(struct content *content)
{
    if (!content)
        return;
    for (unsigned i = 0; content->members && i < content->n_members; i++)
        free((char *)(uintptr_t)key_of(&content->members[i]).data);
    table_release(&content->names);
    record_unref(content->record);
    free(content->members);
    free(content);
}

const struct record *content_record(const struct content *content) { return content->record; }

const struct member *content_next(const struct content *content, unsigned parent, unsigned *at)
{
    while (*at < content->n_members)
        if (content->members[(*at)++].parent == parent)
            return &content->members[*at - 1];
    return NULL;
}

static const struct member *find_child(const struct content *content, unsigned parent, const char *name, size_t len)
{
    char key[sizeof parent + NAME_SIZE];
    if (len > NAME_BYTES_MAX)
        return NULL;
    memcpy(key, &parent, sizeof parent);
    memcpy(key + sizeof parent, name, len);
    return table_get(&content->names, (struct slice){ key, sizeof parent + len });
}

const struct member *content_find(const struct content *content, const char *path, unsigned *ret_parent)
{
    unsigned dir = layout_walk(content->layout, &path); /* the static part of the path */
    const struct member *member = NULL;
    while (*path) {
        size_t len = strcspn(path, "/");
        member = find_child(content, dir, path, len);
        if (!member)
            return NULL;
        dir = MEMBER_BASE + (unsigned)(member - content->members);
        path += len + (path[len] == '/');
    }
    *ret_parent = dir;
    return member;
}

uint64_t content_names_hash(const struct content *content) { return content->names_hash; }

int content_render_field(const struct content *content, unsigned field, struct buf *to)
{
    const struct kind *kind = record_kind(content->record);
    if (field != LAYOUT_DESCRIBE)
        return render_value(kind->fields[field].type, record_value(content->record, field), to);
    BUF_CLEANUP struct buf text = BUF_INIT(RENDER_BYTES_MAX);
    int result = packed_json(record_root(content->record), &text);
    return result ? result : json_text_pretty((struct slice){ text.data, text.len }, to);
}

int content_render_member(const struct member *member, struct buf *to)
{
    switch (packed_type(member->value)) {
    case JSON_TRUE:
        return buf_append_str(to, "true\n");
    case JSON_FALSE:
        return buf_append_str(to, "false\n");
    case JSON_NUMBER:
        return render_value(FIELD_NUMBER, member->value, to);
    case JSON_STRING:
        return render_value(FIELD_TEXT, member->value, to);
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return buf_error(to);
}
