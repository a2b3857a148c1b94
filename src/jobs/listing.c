/* SPDX-License-Identifier: MIT */
#include "jobs/listing.h"

#include "aws/failure.h"
#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES_MAX = 100000 };

struct listing {
    struct listing_settings settings;
    struct source_call *call; /* the page under way */
    bool told;                /* the one before it has said which comes next, and is being read yet */
    struct error next_error;  /* why that could not be asked for; number 0: it could */
    bool wanted;              /* somebody waits */
    bool restarted;           /* the service refused a token once and it began anew */
    char *token;              /* of the next page; NULL before the first */
    int64_t began_ms;
    int64_t asked_ms; /* for the page under way */
    int64_t took_ms;
    struct listed_item *items;
    size_t n_items;
    size_t room;
    uint64_t *tokens_seen; /* hashes: a token that comes twice would go round for ever */
    size_t n_pages;
};

int listing_new(const struct listing_settings *settings, struct listing **ret_listing)
{
    struct listing *listing = calloc(1, sizeof *listing);
    if (!listing)
        return -ENOMEM;
    listing->settings = *settings;
    *ret_listing = listing;
    return 0;
}

/* Forgets the pages that have come. */
static void listing_clear(struct listing *listing)
{
    for (size_t i = 0; i < listing->n_items; i++)
        record_unref(listing->items[i].record);
    free(steal(&listing->items));
    free(steal(&listing->token));
    free(steal(&listing->tokens_seen));
    listing->n_items = listing->room = listing->n_pages = 0;
    listing->took_ms = 0;
}

void listing_free(struct listing *listing)
{
    if (!listing)
        return;
    if (listing->call)
        listing->settings.source->cancel(listing->settings.source, listing->call);
    listing_clear(listing);
    free(listing);
}

static int items_add(struct listing *listing, const struct source_page *page, struct source_time time)
{
    if (listing->n_items + page->n_records > listing->room) {
        size_t room = 2 * listing->room + page->n_records;
        struct listed_item *items = realloc(listing->items, room * sizeof *items);
        if (!items)
            return -ENOMEM;
        listing->items = items;
        listing->room = room;
    }
    for (size_t i = 0; i < page->n_records; i++)
        listing->items[listing->n_items++] = (struct listed_item){ record_ref(page->records[i]), time };
    return 0;
}

/* Keeps the token for the next page. */
static int token_take(struct listing *listing, const char *token, struct error *error)
{
    uint64_t hash = hash_bytes(0, token, strlen(token));
    for (size_t i = 0; i < listing->n_pages; i++)
        if (listing->tokens_seen[i] == hash)
            return failure_set(error, FAILURE_NOT_PROTOCOL, "the listing gave the same page token twice");
    if (listing->n_pages == PAGES_MAX)
        return failure_set(error, FAILURE_NOT_PROTOCOL, "the listing has more than %d pages", PAGES_MAX);
    uint64_t *seen = realloc(listing->tokens_seen, (listing->n_pages + 1) * sizeof *seen);
    if (seen)
        listing->tokens_seen = seen;
    char *copy = strdup(token);
    if (!seen || !copy) {
        free(copy);
        return failure_set(error, FAILURE_MEMORY, "no memory for a listing");
    }
    seen[listing->n_pages++] = hash;
    free(listing->token);
    listing->token = copy;
    return 0;
}

static int page_ask(struct listing *listing);

static void listing_fail(struct listing *listing, const struct error *error)
{
    struct error failed = *error;
    if (listing->call) /* asked for already, behind the page that failed */
        listing->settings.source->cancel(listing->settings.source, steal(&listing->call));
    listing_clear(listing);
    listing->restarted = false;
    listing->settings.done(listing->settings.data, NULL, &failed);
}

static void listing_complete(struct listing *listing)
{
    struct listing_result result = { listing->items, listing->n_items, listing->began_ms, listing->took_ms };
    listing->restarted = false;
    listing->settings.done(listing->settings.data, &result, NULL);
    listing_clear(listing);
}

static void page_ended(struct listing *listing)
{
    listing->call = NULL;
    listing->took_ms += clock_monotonic_ms(listing->settings.clock) - listing->asked_ms;
}

static void token_came(void *data, const char *token)
{
    struct listing *listing = data;
    page_ended(listing);
    listing->told = true;
    listing->next_error = (struct error){ 0 };
    if (!token_take(listing, token, &listing->next_error) && listing->wanted && page_ask(listing))
        (void)failure_set(&listing->next_error, FAILURE_MEMORY, "no memory for a listing");
}

static void page_came(void *data, const struct source_page *page, struct source_time time, const struct error *failed)
{
    struct listing *listing = data;
    struct error error = { 0 };
    bool told = listing->told;
    listing->told = false;
    if (!told)
        page_ended(listing);
    if (!page && !listing->wanted) { /* stopped: what has come stays, this page is asked for again */
        if (told)                    /* but its token is gone */
            listing_clear(listing);
        return;
    }
    if (!page && !told && !strcmp(failed->code, "InvalidNextTokenException") && listing->token && !listing->restarted) {
        listing_clear(listing);
        listing->restarted = true;
        if (page_ask(listing)) {
            (void)failure_set(&error, FAILURE_MEMORY, "no memory for a listing");
            listing_fail(listing, &error);
        }
        return;
    }
    if (!page) {
        error = *failed;
        if (!strcmp(failed->code, "InvalidNextTokenException"))
            error.number = EBADMSG;
    } else if (items_add(listing, page, time))
        (void)failure_set(&error, FAILURE_MEMORY, "no memory for a listing");
    else if (!told) {
        listing_complete(listing);
        return;
    } else
        error = listing->next_error;
    if (error.number)
        listing_fail(listing, &error);
}

static int page_ask(struct listing *listing)
{
    struct job_source *source = listing->settings.source;
    int64_t now_ms = clock_monotonic_ms(listing->settings.clock);
    if (!listing->token)
        listing->began_ms = now_ms;
    listing->asked_ms = now_ms;
    return source->list(source, listing->token, now_ms + listing->settings.timeout_ms, token_came, page_came, listing,
                        &listing->call);
}

int listing_start(struct listing *listing)
{
    listing->wanted = true;
    if (listing->call) {
        listing->settings.source->readopt(listing->settings.source, listing->call);
        return 0;
    }
    if (listing->token &&
        clock_monotonic_ms(listing->settings.clock) - listing->began_ms > listing->settings.age_max_ms)
        listing_clear(listing);
    return page_ask(listing);
}

void listing_stop(struct listing *listing)
{
    listing->wanted = false;
    if (listing->call)
        listing->settings.source->abandon(listing->settings.source, listing->call);
}

void listing_forget(struct listing *listing)
{
    if (!listing->call)
        listing_clear(listing);
}
