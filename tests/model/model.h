/* SPDX-License-Identifier: MIT */
/*
 * model: what the mount must do, said once more and as plainly as possible: what is known of each job, how fresh it is,
 * what each request of the kernel is answered, and which calls that costs. It shares no code with what it is compared
 * with, holds no records, lists or tables, and knows nothing of nodes: it deals in jobs by number and in values as
 * text.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "service.h"

enum { MODEL_WAIT = 1, LOG_MAX = 16384, ITEMS_MAX = 512 };
#define MODEL_FOREVER_MS INT64_C(1000000000000)

struct model_settings {
    int64_t ttl_ms, final_ttl_ms, list_ttl_ms, negative_ttl_ms;
    int64_t stale_while_revalidate_ms, stale_if_error_ms;
    int64_t hold_ms;    /* what was waited for is fresh for so long at least */
    int64_t failure_ms; /* how long a failure is repeated */
};

/* What one kind of answer has said of a job. */
struct told {
    bool is_told;
    struct state state;
    int64_t sent_ms, sent_wall_ms; /* of the request; its age counts from there */
    int64_t fresh_until_ms;
    int64_t revalidate_until_ms; /* given while a new one is fetched */
    int64_t error_until_ms;      /* given where there is no new one */
};

struct model_job {
    struct told described, listed;
    bool denied; /* the service said that there is none, and nothing newer has shown it */
    int64_t denied_ms, denied_until_ms;
    int failed_number; /* of the last describe that failed, told until then */
    int64_t failed_until_ms;
    bool asked; /* a describe is under way */
    unsigned waiters;
    bool revalidated; /* it was begun for later readers */
    unsigned place;   /* in the root; 0: none */
    const char *seen; /* the status that stands last in the log of events */
};

struct model_item {
    unsigned job;
    struct state state;
    int64_t sent_ms, sent_wall_ms;
};

struct model_listing {
    bool wanted; /* somebody waits, or it was begun for later readers */
    bool for_later;
    unsigned waiters;
    bool asked; /* a page is under way */
    bool restarted;
    unsigned n_pages;
    int64_t began_ms, asked_ms, took_ms;
    struct model_item items[ITEMS_MAX];
    unsigned n_items;
    bool listed_once;
    int64_t fresh_until_ms, relist_after_ms;
    unsigned last_place;
    int64_t changed_wall_ms; /* when a name last changed */
    bool is_read;            /* the kernel has been given it from its beginning as it is now */
};

struct model {
    struct model_settings settings;
    struct model_job jobs[JOBS];
    struct model_listing list;
    unsigned describes, lists; /* calls begun */
    int64_t hup_ms;            /* the last SIGHUP */
    char log[LOG_MAX];         /* of events: "job old new", without the time */
    int64_t now_ms, now_wall_ms;
};

enum kind_of_reply { REPLY_DIR, REPLY_PENDING, REPLY_VALUE, REPLY_FAILURE };

/* What a request is answered. */
struct reply {
    int result; /* 0, -errno, MODEL_WAIT */
    enum kind_of_reply kind;
    char text[TEXT_MAX]; /* of a value; of a failure: the last known */
    bool is_known;       /* anything is known */
    int number;          /* what reading a failure says */
    int64_t mtime_ms, ctime_ms, entry_ms, attr_ms;
};

void model_init(struct model *model, const struct model_settings *settings, int64_t now_wall_ms);

/* Jobs go by number; `error`: 0 or the errno. */

/* The requests. What they make necessary is begun, and counted. */
struct reply model_lookup_job(const struct model *model, unsigned number);
struct reply model_list_entry(const struct model *model, unsigned number); /* of the root */
struct reply model_getattr_job(struct model *model, unsigned number);
struct reply model_getattr_job_waited(struct model *model, unsigned number, int error);
struct reply model_lookup_file(struct model *model, unsigned number, enum file file);
/* In the listing of its job; kind REPLY_DIR: not looked up. */
struct reply model_list_file(const struct model *model, unsigned number, enum file file);
struct reply model_getattr_pending(const struct model *model, unsigned number, enum file file);
struct reply model_getattr_pending_waited(const struct model *model, unsigned number, enum file file, int error);
int model_opendir(const struct model *model);
/* The job that comes after `place` in the root, or -1. */
int model_next(const struct model *model, unsigned place);

/* Whether a describe of it would tell anything new, and none is under way. */
bool model_is_wanted(const struct model *model, unsigned number);
/* One was begun that nobody waits for. */
void model_ahead(struct model *model, unsigned number);
/* Who must wait, or does no more. */
void model_wait_job(struct model *model, unsigned number);
void model_wait_list(struct model *model);
void model_cancel_job(struct model *model, unsigned number);
void model_cancel_list(struct model *model);
void model_touch_events(struct model *model);
void model_hup(struct model *model);

/* The answers. */
void model_described(struct model *model, unsigned number, int error, const struct state *state, int64_t sent_ms,
                     int64_t sent_wall_ms);
/* `items`: of the page. is_refused: InvalidNextTokenException. */
void model_page(struct model *model, const struct model_item *items, unsigned n_items, bool is_last);
void model_page_failed(struct model *model, int error, bool is_refused);

#endif
