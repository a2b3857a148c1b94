/* SPDX-License-Identifier: MIT */
#include "aws/credentials.h"
#include "aws/failure.h"
#include "aws/plan.h"
#include "aws/provider.h"
#include "aws/renewal.h"
#include "base/list.h"
#include "base/log.h"
#include "base/timer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_SIZE = 160, SWEEP_MS = 1000 };

/* What the configuration asks for at one time: a source, and the roles on top of it. */
struct stack {
    struct list node;
    struct credentials_provider *top;
    bool is_static; /* keys that stand somewhere: where, is in `source` and `file` */
    enum plan_source source;
    enum ini_kind file;
    uint64_t fingerprint; /* of its plan */
    unsigned generation;  /* of the configuration that it was made of */
};

struct chain {
    struct credentials_provider provider; /* the first: a pointer to it is one to the chain */
    struct credentials_settings settings;
    struct stack *stack; /* NULL: none yet */
    struct list retired; /* stacks that somebody may wait for yet */
    struct timer sweep;
    bool reload_warned; /* said once, not at each request */
};

static void stack_free(struct stack *stack)
{
    list_remove(&stack->node);
    stack->top->free(stack->top);
    free(stack);
}

/* From the timers: nobody is within one of them. */
static void on_sweep(void *data)
{
    struct chain *chain = data;
    list_each (node, after, &chain->retired) {
        struct stack *stack = list_item(node, struct stack, node);
        if (stack->is_static || renewal_is_idle(stack->top))
            stack_free(stack);
    }
    if (!list_empty(&chain->retired))
        timer_start(chain->settings.timers, &chain->sweep, SWEEP_MS);
}

static void stack_retire(struct chain *chain)
{
    if (!chain->stack)
        return;
    list_insert(&chain->retired, &chain->stack->node);
    chain->stack = NULL;
    timer_start(chain->settings.timers, &chain->sweep, 0);
}

/* The part of the time that a source may take: less than what waits for it, so that it can say what was wrong. */
static int64_t share_of_time(const struct chain *chain, int tenths) { return chain->settings.timeout_ms * tenths / 10; }

static int source_new(const struct chain *chain, const struct plan *plan, struct credentials_provider **ret_provider,
                      char name[NAME_SIZE])
{
    const struct credentials_settings *settings = &chain->settings;
    switch (plan->source) {
    case PLAN_PROCESS:
        (void)snprintf(name, NAME_SIZE, "credential_process of profile \"%s\"", plan->profile);
        return provider_process_new(settings, plan->command, plan->profile, ret_provider);
    case PLAN_SSO:
        (void)snprintf(name, NAME_SIZE, "SSO of profile \"%s\"", plan->profile);
        return provider_sso_new(settings, &plan->sso, plan->profile, ret_provider);
    case PLAN_WEB_IDENTITY:
        (void)snprintf(name, NAME_SIZE, "web identity for %s", plan->web_identity.arn);
        return provider_role_new(settings, &plan->web_identity, NULL, ret_provider);
    case PLAN_CONTAINER:
        (void)snprintf(name, NAME_SIZE, "the container's endpoint");
        return provider_container_new(settings, ret_provider);
    case PLAN_IMDS:
        (void)snprintf(name, NAME_SIZE, "instance metadata");
        return provider_imds_new(settings, ret_provider);
    case PLAN_ENVIRONMENT:
    case PLAN_KEYS:
        break;
    }
    return provider_static_new(settings, plan, ret_provider);
}

static bool plan_is_static(const struct plan *plan)
{
    return plan->source == PLAN_ENVIRONMENT || plan->source == PLAN_KEYS;
}

static int stack_build(const struct chain *chain, const struct plan *plan, struct credentials_provider **ret_top)
{
    char name[NAME_SIZE] = "";
    struct credentials_provider *top = NULL;
    int result = source_new(chain, plan, &top, name);
    if (!result && !plan_is_static(plan))
        result = renewal_new(&chain->settings, top, name, share_of_time(chain, 8), &top);
    for (size_t i = 0; i < plan->n_roles && !result; i++) {
        (void)snprintf(name, sizeof name, "the role %s", plan->roles[i].arn);
        result = provider_role_new(&chain->settings, &plan->roles[i], top, &top);
        if (!result)
            result = renewal_new(&chain->settings, top, name, share_of_time(chain, 9), &top);
    }
    *ret_top = top;
    return result;
}

