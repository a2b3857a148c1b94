/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t left(const struct model *model, int64_t until_ms) { return later(until_ms - model->now_ms, 0); }

void model_init(struct model *model, const struct model_settings *settings, int64_t now_wall_ms)
{
    *model = (struct model){ .settings = *settings, .hup_ms = INT64_MIN };
    model->list.changed_wall_ms = now_wall_ms;
}

/* ---- what is known ---- */

static bool is_known(const struct model_job *job)
{
    return (job->described.is_told || job->listed.is_told) && !job->denied;
}

/* The newer of the two; NULL if neither was told. */
static const struct told *newer(const struct model_job *job)
{
    if (job->listed.is_told && (!job->described.is_told || job->listed.sent_ms > job->described.sent_ms))
        return &job->listed;
    return job->described.is_told ? &job->described : NULL;
}

/* Who tells a file's value. All come from a describe that is fresh; those that a listing carries else from the newer.
 */
static const struct told *teller(const struct model *model, const struct model_job *job, bool is_listed)
{
    bool is_fresh = job->described.is_told && left(model, job->described.fresh_until_ms);
    if (is_listed && !is_fresh)
        return newer(job);
    return job->described.is_told ? &job->described : NULL;
}

static int64_t failing_ms(const struct model *model, const struct model_job *job)
{
    return left(model, job->failed_until_ms);
}

static bool is_revalidated(const struct model *model, const struct model_job *job, const struct told *told)
{
    return is_known(job) && told && !left(model, told->fresh_until_ms) && left(model, told->revalidate_until_ms) &&
           !failing_ms(model, job);
}

/* Whether it may be given now: fresh, or old in one of the two ways that are allowed. */
static bool may_be_given(const struct model *model, const struct model_job *job, const struct told *told)
{
    if (!is_known(job) || !told)
        return false;
    return left(model, told->fresh_until_ms) || is_revalidated(model, job, told) ||
           (failing_ms(model, job) && left(model, told->error_until_ms));
}

/* ---- calls ---- */

static void ask(struct model *model, struct model_job *job)
{
    if (!job->asked)
        model->describes++;
    job->asked = true;
}

static void revalidate(struct model *model, struct model_job *job, bool is_listed)
{
    if (!is_revalidated(model, job, teller(model, job, is_listed)) || job->asked)
        return;
    ask(model, job);
    job->revalidated = true;
}

void model_wait_job(struct model *model, unsigned number)
{
    ask(model, &model->jobs[number]);
    model->jobs[number].waiters++;
}

bool model_is_wanted(const struct model *model, unsigned number)
{
    const struct model_job *job = &model->jobs[number];
    return !job->asked && !(job->described.is_told && left(model, job->described.fresh_until_ms));
}

void model_ahead(struct model *model, unsigned number) { ask(model, &model->jobs[number]); }

void model_cancel_job(struct model *model, unsigned number) { model->jobs[number].waiters--; }

/* ---- a job's directory ---- */

/* What is left of a freshness, else of a failure. */
static int64_t left_or_failing(const struct model *model, const struct model_job *job, const struct told *told)
{
    int64_t left_ms = told ? left(model, told->fresh_until_ms) : 0;
    return left_ms ? left_ms : failing_ms(model, job);
}

struct reply model_list_entry(const struct model *model, unsigned number)
{
    const struct model_job *job = &model->jobs[number];
    const struct told *told = newer(job);
    struct reply reply = { .kind = REPLY_DIR, .is_known = is_known(job) };
    if (!reply.is_known) /* provisional */
        return reply;
    reply.mtime_ms = INT64_C(1000) * told->state.updated;
    reply.ctime_ms = told->sent_wall_ms;
    reply.entry_ms = MODEL_FOREVER_MS;
    reply.attr_ms = left_or_failing(model, job, told);
    return reply;
}

struct reply model_lookup_job(const struct model *model, unsigned number)
{
    const struct model_job *job = &model->jobs[number];
    int64_t denied_ms = job->denied ? left(model, job->denied_until_ms) : 0;
    if (denied_ms)
        return (struct reply){ .result = -ENOENT, .entry_ms = denied_ms };
    return model_list_entry(model, number);
}

