/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

struct inode *inode_find(struct kernel *kernel, uint64_t node)
{
    for (unsigned i = 0; i < INODES_MAX; i++)
        if (kernel->inodes[i].node == node)
            return &kernel->inodes[i];
    return NULL;
}

struct inode *inode_looked_up(struct kernel *kernel, uint64_t node)
{
    struct inode *inode = inode_find(kernel, node);
    if (!inode) {
        inode = inode_find(kernel, 0);
        if (!inode)
            abort();
        *inode = (struct inode){ .node = node };
    }
    inode->lookups++;
    return inode;
}

struct inode *inode_of_value(struct kernel *kernel, unsigned job, enum file file, const struct reply *value)
{
    struct inode *oldest = NULL;
    for (unsigned i = 0; i < INODES_MAX; i++) {
        struct inode *inode = &kernel->inodes[i];
        bool same = inode->node && !inode->is_dir && inode->kind == REPLY_VALUE && inode->job == job &&
                    inode->file == file && inode->mtime_ms == value->mtime_ms && !strcmp(inode->text, value->text);
        if (same && (!oldest || inode->order < oldest->order))
            oldest = inode;
    }
    return oldest;
}

unsigned inodes_of_files(const struct kernel *kernel)
{
    unsigned n = 0;
    for (unsigned i = 0; i < INODES_MAX; i++)
        n += kernel->inodes[i].node && !kernel->inodes[i].is_dir;
    return n;
}

void inode_ref(struct inode *inode) { inode->refs++; }

void inode_unref(struct kernel *kernel, struct inode *inode)
{
    if (!inode || --inode->refs)
        return;
    tree_forget(kernel->tree, inode->node, inode->lookups);
    inode->node = 0;
}

void name_set(struct kernel *kernel, struct name *name, struct inode *inode, int64_t until_ms)
{
    struct inode *before = name->inode;
    if (inode)
        inode_ref(inode);
    *name = (struct name){ .inode = inode, .until_ms = until_ms };
    inode_unref(kernel, before);
}

void kernel_drop_job(struct kernel *kernel, unsigned job)
{
    name_set(kernel, &kernel->jobs[job], NULL, 0);
    for (unsigned file = 0; file < FILES; file++)
        name_set(kernel, &kernel->files[job][file], NULL, 0);
}

void kernel_drop(struct kernel *kernel)
{
    for (unsigned job = 0; job < JOBS; job++)
        kernel_drop_job(kernel, job);
    for (unsigned i = 0; i < INODES_MAX; i++)
        kernel->inodes[i].has_pages = false;
}
