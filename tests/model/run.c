/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READERS = 6, OPEN_MAX_FILES = 4 };

/* Where somebody is on the way to a file. */
enum stage { STAGE_DIR, STAGE_FILE, STAGE_OPEN, STAGE_READ };

struct reader {
    struct waiter waiter;
    struct run *run;
    bool is_active;
    bool waits;
    enum op_kind kind;
    unsigned job;
    enum file file;
    bool stays_open;
    bool walks; /* goes on with the next job */
    enum stage stage;
    unsigned naps; /* before it opens what it has looked up: others come in between */
    int result;    /* of what was waited for */
    struct inode *dir;
    struct inode *leaf;
    int64_t began_ms;
};

struct run {
    struct world world;
    struct reader readers[READERS];
    struct inode *open[OPEN_MAX_FILES];
    unsigned n_open;
};

/* ---- who reads ---- */

/* A walk is more often for what only describes tell: that is where one is ahead of it. */
static enum file file_of(const struct op *op)
{
    return op->kind == OP_WALK && op->choice % 2 ? FILE_RESULTS : op->choice / 2 % FILES;
}

/* Whether the service's job has had this value so lately that a reader who began then may be shown it. */
static void expect_fresh(struct world *world, const struct reader *reader)
{
    const struct model_settings *settings = &world->model.settings;
    int64_t stale_ms = settings->stale_if_error_ms > settings->stale_while_revalidate_ms
                           ? settings->stale_if_error_ms
                           : settings->stale_while_revalidate_ms;
    char text[TEXT_MAX];
    for (unsigned i = 0; i < world->service.n_pasts[reader->job]; i++) {
        const struct past *past = &world->service.pasts[reader->job][i];
        int64_t ttl_ms = state_is_final(&past->state) ? settings->final_ttl_ms : settings->ttl_ms;
        int64_t age_ms = reader->began_ms - past->until_ms;
        state_text(&past->state, reader->file, text);
        if (past->state.exists && !strcmp(text, reader->leaf->text) &&
            age_ms <= ttl_ms + stale_ms + settings->hold_ms + world->longest_call_ms)
            return;
    }
    world_fail(world, "%s/%s reads \"%s\", which is too old", job_name(reader->job), file_name(reader->file),
               reader->leaf->text);
}

static void reader_end(struct reader *reader)
{
    struct run *run = reader->run;
    inode_unref(&run->world.kernel, reader->dir);
    inode_unref(&run->world.kernel, reader->leaf);
    *reader = (struct reader){ .run = run };
}

/* What was waited for has come: the reply is made at once, what follows it comes later. */
static void reader_called(struct waiter *waiter, int number)
{
    struct reader *reader = list_item(waiter, struct reader, waiter);
    struct inode *inode = reader->leaf ? reader->leaf : reader->dir;
    reader->waits = false;
    reader->result = inode ? ask_getattr_waited(&reader->run->world, inode, number) : -number;
}

static void reader_wait(struct reader *reader)
{
    struct world *world = &reader->run->world;
    const struct inode *inode = reader->leaf ? reader->leaf : reader->dir;
    if (inode)
        model_wait_job(&world->model, inode->job);
    else
        model_wait_list(&world->model);
    reader->waiter.done = reader_called;
    list_init(&reader->waiter.node);
    reader->waits = true;
    if (tree_wait(world->tree, inode ? inode->node : TREE_ROOT, &reader->waiter))
        world_fail(world, "there is no waiting for job %s", job_name(reader->job));
}

static void reader_interrupt(struct reader *reader)
{
    struct world *world = &reader->run->world;
    const struct inode *inode = reader->leaf ? reader->leaf : reader->dir;
    waiter_cancel(&reader->waiter);
    if (inode)
        model_cancel_job(&world->model, inode->job);
    else
        model_cancel_list(&world->model);
    reader_end(reader);
}

/* ---- its way ---- */

static int list_root(struct reader *reader)
{
    struct world *world = &reader->run->world;
    int result = reader->stage == STAGE_DIR ? ask_opendir(world) : reader->result;
    reader->stage = STAGE_READ;
    if (!result)
        ask_readdir_root(world);
    return result;
}

static int read_file(struct reader *reader)
{
    struct run *run = reader->run;
    int result = ask_read(&run->world, reader->leaf);
    if (!result)
        expect_fresh(&run->world, reader);
    if (reader->stays_open && run->n_open < OPEN_MAX_FILES) {
        run->open[run->n_open++] = reader->leaf;
        inode_ref(reader->leaf);
    }
    return result;
}

