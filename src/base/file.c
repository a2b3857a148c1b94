/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include "base/cleanup.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int bytes_read(int fd, char *bytes, size_t max, size_t *ret_len)
{
    size_t len = 0;
    while (len <= max) {
        ssize_t got = read(fd, bytes + len, max + 1 - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (!got) {
            bytes[len] = 0;
            *ret_len = len;
            return 0;
        }
        len += (size_t)got;
    }
    return -EFBIG;
}

int file_read_secret(const char *path, size_t max, char **ret_bytes, size_t *ret_len)
{
    CLOSE_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status))
        return -errno;
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
    char *bytes = secret_alloc(max + 1);
    if (!bytes)
        return -ENOMEM;
    int result = bytes_read(fd, bytes, max, ret_len);
    if (result)
        secret_free(bytes);
    else
        *ret_bytes = bytes;
    return result;
}

static int bytes_write(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t put = write(fd, bytes, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        bytes += put;
        len -= (size_t)put;
    }
    return fsync(fd) ? -errno : 0;
}

int file_replace(const char *path, const void *bytes, size_t len)
{
    FREE_CLEANUP char *beside = NULL;
    if (asprintf(&beside, "%s.XXXXXX", path) < 0) {
        beside = NULL;
        return -ENOMEM;
    }
    CLOSE_CLEANUP int fd = mkostemp(beside, O_CLOEXEC); /* 0600 */
    if (fd < 0)
        return -errno;
    int result = bytes_write(fd, bytes, len);
    if (!result && rename(beside, path))
        result = -errno;
    if (result)
        (void)unlink(beside);
    return result;
}