struct reply model_getattr_job(struct model *model, unsigned number)
{
    struct model_job *job = &model->jobs[number];
    struct reply reply = model_list_entry(model, number);
    if (!reply.is_known) {
        if (job->denied && left(model, job->denied_until_ms))
            reply.result = -ENOENT;
        else
            reply.result = failing_ms(model, job) ? -job->failed_number : MODEL_WAIT;
    } else if (!reply.attr_ms) {
        revalidate(model, job, true);
        reply.result = may_be_given(model, job, teller(model, job, true)) ? 0 : MODEL_WAIT;
    }
    return reply;
}

struct reply model_getattr_job_waited(struct model *model, unsigned number, int error)
{
    struct reply reply = model_getattr_job(model, number);
    if (error == ENOENT)
        return (struct reply){ .result = -ENOENT };
    if (reply.result == MODEL_WAIT)
        reply.result = reply.is_known || !error ? 0 : -error;
    reply.attr_ms = later(reply.attr_ms, model->settings.hold_ms);
    return reply;
}

/* ---- files ---- */

static struct reply show(const struct model *model, unsigned number, enum file file, enum kind_of_reply kind)
{
    const struct model_job *job = &model->jobs[number];
    const struct told *told = teller(model, job, file_is_listed(file));
    struct reply reply = { .kind = kind, .is_known = told && is_known(job), .number = job->failed_number };
    if (told) {
        state_text(&told->state, file, reply.text);
        reply.mtime_ms = INT64_C(1000) * told->state.updated;
        reply.ctime_ms = told->sent_wall_ms;
    }
    if (kind == REPLY_VALUE) {
        reply.entry_ms = left_or_failing(model, job, told);
        reply.attr_ms = MODEL_FOREVER_MS;
    } else if (kind == REPLY_FAILURE)
        reply.attr_ms = model->settings.failure_ms;
    return reply;
}

struct reply model_lookup_file(struct model *model, unsigned number, enum file file)
{
    struct model_job *job = &model->jobs[number];
    revalidate(model, job, file_is_listed(file));
    if (may_be_given(model, job, teller(model, job, file_is_listed(file))))
        return show(model, number, file, REPLY_VALUE);
    return show(model, number, file, failing_ms(model, job) ? REPLY_FAILURE : REPLY_PENDING);
}

struct reply model_list_file(const struct model *model, unsigned number, enum file file)
{
    const struct model_job *job = &model->jobs[number];
    const struct told *told = teller(model, job, file_is_listed(file));
    bool is_fresh = is_known(job) && told && left(model, told->fresh_until_ms);
    return show(model, number, file, is_fresh ? REPLY_VALUE : REPLY_DIR);
}

struct reply model_getattr_pending(const struct model *model, unsigned number, enum file file)
{
    const struct model_job *job = &model->jobs[number];
    struct reply reply = show(model, number, file, REPLY_PENDING);
    if (job->denied && left(model, job->denied_until_ms))
        reply.result = -ENOENT;
    else if (may_be_given(model, job, teller(model, job, file_is_listed(file))))
        reply = show(model, number, file, REPLY_VALUE);
    else if (failing_ms(model, job))
        reply = show(model, number, file, REPLY_FAILURE);
    else
        reply.result = MODEL_WAIT;
    return reply;
}

struct reply model_getattr_pending_waited(const struct model *model, unsigned number, enum file file, int error)
{
    const struct model_job *job = &model->jobs[number];
    if (error == ENOENT)
        return (struct reply){ .result = -ENOENT };
    if (!error || may_be_given(model, job, teller(model, job, file_is_listed(file))))
        return show(model, number, file, REPLY_VALUE);
    struct reply reply = show(model, number, file, REPLY_FAILURE);
    reply.number = error;
    return reply;
}

/* ---- the root ---- */

int model_opendir(const struct model *model)
{
    return model->list.listed_once && left(model, model->list.fresh_until_ms) ? 0 : MODEL_WAIT;
}

int model_next(const struct model *model, unsigned place)
{
    int next = -1;
    for (int i = 0; i < JOBS; i++)
        if (model->jobs[i].place > place && (next < 0 || model->jobs[i].place < model->jobs[next].place))
            next = i;
    return next;
}

/* ---- answers ---- */

