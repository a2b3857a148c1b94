/* SPDX-License-Identifier: MIT */
/*
 * caller: those whose waiting the tests end, and what they wait for.
 *   free SIGNAL COPIES COMMAND...  starts the copies, each a process group as a shell's job is; once all of them sleep
 *                                  undisturbed sends the signal to the groups and waits until nobody is left. Says
 *                                  "freed MS"; "stuck", "busy STATES" (D: unkillable) or "ended", with status 1. What
 *                                  the command writes goes to standard error.
 *   call VERB PATH                 a system call, with a handler of SIGINT that has SA_RESTART. Says "OK" or the
 *                                  errno's name.
 *   mute ADDRESS                   a name server that never answers
 *   dead TYPE DIRECTORY            mounts a FUSE filesystem that nobody serves
 */
#include "base/cleanup.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COPIES_MAX = 64, SAMPLE_US = 5000, CALM_SAMPLES = 20, CALM_MS_MAX = 8000, FREE_US = 200, FREE_MS_MAX = 2000 };
enum { DNS_PORT = 53, WRONG_USE = 2 };

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int failed(const char *what)
{
    (void)fprintf(stderr, "caller: %s: %s\n", what, strerror(errno));
    return EXIT_FAILURE;
}

/* ---- free ---- */

struct copies {
    pid_t groups[COPIES_MAX];
    int n;
};

/* The state letter of a process and its group, from /proc/PID/stat: "PID (NAME) STATE PARENT GROUP ..." */
static bool read_process(const char *pid, char *ret_state, pid_t *ret_group)
{
    char path[64], text[512];
    (void)snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    CLOSE_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        return false;
    text[n] = 0;
    const char *end = strrchr(text, ')');
    int parent;
    return end && sscanf(end, ") %c %d %d", ret_state, &parent, ret_group) == 3;
}

/* The states of all that are in the groups, zombies left out; "" if there is none. */
static void read_states(const struct copies *copies, char *states, size_t size)
{
    size_t used = 0;
    DIR *proc = opendir("/proc");
    for (const struct dirent *entry; proc && (entry = readdir(proc));) {
        char state;
        pid_t group;
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !read_process(entry->d_name, &state, &group))
            continue;
        for (int i = 0; i < copies->n; i++)
            if (group == copies->groups[i] && state != 'Z' && used + 1 < size)
                states[used++] = state;
    }
    states[used] = 0;
    if (proc)
        (void)closedir(proc);
}

/* Until all have slept, interruptibly, in so many samples on end. */
static bool copies_are_calm(const struct copies *copies, char *states, size_t size)
{
    double began = now_ms();
    for (int calm = 0; calm < CALM_SAMPLES;) {
        if (now_ms() - began > CALM_MS_MAX)
            return false;
        (void)usleep(SAMPLE_US);
        read_states(copies, states, size);
        calm = strspn(states, "S") == strlen(states) ? calm + 1 : 0;
    }
    return true;
}

static void __attribute__((noreturn)) become(char **command)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGINT, SIG_DFL); /* a shell's background job would ignore it */
    (void)signal(SIGQUIT, SIG_DFL);
    (void)setpgid(0, 0);
    int null = open("/dev/null", O_RDONLY);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(STDERR_FILENO, STDOUT_FILENO); /* one that is stuck must not hold whoever reads what we say */
    (void)execvp(*command, command);
    _exit(failed(*command));
}

static void copies_signal(const struct copies *copies, int number)
{
    for (int i = 0; i < copies->n; i++)
        (void)kill(-copies->groups[i], number);
}

/* Whether nobody is left: grandchildren become our children, see PR_SET_CHILD_SUBREAPER. */
static bool all_have_ended(void)
{
    pid_t pid;
    do
        pid = waitpid(-1, NULL, WNOHANG);
    while (pid > 0);
    return pid < 0 && errno == ECHILD;
}

static int signal_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } known[] = { { "INT", SIGINT }, { "TERM", SIGTERM }, { "KILL", SIGKILL } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i].name, name))
            return known[i].number;
    return 0;
}

