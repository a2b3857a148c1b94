/* SPDX-License-Identifier: MIT */
#include "aws/http.h"

#include "aws/failure.h"
#include "aws/proxy.h"
#include "base/cleanup.h"
#include "base/list.h"
#include "base/log.h"
#include "base/wiped.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_HEADER_BYTES = 64 << 10, /* of one answer: AWS's have 1 KiB, and libcurl 7.88 bounds single lines only */
    MAX_HEADERS = 256,
    KEPT_BODY_BYTES = 64 << 10, /* an idle transfer keeps a buffer up to this size */
    SENT_AT_ONCE = 16 << 10, /* libcurl's least, and more than a request: its usual 64 KiB would be wiped each time */
    MAX_FDS = 16
};

struct curl_http {
    struct http http;
    struct http_settings settings; /* its strings are copies */
    CURLM *multi;
    struct list active;
    struct list idle; /* transfers to be used again, at most max_connections */
    int n_idle;
    bool flushed; /* since http_curl_run() began */
};

struct http_transfer {
    struct list node;
    CURL *easy;
    struct curl_slist *headers;
    struct buf sent; /* the request's body */
    struct buf body; /* of the answer */
    size_t header_bytes;
    unsigned n_headers;
    const char *refused; /* why a call back of ours ended it; NULL if none did */
    char text[CURL_ERROR_SIZE];
    int64_t timeout_ms;
    int64_t connect_timeout_ms;
    size_t max_body;
    http_done_fn *done;
    void *data;
};

/* libcurl 7.88 says CURLE_OUT_OF_MEMORY for a header line beyond its limit too. With its allocator wrapped we know
 * whether memory was short. Atomic, since its resolver thread allocates as well. And what it gives back is wiped:
 * request headers with the session token go through its buffers. */
static atomic_bool memory_was_short;

static void *noting(void *pointer, size_t size)
{
    if (!pointer && size)
        atomic_store(&memory_was_short, true);
    return pointer;
}
static void *noting_malloc(size_t size) { return noting(wiped_malloc(size), size); }
static void *noting_calloc(size_t n, size_t size) { return noting(wiped_calloc(n, size), n && size); }
static void *noting_realloc(void *old, size_t size) { return noting(wiped_realloc(old, size), size); }
static char *noting_strdup(const char *text) { return noting(wiped_strdup(text), 1); }

/* A service that refuses a signature quotes all that was signed, the session token too. */
static void body_guard(struct http_transfer *transfer)
{
    long status = 0;
    if (transfer->body.len || transfer->body.secret)
        return;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 400)
        return;
    buf_release(&transfer->body);
    transfer->body.secret = true;
    if (transfer->max_body > HTTP_ERROR_BODY_MAX)
        transfer->body.max = transfer->max_body = HTTP_ERROR_BODY_MAX;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *data)
{
    struct http_transfer *transfer = data;
    body_guard(transfer);
    int error = buf_append(&transfer->body, bytes, size * n);
    if (error)
        transfer->refused = error == -ENOMEM ? FAILURE_MEMORY : FAILURE_TOO_LARGE;
    return error ? 0 : size * n;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t on_header(char *bytes, size_t size, size_t n, void *data)
{
    struct http_transfer *transfer = data;
    (void)bytes;
    transfer->header_bytes += size * n;
    if (transfer->header_bytes > MAX_HEADER_BYTES || ++transfer->n_headers > MAX_HEADERS) {
        transfer->refused = FAILURE_TOO_LARGE;
        return 0;
    }
    return size * n;
}

static void headers_free(struct http_transfer *transfer)
{
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
}

static void transfer_free(struct http_transfer *transfer)
{
    if (!transfer)
        return;
    if (transfer->easy)
        curl_easy_cleanup(transfer->easy);
    headers_free(transfer);
    buf_release(&transfer->sent);
    buf_release(&transfer->body);
    free(transfer);
}

#define SET(easy, option, value)                                    \
    do {                                                            \
        CURLcode set_ = curl_easy_setopt(easy, option, value);      \
        if (set_)                                                   \
            return set_ == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL; \
    } while (0)

/* What is the same for every request. */
static int set_common(struct curl_http *self, struct http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    SET(easy, CURLOPT_PRIVATE, transfer);
    SET(easy, CURLOPT_ERRORBUFFER, transfer->text);
    SET(easy, CURLOPT_WRITEFUNCTION, on_body);
    SET(easy, CURLOPT_WRITEDATA, transfer);
    SET(easy, CURLOPT_HEADERFUNCTION, on_header);
    SET(easy, CURLOPT_HEADERDATA, transfer);
    SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_QUICK_EXIT, 1L); /* else ending it joins the resolver's thread: seconds */
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* connections are the unit of concurrency */
    SET(easy, CURLOPT_PIPEWAIT, 0L);
    SET(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SENT_AT_ONCE);
    SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    if (self->settings.ca_bundle) {
        SET(easy, CURLOPT_CAINFO, self->settings.ca_bundle);
        SET(easy, CURLOPT_PROXY_CAINFO, self->settings.ca_bundle);
    }
    if (self->settings.user_agent)
        SET(easy, CURLOPT_USERAGENT, self->settings.user_agent);
    return 0;
}

