/* SPDX-License-Identifier: MIT */
#include "aws/child.h"
#include "aws/document.h"
#include "aws/failure.h"
#include "aws/provider.h"
#include "base/secret.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define FROM "credential_process"

struct process {
    struct loader loader; /* the first: a pointer to it is one to all of it */
    char *command;
    char *profile;
    struct child *child; /* while it runs */
};

static struct process *process_of(struct credentials_provider *self) { return (struct process *)(void *)self; }

/* How it ended, where that was not well: its output, which may hold secrets, is not looked at. */
static int status_error(const struct process *process, int status, struct error *error)
{
    if (status == -1 || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return 0;
    if (WIFSIGNALED(status))
        return failure_set(error, FAILURE_PROCESS, "credential_process of profile \"%s\" was ended by SIG%s",
                           process->profile, sigabbrev_np(WTERMSIG(status)));
    return failure_set(error, FAILURE_PROCESS, "credential_process of profile \"%s\" ended with status %d",
                       process->profile, WEXITSTATUS(status));
}

static int output_read(const struct process *process, const struct buf *output, struct credentials *credentials,
                       struct error *error)
{
    struct json *json = NULL;
    if (buf_error(output) == -EMSGSIZE)
        return failure_set(error, FAILURE_SOURCE_ANSWER,
                           "credential_process of profile \"%s\" printed more than %d bytes", process->profile,
                           DOCUMENT_BYTES);
    if (buf_error(output))
        return failure_set(error, FAILURE_MEMORY, "no memory for what credential_process printed");
    int result = document_parse(buf_str(output), output->len, FROM, &json, error);
    if (result)
        return result;
    const char *version = json_number(json_member(json_root(json), "Version"));
    if (!version || strcmp(version, "1") != 0)
        result = failure_set(error, FAILURE_SOURCE_ANSWER, "credential_process: Version is not 1");
    else
        result = document_read(json_root(json), &document_names_process, FROM, credentials, error);
    json_wipe(json);
    return result;
}

static void on_done(void *data, int status, const struct buf *output)
{
    struct process *process = data;
    struct credentials credentials = { 0 };
    struct error error;
    process->child = NULL;
    int result = status_error(process, status, &error);
    if (!result)
        result = output_read(process, output, &credentials, &error);
    if (result)
        loader_fail(&process->loader, &error);
    else
        loader_give(&process->loader, &credentials);
    credentials_release(&credentials);
}

static int process_start(struct process *process, struct error *error)
{
    char **words = NULL;
    int result = command_split(process->command, &words);
    if (result == -EINVAL)
        return failure_set(error, FAILURE_PROFILE,
                           "credential_process of profile \"%s\": a quotation or an escape has no end",
                           process->profile);
    if (!result && !words[0])
        result = -ENOENT;
    if (!result)
        result =
            child_start(process->loader.settings->watches, words, DOCUMENT_BYTES, on_done, process, &process->child);
    if (result == -ENOMEM)
        result = failure_set(error, FAILURE_MEMORY, "no memory for credential_process");
    else if (result) /* not its arguments */
        result = failure_set(error, FAILURE_PROCESS, "credential_process of profile \"%s\" cannot be run (%s): %s",
                             process->profile, words && words[0] ? words[0] : "", strerrordesc_np(-result));
    command_free(words);
    return result;
}

static void process_get(struct credentials_provider *self, credentials_done_fn *done, void *data)
{
    struct process *process = process_of(self);
    struct error error;
    loader_begin(&process->loader, done, data);
    if (process_start(process, &error))
        loader_fail(&process->loader, &error);
}

static void process_end(struct process *process)
{
    if (process->child)
        child_kill(process->child);
    process->child = NULL;
}

static void process_cancel(struct credentials_provider *self, void *data)
{
    if (loader_cancel(&process_of(self)->loader, data))
        process_end(process_of(self));
}

static void process_forget(struct credentials_provider *self) { (void)self; /* nothing is kept */ }

static void process_free(struct credentials_provider *self)
{
    struct process *process = process_of(self);
    process_end(process);
    secret_free(process->command);
    free(process->profile);
    free(process);
}

int provider_process_new(const struct credentials_settings *settings, const char *command, const char *profile,
                         struct credentials_provider **ret_provider)
{
    struct process *process = calloc(1, sizeof *process);
    if (!process)
        return -ENOMEM;
    process->loader.settings = settings;
    process->loader.provider = (struct credentials_provider){
        .get = process_get, .cancel = process_cancel, .forget = process_forget, .free = process_free
    };
    process->command = secret_copy(command, strlen(command)); /* its arguments may be secrets */
    process->profile = strdup(profile);
    if (!process->command || !process->profile) {
        process_free(&process->loader.provider);
        return -ENOMEM;
    }
    *ret_provider = &process->loader.provider;
    return 0;
}
