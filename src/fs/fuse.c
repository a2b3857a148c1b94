/* SPDX-License-Identifier: MIT */
#define FUSE_USE_VERSION 314
#include "fs/fuse.h"

#include "base/cleanup.h"
#include "fs/caller.h"
#include "fs/names.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 64, OPTIONS_BYTES_MAX = 4096, LISTING_BYTES_MAX = 1 << 20, BLOCK_BYTES = 4096 };
enum {
    LOOK_AGAIN_MS = 50,   /* at signals: the kernel tells of the first one only */
    INTERRUPTED_MS = 100, /* one Ctrl-C ends all the system calls of one command: bash's cd makes three */
    INTERRUPTED_MAX = 16
};
enum { FILE_MODE = 0444, DIR_MODE = 0555 };

struct mount {
    struct mount_settings settings;
    struct fuse_session *session;
    struct fuse_buf buffer; /* libfuse's own, kept between requests */
    bool mounted;
    bool serving;
    struct interrupted {
        pid_t caller;
        uint64_t node;
        int64_t until_ms;
    } interrupted[INTERRUPTED_MAX]; /* the last of them */
    unsigned n_interrupted;
};

/* A request that waits. */
struct request {
    struct waiter waiter;
    struct mount *mount;
    fuse_req_t req;
    uint64_t node;
    bool is_opendir;
    struct fuse_file_info info;
    pid_t caller;
    struct timer look_again;
};

static struct mount *mount_of(fuse_req_t req) { return fuse_req_userdata(req); }

/* ---- replies ---- */

static struct timespec timespec_of(int64_t ms)
{
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);
    return (struct timespec){ .tv_sec = seconds, .tv_nsec = (ms - seconds * 1000) * 1000000 };
}

static struct stat stat_of(const struct mount *mount, const struct tree_attr *attr)
{
    mode_t permissions = attr->mode ? attr->mode : attr->is_dir ? DIR_MODE : FILE_MODE;
    mode_t mode = (attr->is_dir ? S_IFDIR : S_IFREG) | (permissions & ~mount->settings.umask);
    struct timespec mtime = timespec_of(attr->mtime_ms);
    mtime.tv_nsec += attr->mtime_ns;
    return (struct stat){ .st_ino = attr->ino,
                          .st_mode = mode,
                          .st_nlink = 1,
                          .st_uid = mount->settings.uid,
                          .st_gid = mount->settings.gid,
                          .st_size = (off_t)attr->size,
                          .st_blksize = BLOCK_BYTES,
                          .st_blocks = (blkcnt_t)((attr->size + 511) / 512),
                          .st_atim = timespec_of(attr->mtime_ms),
                          .st_mtim = mtime,
                          .st_ctim = timespec_of(attr->ctime_ms) };
}

static struct fuse_entry_param entry_of(const struct mount *mount, const struct tree_attr *attr)
{
    return (struct fuse_entry_param){ .ino = attr->node,
                                      .attr = stat_of(mount, attr),
                                      .attr_timeout = (double)attr->attr_ms / 1e3,
                                      .entry_timeout = (double)attr->entry_ms / 1e3 };
}

static void reply_attr(fuse_req_t req, int result, const struct tree_attr *attr)
{
    struct stat st;
    if (result) {
        (void)fuse_reply_err(req, -result);
        return;
    }
    st = stat_of(mount_of(req), attr);
    (void)fuse_reply_attr(req, &st, (double)attr->attr_ms / 1e3);
}

static void reply_opendir(fuse_req_t req, int result, uint64_t node, struct fuse_file_info *info)
{
    if (result) {
        (void)fuse_reply_err(req, -result);
        return;
    }
    info->cache_readdir = 1;
    info->keep_cache = tree_opendir_keeps(mount_of(req)->settings.tree, node);
    (void)fuse_reply_open(req, info);
}

/* ---- waiting ---- */

static void request_done(struct waiter *waiter, int number)
{
    struct request *request = list_item(waiter, struct request, waiter);
    struct tree_attr attr;
    fuse_req_interrupt_func(request->req, NULL, NULL);
    timer_stop(&request->look_again);
    if (request->is_opendir)
        reply_opendir(request->req, -number, request->node, &request->info);
    else {
        int result = tree_getattr_waited(request->mount->settings.tree, request->node, number, &attr);
        reply_attr(request->req, result, &attr);
    }
    free(request);
}