static struct http_transfer *transfer_get(struct curl_http *self)
{
    if (!list_empty(&self->idle)) {
        struct http_transfer *transfer = list_item(self->idle.next, struct http_transfer, node);
        list_remove(&transfer->node);
        self->n_idle--;
        return transfer;
    }
    struct http_transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer)
        return NULL;
    list_init(&transfer->node);
    transfer->easy = curl_easy_init();
    if (!transfer->easy || set_common(self, transfer)) {
        transfer_free(transfer);
        return NULL;
    }
    return transfer;
}

/* Takes one that is in no list and not in the multi handle. */
static void transfer_put(struct curl_http *self, struct http_transfer *transfer)
{
    headers_free(transfer);
    bool secret = transfer->body.secret; /* libcurl has read it into a buffer that it keeps with the handle */
    if (secret || self->n_idle >= self->settings.max_connections) {
        transfer_free(transfer);
        return;
    }
    buf_release(&transfer->sent);
    if (transfer->body.room > KEPT_BODY_BYTES)
        buf_release(&transfer->body);
    list_insert(&self->idle, &transfer->node);
    self->n_idle++;
}

static int header_append(struct http_transfer *transfer, const char *line)
{
    struct curl_slist *headers = curl_slist_append(transfer->headers, line);
    if (!headers)
        return -ENOMEM;
    transfer->headers = headers;
    return 0;
}

/* A control character in a header would end it and begin another. */
static bool header_is_sound(const struct http_header *header)
{
    if (!*header->name)
        return false;
    for (const char *at = header->name; *at; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at > '~' || *at == ':' || *at == ';')
            return false;
    for (const char *at = header->value; *at; at++)
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f)
            return false;
    return true;
}

