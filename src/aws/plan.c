/* SPDX-License-Identifier: MIT */
#include "aws/plan.h"

#include "aws/failure.h"
#include "aws/provider.h"
#include "base/table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NONE = 1 };

struct planner {
    const struct config *config;
    struct plan *plan;
    struct error *error;
    const char *visited[PLAN_ROLES_MAX]; /* profiles whose roles are in the plan */
};

static const char *get(const struct planner *planner, const char *profile, const char *property)
{
    return config_get(planner->config, profile, property);
}

/* A source of keys, if it has any. */
static int plan_keys(struct planner *planner, const char *profile, enum ini_kind file)
{
    struct plan keys = { .source = PLAN_KEYS, .file = file, .profile = profile };
    if (!provider_static_has(planner->config, &keys))
        return NONE;
    planner->plan->source = PLAN_KEYS;
    planner->plan->file = file;
    return 0;
}

/* The first of the variable, where it counts, and the property. */
static const char *variable_or(const struct planner *planner, const char *variable, bool variables, const char *profile,
                               const char *property)
{
    const char *value = variables ? config_env(planner->config, variable) : NULL;
    return value ? value : get(planner, profile, property);
}

static int plan_web_identity(struct planner *planner, const char *profile, bool variables)
{
    struct plan_role *role = &planner->plan->web_identity;
    *role = (struct plan_role){
        .token_file =
            variable_or(planner, "AWS_WEB_IDENTITY_TOKEN_FILE", variables, profile, "web_identity_token_file"),
        .arn = variable_or(planner, "AWS_ROLE_ARN", variables, profile, "role_arn"),
        .session_name = variable_or(planner, "AWS_ROLE_SESSION_NAME", variables, profile, "role_session_name"),
    };
    if (!role->token_file)
        return NONE;
    planner->plan->source = PLAN_WEB_IDENTITY;
    return role->arn ? 0
                     : failure_set(planner->error, FAILURE_PROFILE,
                                   "there is a web identity token file (%s), and no role for it: set AWS_ROLE_ARN, or "
                                   "role_arn in profile \"%s\"",
                                   role->token_file, profile);
}

/* What the session says; the profile may repeat it, but not say something else. */
static int sso_set(struct planner *planner, const char *profile, const char *session, const char *property,
                   const char **to)
{
    const char *own = get(planner, profile, property);
    *to = own;
    if (session) {
        const char *value = ini_get(config_ini(planner->config), "sso-session", session, property);
        *to = value && *value ? value : NULL;
        if (own && *to && strcmp(own, *to) != 0)
            return failure_set(planner->error, FAILURE_PROFILE, "%s differs in profile \"%s\" and [sso-session %s]",
                               property, profile, session);
    }
    if (*to)
        return 0;
    return session ? failure_set(planner->error, FAILURE_PROFILE, "[sso-session %s] has no %s", session, property)
                   : failure_set(planner->error, FAILURE_PROFILE, "profile \"%s\" is one of SSO, and has no %s",
                                 profile, property);
}

static int plan_sso(struct planner *planner, const char *profile)
{
    struct plan_sso *sso = &planner->plan->sso;
    *sso = (struct plan_sso){ .session = get(planner, profile, "sso_session"),
                              .account_id = get(planner, profile, "sso_account_id"),
                              .role_name = get(planner, profile, "sso_role_name") };
    planner->plan->source = PLAN_SSO;
    if (!sso->account_id != !sso->role_name)
        return failure_set(planner->error, FAILURE_PROFILE, "profile \"%s\" is one of SSO, and has no %s", profile,
                           sso->account_id ? "sso_role_name" : "sso_account_id");
    if (sso->session && !ini_has(config_ini(planner->config), "sso-session", sso->session))
        return failure_set(planner->error, FAILURE_PROFILE, "profile \"%s\" names [sso-session %s], which is not in %s",
                           profile, sso->session, config_file_path(planner->config, INI_CONFIG));
    int result = sso_set(planner, profile, sso->session, "sso_region", &sso->region);
    return result ? result : sso_set(planner, profile, sso->session, "sso_start_url", &sso->start_url);
}