static int stack_new(struct chain *chain, const struct plan *plan, struct error *error)
{
    struct stack *stack = calloc(1, sizeof *stack);
    if (!stack || stack_build(chain, plan, &stack->top)) {
        free(stack);
        return failure_set(error, FAILURE_MEMORY, "no memory for credentials");
    }
    list_init(&stack->node);
    stack->is_static = plan_is_static(plan) && !plan->n_roles;
    stack->source = plan->source;
    stack->file = plan->file;
    stack->fingerprint = plan_fingerprint(plan);
    stack->generation = config_generation(chain->settings.config);
    chain->stack = stack;
    return 0;
}

static bool stack_fits(const struct stack *stack, const struct plan *plan, unsigned generation)
{
    return stack && stack->is_static && plan_is_static(plan) && !plan->n_roles && stack->source == plan->source &&
           stack->file == plan->file && stack->generation == generation;
}

/* Keys that stand somewhere are looked for at each get(). What must be asked for is asked anew when the files were read
 * again; where they want the same as before, what there is serves until then. */
static int stack_update(struct chain *chain, struct error *error)
{
    struct config *config = chain->settings.config;
    struct error reload = { 0 };
    struct plan plan;
    if (config_reload(config, &reload) && !chain->reload_warned)
        log_warning("%s; what was read before is still used", reload.message);
    chain->reload_warned = reload.number != 0;
    if (chain->stack && !chain->stack->is_static && chain->stack->generation == config_generation(config))
        return 0;
    int result = plan_make(config, &plan, error);
    if (result && reload.number)
        result = failure_set(error, FAILURE_NO_CREDENTIALS, "%s", reload.message);
    if (!result && stack_fits(chain->stack, &plan, config_generation(config)))
        return 0;
    const struct stack *before = chain->stack; /* there until the next sweep */
    stack_retire(chain);
    if (!result)
        result = stack_new(chain, &plan, error);
    if (!result && before && !before->is_static && before->fingerprint == chain->stack->fingerprint)
        renewal_inherit(chain->stack->top, before->top);
    return result;
}

static void chain_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    struct chain *chain = (struct chain *)(void *)self;
    struct error error;
    if (stack_update(chain, &error))
        done(data, NULL, &error);
    else
        chain->stack->top->get(chain->stack->top, done, data);
}

static void chain_cancel(struct credentials_provider *self, void *data)
{
    struct chain *chain = (struct chain *)(void *)self;
    if (chain->stack)
        chain->stack->top->cancel(chain->stack->top, data);
    list_each (node, after, &chain->retired) {
        struct stack *stack = list_item(node, struct stack, node);
        stack->top->cancel(stack->top, data);
    }
}

static void chain_forget(struct credentials_provider *self)
{
    struct chain *chain = (struct chain *)(void *)self;
    if (chain->stack && !chain->stack->is_static)
        chain->stack->top->forget(chain->stack->top);
    else
        config_forget(chain->settings.config);
}

static void chain_free(struct credentials_provider *self)
{
    struct chain *chain = (struct chain *)(void *)self;
    timer_stop(&chain->sweep);
    if (chain->stack)
        stack_free(chain->stack);
    list_each (node, after, &chain->retired)
        stack_free(list_item(node, struct stack, node));
    free(chain);
}

int credentials_chain_new(const struct credentials_settings *settings, struct credentials_provider **ret_provider)
{
    struct chain *chain = calloc(1, sizeof *chain);
    if (!chain)
        return -ENOMEM;
    chain->settings = *settings;
    list_init(&chain->retired);
    timer_init(&chain->sweep, on_sweep, chain);
    chain->provider = (struct credentials_provider){
        .get = chain_get, .cancel = chain_cancel, .forget = chain_forget, .free = chain_free
    };
    *ret_provider = &chain->provider;
    return 0;
}