static int set_headers(struct http_transfer *transfer, const struct http_request *request)
{
    bool has_type = false;
    for (size_t i = 0; i < request->n_headers; i++) {
        const struct http_header *header = &request->headers[i];
        if (!header_is_sound(header))
            return -EINVAL;
        has_type |= strcasecmp(header->name, "Content-Type") == 0;
        BUF_CLEANUP struct buf line = BUF_INIT_SECRET(MAX_HEADER_BYTES);
        int error = *header->value ? buf_printf(&line, "%s: %s", header->name, header->value)
                                   : buf_printf(&line, "%s;", header->name);
        error = error == -EMSGSIZE ? -EINVAL : error ? error : header_append(transfer, buf_str(&line));
        if (error)
            return error;
    }
    int error = header_append(transfer, "Expect:"); /* libcurl's own are taken out */
    if (!error && !has_type)
        error = header_append(transfer, "Content-Type:");
    if (error)
        return error;
    SET(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    return 0;
}

/* Always said, so that libcurl looks for none itself: "" is none. */
static int set_proxy(const struct curl_http *self, CURL *easy, const struct http_request *request)
{
    static const struct proxies none;
    const struct proxies *proxies = self->settings.proxies && !request->direct ? self->settings.proxies : &none;
    bool plain = strncasecmp(request->url, "https:", 6) != 0;
    const struct proxy *proxy = plain ? &proxies->http : &proxies->https;
    const char *no_proxy = plain ? proxies->no_proxy_plain : proxies->no_proxy;
    SET(easy, CURLOPT_PROXY, proxy->url ? proxy->url : "");
    SET(easy, CURLOPT_PROXYUSERNAME, proxy->user);
    SET(easy, CURLOPT_PROXYPASSWORD, proxy->password);
    SET(easy, CURLOPT_NOPROXY, no_proxy ? no_proxy : "");
    return 0;
}

static int set_request(const struct curl_http *self, struct http_transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->easy;
    if (strcmp(request->method, "GET") == 0) {
        SET(easy, CURLOPT_CUSTOMREQUEST, NULL);
        SET(easy, CURLOPT_HTTPGET, 1L);
    } else if (strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0) {
        SET(easy, CURLOPT_POST, 1L);
        transfer->sent = (struct buf){ .max = request->body_len, .secret = request->secret };
        if (buf_append(&transfer->sent, request->body, request->body_len))
            return -ENOMEM;
        SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        SET(easy, CURLOPT_POSTFIELDS, buf_str(&transfer->sent)); /* not copied: we wipe it ourselves */
        SET(easy, CURLOPT_CUSTOMREQUEST, request->method[1] == 'U' ? "PUT" : NULL);
    } else {
        return -EINVAL;
    }
    SET(easy, CURLOPT_URL, request->url);
    SET(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    int error = set_proxy(self, easy, request);
    return error ? error : set_headers(transfer, request);
}

static int curl_start(struct http *http, const struct http_request *request, http_done_fn *done, void *data,
                      struct http_transfer **ret_transfer)
{
    struct curl_http *self = (struct curl_http *)(void *)http;
    if (request->timeout_ms <= 0 || request->timeout_ms > INT_MAX || request->connect_timeout_ms <= 0 ||
        request->connect_timeout_ms > INT_MAX)
        return -EINVAL;
    struct http_transfer *transfer = transfer_get(self);
    if (!transfer)
        return -ENOMEM;
    if (request->secret)
        buf_release(&transfer->body);
    buf_clear(&transfer->body);
    transfer->body.secret = request->secret;
    transfer->body.max = transfer->max_body = request->max_body;
    transfer->header_bytes = 0;
    transfer->n_headers = 0;
    transfer->refused = NULL;
    transfer->text[0] = 0;
    transfer->timeout_ms = request->timeout_ms;
    transfer->connect_timeout_ms = request->connect_timeout_ms;
    transfer->done = done;
    transfer->data = data;
    int error = set_request(self, transfer, request);
    if (!error && curl_multi_add_handle(self->multi, transfer->easy))
        error = -ENOMEM;
    if (error) {
        transfer_put(self, transfer);
        return error;
    }
    list_insert(&self->active, &transfer->node);
    *ret_transfer = transfer;
    return 0;
}

static void curl_cancel(struct http *http, struct http_transfer *transfer)
{
    struct curl_http *self = (struct curl_http *)(void *)http;
    (void)curl_multi_remove_handle(self->multi, transfer->easy);
    list_remove(&transfer->node);
    transfer_put(self, transfer);
}

static const char *failure_of_errno(int number)
{
    switch (number) {
    case ECONNREFUSED:
        return FAILURE_REFUSED;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
        return FAILURE_RESET;
    case ETIMEDOUT:
        return FAILURE_CONNECT_TIMEOUT;
    default: /* no route, network down, refused by a local firewall (EACCES, EPERM) */
        return FAILURE_NO_ROUTE;
    }
}

static const char *failure_of_timeout(CURL *easy)
{
    curl_off_t resolved_us = 0, connected_us = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved_us);
    (void)curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    return !resolved_us ? FAILURE_NOT_RESOLVED : !connected_us ? FAILURE_CONNECT_TIMEOUT : FAILURE_ATTEMPT_TIMEOUT;
}

static const char *failure_of_code(struct http_transfer *transfer, CURLcode code, long os_errno, long proxy_status)
{
    if (transfer->refused)
        return transfer->refused;
    if (proxy_status >= 400) /* what a proxy said to CONNECT */
        return proxy_status < 500 ? FAILURE_PROXY : FAILURE_NO_ROUTE;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return FAILURE_NOT_RESOLVED;
    case CURLE_COULDNT_CONNECT:
        return failure_of_errno((int)os_errno);
    case CURLE_OPERATION_TIMEDOUT:
        return failure_of_timeout(transfer->easy);
    case CURLE_PROXY:
        return FAILURE_PROXY;
    case CURLE_SSL_CONNECT_ERROR:
        return os_errno == ECONNRESET || os_errno == EPIPE ? FAILURE_RESET : FAILURE_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
        return FAILURE_TLS;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return FAILURE_RESET;
    case CURLE_PARTIAL_FILE:
        return FAILURE_TRUNCATED;
    case CURLE_OUT_OF_MEMORY:
        return atomic_load(&memory_was_short) ? FAILURE_MEMORY : FAILURE_TOO_LARGE;
    case CURLE_FAILED_INIT:
        return FAILURE_MEMORY;
    default: /* CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL (HTTP/0.9), ... */
        return FAILURE_NOT_PROTOCOL;
    }
}