/* The profile's own source, no role. NONE where it has none. */
static int plan_source(struct planner *planner, const char *profile, bool variables)
{
    struct plan *plan = planner->plan;
    plan->profile = profile;
    int result = plan_web_identity(planner, profile, variables);
    if (result != NONE)
        return result;
    if (get(planner, profile, "sso_account_id") || get(planner, profile, "sso_role_name"))
        return plan_sso(planner, profile);
    if (get(planner, profile, "login_session"))
        return failure_set(planner->error, FAILURE_LOGIN_SESSION, "profile \"%s\" is one of `aws login`", profile);
    result = plan_keys(planner, profile, INI_CREDENTIALS);
    if (result != NONE)
        return result;
    plan->command = get(planner, profile, "credential_process");
    if (plan->command) {
        plan->source = PLAN_PROCESS;
        return 0;
    }
    result = plan_keys(planner, profile, INI_CONFIG);
    if (result == NONE && get(planner, profile, "sso_session"))
        result = plan_sso(planner, profile);
    return result;
}

/* As botocore has it: with a token file the role is web identity's. */
static bool has_role(const struct planner *planner, const char *profile)
{
    return get(planner, profile, "role_arn") && !get(planner, profile, "web_identity_token_file");
}

static bool has_keys(const struct planner *planner, const char *profile)
{
    return get(planner, profile, "aws_access_key_id") || get(planner, profile, "aws_secret_access_key");
}

static bool imds_is_disabled(const struct config *config)
{
    const char *value = config_env(config, "AWS_EC2_METADATA_DISABLED");
    return value && !strcasecmp(value, "true");
}

static int plan_credential_source(struct planner *planner, const char *profile, const char *name)
{
    struct plan *plan = planner->plan;
    plan->profile = profile;
    if (!strcmp(name, "Environment"))
        plan->source = PLAN_ENVIRONMENT;
    else if (!strcmp(name, "EcsContainer"))
        plan->source = PLAN_CONTAINER;
    else if (!strcmp(name, "Ec2InstanceMetadata"))
        plan->source = PLAN_IMDS;
    else
        return failure_set(planner->error, FAILURE_PROFILE,
                           "credential_source of profile \"%s\" is \"%s\"; it must be Environment, EcsContainer or "
                           "Ec2InstanceMetadata",
                           profile, name);
    if (plan->source == PLAN_IMDS && imds_is_disabled(planner->config))
        return failure_set(planner->error, FAILURE_PROFILE,
                           "credential_source of profile \"%s\" is instance metadata, which AWS_EC2_METADATA_DISABLED "
                           "switches off",
                           profile);
    return 0;
}

/* The profile that a role's keys come from: it must be there, and be none that led here, but for a profile with keys
 * that names itself. */
static int source_profile_check(const struct planner *planner, const char *profile, const char *source)
{
    if (!ini_has(config_ini(planner->config), "profile", source))
        return failure_set(planner->error, FAILURE_PROFILE,
                           "profile \"%s\" names the source_profile \"%s\", which is in neither file", profile, source);
    for (size_t i = 0; i < planner->plan->n_roles; i++) {
        if (!planner->visited[i] || strcmp(planner->visited[i], source) != 0)
            continue;
        if (strcmp(profile, source) != 0 || !has_keys(planner, source))
            return failure_set(planner->error, FAILURE_PROFILE,
                               "profile \"%s\" names the source_profile \"%s\", which leads back to it", profile,
                               source);
    }
    return 0;
}

static int role_add(struct planner *planner, const char *profile)
{
    struct plan *plan = planner->plan;
    const char *duration = get(planner, profile, "duration_seconds");
    const char *mfa = get(planner, profile, "mfa_serial");
    if (mfa)
        return failure_set(planner->error, FAILURE_MFA, "the role of profile \"%s\" needs a code of the MFA device %s",
                           profile, mfa);
    if (plan->n_roles == PLAN_ROLES_MAX)
        return failure_set(planner->error, FAILURE_PROFILE, "more than %d roles follow each other from profile \"%s\"",
                           PLAN_ROLES_MAX, planner->visited[0]);
    planner->visited[plan->n_roles] = profile;
    plan->roles[plan->n_roles++] =
        (struct plan_role){ .arn = get(planner, profile, "role_arn"),
                            .session_name = get(planner, profile, "role_session_name"),
                            .external_id = get(planner, profile, "external_id"),
                            /* one that is no number counts as absent, as in botocore */
                            .duration_s =
                                duration && strspn(duration, "0123456789") == strlen(duration) && strlen(duration) <= 6
                                    ? (int)strtol(duration, NULL, 10)
                                    : 0 };
    return 0;
}

