/* SPDX-License-Identifier: MIT */
/*
 * Random sequences of operations, each done by the mount (below FUSE) and by the model, compared after each. Sequence
 * number n of seed s is always the same one. One that differs is made as short as it still does, and printed.
 *
 * MODEL_SEED: of the first sequence; each next one's is one more. MODEL_COUNT: how many.
 */
#include "run.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPS_MAX = 160, COUNT_DEFAULT = 256, LINE_MAX_BYTES = 128 };

/* ---- making ---- */

/* SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere. */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static unsigned random_below(uint64_t *state, unsigned limit) { return (unsigned)(random_next(state) % limit); }

/* Of each kind so many in a hundred or so. */
static const unsigned weights[OPS] = {
    [OP_READ] = 25,  [OP_WALK] = 6,    [OP_STAT] = 6,   [OP_LIST] = 7,      [OP_LIST_JOB] = 4, [OP_READ_AGAIN] = 2,
    [OP_CLOSE] = 1,  [OP_ANSWER] = 30, [OP_REFUSE] = 6, [OP_INTERRUPT] = 3, [OP_PASS] = 16,    [OP_CHANGE] = 10,
    [OP_VANISH] = 1, [OP_HUP] = 1,     [OP_DROP] = 2,   [OP_EVENTS] = 1,
};

/* Either side of each lifetime, and in between. */
static int64_t random_ms(uint64_t *state)
{
    static const int64_t edges[] = { 1,     998,   999,   1000,  4000,  4999,  5000,     28999,    29000,
                                     29999, 30000, 30001, 59999, 60000, 60001, 86340000, 86399999, 86400000 };
    enum { EDGES = sizeof edges / sizeof *edges, LONG = 3 };
    unsigned kind = random_below(state, 10);
    if (kind < 2)
        return random_below(state, 40000);
    return edges[random_below(state, kind == 2 ? EDGES : EDGES - LONG)];
}

static void make_op(uint64_t *state, struct op *op)
{
    unsigned total = 0;
    for (unsigned i = 0; i < OPS; i++)
        total += weights[i];
    unsigned at = random_below(state, total);
    unsigned kind = 0;
    while (at >= weights[kind])
        at -= weights[kind++];
    op->kind = kind;
    op->job = random_below(state, 1 + random_below(state, JOBS)); /* the first more often: there things meet */
    op->choice = random_below(state, 12);
    op->which = random_below(state, 2) ? 0 : random_below(state, 8);
    op->ms = random_ms(state);
}

static struct world_settings make(uint64_t seed, struct op ops[OPS_MAX])
{
    uint64_t state = seed;
    struct world_settings settings = { 0, 0, 0 };
    if (!random_below(&state, 3))
        settings.stale_while_revalidate_ms = 10000;
    if (!random_below(&state, 3))
        settings.stale_if_error_ms = 300000;
    if (!random_below(&state, 3))
        settings.ahead_max = 8;
    unsigned n_jobs = random_below(&state, JOBS + 1); /* that are there from the beginning */
    for (unsigned i = 0; i < OPS_MAX; i++) {
        make_op(&state, &ops[i]);
        if (i < n_jobs) {
            ops[i].kind = OP_CHANGE;
            ops[i].job = i;
        }
    }
    return settings;
}

/* ---- shrinking ---- */

/* Leaves out each piece of this length without which it still differs. */
static unsigned shrink_by(struct op *ops, unsigned n_ops, unsigned piece, struct world_settings settings)
{
    char failure[FAILURE_TEXT_MAX];
    unsigned at = 0;
    struct op tried[OPS_MAX];
    for (unsigned from = 0; from < n_ops;) {
        unsigned to = from + piece < n_ops ? from + piece : n_ops;
        unsigned n_tried = n_ops - (to - from);
        memcpy(tried, ops, from * sizeof *ops);
        memcpy(tried + from, ops + to, (n_ops - to) * sizeof *ops);
        if (run_ops(tried, n_tried, settings, failure, &at)) {
            from = to;
            continue;
        }
        memcpy(ops, tried, n_tried * sizeof *ops);
        n_ops = n_tried;
    }
    return n_ops;
}

/* Delta debugging: pieces of all lengths, half of it first and single operations last, until none can be left out. */
static unsigned shrink(struct op *ops, unsigned n_ops, struct world_settings settings)
{
    unsigned before;
    do {
        before = n_ops;
        for (unsigned piece = n_ops / 2 + 1; piece; piece /= 2)
            n_ops = shrink_by(ops, n_ops, piece, settings);
    } while (n_ops < before);
    return n_ops;
}

static void print(uint64_t seed, const struct op *ops, unsigned n_ops, struct world_settings settings)
{
    char line[LINE_MAX_BYTES];
    char failure[FAILURE_TEXT_MAX];
    unsigned at = 0;
    (void)run_ops(ops, n_ops, settings, failure, &at);
    (void)printf("MODEL_SEED=%" PRIu64 " MODEL_COUNT=1; stale-while-revalidate %" PRId64 " ms, stale-if-error %" PRId64
                 " ms, ahead %u:\n",
                 seed, settings.stale_while_revalidate_ms, settings.stale_if_error_ms, settings.ahead_max);
    for (unsigned i = 0; i < n_ops; i++) {
        op_print(&ops[i], line, sizeof line);
        (void)printf("  %s\n", line);
    }
    (void)printf("%s%s\n", at < n_ops ? "" : "when all calls are answered: ", failure);
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

int main(void)
{
    uint64_t seed = number_of("MODEL_SEED", 1);
    uint64_t count = number_of("MODEL_COUNT", COUNT_DEFAULT);
    log_set_level(LOG_LEVEL_ERROR);
    for (uint64_t i = 0; i < count; i++) {
        struct op ops[OPS_MAX];
        char failure[FAILURE_TEXT_MAX];
        unsigned at = 0;
        struct world_settings settings = make(seed + i, ops);
        if (run_ops(ops, OPS_MAX, settings, failure, &at))
            continue;
        print(seed + i, ops, shrink(ops, OPS_MAX, settings), settings);
        return EXIT_FAILURE;
    }
    (void)printf("%" PRIu64 " sequences of %d operations, as the model says\n", count, (int)OPS_MAX);
    return EXIT_SUCCESS;
}
