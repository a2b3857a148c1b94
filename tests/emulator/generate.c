/* SPDX-License-Identifier: MIT */
/* generate: what a job's members are, from its random number and the time alone. */
#include "jobs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum purpose {
    FOR_NOTATION,
    FOR_ASCII,
    FOR_FILTER,
    FOR_REASON,
    FOR_SOLUTION,
    FOR_RESULTS,
    FOR_INPUT,
    FOR_OUTPUT,
    FOR_EXPLORATION,
    FOR_RANKING,
    FOR_ROLE,
    FOR_MODE,
    FOR_UNKNOWN,
    FOR_UNKNOWN_SUMMARY,
    FOR_CREATION,
    FOR_DURATION,
    FOR_CHURN,
};

enum notation { DECIMAL, EXPONENT, INTEGER, N_NOTATIONS };
enum { TEXT_MAX = 640, CHURN_HEAD = 21, CHURN_SHORTEST = 24 };

/* Where a job is in its life. */
struct stage {
    const char *status;
    int64_t created_ms;
    int64_t updated_ms;
    bool failed;
};

static const char *const reasons[] = {
    "The S3 path in jobInput holds no file: s3://example-bucket/input/items.json",
    "Le rôle n’a pas accès à « s3://entrée/données.json » — vérifiez la stratégie",
    "入力ファイルの形式が正しくありません。行 17: \"itemId\" がありません 🧊",
    "Line 3: unexpected character\nLine 9:\tunexpected end of input\r\n",
    "\033[31mAccess Denied\033[0m \302\2332J\302\205 (C0 and C1 controls, DEL \177)",
    "Quotes \" ' ` and backslashes \\ \\n \\\\ and $(echo expanded) %s %n / done",
    "Недостаточно прав: iam:PassRole 🚫 \xf0\x9d\x94\x98",
    " leading and trailing spaces ",
    "\n",
    "Insufficient permissions for arn:aws:kms:us-west-2:123456789012:key/* (Service: KMS; Status Code: 400)",
};
enum { N_REASONS = sizeof reasons / sizeof reasons[0] };

static bool is_bare(const struct job *job) { return job->life == JOB_BARE || job->life == JOB_CREATED; }

static bool one_in(const struct job *job, enum purpose purpose, unsigned n)
{
    return random_of(job->random, purpose) % n == 0;
}

static void live_stage(const struct jobs *jobs, const struct job *job, int64_t now_ms, struct stage *stage)
{
    int64_t lifetime_ms = jobs->settings->lifetime_s * 1000;
    int64_t age_ms = now_ms - job->born_ms;
    int64_t pending_ms = lifetime_ms * 15 / 100;
    bool other_words = job->index > 0 && job->index % 2; /* the service has been seen to use these too */
    stage->created_ms = job->born_ms;
    if (age_ms >= lifetime_ms) {
        stage->failed = job->index % 3 == 2;
        stage->status = stage->failed ? "CREATE FAILED" : "ACTIVE";
        stage->updated_ms = job->born_ms + lifetime_ms;
    } else if (age_ms >= pending_ms) {
        stage->status = other_words ? "CREATE IN_PROGRESS" : "IN PROGRESS";
        stage->updated_ms = job->born_ms + pending_ms;
    } else {
        stage->status = other_words ? "CREATE PENDING" : "PENDING";
        stage->updated_ms = job->born_ms;
    }
}

static void old_stage(const struct jobs *jobs, const struct job *job, struct stage *stage)
{
    static const char *const stuck[] = { "PENDING", "IN PROGRESS", "CREATE PENDING", "CREATE IN_PROGRESS" };
    enum { DAY_MS = 86400000, SHORTEST_MS = 600000, LONGEST_MS = 6 * 3600000 };
    stage->created_ms = jobs->newest_day_ms - job->index / jobs->a_day * DAY_MS +
                        (int64_t)(random_of(job->random, FOR_CREATION) % DAY_MS);
    stage->updated_ms =
        stage->created_ms + SHORTEST_MS + (int64_t)(random_of(job->random, FOR_DURATION) % (LONGEST_MS - SHORTEST_MS));
    if (job->life == JOB_STUCK) {
        stage->status = stuck[(job->index - jobs->settings->running) % 4];
        return;
    }
    switch (((uint64_t)job->index + jobs->seed) % 20) { /* any twenty successive jobs have all three */
    case 3:
    case 8:
    case 14:
        stage->status = "CREATE FAILED";
        stage->failed = true;
        break;
    case 17:
        stage->status = "CREATE STOPPED";
        break;
    default:
        stage->status = "ACTIVE";
    }
}

static struct stage stage_of(const struct jobs *jobs, const struct job *job, int64_t now_ms)
{
    struct stage stage = { .status = "ACTIVE", .created_ms = job->born_ms, .updated_ms = job->born_ms };
    if (job->life == JOB_LIVES || job->life == JOB_CREATED)
        live_stage(jobs, job, now_ms, &stage);
    else if (job->life != JOB_BARE)
        old_stage(jobs, job, &stage);
    return stage;
}