/* One stage; it may end with a wait. */
static int reader_step(struct reader *reader)
{
    struct world *world = &reader->run->world;
    int result = 0;
    switch (reader->stage++) {
    case STAGE_DIR:
        result = ask_lookup_job(world, reader->job, &reader->dir);
        return result ? result : ask_getattr(world, reader->dir);
    case STAGE_FILE:
        return ask_lookup_file(world, reader->dir, reader->file, &reader->leaf);
    case STAGE_OPEN:
        return ask_getattr(world, reader->leaf);
    case STAGE_READ:
        return read_file(reader);
    }
    return 0;
}

static void reader_take(struct reader *reader, unsigned job)
{
    struct world *world = &reader->run->world;
    reader->job = job;
    reader->began_ms = world->clock.monotonic_ms;
    world->walked |= 1U << job;
}

/* It is through with a job. False: it has begun with the next. */
static bool reader_is_through(struct reader *reader)
{
    struct run *run = reader->run;
    const struct model *model = &run->world.model;
    struct reader again = { .run = run, .is_active = true, .kind = reader->kind, .file = reader->file, .walks = true };
    unsigned place = model->jobs[reader->job].place;
    int next = reader->walks && place ? model_next(model, place) : -1;
    reader_end(reader);
    if (next < 0)
        return true;
    *reader = again;
    reader_take(reader, (unsigned)next);
    return false;
}

/* Goes on until it must wait, naps or is through; true: with its job alone, and another is to be begun. */
static bool reader_go_on(struct reader *reader)
{
    struct world *world = &reader->run->world;
    int result = reader->result;
    enum stage last = reader->kind == OP_READ ? STAGE_READ : STAGE_DIR;
    if (reader->kind == OP_LIST)
        result = list_root(reader);
    while (!result && reader->stage <= last && !(reader->stage == STAGE_OPEN && reader->naps))
        result = reader_step(reader);
    if (!result && reader->kind == OP_LIST_JOB)
        ask_readdir_job(world, reader->dir);
    bool goes_on = false;
    if (result == MODEL_WAIT && !world_failed(world))
        reader_wait(reader);
    else if (result || reader->stage > last)
        goes_on = !reader_is_through(reader);
    world_compare(world);
    return goes_on && !world_failed(world);
}

static void readers_go_on(struct run *run)
{
    for (unsigned i = 0; i < READERS; i++) {
        struct reader *reader = &run->readers[i];
        if (!reader->is_active || reader->waits || world_failed(&run->world))
            continue;
        reader->naps -= reader->naps > 0 && reader->stage == STAGE_OPEN;
        while (reader_go_on(reader))
            ;
    }
}

static void reader_begin(struct run *run, const struct op *op)
{
    unsigned i = 0;
    while (i < READERS && run->readers[i].is_active)
        i++;
    if (i == READERS)
        return;
    run->readers[i] = (struct reader){ .run = run,
                                       .is_active = true,
                                       .kind = op->kind == OP_WALK ? OP_READ : op->kind,
                                       .file = file_of(op),
                                       .stays_open = op->choice % 4 == 0,
                                       .walks = op->kind == OP_WALK,
                                       .naps = op->choice % 4 == 1 ? 2 : 0 };
    reader_take(&run->readers[i], op->job);
    readers_go_on(run);
}

static void interrupt(struct run *run, unsigned who)
{
    for (unsigned i = 0; i < READERS; i++) {
        struct reader *reader = &run->readers[(who + i) % READERS];
        if (reader->waits) {
            reader_interrupt(reader);
            return;
        }
    }
}

static void open_again(struct run *run, bool closes)
{
    for (unsigned i = 0; i < run->n_open; i++)
        if (closes)
            inode_unref(&run->world.kernel, run->open[i]);
        else if (!world_failed(&run->world))
            (void)ask_read(&run->world, run->open[i]);
    if (closes)
        run->n_open = 0;
}

/* ---- operations ---- */

static void service_op(struct run *run, const struct op *op)
{
    struct world *world = &run->world;
    if (op->kind == OP_CHANGE)
        service_change(&world->service, op->job, op->choice, world->clock.monotonic_ms);
    else if (op->kind == OP_VANISH)
        service_vanish(&world->service, op->job, world->clock.monotonic_ms);
    else if (world->n_calls && op->kind == OP_ANSWER)
        world_answer(world, op->which % world->n_calls);
    else if (world->n_calls && op->kind == OP_REFUSE)
        world_refuse(world, op->which % world->n_calls, op->choice);
    readers_go_on(run);
}