/* From the profile's role down to a source, by source_profile. */
static int plan_roles(struct planner *planner, const char *profile)
{
    for (;;) {
        const char *source = get(planner, profile, "source_profile");
        const char *named = get(planner, profile, "credential_source");
        if (!source == !named)
            return failure_set(planner->error, FAILURE_PROFILE,
                               source ? "profile \"%s\" has both source_profile and credential_source"
                                      : "profile \"%s\" has a role_arn, and neither source_profile nor "
                                        "credential_source",
                               profile);
        int result = role_add(planner, profile);
        if (!result && named)
            return plan_credential_source(planner, profile, named);
        if (!result)
            result = source_profile_check(planner, profile, source);
        if (result)
            return result;
        if (has_keys(planner, source) || !has_role(planner, source)) {
            result = plan_source(planner, source, false);
            return result == NONE ? failure_set(planner->error, FAILURE_PROFILE,
                                                "profile \"%s\", the source_profile of \"%s\", has no credentials",
                                                source, profile)
                                  : result;
        }
        profile = source;
    }
}

/* They were found from the last to be assumed to the first. */
static void roles_reverse(struct plan *plan)
{
    for (size_t i = 0, k = plan->n_roles; i + 1 < k; i++) {
        struct plan_role role = plan->roles[i];
        plan->roles[i] = plan->roles[--k];
        plan->roles[k] = role;
    }
}

int plan_make_of_profile(const struct config *config, struct plan *plan, struct error *error)
{
    struct planner planner = { .config = config, .plan = plan, .error = error };
    const char *profile = config_profile(config);
    *plan = (struct plan){ .profile = profile };
    int result = has_role(&planner, profile) ? plan_roles(&planner, profile)
                                             : plan_source(&planner, profile, !config_profile_is_explicit(config));
    roles_reverse(plan);
    return result;
}

int plan_make(const struct config *config, struct plan *plan, struct error *error)
{
    bool variables = !config_profile_is_explicit(config);
    *plan = (struct plan){ .source = PLAN_ENVIRONMENT };
    if (variables && provider_static_has(config, plan))
        return 0;
    int result = plan_make_of_profile(config, plan, error);
    if (result != NONE)
        return result;
    if (config_env(config, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
        config_env(config, "AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
        plan->source = PLAN_CONTAINER;
        return 0;
    }
    plan->source = PLAN_IMDS;
    if (!imds_is_disabled(config))
        return 0;
    return failure_set(error, FAILURE_NO_CREDENTIALS,
                       "no keys in %sprofile \"%s\" of %s and %s; instance metadata is switched off "
                       "(AWS_EC2_METADATA_DISABLED)",
                       variables ? "the environment (AWS_ACCESS_KEY_ID) and " : "", config_profile(config),
                       config_file_path(config, INI_CREDENTIALS), config_file_path(config, INI_CONFIG));
}

static uint64_t text_fingerprint(uint64_t hash, const char *text)
{
    return text ? hash_bytes(hash, text, strlen(text) + 1) : hash_bytes(hash, "\1", 1);
}

static uint64_t role_fingerprint(uint64_t hash, const struct plan_role *role)
{
    const char *const texts[] = { role->arn, role->session_name, role->external_id, role->token_file };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        hash = text_fingerprint(hash, texts[i]);
    return hash_bytes(hash, &role->duration_s, sizeof role->duration_s);
}

uint64_t plan_fingerprint(const struct plan *plan)
{
    const char *const texts[] = {
        plan->profile,        plan->command,    plan->sso.session,   plan->sso.start_url,
        plan->sso.account_id, plan->sso.region, plan->sso.role_name,
    };
    uint64_t hash =
        hash_bytes((uint64_t)plan->source << 8 | (uint64_t)plan->file, &plan->n_roles, sizeof plan->n_roles);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        hash = text_fingerprint(hash, texts[i]);
    hash = role_fingerprint(hash, &plan->web_identity);
    for (size_t i = 0; i < plan->n_roles; i++)
        hash = role_fingerprint(hash, &plan->roles[i]);
    return hash;
}
