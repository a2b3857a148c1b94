/* SPDX-License-Identifier: MIT */
#include "server.h"

#include "base/cleanup.h"
#include "base/timer.h"
#include "codec/timestamp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum {
    HUGE_HEADER = 120 << 10,
    MANY_HEADERS = 200,
    MANY_HEADER_SIZE = 1000,
    SEND_BUFFER = 512 << 10,
    CONNECTION_MEMORY = 32 << 10, /* all of it is cleared for each request: larger is slower */
    CONNECTIONS_MAX = 10000,
    BODY_BLOCK = 32 << 10,
    PEER_CHECK_MS = 1000,
    SLOW_BYTE_MS = 1000,
    PEM_MAX = 1 << 20,
    URL_SIZE = 128,
};

struct server {
    struct emulator *emulator;
    struct MHD_Daemon *daemon;
    struct timers timers;
    struct list suspended; /* exchanges whose connection libmicrohttpd does not look at now */
    struct timer peer_check;
    char *tls_cert;
    char *tls_key;
    char url[URL_SIZE];
};

enum state {
    STARTED, /* its headers are not there yet */
    RECEIVING,
    WAITING,   /* for its delay */
    HANGING,   /* for ever */
    TRICKLING, /* for its next byte */
    READY,
    ABORTED, /* its connection is to be closed */
};

/* One request and its answer. */
struct exchange {
    struct list node;
    struct server *server;
    struct MHD_Connection *connection;
    enum state state;
    char *uri;
    struct buf body;
    struct answer answer;
    struct timer timer;
    int64_t next_byte_ms;
};

/* --- suspending ------------------------------------------------------------------------------------------------ */

static void exchange_suspend(struct exchange *exchange, enum state state)
{
    exchange->state = state;
    MHD_suspend_connection(exchange->connection);
    list_remove(&exchange->node);
    list_insert(&exchange->server->suspended, &exchange->node);
}

static void exchange_resume(struct exchange *exchange, enum state state)
{
    exchange->state = state;
    timer_stop(&exchange->timer);
    list_remove(&exchange->node);
    MHD_resume_connection(exchange->connection);
}

static void on_timer(void *data) { exchange_resume(data, READY); }

/* Ends the requests that hang, or all that wait. */
static void server_release(struct server *server, bool all)
{
    list_each (node, after, &server->suspended) {
        struct exchange *exchange = list_item(node, struct exchange, node);
        if (all || exchange->state == HANGING)
            exchange_resume(exchange, ABORTED);
    }
}

static int exchange_fd(const struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

/* A client that gave up is not seen while its connection is suspended: look for it. */
static void on_peer_check(void *data)
{
    struct server *server = data;
    list_each (node, after, &server->suspended) {
        struct exchange *exchange = list_item(node, struct exchange, node);
        struct pollfd peer = { .fd = exchange_fd(exchange), .events = POLLRDHUP };
        if (exchange->state == HANGING && poll(&peer, 1, 0) > 0)
            exchange_resume(exchange, ABORTED);
    }
    timer_start(&server->timers, &server->peer_check, PEER_CHECK_MS);
}

/* RST at once: what is not sent yet is dropped. close() after a linger of 0 would send a FIN first. */
static void exchange_reset(const struct exchange *exchange)
{
    const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
    (void)connect(exchange_fd(exchange), &nowhere, sizeof nowhere);
}

/* --- answering ------------------------------------------------------------------------------------------------- */

/* Gives the next bytes of a body that is not sent as it should be. */
static ssize_t faulty_body(void *data, uint64_t at, char *to, size_t size)
{
    struct exchange *exchange = data;
    struct server *server = exchange->server;
    const struct buf *body = &exchange->answer.body;
    size_t left = at < body->len ? body->len - (size_t)at : 0;
    int64_t now_ms = clock_monotonic_ms(server->timers.clock);
    switch (exchange->answer.delivery) {
    case DELIVER_ENDLESSLY:
        memset(to, ' ', size);
        return (ssize_t)size;
    case DELIVER_SLOWLY:
        if (exchange->state == ABORTED || !left)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (now_ms < exchange->next_byte_ms) {
            exchange_suspend(exchange, TRICKLING);
            timer_start(&server->timers, &exchange->timer, exchange->next_byte_ms - now_ms);
            return 0;
        }
        exchange->next_byte_ms = now_ms + SLOW_BYTE_MS;
        *to = body->data[at];
        return 1;
    default:
        left = at < body->len / 2 ? body->len / 2 - (size_t)at : 0;
        if (!left && exchange->answer.delivery == DELIVER_RESET_BODY)
            exchange_reset(exchange);
        if (!left)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        left = left < size ? left : size;
        memcpy(to, body->data + at, left);
        return (ssize_t)left;
    }
}

static struct MHD_Response *response_make(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    struct MHD_Response *response;
    size_t len = answer->body.len;
    char *body;
    switch (answer->delivery) {
    case DELIVER_RESET_BODY:
    case DELIVER_TRUNCATED:
    case DELIVER_SLOWLY:
        return MHD_create_response_from_callback(len, BODY_BLOCK, faulty_body, exchange, NULL);
    case DELIVER_ENDLESSLY:
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BODY_BLOCK, faulty_body, exchange, NULL);
    default:
        if (!len)
            return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
        body = buf_steal(&answer->body);
        response = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
        if (!response)
            free(body);
        return response;
    }
}