static void op_run(struct run *run, const struct op *op)
{
    struct world *world = &run->world;
    switch (op->kind) {
    case OP_READ:
    case OP_WALK:
    case OP_STAT:
    case OP_LIST:
    case OP_LIST_JOB:
        reader_begin(run, op);
        break;
    case OP_READ_AGAIN:
    case OP_CLOSE:
        open_again(run, op->kind == OP_CLOSE);
        break;
    case OP_ANSWER:
    case OP_REFUSE:
    case OP_CHANGE:
    case OP_VANISH:
        service_op(run, op);
        break;
    case OP_INTERRUPT:
        interrupt(run, op->job);
        break;
    case OP_PASS:
        world_pass(world, op->ms);
        break;
    case OP_HUP:
        model_hup(&world->model);
        cache_expire(world->cache);
        break;
    case OP_DROP:
        if (op->choice % 2)
            kernel_drop_job(&world->kernel, op->job);
        else
            kernel_drop(&world->kernel);
        break;
    case OP_EVENTS:
        model_touch_events(&world->model);
        cache_relist(world->cache);
        break;
    case OPS:
        break;
    }
    world_compare(world);
}

/* Answers all that is under way, so that everybody must be freed; then the kernel gives back all that it holds. */
static void settle(struct run *run)
{
    struct world *world = &run->world;
    for (unsigned quiet = 0; quiet < 4 && !world_failed(world); quiet++) {
        for (; world->n_calls && !world_failed(world); quiet = 0)
            world_answer(world, 0);
        readers_go_on(run);
    }
    for (unsigned i = 0; i < READERS; i++)
        if (run->readers[i].is_active)
            world_fail(world, "somebody waits for %s and is never called", job_name(run->readers[i].job));
    open_again(run, true);
    kernel_drop(&world->kernel);
    world_compare(world);
}

bool run_ops(const struct op *ops, unsigned n_ops, struct world_settings settings, char failure[FAILURE_TEXT_MAX],
             unsigned *ret_at)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        abort();
    world_open(&run->world, settings);
    unsigned at = 0;
    for (; at < n_ops && !world_failed(&run->world); at++)
        op_run(run, &ops[at]);
    if (!world_failed(&run->world))
        settle(run);
    else
        at--;
    memcpy(failure, run->world.failure, FAILURE_TEXT_MAX);
    *ret_at = at;
    world_close(&run->world);
    free(run);
    return !*failure;
}

void op_print(const struct op *op, char *to, size_t size)
{
    static const char *const names[OPS] = { "read",   "walk",   "stat",   "list root",   "list job", "read again",
                                            "close",  "answer", "refuse", "interrupt",   "pass",     "change",
                                            "vanish", "SIGHUP", "drop",   "touch events" };
    const char *name = names[op->kind];
    switch (op->kind) {
    case OP_READ:
        (void)snprintf(to, size, "%s %s/%s%s", name, job_name(op->job), file_name(file_of(op)),
                       op->choice % 4 == 0   ? ", which stays open"
                       : op->choice % 4 == 1 ? ", with a nap before the opening"
                                             : "");
        break;
    case OP_WALK:
        (void)snprintf(to, size, "%s from %s/%s on", name, job_name(op->job), file_name(file_of(op)));
        break;
    case OP_STAT:
    case OP_LIST_JOB:
    case OP_VANISH:
        (void)snprintf(to, size, "%s %s", name, job_name(op->job));
        break;
    case OP_CHANGE:
        (void)snprintf(to, size, "%s %s (%u)", name, job_name(op->job), op->choice);
        break;
    case OP_DROP:
        (void)snprintf(to, size, "%s %s", name, op->choice % 2 ? job_name(op->job) : "all");
        break;
    case OP_ANSWER:
        (void)snprintf(to, size, "%s call %u", name, op->which);
        break;
    case OP_REFUSE:
        (void)snprintf(to, size, "%s call %u (%u)", name, op->which, op->choice);
        break;
    case OP_PASS:
        (void)snprintf(to, size, "%s %" PRId64 " ms", name, op->ms);
        break;
    default:
        (void)snprintf(to, size, "%s", name);
    }
}
