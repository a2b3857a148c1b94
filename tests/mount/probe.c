/* SPDX-License-Identifier: MIT */
/*
 * probe: readers that look closer than cat does. Where a call fails its errno's name stands for the value.
 *   repeat N FILE...           opens, reads and closes each N times. A line for each run of one value: COUNT VALUE
 *   whole HOW READS FILE...    READS of self-checking values (see check_value) from several processes, by read, map or
 *                              send; some pause in the middle, and some of these drop the page cache then. Says how
 *                              many came whole, torn, cut, empty or not, and how often the value was another one.
 *   herd N FILE                N processes open and read it at once; each says what it got
 *   hold FILE                  opens and maps it, reads the first half, says "held"; then for each line of standard
 *                              input what an open file gives: rest (the half not yet read), read, map, send; drop drops
 *                              its pages
 *   list DIRECTORY             opens it; for each line of standard input: "read N" says the next N names, or "end";
 *                              "offsets" goes back to the offset of each entry read so far and says how many were
 *                              followed by the same name again
 */
#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VALUE_MAX = 1 << 17, CHUNK = 4096, WRONG_USE = 2, NUMBER_MAX = 10000000 };

static int failed(const char *what)
{
    (void)fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
    return EXIT_FAILURE;
}

static const char *errno_name(void)
{
    const char *name = strerrorname_np(errno);
    return name ? name : "?";
}

static long number_of(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);
    return end == text || *end || number < 0 || number > NUMBER_MAX ? -1 : number;
}

/* ---- three ways to read a value ---- */

/* What happens in the middle of one. */
struct pause {
    unsigned us; /* 0: nothing */
    bool drops;  /* the page cache too */
};

static void pause_now(struct pause *pause, int fd)
{
    if (pause->us)
        (void)usleep(pause->us);
    if (pause->drops)
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    *pause = (struct pause){ 0 };
}

/* The value's length, at most VALUE_MAX, or -1. */
typedef ssize_t read_fn(int fd, size_t chunk, struct pause pause, char *text);

static ssize_t read_by_read(int fd, size_t chunk, struct pause pause, char *text)
{
    size_t len = 0;
    for (;;) {
        ssize_t n = pread(fd, text + len, chunk < VALUE_MAX - len ? chunk : VALUE_MAX - len, (off_t)len);
        if (n <= 0)
            return n < 0 ? -1 : (ssize_t)len;
        len += (size_t)n;
        pause_now(&pause, fd);
    }
}

static ssize_t read_by_map(int fd, size_t chunk, struct pause pause, char *text)
{
    struct stat st;
    (void)chunk;
    if (fstat(fd, &st))
        return -1;
    size_t len = st.st_size < VALUE_MAX ? (size_t)st.st_size : VALUE_MAX;
    if (!len)
        return 0;
    char *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return -1;
    pause_now(&pause, fd);
    memcpy(text, map, len);
    (void)munmap(map, len);
    return (ssize_t)len;
}

/* Without asking for the size first. */
static ssize_t read_by_send(int fd, size_t chunk, struct pause pause, char *text)
{
    CLOSE_CLEANUP int to = memfd_create("value", MFD_CLOEXEC);
    off_t at = 0;
    ssize_t n = 0;
    if (to < 0)
        return -1;
    while ((n = sendfile(to, fd, &at, chunk)) > 0)
        pause_now(&pause, fd);
    return n < 0 ? -1 : pread(to, text, VALUE_MAX, 0);
}

static const struct {
    const char *name;
    read_fn *read;
} ways[] = { { "read", read_by_read }, { "map", read_by_map }, { "send", read_by_send } };

static read_fn *way_of(const char *name)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(ways[i].name, name))
            return ways[i].read;
    return NULL;
}

/* Opens, reads, closes; the value without its newline as a string, or the errno's name. */
static void read_name(const char *path, char *text)
{
    CLOSE_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read_by_read(fd, CHUNK, (struct pause){ 0 }, text);
    if (n < 0) {
        (void)snprintf(text, VALUE_MAX, "%s", errno_name());
        return;
    }
    text[n] = 0;
    if (n && text[n - 1] == '\n')
        text[n - 1] = 0;
}

/* ---- repeat ---- */

static int repeat(long times, char **paths)
{
    static char last[VALUE_MAX + 1];
    static char text[VALUE_MAX + 1];
    long run = 0;
    for (; *paths; paths++)
        for (long i = 0; i < times; i++) {
            read_name(*paths, text);
            if (run && strcmp(text, last) != 0) {
                (void)printf("%ld %s\n", run, last);
                run = 0;
            }
            run++;
            memcpy(last, text, strlen(text) + 1);
        }
    (void)printf("%ld %s\n", run, last);
    return EXIT_SUCCESS;
}

/* ---- herd ---- */