/* Headers that have no room in libmicrohttpd's memory go past it, then the connection ends. */
static enum MHD_Result exchange_send_large(struct exchange *exchange)
{
    bool one = exchange->answer.delivery == DELIVER_HUGE_HEADER;
    int room = SEND_BUFFER;
    int fd = exchange_fd(exchange);
    struct buf BUF_CLEANUP text = BUF_INIT(SEND_BUFFER + ANSWER_MAX);
    FREE_CLEANUP char *value = malloc(HUGE_HEADER);
    if (!value)
        return MHD_NO;
    memset(value, 'x', HUGE_HEADER);
    buf_printf(&text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n", exchange->answer.body.len);
    for (int i = 0; i < (one ? 1 : MANY_HEADERS); i++) {
        buf_printf(&text, "X-Large-%d: ", i);
        buf_append(&text, value, one ? HUGE_HEADER : MANY_HEADER_SIZE);
        buf_append_str(&text, "\r\n");
    }
    buf_append_str(&text, "\r\n");
    buf_append(&text, buf_str(&exchange->answer.body), exchange->answer.body.len);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (!buf_error(&text))
        (void)send(fd, text.data, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    return MHD_NO;
}

static enum MHD_Result exchange_respond(struct exchange *exchange)
{
    const struct answer *answer = &exchange->answer;
    char date[TIMESTAMP_HTTP_SIZE];
    struct MHD_Response *response = response_make(exchange);
    if (!response)
        return MHD_NO;
    timestamp_format_http(emulator_time_ms(exchange->server->emulator), date);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_DATE, date);
    for (unsigned i = 0; i < answer->n_headers; i++)
        (void)MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    enum MHD_Result result = MHD_queue_response(exchange->connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result exchange_deliver(struct exchange *exchange)
{
    struct server *server = exchange->server;
    struct answer *answer = &exchange->answer;
    if (answer->releases)
        server_release(server, false);
    if (answer->delivery == DELIVER_NEVER) {
        exchange_suspend(exchange, HANGING);
        return MHD_YES;
    }
    if (answer->delay_ms > 0 && exchange->state == RECEIVING) {
        exchange_suspend(exchange, WAITING);
        timer_start(&server->timers, &exchange->timer, answer->delay_ms);
        return MHD_YES;
    }
    if (answer->delivery == DELIVER_RESET) {
        exchange_reset(exchange);
        return MHD_NO;
    }
    if (answer->delivery == DELIVER_HUGE_HEADER || answer->delivery == DELIVER_MANY_HEADERS)
        return exchange_send_large(exchange);
    return exchange_respond(exchange);
}

/* --- receiving ------------------------------------------------------------------------------------------------- */

struct received_headers {
    struct sigv4_header header[HEADERS_MAX];
    size_t n;
};

static enum MHD_Result on_header(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct received_headers *headers = data;
    (void)kind;
    if (headers->n == HEADERS_MAX)
        return MHD_NO;
    headers->header[headers->n++] = (struct sigv4_header){ name, value ? value : "" };
    return MHD_YES;
}

/* The first request of the service on a connection makes it count. */
static void count_connection(const struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    bool *counted = info ? info->socket_context : NULL;
    if (exchange->answer.is_control || !counted || *counted)
        return;
    *counted = true;
    exchange->server->emulator->counts.connections++;
}

static void on_connection(void *data, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)data;
    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = calloc(1, sizeof(bool));
    } else {
        free(*context);
        *context = NULL;
    }
}

static enum MHD_Result exchange_answer(struct exchange *exchange, const char *method)
{
    struct received_headers headers = { .n = 0 };
    char *query = strchr(exchange->uri, '?');
    if (query)
        *query++ = 0;
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, on_header, &headers);
    const struct request request = { .method = method,
                                     .path = exchange->uri,
                                     .query = query ? query : "",
                                     .headers = headers.header,
                                     .n_headers = headers.n,
                                     .body = buf_str(&exchange->body),
                                     .body_len = exchange->body.len };
    emulator_answer(exchange->server->emulator, &request, &exchange->answer);
    count_connection(exchange);
    return exchange_deliver(exchange);
}

