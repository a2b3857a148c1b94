/* SPDX-License-Identifier: MIT */
#include "fs/jobs_table.h"

#include "base/cleanup.h"
#include "fs/render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct row {
    struct record *record;
    uint64_t end;  /* of its line, in the table */
    uint64_t hash; /* of its line */
};

struct generation {
    unsigned refs;
    const struct kind *kind;
    uint64_t header_end;
    uint64_t hash; /* of all of it */
    int64_t began_ms;
    size_t n_rows;
    struct row rows[];
};

struct jobs_table {
    const struct kind *kind;
    const struct cache *cache;
    const struct clock *clock;
    struct generation *current; /* NULL before the first */
    uint64_t listings;          /* that had been made when it was looked at last */
};

/* What one opening holds. */
struct table_snapshot {
    struct snapshot snapshot;
    struct generation *generation;
};

/* ---- lines ---- */

static int render_header(const struct kind *kind, struct buf *to)
{
    for (size_t i = 0; i < kind->n_columns; i++)
        (void)buf_printf(to, "%s%c", kind->fields[kind->columns[i]].path, i + 1 < kind->n_columns ? '\t' : '\n');
    return buf_error(to);
}

static int render_row(const struct kind *kind, const struct record *record, struct buf *to)
{
    int result = 0;
    for (size_t i = 0; i < kind->n_columns && !result; i++) {
        size_t field = kind->columns[i];
        result = render_words(kind->fields[field].type, record_value(record, field), to);
        if (!result)
            result = buf_append_char(to, i + 1 < kind->n_columns ? '\t' : '\n');
    }
    return result;
}

/* ---- generations ---- */

static void generation_unref(struct generation *generation)
{
    if (!generation || --generation->refs)
        return;
    for (size_t i = 0; i < generation->n_rows; i++)
        record_unref(generation->rows[i].record);
    free(generation);
}

static uint64_t row_begin(const struct generation *generation, size_t row)
{
    return row ? generation->rows[row - 1].end : generation->header_end;
}

static uint64_t generation_size(const struct generation *generation)
{
    return row_begin(generation, generation->n_rows);
}

static bool same_name(const struct record *a, const struct record *b)
{
    struct slice name = record_name(a);
    struct slice other = record_name(b);
    return name.len == other.len && !memcmp(name.data, other.data, name.len);
}

/* So that no older record need live on for the same line. */
static void row_renew(struct row *row, struct record *record)
{
    struct record *before = row->record;
    row->record = record_ref(record);
    record_unref(before);
}

/* The place and the hash of each line; of a job whose line `former` has too they are known. Jobs keep their order, new
 * ones come last, so what is passed over in `former` is gone. What is the same in both is one record in both. */
static int generation_measure(struct generation *generation, struct generation *former)
{
    BUF_CLEANUP struct buf line = BUF_INIT(RENDER_BYTES_MAX);
    size_t at = 0;
    int result = render_header(generation->kind, &line);
    generation->header_end = line.len;
    for (size_t i = 0; i < generation->n_rows && !result; i++) {
        struct row *row = &generation->rows[i];
        while (former && at < former->n_rows && !same_name(former->rows[at].record, row->record))
            at++;
        struct row *before = former && at < former->n_rows ? &former->rows[at] : NULL;
        size_t len_before = before ? (size_t)(before->end - row_begin(former, at)) : 0;
        size_t len = len_before;
        if (before && record_is_same(before->record, row->record)) {
            row->hash = before->hash;
        } else {
            buf_clear(&line);
            result = render_row(generation->kind, row->record, &line);
            len = line.len;
            row->hash = hash_bytes(0, buf_str(&line), len);
        }
        if (before && before->hash == row->hash && len_before == len)
            row_renew(before, row->record);
        row->end = row_begin(generation, i) + len;
        generation->hash = hash_bytes(generation->hash, &row->hash, sizeof row->hash);
    }
    return result;
}

/* When the last listing was asked for, wall clock. */
static int64_t listed_ms(const struct jobs_table *table)
{
    int64_t age_ms = clock_monotonic_ms(table->clock) - cache_listing(table->cache)->listed_ms;
    return clock_wall_ms(table->clock) - age_ms;
}