static int64_t ttl_of(const struct model *model, const struct state *state)
{
    return state_is_final(state) ? model->settings.final_ttl_ms : model->settings.ttl_ms;
}

static void set_fresh(const struct model *model, struct told *told, int64_t until_ms)
{
    told->fresh_until_ms = until_ms;
    told->revalidate_until_ms = until_ms + model->settings.stale_while_revalidate_ms;
    told->error_until_ms = until_ms + model->settings.stale_if_error_ms;
}

static void make_old(struct told *told) { told->fresh_until_ms = told->revalidate_until_ms = 0; }

/* Asked for before the last SIGHUP, of a job that runs: as old as what was forgotten then. */
static bool is_forgotten(const struct model *model, const struct state *state, int64_t sent_ms)
{
    return sent_ms < model->hup_ms && !state_is_final(state);
}

/* A line for each change of status; `is_first`: jobs are met for the first time, and are not news. */
static void log_status(struct model *model, unsigned number, bool is_first)
{
    struct model_job *job = &model->jobs[number];
    if (!is_known(job)) {
        job->seen = NULL;
        return;
    }
    const char *status = state_status(&newer(job)->state);
    size_t len = strlen(model->log);
    bool is_news = job->seen ? strcmp(job->seen, status) != 0 : !is_first;
    if (is_news)
        (void)snprintf(model->log + len, LOG_MAX - len, "%s\t%s\t%s\n", job_name(number), job->seen ? job->seen : "-",
                       status);
    job->seen = status;
}

void model_described(struct model *model, unsigned number, int error, const struct state *state, int64_t sent_ms,
                     int64_t sent_wall_ms)
{
    struct model_job *job = &model->jobs[number];
    bool is_wanted = job->waiters || job->revalidated;
    if (!error) {
        int64_t until_ms = is_forgotten(model, state, sent_ms) ? 0 : sent_ms + ttl_of(model, state);
        job->described = (struct told){ true, *state, sent_ms, sent_wall_ms, 0, 0, 0 };
        set_fresh(model, &job->described, later(until_ms, model->now_ms + model->settings.hold_ms));
        job->denied = false;
        job->failed_until_ms = 0;
    } else if (error == ENOENT && is_wanted) {
        job->described.is_told = false;
        job->denied = true;
        job->denied_ms = model->now_ms;
        job->denied_until_ms = model->now_ms + model->settings.negative_ttl_ms;
    } else if (is_wanted) {
        job->failed_number = error;
        job->failed_until_ms = model->now_ms + model->settings.failure_ms;
    }
    job->asked = job->revalidated = false;
    job->waiters = 0;
    log_status(model, number, !model->list.listed_once);
}

/* A finished job that a later listing shows unchanged is confirmed by it; shown otherwise it was not so finished. */
static void confirm(const struct model *model, struct model_job *job)
{
    struct told *described = &job->described;
    if (!described->is_told || !state_is_final(&described->state) || described->sent_ms >= job->listed.sent_ms)
        return;
    if (described->state.status == job->listed.state.status && described->state.updated == job->listed.state.updated) {
        described->sent_ms = job->listed.sent_ms;
        described->sent_wall_ms = job->listed.sent_wall_ms;
        set_fresh(model, described, later(described->fresh_until_ms, job->listed.fresh_until_ms));
    } else if (described->fresh_until_ms > described->sent_ms + model->settings.ttl_ms)
        set_fresh(model, described, described->sent_ms + model->settings.ttl_ms);
}

static void names_changed(struct model *model)
{
    model->list.is_read = false;
    model->list.changed_wall_ms = model->now_wall_ms;
}

static void take_item(struct model *model, const struct model_item *item)
{
    struct model_job *job = &model->jobs[item->job];
    if (!job->listed.is_told || state_is_final(&job->listed.state) != state_is_final(&item->state))
        model->list.is_read = false;
    job->listed = (struct told){ true, item->state, item->sent_ms, item->sent_wall_ms, 0, 0, 0 };
    set_fresh(model, &job->listed, item->sent_ms + ttl_of(model, &item->state));
    if (is_forgotten(model, &item->state, item->sent_ms))
        make_old(&job->listed);
    if (job->denied && (item->sent_ms >= job->denied_ms || !left(model, job->denied_until_ms)))
        job->denied = false;
    confirm(model, job);
    if (job->place)
        return;
    job->place = ++model->list.last_place;
    names_changed(model);
}

