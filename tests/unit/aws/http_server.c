/* SPDX-License-Identifier: MIT */
#include "http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads one request, whole. False where the peer ended or the test did. */
static bool read_request(struct server *server, int fd)
{
    size_t len = 0, want = 0;
    while (len < REQUEST_SIZE - 1) {
        struct pollfd fds[] = { { fd, POLLIN, 0 }, { server->stop[0], POLLIN, 0 } };
        if (poll(fds, 2, -1) < 0 || fds[1].revents)
            return false;
        ssize_t n = read(fd, server->request + len, REQUEST_SIZE - 1 - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        server->request[len] = 0;
        const char *end = strstr(server->request, "\r\n\r\n");
        if (!end)
            continue;
        const char *length = strcasestr(server->request, "\r\nContent-Length:");
        want = (size_t)(end + 4 - server->request);
        if (length && length < end)
            want += strtoul(length + 17, NULL, 10);
        if (len >= want)
            return true;
    }
    return false;
}

/* Closing sends a reset then, not an end. */
static void reset_on_close(int fd)
{
    struct linger reset = { .l_onoff = 1 };
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

static void serve_connection(struct server *server, int fd)
{
    if (server->ending == RESET_AT_ONCE) {
        struct pollfd fds[] = { { fd, POLLIN, 0 }, { server->stop[0], POLLIN, 0 } };
        (void)poll(fds, 2, -1);
        reset_on_close(fd);
        return;
    }
    while (read_request(server, fd)) {
        server->requests++;
        for (size_t at = 0; at < server->answer_len;) {
            ssize_t n = send(fd, server->answer + at, server->answer_len - at, MSG_NOSIGNAL);
            if (n <= 0)
                return;
            at += (size_t)n;
        }
        if (server->ending == KEEP)
            continue;
        if (server->ending == RESET) {
            usleep(50000); /* what was sent is read before the reset discards it */
            reset_on_close(fd);
        }
        struct pollfd wait[] = { { fd, POLLRDHUP, 0 }, { server->stop[0], POLLIN, 0 } };
        if (server->ending == HANG)
            (void)poll(wait, 2, -1); /* until the peer has gone */
        return;
    }
}

static void *serve(void *data)
{
    struct server *server = data;
    for (;;) {
        struct pollfd fds[] = { { server->listener, POLLIN, 0 }, { server->stop[0], POLLIN, 0 } };
        if (poll(fds, 2, -1) < 0 || fds[1].revents)
            return NULL;
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            continue;
        server->connections++;
        serve_connection(server, fd);
        (void)close(fd);
    }
}

void server_start(struct server *server, const char *answer, size_t len, enum ending ending)
{
    *server = (struct server){ .answer = answer, .answer_len = len, .ending = ending };
    server->request = calloc(1, REQUEST_SIZE);
    assert_non_null(server->request);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pipe(server->stop), 0);
    if (ending != SILENT)
        assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

void server_stop(struct server *server)
{
    (void)close(server->stop[1]);
    if (server->ending != SILENT)
        (void)pthread_join(server->thread, NULL);
    (void)close(server->stop[0]);
    (void)close(server->listener);
    free(server->request);
}

static const char *const asked_headers[] = { "x-one", "X-TWICE", "X-Absent" };

void on_done(void *data, const struct http_response *response, const struct error *error)
{
    struct outcome *outcome = data;
    outcome->calls++;
    if (!response) {
        assert_non_null(error);
        outcome->error = *error;
        return;
    }
    assert_null(error);
    outcome->status = response->status;
    outcome->body_len = response->body->len;
    (void)snprintf(outcome->body, sizeof outcome->body, "%s", buf_str(response->body));
    for (int i = 0; i < 3; i++) {
        const char *value = response->header(response, asked_headers[i]);
        (void)snprintf(outcome->header[i], sizeof outcome->header[i], "%s", value ? value : "(none)");
    }
}

struct http *http_make_with(const char *ca_bundle, const struct proxies *proxies)
{
    struct http *http = NULL;
    struct error error;
    struct http_settings settings = {
        .user_agent = "test/1", .ca_bundle = ca_bundle, .proxies = proxies, .max_connections = 8
    };
    assert_int_equal(http_curl_new(&settings, &http, &error), 0);
    return http;
}

struct http *http_make(const char *ca_bundle) { return http_make_with(ca_bundle, NULL); }

int64_t now_ms(void) { return clock_monotonic_ms(&clock_system); }

void run_until_done(struct http *http, const struct outcome *outcome)
{
    int64_t end_ms = now_ms() + PATIENCE_MS;
    while (!outcome->calls && now_ms() < end_ms) {
        assert_int_equal(http_curl_wait(http, NULL, 0, 1000), 0);
        http_curl_run(http);
    }
    assert_int_equal(outcome->calls, 1);
}

struct http_request request_to(char url[64], uint16_t port)
{
    (void)snprintf(url, 64, "http://127.0.0.1:%u/", port);
    return (struct http_request){ .method = "POST",
                                  .url = url,
                                  .body = "{}",
                                  .body_len = 2,
                                  .timeout_ms = 2000,
                                  .connect_timeout_ms = 1000,
                                  .max_body = 1000 };
}

void ask(struct http *http, const struct http_request *request, struct outcome *outcome)
{
    struct http_transfer *transfer = NULL;
    *outcome = (struct outcome){ 0 };
    assert_int_equal(http->start(http, request, on_done, outcome, &transfer), 0);
    assert_non_null(transfer);
    assert_int_equal(outcome->calls, 0); /* never from within */
    run_until_done(http, outcome);
}

void url_to_https(char *url)
{
    memmove(url + 5, url + 4, strlen(url + 4) + 1);
    url[4] = 's';
}