/* What the last listing holds, not measured yet. NULL: no memory. */
static struct generation *generation_new(const struct jobs_table *table)
{
    size_t room = cache_listing(table->cache)->n_jobs;
    struct generation *generation = malloc(sizeof *generation + room * sizeof *generation->rows);
    uint64_t place = 0;
    if (!generation)
        return NULL;
    *generation = (struct generation){ .refs = 1, .kind = table->kind, .began_ms = listed_ms(table), .n_rows = room };
    for (size_t i = 0; i < room; i++) {
        const struct job *job = cache_next_listed(table->cache, place);
        place = job->place;
        generation->rows[i].record = record_ref(job->listed.record);
    }
    return generation;
}

/* Makes what the last listing holds the current generation. */
static int table_update(struct jobs_table *table)
{
    uint64_t listings = cache_listing(table->cache)->listings;
    struct generation *former = table->current;
    if (former && table->listings == listings)
        return 0;
    struct generation *next = generation_new(table);
    int result = next ? generation_measure(next, former) : -ENOMEM;
    if (result) {
        generation_unref(next);
        return result;
    }
    table->listings = listings;
    if (former && former->hash == next->hash && former->n_rows == next->n_rows) {
        generation_unref(next);
        return 0;
    }
    table->current = next;
    generation_unref(former);
    return 0;
}

/* ---- snapshots ---- */

/* The first row whose line ends after `offset`. */
static size_t row_at(const struct generation *generation, uint64_t offset)
{
    size_t low = 0;
    size_t high = generation->n_rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (generation->rows[middle].end > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static int snapshot_read(const struct snapshot *snapshot, uint64_t offset, size_t size, struct buf *to)
{
    const struct generation *generation = ((const struct table_snapshot *)(const void *)snapshot)->generation;
    BUF_CLEANUP struct buf line = BUF_INIT(RENDER_BYTES_MAX);
    uint64_t end = offset + size < offset ? UINT64_MAX : offset + size;
    uint64_t begin = 0; /* of the line */
    int result = offset < generation->header_end ? render_header(generation->kind, &line) : 0;
    for (size_t row = row_at(generation, offset); !result; row++) {
        size_t skipped = offset > begin ? (size_t)(offset - begin) : 0;
        if (line.len > skipped) {
            size_t wanted = (size_t)(end - (begin + skipped));
            size_t left = line.len - skipped;
            result = buf_append(to, line.data + skipped, left < wanted ? left : wanted);
        }
        if (result || row == generation->n_rows || row_begin(generation, row) >= end)
            break;
        begin = row_begin(generation, row);
        buf_clear(&line);
        result = render_row(generation->kind, generation->rows[row].record, &line);
    }
    return result;
}

static void snapshot_free(struct snapshot *snapshot)
{
    struct table_snapshot *opened = (struct table_snapshot *)(void *)snapshot;
    generation_unref(opened->generation);
    free(opened);
}

int jobs_table_take(struct jobs_table *table, struct snapshot **ret_snapshot)
{
    struct table_snapshot *opened = malloc(sizeof *opened);
    int result = opened ? table_update(table) : -ENOMEM;
    if (result) {
        free(opened);
        return result;
    }
    struct generation *generation = table->current;
    generation->refs++;
    *opened = (struct table_snapshot){ .snapshot = { .size = generation_size(generation),
                                                     .content = generation->hash,
                                                     .changed_ms = generation->began_ms,
                                                     .confirmed_ms = listed_ms(table),
                                                     .read = snapshot_read,
                                                     .free = snapshot_free },
                                       .generation = generation };
    *ret_snapshot = &opened->snapshot;
    return 0;
}

/* ---- the table ---- */

int jobs_table_new(const struct kind *kind, const struct cache *cache, const struct clock *clock,
                   struct jobs_table **ret_table)
{
    struct jobs_table *table = calloc(1, sizeof *table);
    if (!table)
        return -ENOMEM;
    *table = (struct jobs_table){ .kind = kind, .cache = cache, .clock = clock };
    *ret_table = table;
    return 0;
}

void jobs_table_free(struct jobs_table *table)
{
    if (!table)
        return;
    generation_unref(table->current);
    free(table);
}