static void listing_clear(struct model_listing *list) { list->n_items = list->n_pages = 0, list->took_ms = 0; }

static void listing_ended(struct model *model, int number)
{
    struct model_listing *list = &model->list;
    list->relist_after_ms = number ? model->now_ms + model->settings.list_ttl_ms : 0;
    list->wanted = list->for_later = list->restarted = false;
    list->waiters = 0;
    listing_clear(list);
}

static void listing_take(struct model *model)
{
    struct model_listing *list = &model->list;
    bool shown[JOBS] = { false };
    if (!list->listed_once)
        names_changed(model);
    for (unsigned i = 0; i < list->n_items; i++) {
        take_item(model, &list->items[i]);
        shown[list->items[i].job] = true;
    }
    for (unsigned i = 0; i < JOBS; i++)
        if (model->jobs[i].place && !shown[i]) {
            model->jobs[i].place = 0;
            names_changed(model);
            make_old(&model->jobs[i].listed);
        }
    for (int i = model_next(model, 0); i >= 0; i = model_next(model, model->jobs[i].place))
        log_status(model, (unsigned)i, !list->listed_once);
    int64_t until_ms = list->began_ms + later(model->settings.list_ttl_ms, 10 * list->took_ms);
    list->fresh_until_ms =
        later(list->began_ms < model->hup_ms ? 0 : until_ms, model->now_ms + model->settings.hold_ms);
    list->listed_once = true;
    listing_ended(model, 0);
}

static void page_ask(struct model *model)
{
    struct model_listing *list = &model->list;
    if (!list->n_pages)
        list->began_ms = model->now_ms;
    list->asked_ms = model->now_ms;
    list->asked = true;
    model->lists++;
}

static void listing_want(struct model *model)
{
    struct model_listing *list = &model->list;
    if (list->wanted)
        return;
    list->wanted = true;
    if (list->asked)
        return;
    if (list->n_pages && model->now_ms - list->began_ms > model->settings.list_ttl_ms)
        listing_clear(list);
    page_ask(model);
}

void model_wait_list(struct model *model)
{
    listing_want(model);
    model->list.waiters++;
}

void model_touch_events(struct model *model)
{
    if (left(model, later(model->list.fresh_until_ms, model->list.relist_after_ms)))
        return;
    listing_want(model);
    model->list.for_later = true;
}

void model_cancel_list(struct model *model)
{
    model->list.waiters--;
    if (!model->list.waiters && !model->list.for_later)
        model->list.wanted = false;
}

void model_page(struct model *model, const struct model_item *items, unsigned n_items, bool is_last)
{
    struct model_listing *list = &model->list;
    list->asked = false;
    list->took_ms += model->now_ms - list->asked_ms;
    for (unsigned i = 0; i < n_items && list->n_items < ITEMS_MAX; i++)
        list->items[list->n_items++] = items[i];
    list->n_pages++;
    if (is_last)
        listing_take(model);
    else if (list->wanted)
        page_ask(model);
}

void model_page_failed(struct model *model, int error, bool is_refused)
{
    struct model_listing *list = &model->list;
    list->asked = false;
    list->took_ms += model->now_ms - list->asked_ms;
    if (!list->wanted)
        return;
    if (is_refused && list->n_pages && !list->restarted) {
        listing_clear(list);
        list->restarted = true;
        page_ask(model);
    } else
        listing_ended(model, is_refused ? EBADMSG : error);
}

void model_hup(struct model *model)
{
    model->hup_ms = model->now_ms;
    model->list.fresh_until_ms = model->list.relist_after_ms = 0;
    if (!model->list.asked)
        listing_clear(&model->list);
    for (unsigned i = 0; i < JOBS; i++) {
        struct model_job *job = &model->jobs[i];
        const struct told *told = newer(job);
        bool runs = told && !state_is_final(&told->state);
        job->failed_until_ms = job->denied_until_ms = 0;
        if (job->described.is_told && (runs || !state_is_final(&job->described.state)))
            make_old(&job->described);
        if (job->listed.is_told && (runs || !state_is_final(&job->listed.state)))
            make_old(&job->listed);
    }
}
