/* SPDX-License-Identifier: MIT */
/*
 * follow N END FILE: N processes read a file that grows, each as fast as it can: its size, then what is new, until that
 * ends with the line END. Then the file is read once more, whole. Says how often the file was smaller than before, and
 * how many of the bytes that were read are not the file's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FOLLOWERS_MAX = 16, BYTES_MAX = 8 << 20, PATIENCE_S = 120, WRONG_USE = 2 };

struct follower {
    long smaller;
    bool ended;
    size_t len;
    char bytes[BYTES_MAX];
};

static bool ends_with_line(const struct follower *follower, const char *end)
{
    size_t len = strlen(end);
    const char *bytes = follower->bytes + follower->len;
    return follower->len > len + 1 && bytes[-1] == '\n' && !memcmp(bytes - 1 - len, end, len);
}

static void follow(struct follower *follower, const char *end, const char *path)
{
    time_t until = time(NULL) + PATIENCE_S;
    off_t before = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (!follower->ended && time(NULL) < until) {
        struct stat st;
        if (fstat(fd, &st))
            return;
        follower->smaller += st.st_size < before;
        before = st.st_size;
        for (ssize_t n = 1; n > 0; follower->len += (size_t)n) {
            n = pread(fd, follower->bytes + follower->len, BYTES_MAX - follower->len, (off_t)follower->len);
            if (n < 0)
                return;
        }
        follower->ended = ends_with_line(follower, end);
    }
}

static bool report(const struct follower *followers, int n, const struct follower *last)
{
    long smaller = 0;
    size_t wrong = 0;
    bool ended = last->ended;
    for (int i = 0; i < n; i++) {
        ended = ended && followers[i].ended && followers[i].len == last->len;
        smaller += followers[i].smaller;
        for (size_t at = 0; at < followers[i].len; at++)
            wrong += at >= last->len || followers[i].bytes[at] != last->bytes[at];
    }
    (void)printf("%ld times smaller, %zu bytes wrong, %s\n", smaller, wrong,
                 ended ? "all to the end" : "not to the end");
    return ended;
}

int main(int argc, char **argv)
{
    int n = argc == 4 ? atoi(argv[1]) : 0;
    if (n < 1 || n > FOLLOWERS_MAX) {
        (void)fprintf(stderr, "usage: follow N END FILE\n");
        return WRONG_USE;
    }
    size_t size = (size_t)(n + 1) * sizeof(struct follower);
    struct follower *followers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (followers == MAP_FAILED) {
        (void)fprintf(stderr, "follow: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    for (int i = 0; i < n; i++) {
        if (!fork()) {
            follow(&followers[i], argv[2], argv[3]);
            _exit(0);
        }
    }
    while (wait(NULL) > 0) {
    }
    follow(&followers[n], argv[2], argv[3]);
    return report(followers, n, &followers[n]) ? EXIT_SUCCESS : EXIT_FAILURE;
}