static int64_t now_of(const struct mount *mount) { return clock_monotonic_ms(mount->settings.timers->clock); }

static void interrupted_note(struct mount *mount, pid_t caller, uint64_t node)
{
    mount->interrupted[mount->n_interrupted++ % INTERRUPTED_MAX] =
        (struct interrupted){ caller, node, now_of(mount) + INTERRUPTED_MS };
}

/* Whether a wait of this thread for the same was interrupted just now: then it does not begin another. */
static bool interrupted_lately(const struct mount *mount, pid_t caller, uint64_t node)
{
    for (unsigned i = 0; i < INTERRUPTED_MAX && caller > 0;
         i++) /* 0: of another namespace, and like all others there */
        if (mount->interrupted[i].caller == caller && mount->interrupted[i].node == node &&
            mount->interrupted[i].until_ms > now_of(mount))
            return true;
    return false;
}

/* A signal has come for the caller: it is freed, unless that is mere news; then it is looked at again. */
static void request_look(void *data)
{
    struct request *request = data;
    if (caller_is_merely_told(request->caller)) {
        timer_start(request->mount->settings.timers, &request->look_again, LOOK_AGAIN_MS);
        return;
    }
    timer_stop(&request->look_again);
    waiter_cancel(&request->waiter);
    interrupted_note(request->mount, request->caller, request->node);
    (void)fuse_reply_err(request->req, EINTR);
    free(request);
}

static void request_interrupted(fuse_req_t req, void *data)
{
    (void)req;
    request_look(data);
}

static void request_park(fuse_req_t req, uint64_t node, struct fuse_file_info *info)
{
    if (interrupted_lately(mount_of(req), fuse_req_ctx(req)->pid, node)) {
        (void)fuse_reply_err(req, EINTR);
        return;
    }
    struct request *request = calloc(1, sizeof *request);
    if (!request) {
        (void)fuse_reply_err(req, ENOMEM);
        return;
    }
    request->mount = mount_of(req);
    request->req = req;
    request->node = node;
    request->is_opendir = info != NULL;
    if (info)
        request->info = *info;
    request->caller = fuse_req_ctx(req)->pid;
    request->waiter.done = request_done;
    timer_init(&request->look_again, request_look, request);
    list_init(&request->waiter.node);
    int result = tree_wait(request->mount->settings.tree, node, &request->waiter);
    if (result) {
        (void)fuse_reply_err(req, -result);
        free(request);
        return;
    }
    fuse_req_interrupt_func(req, request_interrupted, request); /* one that came before calls it now */
}

/* ---- operations ---- */

static void do_init(void *data, struct fuse_conn_info *conn)
{
    struct mount *mount = data;
    conn->want |= conn->capable & FUSE_CAP_READDIRPLUS;
    conn->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_AUTO_INVAL_DATA);
    mount->serving = true;
}

static void do_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct mount *mount = mount_of(req);
    struct tree_attr attr = { 0 };
    int result = strlen(name) > NAME_BYTES_MAX ? -ENAMETOOLONG : tree_lookup(mount->settings.tree, parent, name, &attr);
    bool provisional = !result && attr.is_dir && !attr.entry_ms;
    bool listing_failed = result && result != -ENOENT && strpbrk(name, "*?[");
    if ((provisional || listing_failed) && caller_creates(fuse_req_ctx(req)->pid)) {
        if (provisional)
            tree_forget(mount->settings.tree, attr.node, 1);
        result = -EROFS;
    }
    if (result && result != -ENOENT) {
        (void)fuse_reply_err(req, -result);
        return;
    }
    if (result)
        attr.node = 0; /* no such name, to be remembered for entry_ms */
    struct fuse_entry_param entry = entry_of(mount, &attr);
    if (fuse_reply_entry(req, &entry) && attr.node) /* its caller is gone, and no FORGET will come */
        tree_forget(mount->settings.tree, attr.node, 1);
}

static void do_forget(fuse_req_t req, fuse_ino_t node, uint64_t lookups)
{
    tree_forget(mount_of(req)->settings.tree, node, lookups);
    fuse_reply_none(req);
}