static void *on_uri(void *data, const char *uri, struct MHD_Connection *connection)
{
    struct server *server = data;
    struct exchange *exchange = calloc(1, sizeof *exchange);
    char *copy = strdup(uri);
    if (!exchange || !copy) {
        free(exchange);
        free(copy);
        return NULL;
    }
    *exchange = (struct exchange){ .server = server, .connection = connection, .uri = copy };
    exchange->body = BUF_INIT(REQUEST_MAX);
    exchange->answer.body = BUF_INIT(ANSWER_MAX);
    list_init(&exchange->node);
    timer_init(&exchange->timer, on_timer, exchange);
    return exchange;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_len, void **context)
{
    struct exchange *exchange = *context;
    (void)data;
    (void)connection;
    (void)url;
    (void)version;
    if (!exchange || exchange->state == ABORTED)
        return MHD_NO;
    if (exchange->state == STARTED) { /* the first call only says that there is a request */
        exchange->state = RECEIVING;
        return MHD_YES;
    }
    if (exchange->state != RECEIVING)
        return exchange_deliver(exchange);
    if (*upload_len) {
        if (buf_append(&exchange->body, upload, *upload_len))
            return MHD_NO;
        *upload_len = 0;
        return MHD_YES;
    }
    return exchange_answer(exchange, method);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *context;
    (void)data;
    (void)connection;
    (void)code;
    if (!exchange)
        return;
    if (exchange->answer.delivery == DELIVER_RESET_AFTER)
        exchange_reset(exchange);
    list_remove(&exchange->node);
    timer_stop(&exchange->timer);
    buf_release(&exchange->body);
    buf_release(&exchange->answer.body);
    free(exchange->uri);
    free(exchange);
    *context = NULL;
}

/* --- the server itself ------------------------------------------------------------------------------------------ */

static char *read_pem(const char *path)
{
    struct buf BUF_CLEANUP text = BUF_INIT(PEM_MAX);
    char block[4096];
    FILE *file = fopen(path, "re");
    if (!file) {
        fprintf(stderr, "personalize-emulator: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        buf_append(&text, block, n);
    (void)fclose(file); /* only read */
    return buf_steal(&text);
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Only loopback addresses: what it serves is for this machine. */
static int address_read(const struct settings *settings, union address *address)
{
    uint16_t port = htons((uint16_t)settings->port);
    *address = (union address){ 0 };
    if (inet_pton(AF_INET, settings->listen, &address->v4.sin_addr) == 1 &&
        ntohl(address->v4.sin_addr.s_addr) >> 24 == 127) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = port;
        return 0;
    }
    if (inet_pton(AF_INET6, settings->listen, &address->v6.sin6_addr) == 1 &&
        IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr)) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = port;
        return 0;
    }
    fprintf(stderr, "personalize-emulator: %s is no loopback address\n", settings->listen);
    return -EINVAL;
}

