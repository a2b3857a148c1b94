/* SPDX-License-Identifier: MIT */
#include "wait.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "jobs/fields.h"
#include "mountpoint.h"
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* The kernel answers while a value is fresh, so looking each second costs the service nothing. A failure is not fresh:
 * after one the looks are further and further apart. */
enum { LOOK_MS = 1000, FAILED_LOOK_MAX_MS = 15000, REASON_BYTES = 4096, LINE_BYTES = 1024, COLUMNS_DEFAULT = 80 };

/* ---- the command line ---- */

static const struct option_row *find_row(const char *text, size_t len)
{
    const struct option_row *row;
    for (size_t i = 0; (row = wait_option_at(i)); i++)
        if ((len == 2 && row->letter && text[1] == row->letter) ||
            (len > 2 && strlen(row->name) == len - 2 && text[1] == '-' && !memcmp(row->name, text + 2, len - 2)))
            break;
    return row;
}

int wait_options_parse(int argc, char **argv, struct wait_options *options, struct error *error)
{
    bool options_ended = false;
    *options = (struct wait_options){ .paths = argv + 1 };
    for (int i = 1; i < argc; i++) {
        char *text = argv[i];
        if (options_ended || text[0] != '-' || !text[1]) {
            options->paths[options->n_paths++] = text;
            continue;
        }
        options_ended = !strcmp(text, "--");
        if (options_ended)
            continue;
        const char *value = strchr(text, '=');
        const struct option_row *row = find_row(text, value ? (size_t)(value - text) : strlen(text));
        if (!row)
            return error_set(error, EINVAL, "wrong-use",
                             "unknown option \"%.100s\"; personalizefs wait --help lists them", text);
        if (value)
            value++;
        else if (row->argument && i + 1 < argc)
            value = argv[++i];
        int r = option_apply(row, value, options, error);
        if (r)
            return r;
    }
    if (!options->n_paths && !options->help)
        return error_set(error, EINVAL, "wrong-use", "PATH is missing; personalizefs wait --help says more");
    return 0;
}

void wait_help(FILE *to)
{
    const struct option_row *row;
    (void)fputs("usage: personalizefs wait [options] PATH...\n"
                "\n"
                "Returns when the jobs are finished. A PATH is a job's directory, or the status in\n"
                "it, in a mount of personalizefs.\n"
                "\n"
                "Each option works as --name value and as --name=value. A TIME is in seconds or has\n"
                "a unit: 90, 90s, 15m, 12h, 1d, 500ms.\n"
                "\n",
                to);
    for (size_t i = 0; (row = wait_option_at(i)); i++)
        option_help(to, row);
    (void)fputs("\n"
                "Exit status: 0 all are ACTIVE; 1 one has failed, was stopped or does not exist, or\n"
                "the mount is gone; 2 wrong use; 124 the time is over.\n",
                to);
}

/* ---- what is read ---- */

/* The first line of a file, without its newline, cut at `size`; controls, which a mount's values have not, become '?'.
 * 0 or -errno. */