static void do_forget_multi(fuse_req_t req, size_t n, struct fuse_forget_data *forgets)
{
    for (size_t i = 0; i < n; i++)
        tree_forget(mount_of(req)->settings.tree, forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(req);
}

static void do_getattr(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *info)
{
    struct tree_attr attr;
    (void)info;
    int result = tree_getattr(mount_of(req)->settings.tree, node, &attr);
    if (result == TREE_WAIT)
        request_park(req, node, NULL);
    else
        reply_attr(req, result, &attr);
}

static void do_open(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *info)
{
    (void)node;
    (void)info;
    (void)fuse_reply_err(req, ENOSYS); /* the kernel never asks again, and keeps pages: files never change */
}

static void do_read(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *info)
{
    struct slice bytes;
    (void)info;
    int result = tree_read(mount_of(req)->settings.tree, node, (uint64_t)offset, size, &bytes);
    if (result)
        (void)fuse_reply_err(req, -result);
    else
        (void)fuse_reply_buf(req, bytes.data, bytes.len);
}

static void do_opendir(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *info)
{
    int result = tree_opendir(mount_of(req)->settings.tree, node, (info->flags & O_DIRECTORY) != 0);
    if (result == TREE_WAIT)
        request_park(req, node, info);
    else
        reply_opendir(req, result, node, info);
}

struct listing_buffer {
    fuse_req_t req;
    bool plus;
    char *bytes;
    size_t used;
    size_t room;
    struct buf nodes; /* that were looked up, as uint64_t */
    int error;        /* memory was short for one */
};

static bool emit_entry(void *data, const char *name, const struct tree_attr *attr, uint64_t next)
{
    struct listing_buffer *buffer = data;
    struct fuse_entry_param entry = entry_of(mount_of(buffer->req), attr);
    char *to = buffer->bytes + buffer->used;
    size_t left = buffer->room - buffer->used;
    size_t need = buffer->plus ? fuse_add_direntry_plus(buffer->req, to, left, name, &entry, (off_t)next)
                               : fuse_add_direntry(buffer->req, to, left, name, &entry.attr, (off_t)next);
    if (need > left)
        return false;
    if (buffer->plus && attr->node)
        buffer->error = buf_append(&buffer->nodes, &attr->node, sizeof attr->node);
    if (buffer->error)
        return false;
    buffer->used += need;
    return true;
}

static void list_directory(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, bool plus)
{
    struct tree *tree = mount_of(req)->settings.tree;
    struct listing_buffer buffer = { .req = req,
                                     .plus = plus,
                                     .room = size < LISTING_BYTES_MAX ? size : LISTING_BYTES_MAX,
                                     .nodes = BUF_INIT(LISTING_BYTES_MAX) };
    FREE_CLEANUP char *bytes = malloc(buffer.room);
    buffer.bytes = bytes;
    int result = bytes ? tree_readdir(tree, node, (uint64_t)offset, plus, emit_entry, &buffer) : -ENOMEM;
    result = result ? result : buffer.error;
    if (result && !buffer.used)
        (void)fuse_reply_err(req, -result);
    else if (fuse_reply_buf(req, bytes, buffer.used)) /* its caller is gone, and no FORGET will come */
        for (size_t i = 0; i + sizeof(uint64_t) <= buffer.nodes.len; i += sizeof(uint64_t)) {
            uint64_t looked_up;
            memcpy(&looked_up, buffer.nodes.data + i, sizeof looked_up);
            tree_forget(tree, looked_up, 1);
        }
    buf_release(&buffer.nodes);
}

static void do_readdir(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *info)
{
    (void)info;
    list_directory(req, node, size, offset, false);
}

static void do_readdirplus(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *info)
{
    (void)info;
    list_directory(req, node, size, offset, true);
}

static void do_statfs(fuse_req_t req, fuse_ino_t node)
{
    (void)node;
    const struct statvfs st = { .f_bsize = BLOCK_BYTES,
                                .f_frsize = BLOCK_BYTES,
                                .f_files = tree_count_jobs(mount_of(req)->settings.tree),
                                .f_flag = ST_RDONLY,
                                .f_namemax = NAME_BYTES_MAX };
    (void)fuse_reply_statfs(req, &st);
}

static const struct fuse_lowlevel_ops operations = {
    .init = do_init,
    .lookup = do_lookup,
    .forget = do_forget,
    .forget_multi = do_forget_multi,
    .getattr = do_getattr,
    .open = do_open,
    .read = do_read,
    .opendir = do_opendir,
    .readdir = do_readdir,
    .readdirplus = do_readdirplus,
    .statfs = do_statfs,
};

/* ---- the mount ---- */

/* libfuse wants its options as one comma-separated text; a comma or backslash in SOURCE is escaped for it. */
static int options_text(const struct mount_settings *settings, struct buf *to)
{
    (void)buf_append_str(to, "-oro,nosuid,nodev,default_permissions,subtype=personalizefs");
    (void)buf_append_str(to, settings->allow_other ? ",allow_other" : "");
    (void)buf_append_str(to, ",fsname=");
    for (const char *c = settings->source; *c; c++) {
        if (*c == ',' || *c == '\\')
            (void)buf_append_char(to, '\\');
        (void)buf_append_char(to, *c);
    }
    return buf_error(to);
}

static int session_new(struct mount *mount, struct error *error)
{
    BUF_CLEANUP struct buf options = BUF_INIT(OPTIONS_BYTES_MAX);
    struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
    int result = options_text(&mount->settings, &options);
    if (!result && (fuse_opt_add_arg(&args, "personalizefs") || fuse_opt_add_arg(&args, buf_str(&options)) ||
                    (mount->settings.debug && fuse_opt_add_arg(&args, "-d"))))
        result = -ENOMEM;
    if (!result)
        mount->session = fuse_session_new(&args, &operations, sizeof operations, mount);
    fuse_opt_free_args(&args);
    if (result)
        return error_set(error, -result, NULL, "the mount options are too long");
    return mount->session ? 0 : error_set(error, EIO, NULL, "libfuse does not take the mount options");
}

int mount_new(const struct mount_settings *settings, struct mount **ret_mount, struct error *error)
{
    struct mount *mount = calloc(1, sizeof *mount);
    if (!mount)
        return error_set(error, ENOMEM, NULL, "no memory");
    mount->settings = *settings;
    int result = session_new(mount, error);
    if (!result && fuse_session_mount(mount->session, settings->mountpoint))
        result = error_set(error, errno ? errno : EIO, NULL,
                           "cannot mount on %s (is /dev/fuse there and may you use it? as an ordinary user: is fuse3 "
                           "installed? with allow_other: is user_allow_other set in /etc/fuse.conf?)",
                           settings->mountpoint);
    if (result) {
        mount_free(mount);
        return result;
    }
    mount->mounted = true;
    /* A caller that is killed between poll and read takes its request along: a read that blocks would stop the loop. */
    int fd = fuse_session_fd(mount->session);
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    *ret_mount = mount;
    return 0;
}

void mount_free(struct mount *mount)
{
    if (!mount)
        return;
    if (mount->mounted)
        fuse_session_unmount(mount->session);
    if (mount->session)
        fuse_session_destroy(mount->session);
    free(mount->buffer.mem);
    free(mount);
}

int mount_fd(const struct mount *mount) { return fuse_session_fd(mount->session); }

int mount_serve(struct mount *mount)
{
    bool served = mount->serving;
    for (int i = 0; i < BATCH && !fuse_session_exited(mount->session); i++) {
        int result = fuse_session_receive_buf(mount->session, &mount->buffer);
        if (result == -EINTR || result == -EAGAIN)
            break;
        if (result < 0)
            return result;
        if (result > 0)
            fuse_session_process_buf(mount->session, &mount->buffer);
    }
    if (mount->serving && !served)
        mount->settings.serving(mount->settings.data);
    return 0;
}

bool mount_has_ended(const struct mount *mount) { return fuse_session_exited(mount->session) != 0; }

void mount_names_changed(struct mount *mount, uint64_t node)
{
    (void)fuse_lowlevel_notify_inval_inode(mount->session, node, -1, 0); /* takes no lock: see CONTRIBUTING.md */
}

void mount_drop_pages(struct mount *mount, uint64_t node)
{
    (void)fuse_lowlevel_notify_inval_inode(mount->session, node, 0, 0);
}