static void add_time(struct document *to, const char *path, int64_t ms, enum notation notation)
{
    char text[64];
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%" PRId64, ms);
    if (notation == EXPONENT && len > 4) {
        int kept = len;
        while (kept > 2 && digits[kept - 1] == '0')
            kept--;
        snprintf(text, sizeof text, "%c.%.*sE%d", digits[0], kept - 1, digits + 1, len - 4);
    } else if (notation == INTEGER) {
        snprintf(text, sizeof text, "%" PRId64, ms / 1000);
    } else {
        snprintf(text, sizeof text, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
    }
    document_add(to, path, text);
}

/* A value that shows whether it was read whole: its generation, its length in the file (so with the newline), filling.
 */
static void add_churn(const struct jobs *jobs, const struct job *job, int64_t now_ms, struct document *to)
{
    const struct settings *settings = jobs->settings;
    int64_t generation = jobs->churn_from + (now_ms - jobs->churn_since_ms) / settings->churn_ms;
    uint64_t random = random_of(job->random ^ (uint64_t)generation << 8, FOR_CHURN);
    int64_t len = CHURN_SHORTEST + (int64_t)(random % (uint64_t)(settings->churn_longest - CHURN_SHORTEST + 1));
    char *text = malloc((size_t)len);
    if (!text)
        return; /* the member is missing, which the reader will say */
    snprintf(text, (size_t)len, "%012" PRId64 " %06" PRId64 " ", generation % 1000000000000, len);
    memset(text + CHURN_HEAD - 1, 'a' + (int)(generation % 26), (size_t)len - CHURN_HEAD);
    text[len - 1] = 0;
    document_add_string(to, "failureReason", text, false);
    free(text);
}

static void add_reason(const struct jobs *jobs, const struct job *job, const struct stage *stage, int64_t now_ms,
                       struct document *to)
{
    bool ascii = one_in(job, FOR_ASCII, 2);
    if (jobs->settings->churn_ms > 0)
        add_churn(jobs, job, now_ms, to);
    else if (stage->failed)
        document_add_string(to, "failureReason", reasons[random_of(job->random, FOR_REASON) % N_REASONS], ascii);
    else if (one_in(job, FOR_REASON, 16) && !is_bare(job))
        document_add(to, "failureReason", "\"\"");
}

static void add_text(struct document *to, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add_text(struct document *to, const char *path, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    document_add_string(to, path, text, false);
}

/* An ARN of the account; `service` with its colon and region or without. */
static void add_arn(const struct jobs *jobs, struct document *to, const char *path, const char *resource)
{
    add_text(to, path, "arn:%s:personalize:%s:%s:%s", partition_of(jobs->region), jobs->region, jobs->settings->account,
             resource);
}

static void add_key(const struct jobs *jobs, const struct job *job, enum purpose purpose, struct document *to,
                    const char *path)
{
    uint64_t random = random_of(job->random, purpose);
    if (random % 5 < 2)
        add_text(to, path, "arn:%s:kms:%s:%s:key/%08x-0000-4000-8000-%012" PRIx64, partition_of(jobs->region),
                 jobs->region, jobs->settings->account, (unsigned)(random >> 8 & 0xffffffff), random >> 16);
}

/* The members that the model does not know: at the top and deeper, of every type, with names that are no file names. */
static void add_unknown(const struct job *job, bool summary, struct document *to)
{
    if (!one_in(job, summary ? FOR_UNKNOWN_SUMMARY : FOR_UNKNOWN, 6))
        return;
    document_add(to, "futureFlag", "true");
    if (summary)
        return;
    document_add(to, "futureNumber", "123456789012345678901234567890.000100");
    document_add(to, "futureNull", "null");
    document_add(to, "futureList", "[\"a\",{\"b\":[1.50,-0,2E+3,null,false,[]]},\"\\ud83e\\uddca\"]");
    document_add(to, "futureObject",
                 "{\"nested\":{\"deep\":{\"er\":\"value\"},\"empty\":{},\"none\":null},"
                 "\".git\":\"hidden\",\"..\":1,\"a/b\":\"slash\",\"\":\"empty name\",\"%41\":2,\"\\u001b[0m\":3,"
                 "\"\xc3\xa9t\xc3\xa9\":\"\xf0\x9f\xa7\x8a\"}");
}

static void add_config(const struct job *job, struct document *to)
{
    switch (random_of(job->random, FOR_EXPLORATION) % 6) {
    case 0:
    case 1:
        document_add(to, "batchInferenceJobConfig.itemExplorationConfig.explorationWeight", "\"0.3\"");
        document_add(to, "batchInferenceJobConfig.itemExplorationConfig.explorationItemAgeCutOff", "\"30\"");
        break;
    case 2:
        document_add(to, "batchInferenceJobConfig.itemExplorationConfig",
                     "{\"a/b\":\"slash\",\"\":\"empty name\",\".\":\"dot\",\"weight%\":\"\",\"\\u00fc\":\"\\t\"}");
        break;
    case 3:
        document_add(to, "batchInferenceJobConfig.itemExplorationConfig", "{}");
        break;
    default:
        break;
    }
    switch (random_of(job->random, FOR_RANKING) % 5) {
    case 0:
        document_add(to, "batchInferenceJobConfig.rankingInfluence.POPULARITY", "0.25");
        break;
    case 1:
        document_add(to, "batchInferenceJobConfig.rankingInfluence.POPULARITY", "5.0E-1");
        document_add(to, "batchInferenceJobConfig.rankingInfluence.FRESHNESS", "1");
        break;
    default:
        break;
    }
}

static void add_mode(const struct job *job, bool summary, struct document *to)
{
    uint64_t random = random_of(job->random, FOR_MODE) % 5;
    if (is_bare(job) || random > 2)
        return;
    document_add(to, "batchInferenceJobMode", random ? "\"BATCH_INFERENCE\"" : "\"THEME_GENERATION\"");
    if (!random && !summary)
        document_add(to, "themeGenerationConfig.fieldsForThemeGeneration.itemName", "\"TITLE\"");
}

/* What only a describe tells, but for the mode's configuration. */
static void add_details(const struct jobs *jobs, const struct job *job, struct document *to)
{
    static const char *const results[] = { "25", "500", "1" };
    bool bare = is_bare(job);
    if (!bare && one_in(job, FOR_FILTER, 2))
        add_arn(jobs, to, "filterArn", "filter/in-stock");
    if (!bare && !one_in(job, FOR_RESULTS, 3))
        document_add(to, "numResults", results[random_of(job->random, FOR_RESULTS) / 3 % 3]);
    add_text(to, "jobInput.s3DataSource.path", "s3://example-bucket/input/%s.json", job->name);
    if (!bare)
        add_key(jobs, job, FOR_INPUT, to, "jobInput.s3DataSource.kmsKeyArn");
    add_text(to, "jobOutput.s3DataDestination.path", "s3://example-bucket/output/%s/", job->name);
    if (!bare) {
        add_key(jobs, job, FOR_OUTPUT, to, "jobOutput.s3DataDestination.kmsKeyArn");
        add_config(job, to);
    }
    if (bare || !one_in(job, FOR_ROLE, 10))
        add_text(to, "roleArn", "arn:%s:iam::%s:role/personalize-batch", partition_of(jobs->region),
                 jobs->settings->account);
}

static bool in_summary(const char *path)
{
    static const char *const names[] = { "batchInferenceJobArn",
                                         "jobName",
                                         "status",
                                         "creationDateTime",
                                         "failureReason",
                                         "lastUpdatedDateTime",
                                         "solutionVersionArn",
                                         "batchInferenceJobMode" };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(path, names[i]))
            return true;
    return false;
}

static void apply_overlay(const struct overlay *overlay, bool summary, bool churns, struct document *to)
{
    list_each (node, after, &overlay->overrides) {
        const struct override *override = list_item(node, struct override, node);
        if ((summary && !in_summary(override->path)) || (churns && !strcmp(override->path, "failureReason")))
            continue;
        if (!strcmp(override->raw, "null"))
            document_remove(to, override->path);
        else
            document_set(to, override->path, override->raw);
    }
}

void job_members(const struct jobs *jobs, const struct job *job, bool summary, int64_t now_ms, struct document *to)
{
    static const char *const solutions[] = { "solution/similar-items/9d3f0c1a",
                                             "solution/user-personalization/1f2e3d4c", "solution/trending/00ff00ff" };
    struct stage stage = stage_of(jobs, job, now_ms);
    bool bare = is_bare(job);
    enum notation notation = bare ? DECIMAL : (enum notation)(random_of(job->random, FOR_NOTATION) % N_NOTATIONS);
    char arn[JOB_ARN_SIZE];
    document_clear(to);
    document_add_string(to, "jobName", job->name, false);
    job_arn(jobs, job->name, arn);
    document_add_string(to, "batchInferenceJobArn", arn, false);
    if (bare || !one_in(job, FOR_SOLUTION, 20))
        add_arn(jobs, to, "solutionVersionArn", solutions[random_of(job->random, FOR_SOLUTION) / 20 % 3]);
    add_reason(jobs, job, &stage, now_ms, to);
    if (!summary)
        add_details(jobs, job, to);
    add_mode(job, summary, to);
    document_add_string(to, "status", stage.status, false);
    add_time(to, "creationDateTime", stage.created_ms, notation);
    add_time(to, "lastUpdatedDateTime", stage.updated_ms, notation);
    if (!bare)
        add_unknown(job, summary, to);
    if (job->overlay)
        apply_overlay(job->overlay, summary, jobs->settings->churn_ms > 0, to);
}