static void url_make(struct server *server, const struct settings *settings)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    bool v6 = strchr(settings->listen, ':');
    snprintf(server->url, sizeof server->url, "%s://%s%.46s%s:%u", server->tls_key ? "https" : "http", v6 ? "[" : "",
             settings->listen, v6 ? "]" : "", info ? info->port : 0u);
}

static int daemon_start(struct server *server, const struct settings *settings)
{
    union address address;
    struct rlimit files;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    int error = address_read(settings, &address);
    if (error)
        return error;
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* fewer connections if it is not allowed */
    }
    if (address.any.sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    if (server->tls_key)
        flags |= MHD_USE_TLS;
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key },
        { MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls_cert },
        { MHD_OPTION_END, 0, NULL },
    };
    errno = 0;
    server->daemon = MHD_start_daemon(
        flags, (uint16_t)settings->port, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_ARRAY, server->tls_key ? tls : tls + 2, MHD_OPTION_END);
    if (!server->daemon) {
        fprintf(stderr, "personalize-emulator: cannot serve on %s port %lld: %s\n", settings->listen,
                (long long)settings->port, errno ? strerror(errno) : "is the certificate's key its own?");
        return errno ? -errno : -EINVAL;
    }
    url_make(server, settings);
    return 0;
}

int server_start(struct emulator *emulator, struct server **ret_server)
{
    const struct settings *settings = &emulator->settings;
    struct server *server = calloc(1, sizeof *server);
    if (!server)
        return -ENOMEM;
    server->emulator = emulator;
    timers_init(&server->timers, emulator->clock);
    list_init(&server->suspended);
    timer_init(&server->peer_check, on_peer_check, server);
    timer_start(&server->timers, &server->peer_check, PEER_CHECK_MS);
    int error = 0;
    if (settings->tls_key[0]) {
        server->tls_cert = read_pem(settings->tls_cert);
        server->tls_key = read_pem(settings->tls_key);
        error = server->tls_cert && server->tls_key ? 0 : -ENOENT;
    }
    if (!error)
        error = daemon_start(server, settings);
    if (error) {
        server_stop(server);
        return error;
    }
    *ret_server = server;
    return 0;
}

const char *server_url(const struct server *server) { return server->url; }

int server_run(struct server *server, int signal_fd)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info)
        return -ENOSYS;
    struct pollfd ready[] = { { .fd = info->epoll_fd, .events = POLLIN }, { .fd = signal_fd, .events = POLLIN } };
    for (;;) {
        MHD_UNSIGNED_LONG_LONG daemon_ms;
        int wait_ms = timers_wait_ms(&server->timers);
        if (MHD_get_timeout(server->daemon, &daemon_ms) == MHD_YES && (wait_ms < 0 || daemon_ms < (unsigned)wait_ms))
            wait_ms = (int)daemon_ms;
        if (poll(ready, 2, wait_ms) < 0 && errno != EINTR)
            return -errno;
        if (ready[1].revents)
            return 0;
        timers_run(&server->timers);
        if (MHD_run(server->daemon) != MHD_YES)
            return -EIO;
    }
}

void server_stop(struct server *server)
{
    if (!server)
        return;
    timer_stop(&server->peer_check);
    if (server->daemon) {
        server_release(server, true);
        (void)MHD_run(server->daemon);
        MHD_stop_daemon(server->daemon);
    }
    free(server->tls_cert);
    if (server->tls_key)
        explicit_bzero(server->tls_key, strlen(server->tls_key));
    free(server->tls_key);
    free(server);
}