static int read_line(const char *path, char *to, size_t size)
{
    size_t len = 0;
    ssize_t n = 1;
    to[0] = 0;
    CLOSE_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    while (len + 1 < size && (n = read(fd, to + len, size - 1 - len)) > 0)
        len += (size_t)n;
    int r = n < 0 ? -errno : 0;
    to[r ? 0 : len] = 0;
    to[strcspn(to, "\n")] = 0;
    for (char *c = to; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    return r;
}

static int read_member(const struct wait_job *job, const char *member, char *to, size_t size)
{
    FREE_CLEANUP char *path = NULL;
    if (asprintf(&path, "%s/%s", job->path, member) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    return read_line(path, to, size);
}

/* ---- which job ---- */

bool wait_place_is_job(const char *inside)
{
    const char *name = inside + 1;
    const char *slash = strchr(name, '/');
    if (slash && !strncmp(name, "arn:", strlen("arn:"))) /* a whole ARN is a path */
        name = slash + 1;
    return job_name_is_valid(name);
}

void wait_job_release(struct wait_job *job)
{
    free(job->path);
    free(job->mount);
    *job = (struct wait_job){ 0 };
}

/* The directory that a path is in, as its name says it. NULL: no memory. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Where a path leads that there is nothing at: as mountpoint_find(), by the directory that it would be in. */
static int find_nothing(const char *path, struct mountpoint_place *place)
{
    FREE_CLEANUP char *parent = parent_of(path);
    char *inside = NULL;
    int r = parent ? mountpoint_find(parent, place) : -ENOMEM;
    if (r)
        return r;
    if (asprintf(&inside, "%s/%s", strcmp(place->inside, "/") ? place->inside : "", name_of(path)) < 0)
        return -ENOMEM;
    free(place->inside);
    place->inside = inside;
    return 0;
}

/* Takes `path` as a job's directory. 0: *job is that, or is none of a mount that is there; -ENODEV: it is something
 * else; -errno. */
static int take_directory(const char *path, struct wait_job *job)
{
    struct mountpoint_place place = { NULL, NULL };
    int r = mountpoint_find(path, &place);
    if (r == -ENOENT) {
        r = find_nothing(path, &place);
        job->state = WAIT_NO_JOB;
        job->number = ENOENT;
    }
    if (!r && !wait_place_is_job(place.inside))
        r = -ENODEV;
    if (!r) {
        job->path = strdup(path);
        job->mount = steal(&place.point);
        r = job->path ? 0 : -ENOMEM;
    }
    mountpoint_place_release(&place);
    return r;
}

static int find_job(const char *given, struct wait_job *job)
{
    size_t len = strlen(given);
    while (len > 1 && given[len - 1] == '/')
        len--;
    FREE_CLEANUP char *path = strndup(given, len);
    FREE_CLEANUP char *parent = path ? parent_of(path) : NULL;
    if (!parent)
        return -ENOMEM;
    int r = strcmp(name_of(path), "status") ? -ENODEV : take_directory(parent, job);
    if (r == -ENODEV) { /* not the status in a job; a job of that name, it may be */
        *job = (struct wait_job){ 0 };
        r = take_directory(path, job);
    }
    return r;
}

int wait_job_find(const char *given, struct wait_job *job, struct error *error)
{
    *job = (struct wait_job){ 0 };
    int r = find_job(given, job);
    if (!r)
        return 0;
    bool is_wrong_use = r != -ENOTCONN && r != -ENOMEM;
    (void)error_set(error, is_wrong_use ? EINVAL : -r, NULL, "%s: %s", given,
                    r == -ENODEV ? "neither a job's directory nor its status, in a mount of personalizefs"
                                 : strerror(-r));
    return is_wrong_use ? -EINVAL : r;
}

/* ---- looking ---- */

/* What a failed look means. A name that is gone with its mount is not a job that does not exist. */
static enum wait_state state_of_failure(const struct wait_job *job)
{
    struct mountpoint_place place = { NULL, NULL };
    if (job->number == ENOTCONN || job->number == ECONNABORTED)
        return WAIT_NO_MOUNT;
    if (job->number != ENOENT && job->number != ENOTDIR)
        return WAIT_RUNNING;
    int r = mountpoint_find(job->mount, &place);
    mountpoint_place_release(&place);
    return r ? WAIT_NO_MOUNT : WAIT_NO_JOB;
}

void wait_job_look(struct wait_job *job, int64_t now_ms)
{
    char status[WAIT_STATUS_BYTES];
    job->number = -read_member(job, "status", status, sizeof status);
    if (job->number == EINTR) { /* by our own alarm, or on the way to the background: nothing was learnt */
        job->next_ms = now_ms;
    } else if (job->number) {
        job->state = state_of_failure(job);
        job->pause_ms = job->pause_ms ? job->pause_ms : LOOK_MS;
        job->next_ms = now_ms + job->pause_ms;
        job->pause_ms = job->pause_ms * 2 < FAILED_LOOK_MAX_MS ? job->pause_ms * 2 : FAILED_LOOK_MAX_MS;
    } else {
        memcpy(job->status, status, sizeof status);
        job->pause_ms = 0;
        job->next_ms = now_ms + LOOK_MS;
        if (status_is_final(status, strlen(status)))
            job->state = strcmp(status, "ACTIVE") ? WAIT_STOPPED : WAIT_ACTIVE;
    }
}

/* ---- what is said ---- */

struct wait {
    const struct wait_options *options;
    struct wait_job *jobs;
    int n_jobs;
    int64_t began_ms;
    bool is_terminal; /* standard error is */
    bool has_line;    /* of progress, unfinished */
    bool told;        /* that a value cannot be had */
};

/* Before anything else is written. */
static void clear_line(struct wait *wait)
{
    if (wait->has_line)
        (void)fputs("\r\033[K", stderr);
    wait->has_line = false;
}

static void __attribute__((format(printf, 2, 3))) say(struct wait *wait, const char *format, ...)
{
    va_list args;
    clear_line(wait);
    (void)fputs("personalizefs wait: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

static void say_stopped(struct wait *wait, const struct wait_job *job)
{
    char reason[REASON_BYTES];
    int r = read_member(job, "failureReason", reason, sizeof reason);
    if (r)
        say(wait, "%s: %s (failureReason: %s)", job->path, job->status, strerror(-r));
    else
        say(wait, "%s: %s%s%s", job->path, job->status, *reason ? ": " : "", reason);
}

/* Once until all goes well again. */
static void say_trouble(struct wait *wait, const struct wait_job *job)
{
    if (!wait->told)
        say(wait, "%s: %s; trying again", job->path, strerror(job->number));
    wait->told = true;
}

static int columns(void)
{
    struct winsize size;
    return !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col > 1 ? size.ws_col : COLUMNS_DEFAULT;
}

/* "2 of 3 finished, 75 s: weekly IN PROGRESS", cut at the terminal's width. */
static void show_progress(struct wait *wait, int64_t now_ms)
{
    BUF_CLEANUP struct buf line = BUF_INIT(LINE_BYTES);
    int n_running = 0;
    if (!wait->is_terminal)
        return;
    for (int i = 0; i < wait->n_jobs; i++)
        n_running += wait->jobs[i].state == WAIT_RUNNING;
    (void)buf_printf(&line, "%d of %d finished, %" PRId64 " s:", wait->n_jobs - n_running, wait->n_jobs,
                     (now_ms - wait->began_ms) / 1000);
    for (int i = 0; i < wait->n_jobs; i++) {
        const struct wait_job *job = &wait->jobs[i];
        if (job->state == WAIT_RUNNING)
            (void)buf_printf(&line, " %s %s%s", name_of(job->path), *job->status ? job->status : "?",
                             job->number ? " (cannot be read now)" : "");
    }
    (void)fprintf(stderr, "\r%.*s\033[K", columns() - 1, buf_str(&line));
    (void)fflush(stderr);
    wait->has_line = true;
}

/* ---- waiting ---- */

static bool time_is_over(const struct wait *wait)
{
    int64_t timeout_ms = wait->options->timeout_ms;
    return timeout_ms && clock_monotonic_ms(&clock_system) - wait->began_ms >= timeout_ms;
}

static int say_time_is_over(struct wait *wait)
{
    for (int i = 0; i < wait->n_jobs; i++) {
        const struct wait_job *job = &wait->jobs[i];
        if (job->state != WAIT_RUNNING)
            continue;
        if (job->number && job->number != EINTR)
            say(wait, "%s: the time is over; it cannot be read: %s", job->path, strerror(job->number));
        else
            say(wait, "%s: the time is over; it is %s", job->path, *job->status ? job->status : "not known yet");
    }
    return WAIT_TIMED_OUT;
}

/* Looks at the jobs whose turn it is. -1: go on; else the exit status. */
static int look_round(struct wait *wait)
{
    bool any_failed = false;
    for (int i = 0; i < wait->n_jobs; i++) {
        struct wait_job *job = &wait->jobs[i];
        int64_t now_ms = clock_monotonic_ms(&clock_system);
        if (job->state == WAIT_RUNNING && job->next_ms <= now_ms && !time_is_over(wait)) {
            wait_job_look(job, now_ms);
            if (job->state == WAIT_STOPPED)
                say_stopped(wait, job);
            else if (job->state == WAIT_RUNNING && job->number && job->number != EINTR)
                say_trouble(wait, job);
        }
        if (job->state == WAIT_NO_JOB)
            say(wait, "%s: there is no such job", job->path);
        else if (job->state == WAIT_NO_MOUNT)
            say(wait, "%s: the mount is gone: %s", job->path, strerror(job->number));
        if (job->state == WAIT_NO_JOB || job->state == WAIT_NO_MOUNT)
            return WAIT_FAILED;
        any_failed |= job->state == WAIT_RUNNING && job->number;
    }
    wait->told &= any_failed;
    return -1;
}

/* -1: some still run. */
static int result_of(const struct wait *wait)
{
    int result = WAIT_ALL_ACTIVE;
    for (int i = 0; i < wait->n_jobs; i++) {
        if (wait->jobs[i].state == WAIT_RUNNING)
            return -1;
        if (wait->jobs[i].state != WAIT_ACTIVE)
            result = WAIT_FAILED;
    }
    return result;
}

static void interrupt(int number) { (void)number; }

/* From the end of the time on whatever is waited for is interrupted, again and again: one signal could come just before
 * a call that waits. */
static void alarm_start(int64_t timeout_ms)
{
    const struct sigaction action = { .sa_handler = interrupt }; /* no SA_RESTART */
    const struct itimerval timer = {
        .it_value = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 },
        .it_interval = { .tv_usec = 100000 },
    };
    if (!timeout_ms)
        return;
    (void)sigaction(SIGALRM, &action, NULL);
    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

/* Until the next look, or the alarm. */
static void sleep_until_look(const struct wait *wait, int64_t now_ms)
{
    int64_t pause_ms = LOOK_MS;
    for (int i = 0; i < wait->n_jobs; i++)
        if (wait->jobs[i].state == WAIT_RUNNING && wait->jobs[i].next_ms - now_ms < pause_ms)
            pause_ms = wait->jobs[i].next_ms - now_ms;
    if (pause_ms <= 0)
        return;
    const struct timespec pause = { .tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000 };
    (void)nanosleep(&pause, NULL);
}

static int wait_run(struct wait *wait)
{
    alarm_start(wait->options->timeout_ms);
    for (;;) {
        show_progress(wait, clock_monotonic_ms(&clock_system));
        int result = look_round(wait);
        if (result < 0)
            result = result_of(wait);
        if (result < 0 && time_is_over(wait))
            result = say_time_is_over(wait);
        if (result >= 0) {
            clear_line(wait);
            return result;
        }
        show_progress(wait, clock_monotonic_ms(&clock_system));
        sleep_until_look(wait, clock_monotonic_ms(&clock_system));
    }
}

static int report(const struct error *error)
{
    (void)fprintf(stderr, "personalizefs wait: %s\n", error->message);
    return error->number == EINVAL ? WAIT_WRONG_USE : WAIT_FAILED;
}

int wait_main(int argc, char **argv)
{
    struct wait_options options;
    struct error error;
    if (wait_options_parse(argc, argv, &options, &error))
        return report(&error);
    if (options.help) {
        wait_help(stdout);
        return EXIT_SUCCESS;
    }
    struct wait wait = { .options = &options,
                         .jobs = calloc((size_t)options.n_paths + 1, sizeof *wait.jobs),
                         .began_ms = clock_monotonic_ms(&clock_system),
                         .is_terminal = isatty(STDERR_FILENO) };
    int result = 0;
    if (!wait.jobs) {
        (void)error_set(&error, ENOMEM, NULL, "out of memory");
        return report(&error);
    }
    while (!result && wait.n_jobs < options.n_paths) {
        result = wait_job_find(options.paths[wait.n_jobs], &wait.jobs[wait.n_jobs], &error);
        wait.n_jobs++;
    }
    int status = result ? report(&error) : wait_run(&wait);
    for (int i = 0; i < wait.n_jobs; i++)
        wait_job_release(&wait.jobs[i]);
    free(wait.jobs);
    return status;
}
