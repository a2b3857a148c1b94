/* SPDX-License-Identifier: MIT */
#include "mountpoint.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#define OUR_TYPE "fuse.personalizefs"

enum { MAX_LEFT_OVERS = 32 };

static inline void cleanup_fclose(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}
#define FCLOSE_CLEANUP __attribute__((cleanup(cleanup_fclose)))

/* ---- what is mounted ---- */

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void unescape(char *text)
{
    char *to = text;
    for (; *text; text++) {
        if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' && text[2] <= '7' && text[3] >= '0' &&
            text[3] <= '7') {
            *to++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
            text += 3;
        } else {
            *to++ = *text;
        }
    }
    *to = 0;
}

static bool read_id(const char *text, int *ret)
{
    char *end;
    long value;
    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < 0 || value > INT_MAX)
        return false;
    *ret = (int)value;
    return true;
}

bool mountinfo_parse(char *line, struct mountinfo *mountinfo)
{
    enum { ID, PARENT, DEVICE, ROOT, POINT, OPTIONS, N_FIXED };
    char *field[N_FIXED];
    char *rest = line;
    char *word;
    line[strcspn(line, "\n")] = 0;
    for (int i = 0; i < N_FIXED; i++) {
        field[i] = strsep(&rest, " ");
        if (!field[i] || !*field[i])
            return false;
    }
    /* Any number of optional fields, a dash, the type. */
    do
        word = strsep(&rest, " ");
    while (word && strcmp(word, "-") != 0);
    word = strsep(&rest, " ");
    if (!word || !*word || !read_id(field[ID], &mountinfo->id))
        return false;
    unescape(field[ROOT]);
    unescape(field[POINT]);
    unescape(word);
    mountinfo->root = field[ROOT];
    mountinfo->point = field[POINT];
    mountinfo->type = word;
    return true;
}

/* The number of the mount that an open descriptor is on: the topmost one at its path, without asking the file system,
 * which may be dead. 0 or -errno. */
static int read_mount_id(int fd, int *ret_id)
{
    FCLOSE_CLEANUP FILE *file = NULL;
    FREE_CLEANUP char *line = NULL;
    size_t room = 0;
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    file = fopen(path, "re");
    if (!file)
        return -errno;
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = 0;
        if (!strncmp(line, "mnt_id:", 7))
            return read_id(line + 7, ret_id) ? 0 : -EPROTO;
    }
    return -ENODATA;
}

/* Where path leads, and what is there. */
struct place {
    int fd; /* O_PATH: opening it asks nobody */
    char path[PATH_MAX];
    char type[64];                  /* of the file system there */
    bool is_mountpoint;             /* exactly there */
    struct mountpoint_place inside; /* empty where that is not known */
};

static void cleanup_place(struct place *place)
{
    cleanup_close(&place->fd);
    mountpoint_place_release(&place->inside);
}
#define PLACE_CLEANUP __attribute__((cleanup(cleanup_place)))

static int proc_failed(int r, struct error *error)
{
    return error_set(error, -r, "mountpoint", "cannot read what is mounted from /proc/self: %s", strerror(-r));
}

void mountpoint_place_release(struct mountpoint_place *place)
{
    free(place->point);
    free(place->inside);
    *place = (struct mountpoint_place){ NULL, NULL };
}

/* From the file system's root: what of it is mounted, and what of `path` is behind the mount point. */
static int set_inside(const struct mountinfo *mount, const char *path, struct mountpoint_place *to)
{
    size_t point_len = strcmp(mount->point, "/") ? strlen(mount->point) : 0;
    const char *root = strcmp(mount->root, "/") ? mount->root : "";
    if (strncmp(mount->point, path, point_len) != 0)
        return -ENODEV;
    const char *behind = path + point_len;
    to->point = strdup(mount->point);
    if (asprintf(&to->inside, "%s%s", root, *behind || *root ? behind : "/") < 0)
        to->inside = NULL;
    return to->point && to->inside ? 0 : -ENOMEM;
}

static int find_mount(struct place *place, struct error *error)
{
    FCLOSE_CLEANUP FILE *file = NULL;
    FREE_CLEANUP char *line = NULL;
    size_t room = 0;
    int id = -1;
    int r = read_mount_id(place->fd, &id);
    if (r)
        return proc_failed(r, error);
    file = fopen("/proc/self/mountinfo", "re");
    if (!file)
        return proc_failed(-errno, error);
    while (getline(&line, &room, file) > 0) {
        struct mountinfo mount;
        if (!mountinfo_parse(line, &mount) || mount.id != id)
            continue;
        (void)snprintf(place->type, sizeof place->type, "%s", mount.type);
        place->is_mountpoint = !strcmp(mount.point, place->path);
        r = set_inside(&mount, place->path, &place->inside);
        return r == -ENOMEM ? error_set(error, ENOMEM, "out-of-memory", "out of memory") : 0;
    }
    return 0;
}