static void set_error(struct http_transfer *transfer, CURLcode code, struct error *error)
{
    long os_errno = 0, proxy_status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_errno);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    const char *failure = failure_of_code(transfer, code, os_errno, proxy_status);
    if (strcmp(failure, FAILURE_TOO_LARGE) == 0 && transfer->body.error)
        (void)failure_set(error, failure, "the answer has more than %zu bytes", transfer->max_body);
    else if (strcmp(failure, FAILURE_TOO_LARGE) == 0)
        (void)failure_set(error, failure, "the answer's headers have more than %d bytes or %d lines", MAX_HEADER_BYTES,
                          MAX_HEADERS);
    else
        (void)failure_set(error, failure, "%s", transfer->text[0] ? transfer->text : curl_easy_strerror(code));
}

static const char *response_header(const struct http_response *response, const char *name)
{
    struct curl_header *header = NULL;
    CURL *easy = (CURL *)(uintptr_t)response->headers; /* libcurl's getters take no const handle */
    if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header))
        return NULL;
    if (header->amount > 1 && curl_easy_header(easy, name, header->amount - 1, CURLH_HEADER, -1, &header))
        return NULL;
    return header->value;
}

static void transfer_finish(struct curl_http *self, struct http_transfer *transfer, CURLcode code)
{
    long status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    list_remove(&transfer->node);
    if (code) {
        struct error error;
        set_error(transfer, code, &error);
        transfer->done(transfer->data, NULL, &error);
    } else {
        struct http_response response = {
            .status = (int)status, .body = &transfer->body, .header = response_header, .headers = transfer->easy
        };
        transfer->done(transfer->data, &response, NULL);
    }
    transfer_put(self, transfer);
}

static void perform(struct curl_http *self)
{
    int running = 0;
    CURLMcode code = curl_multi_perform(self->multi, &running);
    if (code)
        log_error("libcurl: %s", curl_multi_strerror(code));
}

/* Once in a run: what it brings in is handled in the same run, and would keep that from ending. */
static void curl_flush(struct http *http)
{
    struct curl_http *self = (struct curl_http *)(void *)http;
    if (self->flushed)
        return;
    self->flushed = true;
    perform(self);
}

