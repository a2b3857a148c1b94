/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include "base/secret.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void buf_free(struct buf *buf)
{
    if (buf->secret)
        secret_free(buf->data);
    else
        free(buf->data);
    *buf = (struct buf){ .max = buf->max, .secret = buf->secret };
}

void buf_release(struct buf *buf) { buf_free(buf); }

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->error = 0;
    if (buf->data)
        buf->data[0] = 0;
}

/* realloc(3) would leave a copy behind. */
static char *secret_move(const struct buf *buf, size_t room)
{
    char *data = secret_alloc(room);
    if (data && buf->data) {
        memcpy(data, buf->data, buf->len + 1);
        secret_free(buf->data);
    }
    return data;
}

static int buf_grow(struct buf *buf, size_t len)
{
    if (buf->error)
        return buf->error;
    if (len > buf->max - buf->len)
        return buf->error = -EMSGSIZE;
    size_t need = buf->len + len + 1;
    if (need <= buf->room)
        return 0;
    size_t room = buf->room ? buf->room : 64;
    while (room < need)
        room *= 2;
    char *data = buf->secret ? secret_move(buf, room) : realloc(buf->data, room);
    if (!data)
        return buf->error = -ENOMEM;
    buf->data = data;
    buf->room = room;
    return 0;
}

int buf_append(struct buf *buf, const void *bytes, size_t len)
{
    int error = buf_grow(buf, len);
    if (error)
        return error;
    if (len)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = 0;
    return 0;
}

int buf_append_char(struct buf *buf, char c) { return buf_append(buf, &c, 1); }

int buf_append_str(struct buf *buf, const char *text) { return buf_append(buf, text, strlen(text)); }

int buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return buf->error = -EINVAL;
    int error = buf_grow(buf, (size_t)len);
    if (error)
        return error;
    va_start(args, format);
    (void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
    return 0;
}

int buf_error(const struct buf *buf) { return buf->error; }

const char *buf_str(const struct buf *buf) { return buf->data ? buf->data : ""; }

char *buf_steal(struct buf *buf)
{
    if (buf->error)
        return NULL;
    char *data = buf->data;
    buf->data = NULL;
    buf_free(buf);
    return data;
}
