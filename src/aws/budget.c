/* SPDX-License-Identifier: MIT */
#include "aws/budget.h"

#include <stddef.h>

static int64_t now_of(const struct budget *budget) { return clock_monotonic_ms(budget->clock); }

static int min_of(int64_t a, int64_t b) { return (int)(a < b ? a : b); }

static int half_of(int n) { return n > 1 ? n / 2 : 1; }

/* What the last halving left grows by one a second. */
static int64_t grown_by(const struct budget *budget) { return (now_of(budget) - budget->halved_ms) / 1000; }

int budget_rate(const struct budget *budget)
{
    bool quiet = !budget->halvings || now_of(budget) - budget->halved_ms >= BUDGET_QUIET_MS;
    return quiet ? 0 : budget->halved_rate + (int)grown_by(budget);
}

int budget_places(const struct budget *budget)
{
    return budget->halvings ? min_of(budget->max, budget->halved_places + grown_by(budget)) : budget->max;
}

void budget_init(struct budget *budget, int max, const struct clock *clock)
{
    *budget = (struct budget){ .clock = clock, .max = max };
    list_init(&budget->waiting);
}

void budget_begin(struct budget *budget, struct budget_claim *claim, bool ahead)
{
    *claim = (struct budget_claim){ .order = budget->next_order++, .ahead = ahead };
    list_init(&claim->node);
}

static bool goes_before(const struct budget_claim *claim, const struct budget_claim *other)
{
    return claim->ahead == other->ahead ? claim->order < other->order : other->ahead;
}

void budget_wait(struct budget *budget, struct budget_claim *claim)
{
    budget_leave(budget, claim);
    struct list *place = &budget->waiting;
    while (place->prev != &budget->waiting && goes_before(claim, list_item(place->prev, struct budget_claim, node)))
        place = place->prev;
    list_insert(place, &claim->node);
}

void budget_leave(struct budget *budget, struct budget_claim *claim)
{
    budget->out -= claim->out;
    claim->out = false;
    list_remove(&claim->node);
}

void budget_promote(struct budget *budget, struct budget_claim *claim)
{
    bool waits = !list_empty(&claim->node);
    claim->ahead = false;
    claim->order = budget->next_order++;
    if (waits)
        budget_wait(budget, claim);
}

static struct budget_claim *first_of(const struct budget *budget)
{
    if (list_empty(&budget->waiting))
        return NULL;
    return list_item(budget->waiting.next, struct budget_claim, node);
}

static bool may_go_ahead(const struct budget *budget)
{
    return budget->max > 1 && budget_places(budget) == budget->max;
}

static bool has_place(const struct budget *budget, const struct budget_claim *claim)
{
    if (claim->ahead)
        return may_go_ahead(budget) && budget->out < budget->max - 1;
    return budget->out < budget_places(budget);
}

/* Counts what goes out, second by second. */
static void note_sent(struct budget *budget, int64_t now_ms)
{
    int64_t passed_ms = now_ms - budget->second_ms;
    if (passed_ms >= 1000) {
        budget->second_sent_ago = passed_ms < 2000 ? budget->second_sent : 0;
        budget->second_sent = 0;
        budget->second_ms = passed_ms < 2000 ? budget->second_ms + 1000 : now_ms;
    }
    budget->second_sent++;
}

/* How many went out in the last second: of the one before, the part that is not over yet. */
static int sent_lately(const struct budget *budget, int64_t now_ms)
{
    int64_t passed_ms = now_ms - budget->second_ms;
    int64_t rest_ms = passed_ms < 1000 ? 1000 - passed_ms : 0;
    return budget->second_sent + (int)(budget->second_sent_ago * rest_ms / 1000);
}

struct budget_claim *budget_next(struct budget *budget)
{
    struct budget_claim *claim = first_of(budget);
    int64_t now_ms = now_of(budget);
    int rate = budget_rate(budget);
    if (!claim || !has_place(budget, claim) || (rate && now_ms < budget->next_ms))
        return NULL;
    list_remove(&claim->node);
    claim->out = true;
    claim->halving = budget->halvings;
    budget->out++;
    budget->next_ms = now_ms + (rate ? 1000 / rate : 0);
    note_sent(budget, now_ms);
    return claim;
}

int64_t budget_wait_ms(const struct budget *budget)
{
    const struct budget_claim *claim = first_of(budget);
    int64_t now_ms = now_of(budget);
    if (!claim)
        return -1;
    if (has_place(budget, claim))
        return budget_rate(budget) && budget->next_ms > now_ms ? budget->next_ms - now_ms : 0;
    if (budget_places(budget) == budget->max)
        return -1;
    return 1000 - (now_ms - budget->halved_ms) % 1000; /* one more by then */
}

bool budget_lacks_place(const struct budget *budget)
{
    const struct budget_claim *claim = first_of(budget);
    return claim && !claim->ahead && !has_place(budget, claim);
}

struct budget_claim *budget_in_vain(const struct budget *budget)
{
    if (list_empty(&budget->waiting) || may_go_ahead(budget))
        return NULL;
    struct budget_claim *last = list_item(budget->waiting.prev, struct budget_claim, node);
    return last->ahead ? last : NULL;
}

bool budget_throttled(struct budget *budget, const struct budget_claim *claim)
{
    int64_t now_ms = now_of(budget);
    if (claim->halving != budget->halvings)
        return false;
    int rate = budget_rate(budget);
    int lately = sent_lately(budget, now_ms);
    int places = budget_places(budget);
    budget->halved_rate = half_of(rate ? min_of(rate, lately) : lately);
    budget->halved_places = half_of(places);
    budget->halved_ms = now_ms;
    budget->next_ms = now_ms + 1000 / budget->halved_rate;
    budget->halvings++;
    return true;
}
