/* SPDX-License-Identifier: MIT */
#include "daemon.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* What the child says, in one packet. */
struct report {
    int status; /* 0: it serves */
    char message[ERROR_MESSAGE_SIZE];
};

static int failed(struct error *error, const char *what)
{
    int number = errno;
    return error_set(error, number, "daemon", "%s: %s", what, strerror(number));
}

static void print(const char *message) { (void)fprintf(stderr, "personalizefs: %s\n", message); }

/* Ends with a report only: one that dies, by a signal or an exit of its own, closes the socket without. */
static void describe_death(pid_t child, struct report *report)
{
    int status;
    pid_t r;
    do
        r = waitpid(child, &status, 0);
    while (r < 0 && errno == EINTR);
    report->status = EXIT_FAILURE;
    if (r == child && WIFSIGNALED(status))
        (void)snprintf(report->message, sizeof report->message,
                       "the daemon was killed by signal %d (%s) before it served", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    else if (r == child && WIFEXITED(status))
        (void)snprintf(report->message, sizeof report->message, "the daemon ended with exit status %d before it served",
                       WEXITSTATUS(status));
    else
        (void)snprintf(report->message, sizeof report->message, "the daemon ended before it served");
}

static void __attribute__((noreturn)) parent_wait(int from, pid_t child)
{
    struct report report;
    ssize_t n;
    do
        n = recv(from, &report, sizeof report, 0);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof report)
        describe_death(child, &report);
    if (report.status) {
        report.message[sizeof report.message - 1] = 0;
        print(report.message);
    }
    _exit(report.status); /* not exit(): what was to be done at exit is the child's */
}

/* Otherwise a socket or the mount could come to be "standard error". */
static int open_standard(struct error *error)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO && fcntl(fd, F_SETFD, 0) == 0);
    if (fd < 0)
        return failed(error, "cannot open /dev/null");
    (void)close(fd);
    return 0;
}

/* In the child, with its end of the socket: lets go of the caller's terminal, group and descriptors. */
static int detach(struct daemon *daemon, int parent, struct error *error)
{
    enum { FIRST = STDERR_FILENO + 1 };
    daemon->parent = parent;
    if (setsid() < 0)
        return failed(error, "cannot leave the terminal");
    if (parent != FIRST) {
        if (dup3(parent, FIRST, O_CLOEXEC) < 0)
            return failed(error, "cannot move the socket to the caller");
        daemon->parent = FIRST;
    }
    closefrom(FIRST + 1);
    (void)umask(077);
    return 0;
}

int daemon_start(struct daemon *daemon, bool foreground, struct error *error)
{
    int pair[2];
    pid_t child;
    daemon->parent = -1;
    if (open_standard(error))
        return -error->number;
    if (foreground)
        return 0;
    /* A socket, not a pipe: a packet comes whole, and writing to a parent that has gone raises no SIGPIPE. */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return failed(error, "cannot make a socket to the daemon");
    (void)fflush(NULL); /* or both would write what is buffered */
    child = fork();
    if (child < 0) {
        failed(error, "cannot start the daemon");
        (void)close(pair[0]);
        (void)close(pair[1]);
        return -error->number;
    }
    if (child > 0) {
        (void)close(pair[1]);
        parent_wait(pair[0], child);
    }
    return detach(daemon, pair[1], error);
}

static int report(struct daemon *daemon, const struct report *report)
{
    ssize_t n;
    do
        n = send(daemon->parent, report, sizeof *report, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -1 : 0;
}

static void forget_parent(struct daemon *daemon)
{
    (void)close(daemon->parent);
    daemon->parent = -1;
}

int daemon_ready(struct daemon *daemon, struct error *error)
{
    CLOSE_CLEANUP int null = -1;
    if (daemon->parent < 0)
        return 0;
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || chdir("/"))
        return failed(error, "cannot leave the caller's files");
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(null, fd) < 0)
            return failed(error, "cannot leave the caller's terminal");
    /* Last: once the caller knows, it must be able to rely on all of this. */
    if (report(daemon, &(struct report){ 0 }))
        return failed(error, "cannot tell the caller that the mount serves");
    forget_parent(daemon);
    return 0;
}

void daemon_fail(struct daemon *daemon, int status, const struct error *error)
{
    struct report last = { .status = status };
    error_copy(last.message, sizeof last.message, error->message);
    if (daemon->parent < 0 || report(daemon, &last))
        print(last.message);
    if (daemon->parent >= 0)
        forget_parent(daemon);
}
