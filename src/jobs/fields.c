/* SPDX-License-Identifier: MIT */
#include "jobs/fields.h"

#include <ctype.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { JOB_NAME, JOB_ARN, JOB_STATUS, JOB_CREATED, JOB_UPDATED, JOB_FAILURE, JOB_SOLUTION, JOB_MODE };

static const struct field batch_inference_job_fields[] = {
    [JOB_NAME] = { "jobName", "jobName", FIELD_TEXT, true, "the job's name, which is also its directory's" },
    [JOB_ARN] = { "batchInferenceJobArn", "batchInferenceJobArn", FIELD_TEXT, true, "its Amazon Resource Name" },
    [JOB_STATUS] = { "status", "status", FIELD_TEXT, true, "PENDING, IN PROGRESS, ACTIVE (done) or CREATE FAILED" },
    [JOB_CREATED] = { "creationDateTime", "creationDateTime", FIELD_TIME, true, "when it was created" },
    [JOB_UPDATED] = { "lastUpdatedDateTime", "lastUpdatedDateTime", FIELD_TIME, true, "when it last changed" },
    [JOB_FAILURE] = { "failureReason", "failureReason", FIELD_TEXT, true, "why it failed" },
    [JOB_SOLUTION] = { "solutionVersionArn", "solutionVersionArn", FIELD_TEXT, true,
                       "the solution version that makes the results" },
    [JOB_MODE] = { "batchInferenceJobMode", "batchInferenceJobMode", FIELD_TEXT, true,
                   "BATCH_INFERENCE or THEME_GENERATION" },
    { "numResults", "numResults", FIELD_NUMBER, false, "recommendations generated for each line of input" },
    { "filterArn", "filterArn", FIELD_TEXT, false, "the filter applied to the results" },
    { "roleArn", "roleArn", FIELD_TEXT, false, "the role that reads the input and writes the output" },
    { "jobInput/path", "jobInput.s3DataSource.path", FIELD_TEXT, false, "where the input is" },
    { "jobInput/kmsKeyArn", "jobInput.s3DataSource.kmsKeyArn", FIELD_TEXT, false, "the key that it is encrypted with" },
    { "jobOutput/path", "jobOutput.s3DataDestination.path", FIELD_TEXT, false, "where the results go" },
    { "jobOutput/kmsKeyArn", "jobOutput.s3DataDestination.kmsKeyArn", FIELD_TEXT, false,
      "the key that they are encrypted with" },
    { "batchInferenceJobConfig/itemExplorationConfig", "batchInferenceJobConfig.itemExplorationConfig", FIELD_MAP,
      false, "how far results explore new items, a file for each setting" },
    { "batchInferenceJobConfig/rankingInfluence", "batchInferenceJobConfig.rankingInfluence", FIELD_MAP, false,
      "what weighs in ranking, a file for each influence" },
    { "themeGenerationConfig/fieldsForThemeGeneration/itemName",
      "themeGenerationConfig.fieldsForThemeGeneration.itemName", FIELD_TEXT, false,
      "the column that themes are generated from" },
};

_Static_assert(COUNT(batch_inference_job_fields) <= FIELDS_MAX, "FIELDS_MAX is too small");

const struct kind kind_batch_inference_job = {
    .resource = "batch-inference-job",
    .describe_operation = "DescribeBatchInferenceJob",
    .describe_parameter = "batchInferenceJobArn",
    .describe_member = "batchInferenceJob",
    .list_operation = "ListBatchInferenceJobs",
    .list_member = "batchInferenceJobs",
    .fields = batch_inference_job_fields,
    .n_fields = COUNT(batch_inference_job_fields),
    .name = JOB_NAME,
    .arn = JOB_ARN,
    .status = JOB_STATUS,
    .created = JOB_CREATED,
    .updated = JOB_UPDATED,
    .columns = { JOB_NAME, JOB_STATUS, JOB_CREATED, JOB_UPDATED, JOB_SOLUTION, JOB_MODE, JOB_FAILURE },
    .n_columns = 7,
};

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t end_len = strlen(end);
    return len >= end_len && !memcmp(text + len - end_len, end, end_len);
}

bool status_is_final(const char *status, size_t len)
{
    return (len == strlen("ACTIVE") && !memcmp(status, "ACTIVE", len)) || ends_with(status, len, "FAILED") ||
           ends_with(status, len, "STOPPED");
}

bool job_name_is_valid(const char *name)
{
    size_t len = 0;
    for (; name[len]; len++) {
        unsigned char c = (unsigned char)name[len];
        if (len == JOB_NAME_MAX || !(isascii(c) && (isalnum(c) || (len && (c == '-' || c == '_')))))
            return false;
    }
    return len > 0;
}