static int herd(long n, const char *path)
{
    static char text[VALUE_MAX + 1];
    int gate[2];
    char none;
    if (pipe(gate))
        return failed("pipe");
    for (long i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return failed("fork");
        if (pid)
            continue;
        (void)close(gate[1]);
        (void)!read(gate[0], &none, 1); /* until the gate opens, by its last writer's going */
        read_name(path, text);
        (void)strcat(text, "\n");
        (void)!write(STDOUT_FILENO, text, strlen(text));
        _exit(0);
    }
    (void)close(gate[1]);
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}

/* ---- whole ---- */

enum { WHOLE, TORN, CUT, EMPTY, FAILED, VERDICTS };
enum { PROCESSES = 8, FILES_MAX = 256, HEAD = 20, PAUSE_EVERY = 97, PAUSE_US = 3000, PAUSES = 5 };

struct tally {
    long verdicts[VERDICTS];
    long changes;
    int last_errno;
};

/*
 * A self-checking value is "GENERATION LENGTH FILLING\n": twelve digits, six digits (of the whole, with the newline),
 * and one letter again and again, which the generation tells. Torn: any byte is not the one that belongs there, or
 * there are more of them. Cut: what there is, is right.
 */
static int check_value(const char *text, size_t len, long *ret_generation)
{
    char digits[HEAD + 1];
    char *end;
    if (!len)
        return EMPTY;
    if (len < HEAD)
        return CUT;
    memcpy(digits, text, HEAD);
    digits[HEAD] = 0;
    if (strspn(digits, "0123456789") != 12 || digits[12] != ' ' || strspn(digits + 13, "0123456789") != 6 ||
        digits[HEAD - 1] != ' ')
        return TORN;
    *ret_generation = strtol(digits, &end, 10);
    size_t length = (size_t)strtol(end, NULL, 10);
    if (len > length)
        return TORN;
    for (size_t i = HEAD; i < len; i++)
        if (text[i] != (i == length - 1 ? '\n' : 'a' + (char)(*ret_generation % 26)))
            return TORN;
    return len < length ? CUT : WHOLE;
}

static void read_many(read_fn *read_value, long reads, int first, char **paths, int n_paths, struct tally *tally)
{
    static char text[VALUE_MAX + 1];
    static const size_t chunks[] = { 100, 4096, 1000, 65536 };
    long seen[FILES_MAX] = { 0 };
    for (long i = 0; i < reads; i++) {
        int file = (int)((first + i) % n_paths);
        long n = i / PAUSE_EVERY;
        struct pause pause = { 0 };
        if (i % PAUSE_EVERY == 0)
            pause = (struct pause){ .us = PAUSE_US * (1 + (unsigned)(n + first) % PAUSES), .drops = n % 2 };
        CLOSE_CLEANUP int fd = open(paths[file], O_RDONLY | O_CLOEXEC);
        ssize_t len = fd < 0 ? -1 : read_value(fd, chunks[i % 4], pause, text);
        long generation = seen[file];
        int verdict = len < 0 ? FAILED : check_value(text, (size_t)len, &generation);
        tally->verdicts[verdict]++;
        if (verdict == FAILED)
            tally->last_errno = errno;
        tally->changes += verdict == WHOLE && generation != seen[file];
        seen[file] = generation;
    }
}

static int whole(const char *how, long reads, char **paths)
{
    read_fn *read_value = way_of(how);
    struct tally sum = { 0 };
    int n_paths = 0;
    struct tally *tallies =
        mmap(NULL, sizeof *tallies * PROCESSES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    while (paths[n_paths] && n_paths < FILES_MAX)
        n_paths++;
    if (tallies == MAP_FAILED || !read_value || !n_paths)
        return WRONG_USE;
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return failed("fork");
        if (pid)
            continue;
        read_many(read_value, reads / PROCESSES, i, paths, n_paths, &tallies[i]);
        _exit(0);
    }
    for (int status; wait(&status) > 0;)
        if (status)
            (void)printf("a reader ended with %#x\n", (unsigned)status); /* SIGBUS, say */
    for (int i = 0; i < PROCESSES; i++) {
        for (int verdict = 0; verdict < VERDICTS; verdict++)
            sum.verdicts[verdict] += tallies[i].verdicts[verdict];
        sum.changes += tallies[i].changes;
        sum.last_errno = tallies[i].last_errno ? tallies[i].last_errno : sum.last_errno;
    }
    (void)printf("%ld whole, %ld torn, %ld cut, %ld empty, %ld errors, %ld changes\n", sum.verdicts[WHOLE],
                 sum.verdicts[TORN], sum.verdicts[CUT], sum.verdicts[EMPTY], sum.verdicts[FAILED], sum.changes);
    errno = sum.last_errno;
    return sum.verdicts[FAILED] ? failed("the last error") : EXIT_SUCCESS;
}

/* ---- hold ---- */

struct held {
    int fd;
    size_t size;
    size_t half;
    char *map; /* not touched before it is asked for */
    char text[VALUE_MAX + 1];
};

