/* SPDX-License-Identifier: MIT */
/*
 * kernel: what the kernel keeps of a mount, for as long as it was told to: names, attributes, pages. It asks for
 * nothing that it still has, and gives back what nobody refers to any more.
 */
#ifndef MODEL_KERNEL_H
#define MODEL_KERNEL_H

#include "model.h"

#include "fs/tree.h"

enum { INODES_MAX = 1024 };

struct inode {
    uint64_t node; /* 0: this place is free */
    uint64_t lookups;
    unsigned refs; /* by a name, or whoever is at it */
    unsigned job;
    bool is_dir;
    enum file file;
    int64_t attr_until_ms;
    bool has_pages;
    /* What it is, once and for all, but for a pending one, which becomes a value or a failure. */
    enum kind_of_reply kind;
    char text[TEXT_MAX];
    int number;
    int64_t mtime_ms;
    uint64_t order; /* in which it became a value */
};

struct name {
    bool is_absent;      /* what is kept is that there is none */
    struct inode *inode; /* NULL: nothing is kept, or is_absent */
    int64_t until_ms;
};

struct kernel {
    struct tree *tree;
    struct inode inodes[INODES_MAX];
    uint64_t last_order;
    struct name jobs[JOBS];
    struct name files[JOBS][FILES];
};

/* Counts one lookup of `node`; an inode that is new has refs 0. */
struct inode *inode_looked_up(struct kernel *kernel, uint64_t node);
struct inode *inode_find(struct kernel *kernel, uint64_t node);
/* The first that became this value, or NULL. */
struct inode *inode_of_value(struct kernel *kernel, unsigned job, enum file file, const struct reply *value);
unsigned inodes_of_files(const struct kernel *kernel);
void inode_ref(struct inode *inode);
/* Takes NULL. The last one forgets it. */
void inode_unref(struct kernel *kernel, struct inode *inode);

/* The name stands for the inode from now on; for none: what was kept is dropped. */
void name_set(struct kernel *kernel, struct name *name, struct inode *inode, int64_t until_ms);
/* All names are dropped, as under memory pressure, and all pages. */
void kernel_drop(struct kernel *kernel);
/* The names of one job. */
void kernel_drop_job(struct kernel *kernel, unsigned job);

#endif