/* Fills *place; its `fd` is to be closed even on failure. */
static int place_open(const char *path, struct place *place, struct error *error)
{
    char link[64];
    ssize_t n;
    *place = (struct place){ .fd = -1 };
    /* No O_DIRECTORY: on an automount point that would start the mount that we are about to be. */
    place->fd = open(path, O_PATH | O_CLOEXEC);
    if (place->fd < 0) {
        int number = errno;
        return error_set(error, number, "mountpoint", "mount point %s: %s", path, strerror(number));
    }
    /* The kernel's own answer, where realpath(3) might ask a dead mount. */
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", place->fd);
    n = readlink(link, place->path, sizeof place->path);
    if (n < 0)
        return proc_failed(-errno, error);
    if ((size_t)n >= sizeof place->path)
        return error_set(error, ENAMETOOLONG, "mountpoint", "mount point %s: %s", path, strerror(ENAMETOOLONG));
    place->path[n] = 0;
    if (place->path[0] != '/')
        return error_set(error, ENOENT, "mountpoint", "mount point %s is not below the root directory", path);
    return find_mount(place, error);
}

static bool place_is_ours(const struct place *place) { return place->is_mountpoint && !strcmp(place->type, OUR_TYPE); }

/* Whether nobody serves the mount. By statfs, for which FUSE always asks the daemon: GETATTR may be answered from what
 * the kernel remembers of one that is long dead. */
static bool place_is_dead(const struct place *place)
{
    struct statfs ignored;
    return fstatfs(place->fd, &ignored) && (errno == ENOTCONN || errno == ECONNABORTED);
}

int mountpoint_find(const char *path, struct mountpoint_place *ret_place)
{
    PLACE_CLEANUP struct place place;
    struct error error;
    int r = place_open(path, &place, &error);
    if (r)
        return r;
    if (strcmp(place.type, OUR_TYPE) != 0 || !place.inside.inside)
        return -ENODEV;
    *ret_place = place.inside;
    place.inside = (struct mountpoint_place){ NULL, NULL };
    return 0;
}

/* ---- unmounting ---- */

static int run_fusermount(const char *path, struct error *error)
{
    static char *const environment[] = { NULL }; /* a set-user-ID program needs none of ours, nor our secrets */
    char *const argv[] = { (char[]){ "fusermount3" }, (char[]){ "-u" }, (char[]){ "-z" },
                           (char[]){ "--" },          (char *)path,     NULL };
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t child;
    int status;
    int r = posix_spawnattr_init(&attributes);
    if (!r) {
        /* We may have signals blocked, for a signalfd: it should be stoppable. */
        (void)sigemptyset(&none);
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        r = posix_spawnp(&child, argv[0], NULL, &attributes, argv, environment);
        (void)posix_spawnattr_destroy(&attributes);
    }
    if (r)
        return error_set(error, r, "unmount", "cannot run fusermount3 to unmount %s: %s", path, strerror(r));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return error_set(error, errno, "unmount", "cannot wait for fusermount3: %s", strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return error_set(error, EPERM, "unmount", "fusermount3 could not unmount %s; as root: umount -l %s", path,
                         path);
    return 0;
}

static int unmount_lazily(const char *path, struct error *error)
{
    if (!umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW))
        return 0;
    if (errno == EPERM)
        return run_fusermount(path, error);
    return error_set(error, errno, "unmount", "cannot unmount %s: %s", path, strerror(errno));
}

int mountpoint_unmount_lazily(const char *absolute, struct error *error)
{
    PLACE_CLEANUP struct place place;
    int r = place_open(absolute, &place, error);
    if (r)
        return r;
    return place_is_ours(&place) ? unmount_lazily(place.path, error) : 0;
}

/* ---- preparing ---- */

static int check_directory(const struct place *place, struct error *error)
{
    struct stat st;
    int number = 0;
    if (!strcmp(place->path, "/"))
        return error_set(error, EBUSY, "mountpoint", "mount point /: on the root directory nobody would see the mount");
    if (place->is_mountpoint && !strncmp(place->type, "fuse", 4) && place_is_dead(place))
        return error_set(error, ENOTCONN, "mountpoint", "%s is a dead mount of type %s: unmount it first", place->path,
                         place->type);
    if (fstat(place->fd, &st))
        number = errno;
    else if (!S_ISDIR(st.st_mode))
        number = ENOTDIR;
    return number ? error_set(error, number, "mountpoint", "mount point %s: %s", place->path, strerror(number)) : 0;
}

/* 1: a left-over was cleared, look again. 0: *ret_absolute is set. */
static int prepare_once(const char *path, char **ret_absolute, struct error *error)
{
    PLACE_CLEANUP struct place place;
    int r = place_open(path, &place, error);
    if (r)
        return r;
    if (place_is_ours(&place)) {
        if (!place_is_dead(&place))
            return error_set(error, EBUSY, "mountpoint", "a personalizefs is already mounted on %s", place.path);
        r = unmount_lazily(place.path, error);
        if (r)
            return r;
        log_warning("cleared the mount on %s that a personalizefs which is gone had left", place.path);
        return 1;
    }
    r = check_directory(&place, error);
    if (r)
        return r;
    *ret_absolute = strdup(place.path);
    return *ret_absolute ? 0 : error_set(error, ENOMEM, "out-of-memory", "out of memory");
}

int mountpoint_prepare(const char *path, char **ret_absolute, struct error *error)
{
    for (int i = 0; i <= MAX_LEFT_OVERS; i++) {
        int r = prepare_once(path, ret_absolute, error);
        if (r <= 0)
            return r;
    }
    return error_set(error, EBUSY, "mountpoint", "more than %d left-over mounts on %s", MAX_LEFT_OVERS, path);
}