static int free_callers(int number, int n_copies, char **command)
{
    struct copies copies = { .n = 0 };
    char states[COPIES_MAX + 1];
    if (prctl(PR_SET_CHILD_SUBREAPER, 1))
        return failed("prctl");
    while (copies.n < n_copies) {
        pid_t pid = fork();
        if (pid < 0)
            return failed("fork");
        if (!pid)
            become(command);
        (void)setpgid(pid, pid);
        copies.groups[copies.n++] = pid;
    }
    bool calm = copies_are_calm(&copies, states, sizeof states);
    if (!calm || strlen(states) < (size_t)n_copies) {
        (void)printf("%s %s\n", calm ? "ended" : "busy", states);
        copies_signal(&copies, SIGKILL);
        return EXIT_FAILURE;
    }
    double sent = now_ms();
    copies_signal(&copies, number);
    while (!all_have_ended()) {
        if (now_ms() - sent > FREE_MS_MAX) {
            (void)printf("stuck\n");
            copies_signal(&copies, SIGKILL);
            return EXIT_FAILURE;
        }
        (void)usleep(FREE_US);
    }
    (void)printf("freed %.1f\n", now_ms() - sent);
    return EXIT_SUCCESS;
}

/* ---- call ---- */

static void on_signal(int number) { (void)number; }

static int call_open(const char *path)
{
    char text[4096];
    CLOSE_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    return n < 0 ? -1 : 0;
}

static int call_map(const char *path)
{
    struct stat st;
    CLOSE_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st))
        return -1;
    size_t size = st.st_size > 0 ? (size_t)st.st_size : 1;
    volatile char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return -1;
    (void)map[0];
    return munmap((void *)(uintptr_t)map, size);
}

static int call_list(const char *path)
{
    DIR *dir = opendir(path);
    return dir ? closedir(dir) : -1;
}

static int call_stat(const char *path)
{
    struct stat st;
    return stat(path, &st);
}

static int call_access(const char *path) { return access(path, F_OK); }
static int call_mkdir(const char *path) { return mkdir(path, 0777); }

static int call(const char *verb, const char *path)
{
    static const struct {
        const char *verb;
        int (*call)(const char *path);
    } verbs[] = { { "open", call_open },     { "map", call_map },     { "list", call_list }, { "stat", call_stat },
                  { "access", call_access }, { "mkdir", call_mkdir }, { "chdir", chdir } };
    const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    (void)sigaction(SIGINT, &action, NULL);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].verb, verb) != 0)
            continue;
        bool ok = !verbs[i].call(path);
        const char *name = strerrorname_np(errno);
        (void)printf("%s\n", ok ? "OK" : name ? name : "?");
        return EXIT_SUCCESS;
    }
    return WRONG_USE;
}

/* ---- what they wait for ---- */

static int mute(const char *address)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(DNS_PORT) };
    CLOSE_CLEANUP int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
        return WRONG_USE;
    if (udp < 0 || bind(udp, (struct sockaddr *)&to, sizeof to))
        return failed(address);
    (void)puts("mute");
    (void)fflush(stdout);
    for (;;)
        (void)pause();
}

static int dead_mount(const char *type, const char *directory)
{
    char options[96];
    CLOSE_CLEANUP int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    (void)snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
    if (fd < 0 || mount("dead", directory, type, MS_RDONLY | MS_NOSUID | MS_NODEV, options))
        return failed(directory);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "free") && argc > 4) {
        int number = signal_number(argv[2]);
        long copies = strtol(argv[3], NULL, 10);
        if (number && copies > 0 && copies <= COPIES_MAX)
            return free_callers(number, (int)copies, argv + 4);
    }
    if (!strcmp(what, "call") && argc == 4)
        return call(argv[2], argv[3]);
    if (!strcmp(what, "mute") && argc == 3)
        return mute(argv[2]);
    if (!strcmp(what, "dead") && argc == 4)
        return dead_mount(argv[2], argv[3]);
    (void)fprintf(stderr,
                  "usage: caller free SIGNAL COPIES COMMAND... | call VERB PATH | mute ADDRESS | dead TYPE DIR\n");
    return WRONG_USE;
}