/* Drops the pages, the mapping's too, and looks whether they are gone. */
static const char *held_drop(struct held *held)
{
    unsigned char resident[VALUE_MAX / CHUNK + 1];
    if (madvise(held->map, held->size, MADV_DONTNEED) || posix_fadvise(held->fd, 0, 0, POSIX_FADV_DONTNEED) ||
        mincore(held->map, held->size, resident))
        return errno_name();
    for (size_t i = 0; i * CHUNK < held->size; i++)
        if (resident[i] & 1)
            return "pages are left";
    return "dropped";
}

static void held_tell(struct held *held, const char *verb)
{
    char *text = held->text;
    read_fn *read_value = way_of(verb);
    ssize_t n = -1;
    errno = EINVAL;
    if (!strcmp(verb, "drop")) {
        (void)puts(held_drop(held));
        return;
    }
    if (!strcmp(verb, "rest")) { /* goes on where the first half ended; that is still in the text */
        n = read(held->fd, text + held->half, VALUE_MAX - held->half);
        n = n < 0 ? -1 : n + (ssize_t)held->half;
    } else if (!strcmp(verb, "map")) {
        memcpy(text, held->map, held->size);
        n = (ssize_t)held->size;
    } else if (read_value)
        n = read_value(held->fd, CHUNK, (struct pause){ 0 }, text);
    if (n < 0)
        (void)puts(errno_name());
    else if (!n || text[n - 1] != '\n')
        (void)puts("no newline at its end");
    else
        (void)fwrite(text, 1, (size_t)n, stdout);
}

static int hold(const char *path)
{
    static struct held held;
    struct stat st;
    char line[64];
    held.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (held.fd < 0 || fstat(held.fd, &st))
        return failed(path);
    held.size = st.st_size < VALUE_MAX ? (size_t)st.st_size : VALUE_MAX;
    held.half = held.size / 2;
    held.map = mmap(NULL, held.size, PROT_READ, MAP_SHARED, held.fd, 0);
    if (held.map == MAP_FAILED || read(held.fd, held.text, held.half) != (ssize_t)held.half)
        return failed(path);
    (void)puts("held");
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        held_tell(&held, line);
        (void)fflush(stdout);
    }
    return EXIT_SUCCESS;
}

/* ---- list ---- */

enum { ENTRIES_MAX = 20000, LISTING_BYTES = 1024 }; /* few at once, so that each call comes to the filesystem */

struct lister {
    int fd;
    char bytes[LISTING_BYTES] __attribute__((aligned(__alignof__(struct dirent64))));
    ssize_t used;
    ssize_t len;
    int n;
    char *names[ENTRIES_MAX]; /* with the offset behind each */
    off_t offsets[ENTRIES_MAX];
};

/* NULL: the end, or an error (errno). */
static const struct dirent64 *lister_next(struct lister *lister)
{
    if (lister->used >= lister->len) {
        errno = 0;
        lister->used = 0;
        lister->len = getdents64(lister->fd, lister->bytes, sizeof lister->bytes);
    }
    if (lister->len <= 0)
        return NULL;
    const struct dirent64 *entry = (const void *)(lister->bytes + lister->used);
    lister->used += entry->d_reclen;
    return entry;
}

static void lister_read(struct lister *lister, long n)
{
    while (n-- > 0) {
        const struct dirent64 *entry = lister_next(lister);
        if (!entry || lister->n == ENTRIES_MAX) {
            (void)puts(errno ? errno_name() : "end");
            return;
        }
        lister->names[lister->n] = strdup(entry->d_name);
        lister->offsets[lister->n++] = entry->d_off;
        (void)puts(entry->d_name);
    }
}

static void lister_compare(struct lister *lister)
{
    int same = 0;
    for (int i = 0; i + 1 < lister->n; i++) {
        lister->used = lister->len = 0;
        (void)lseek(lister->fd, lister->offsets[i], SEEK_SET);
        const struct dirent64 *entry = lister_next(lister);
        same += entry && !strcmp(entry->d_name, lister->names[i + 1]);
    }
    (void)printf("%d of %d\n", same, lister->n - 1);
}

static int list(const char *path)
{
    static struct lister lister;
    char line[64];
    lister.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lister.fd < 0)
        return failed(path);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        if (!strncmp(line, "read ", 5))
            lister_read(&lister, number_of(line + 5));
        else
            lister_compare(&lister);
        (void)fflush(stdout);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    long number = argc > 3 ? number_of(argv[!strcmp(what, "whole") ? 3 : 2]) : -1;
    if (!strcmp(what, "repeat") && number > 0)
        return repeat(number, argv + 3);
    if (!strcmp(what, "herd") && number > 0 && argc == 4)
        return herd(number, argv[3]);
    if (!strcmp(what, "whole") && number > 0 && argc > 4)
        return whole(argv[2], number, argv + 4);
    if (!strcmp(what, "hold") && argc == 3)
        return hold(argv[2]);
    if (!strcmp(what, "list") && argc == 3)
        return list(argv[2]);
    (void)fprintf(stderr, "usage: probe repeat N FILE... | herd N FILE | whole HOW READS FILE... | hold FILE | "
                          "list DIRECTORY\n");
    return WRONG_USE;
}