void http_curl_run(struct http *http)
{
    struct curl_http *self = (struct curl_http *)(void *)http;
    int left = 0;
    const CURLMsg *message;
    self->flushed = false;
    perform(self);
    while ((message = curl_multi_info_read(self->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode result = message->data.result; /* the message is gone with the handle */
        char *transfer = NULL;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
        (void)curl_multi_remove_handle(self->multi, easy);
        transfer_finish(self, (struct http_transfer *)(void *)transfer, result);
    }
    atomic_store(&memory_was_short, false);
}

int http_curl_wait(struct http *http, struct pollfd *fds, unsigned n, int timeout_ms)
{
    struct curl_http *self = (struct curl_http *)(void *)http;
    struct curl_waitfd extra[MAX_FDS];
    if (n > MAX_FDS)
        return -EINVAL;
    for (unsigned i = 0; i < n; i++) {
        short events = fds[i].events;
        extra[i] = (struct curl_waitfd){ .fd = fds[i].fd,
                                         .events = (short)((events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                                                           (events & POLLPRI ? CURL_WAIT_POLLPRI : 0) |
                                                           (events & POLLOUT ? CURL_WAIT_POLLOUT : 0)) };
    }
    CURLMcode code = curl_multi_poll(self->multi, extra, n, timeout_ms < 0 ? INT_MAX : timeout_ms, NULL);
    if (code)
        return code == CURLM_OUT_OF_MEMORY ? -ENOMEM : -EIO;
    /* curl_waitfd cannot say POLLERR or POLLHUP, which is all that an unmounted FUSE descriptor ever has. */
    return poll(fds, n, 0) < 0 && errno != EINTR ? -errno : 0;
}

static int settings_copy(struct http_settings *to, const struct http_settings *from)
{
    *to = (struct http_settings){ .max_connections = from->max_connections, .proxies = from->proxies };
    to->user_agent = from->user_agent ? strdup(from->user_agent) : NULL;
    to->ca_bundle = from->ca_bundle ? strdup(from->ca_bundle) : NULL;
    return (from->user_agent && !to->user_agent) || (from->ca_bundle && !to->ca_bundle) ? -ENOMEM : 0;
}

static int multi_new(struct curl_http *self)
{
    long connections = self->settings.max_connections;
    self->multi = curl_multi_init();
    return self->multi && !curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, connections) &&
                   !curl_multi_setopt(self->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections) &&
                   !curl_multi_setopt(self->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING)
               ? 0
               : -ENOMEM;
}

int http_curl_new(const struct http_settings *settings, struct http **ret_http, struct error *error)
{
    if (settings->max_connections < 1)
        return error_set(error, EINVAL, NULL, "at least one connection is needed");
    if (settings->ca_bundle && access(settings->ca_bundle, R_OK)) {
        int number = errno;
        return error_set(error, number, NULL, "the CA bundle %s: %s", settings->ca_bundle, strerror(number));
    }
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, noting_malloc, wiped_free, noting_realloc, noting_strdup,
                             noting_calloc))
        return failure_set(error, FAILURE_MEMORY, "libcurl does not start");
    struct curl_http *self = calloc(1, sizeof *self);
    if (!self) {
        curl_global_cleanup();
        return failure_set(error, FAILURE_MEMORY, "out of memory");
    }
    list_init(&self->active);
    list_init(&self->idle);
    self->http = (struct http){ .start = curl_start, .cancel = curl_cancel, .flush = curl_flush };
    if (settings_copy(&self->settings, settings) || multi_new(self)) {
        http_curl_free(&self->http);
        return failure_set(error, FAILURE_MEMORY, "out of memory");
    }
    *ret_http = &self->http;
    return 0;
}

void http_curl_free(struct http *http)
{
    struct curl_http *self = (struct curl_http *)(void *)http;
    if (!self)
        return;
    list_each (node, after, &self->active)
        curl_cancel(http, list_item(node, struct http_transfer, node));
    list_each (node, after, &self->idle)
        transfer_free(list_item(node, struct http_transfer, node));
    if (self->multi)
        (void)curl_multi_cleanup(self->multi);
    free((char *)(uintptr_t)self->settings.user_agent);
    free((char *)(uintptr_t)self->settings.ca_bundle);
    free(self);
    curl_global_cleanup();
}

const char *http_version(void) { return curl_version_info(CURLVERSION_NOW)->version; }
