/* SPDX-License-Identifier: MIT */
#include "aws/child.h"

#include "base/cleanup.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 4096 };

struct child {
    pid_t pid;
    int pidfd; /* can be read when it has ended */
    int pipe;
    struct watches *watches;
    struct watch ended;
    struct watch readable;
    struct buf output;
    child_done_fn *done; /* NULL: killed, only to be reaped */
    void *data;
};

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* One word from *from on, written to `to`: where it ends there. NULL: without an end. */
static char *word_read(const char **from, char *to)
{
    const char *at = *from;
    char quote = 0;
    for (; *at && (quote || !is_blank(*at)); at++) {
        if (quote && *at == quote) {
            quote = 0;
        } else if (!quote && (*at == '\'' || *at == '"')) {
            quote = *at;
        } else if (*at == '\\' && quote != '\'') {
            if (!at[1])
                return NULL;
            if (quote && at[1] != quote && at[1] != '\\')
                *to++ = '\\';
            *to++ = *++at;
        } else {
            *to++ = *at;
        }
    }
    *from = at;
    *to++ = 0;
    return quote ? NULL : to;
}

void command_free(char **words) { secret_free((void *)words); }

int command_split(const char *command, char ***ret_words)
{
    size_t len = strlen(command);
    size_t words_max = len / 2 + 2; /* a word and what parts it from the next, and the NULL */
    char **words = secret_alloc(words_max * sizeof *words + len + words_max);
    if (!words)
        return -ENOMEM;
    char *to = (char *)(words + words_max);
    size_t n = 0;
    for (;;) {
        while (is_blank(*command))
            command++;
        if (!*command)
            break;
        words[n++] = to;
        to = word_read(&command, to);
        if (!to) {
            command_free(words);
            return -EINVAL;
        }
    }
    *ret_words = words;
    return 0;
}

static void child_free(struct child *child)
{
    watch_stop(&child->ended);
    watch_stop(&child->readable);
    if (child->pidfd >= 0)
        (void)close(child->pidfd);
    if (child->pipe >= 0)
        (void)close(child->pipe);
    buf_release(&child->output);
    free(child);
}

/* What there is, without waiting. False at the end. */
static bool output_read(struct child *child)
{
    char bytes[READ_BYTES];
    ssize_t got;
    do {
        got = read(child->pipe, bytes, sizeof bytes);
        if (got > 0)
            (void)buf_append(&child->output, bytes, (size_t)got); /* what is too much is read all the same */
    } while (got > 0 || (got < 0 && errno == EINTR));
    bool more = got < 0 && errno == EAGAIN;
    explicit_bzero(bytes, sizeof bytes);
    return more;
}

static void on_readable(void *data)
{
    struct child *child = data;
    if (!output_read(child))
        watch_stop(&child->readable);
}

/* False where it has not ended. By its pid, which is ours until it is reaped; SIGCHLD plays no part. */
static bool child_reap(const struct child *child, int *status)
{
    pid_t got;
    do {
        got = waitpid(child->pid, status, WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        *status = -1; /* where SIGCHLD is ignored, the kernel has reaped it */
    return got != 0;
}

static void on_ended(void *data)
{
    struct child *child = data;
    int status;
    if (!child_reap(child, &status))
        return;
    if (!child->done) {
        child_free(child);
        return;
    }
    (void)output_read(child); /* one that it started may hold the pipe open: nobody waits for that one */
    watch_stop(&child->ended);
    watch_stop(&child->readable);
    child->done(child->data, status, &child->output);
    child_free(child);
}

static int attributes_set(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions, int pipe_fd)
{
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int error =
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!error)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error)
        error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, pipe_fd, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return error;
}

static int spawn(pid_t *ret_pid, char *const *words, int pipe_fd)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int error = posix_spawnattr_init(&attributes);
    if (error)
        return -error;
    error = posix_spawn_file_actions_init(&actions);
    if (!error) {
        error = attributes_set(&attributes, &actions, pipe_fd);
        if (!error)
            error = posix_spawnp(ret_pid, words[0], &actions, &attributes, words, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)posix_spawnattr_destroy(&attributes);
    return -error;
}

static void kill_now(pid_t pid)
{
    int status;
    (void)kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
}

int child_start(struct watches *watches, char *const *words, size_t output_max, child_done_fn *done, void *data,
                struct child **ret_child)
{
    int fds[2];
    struct child *child = calloc(1, sizeof *child);
    if (!child)
        return -ENOMEM;
    *child = (struct child){
        .pidfd = -1, .pipe = -1, .watches = watches, .output = BUF_INIT_SECRET(output_max), .done = done, .data = data
    };
    watch_init(&child->ended, on_ended, child);
    watch_init(&child->readable, on_readable, child);
    int result = pipe2(fds, O_CLOEXEC) ? -errno : 0;
    if (!result) {
        child->pipe = fds[0];
        (void)signal(SIGCHLD, SIG_DFL); /* ignored, as a parent may leave us that, the kernel would reap it first */
        result = fcntl(fds[0], F_SETFL, O_NONBLOCK) ? -errno : spawn(&child->pid, words, fds[1]);
        (void)close(fds[1]);
    }
    if (!result) {
        child->pidfd = pidfd_open(child->pid, 0);
        if (child->pidfd < 0) {
            result = -errno;
            kill_now(child->pid);
        }
    }
    if (result) {
        child_free(child);
        return result;
    }
    watch_start(watches, &child->readable, child->pipe);
    watch_start(watches, &child->ended, child->pidfd);
    *ret_child = child;
    return 0;
}

void child_kill(struct child *child)
{
    int status;
    (void)kill(-child->pid, SIGKILL);
    child->done = NULL;
    watch_stop(&child->readable);
    if (child_reap(child, &status))
        child_free(child);
}
