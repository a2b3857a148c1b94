/* SPDX-License-Identifier: MIT */
/* http against servers that behave as a table's row says, on 127.0.0.1, over plain sockets and over TLS. */
#include "aws/failure.h"
#include "aws/http.h"
#include "base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <microhttpd.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

enum { PATIENCE_MS = 8000 };

enum ending { KEEP, CLOSE, RESET, HANG, SILENT };

/* A server in a thread: answers every request with `answer`, and then does what `ending` says. */
struct server {
    int listener;
    uint16_t port;
    int stop[2]; /* closing [1] ends the thread */
    pthread_t thread;
    const char *answer;
    size_t answer_len;
    enum ending ending;
    _Atomic int connections;
    _Atomic int requests;
    char request[16384]; /* the last one, headers and body */
};

/* Reads one request, whole. False where the peer ended or the test did. */
static bool read_request(struct server *server, int fd)
{
    size_t len = 0, want = 0;
    while (len < sizeof server->request - 1) {
        struct pollfd fds[] = { { fd, POLLIN, 0 }, { server->stop[0], POLLIN, 0 } };
        if (poll(fds, 2, -1) < 0 || fds[1].revents)
            return false;
        ssize_t n = read(fd, server->request + len, sizeof server->request - 1 - len);
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

static void serve_connection(struct server *server, int fd)
{
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
        struct linger reset = { .l_onoff = 1 };
        if (server->ending == RESET) {
            usleep(50000); /* what was sent is read before the reset discards it */
            (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
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

static void server_start(struct server *server, const char *answer, size_t len, enum ending ending)
{
    *server = (struct server){ .answer = answer, .answer_len = len, .ending = ending };
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

static void server_stop(struct server *server)
{
    (void)close(server->stop[1]);
    if (server->ending != SILENT)
        (void)pthread_join(server->thread, NULL);
    (void)close(server->stop[0]);
    (void)close(server->listener);
}

/* What came of a request. */
struct outcome {
    int calls;
    int status; /* 0: error */
    struct error error;
    char body[256]; /* its beginning */
    size_t body_len;
    char header[3][64]; /* of what the request asked for */
};

static const char *const asked_headers[] = { "x-one", "X-TWICE", "X-Absent" };

static void on_done(void *data, const struct http_response *response, const struct error *error)
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

static struct http *http_make(const char *ca_bundle)
{
    struct http *http = NULL;
    struct error error;
    struct http_settings settings = { .user_agent = "test/1", .ca_bundle = ca_bundle, .max_connections = 8 };
    assert_int_equal(http_curl_new(&settings, &http, &error), 0);
    return http;
}

static int64_t now_ms(void) { return clock_monotonic_ms(&clock_system); }

static void run_until_done(struct http *http, const struct outcome *outcome)
{
    int64_t end_ms = now_ms() + PATIENCE_MS;
    while (!outcome->calls && now_ms() < end_ms) {
        assert_int_equal(http_curl_wait(http, NULL, 0, 1000), 0);
        http_curl_run(http);
    }
    assert_int_equal(outcome->calls, 1);
}

static struct http_request request_to(char url[64], uint16_t port)
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

static void ask(struct http *http, const struct http_request *request, struct outcome *outcome)
{
    struct http_transfer *transfer = NULL;
    *outcome = (struct outcome){ 0 };
    assert_int_equal(http->start(http, request, on_done, outcome, &transfer), 0);
    assert_non_null(transfer);
    assert_int_equal(outcome->calls, 0); /* never from within */
    run_until_done(http, outcome);
}

static void test_request_and_answer(void **state)
{
    static const char answer[] =
        "HTTP/1.1 100 Continue\r\nX-One: not this\r\n\r\n"
        "HTTP/1.1 400 Bad\r\nX-One: 1\r\nx-twice: a\r\nX-Twice: b\r\nContent-Length: 5\r\n\r\nhe\0lo";
    static const struct http_header headers[] = { { "Host", "personalize.example" },
                                                  { "X-Amz-Target", "A.B" },
                                                  { "X-Empty", "" },
                                                  { "X-Utf8", "\xc3\xa9" },
                                                  { "Content-Type", "application/x-amz-json-1.1" } };
    (void)state;
    struct server server;
    struct outcome outcome;
    char url[64];
    server_start(&server, answer, sizeof answer - 1, KEEP);
    struct http *http = http_make(NULL);
    struct http_request request = request_to(url, server.port);
    request.headers = headers;
    request.n_headers = sizeof headers / sizeof *headers;
    ask(http, &request, &outcome);
    assert_int_equal(outcome.status, 400);
    assert_int_equal(outcome.body_len, 5);
    assert_string_equal(outcome.header[0], "1");
    assert_string_equal(outcome.header[1], "b");
    assert_string_equal(outcome.header[2], "(none)");

    assert_memory_equal(server.request, "POST / HTTP/1.1\r\n", 17);
    assert_non_null(strstr(server.request, "\r\nHost: personalize.example\r\n"));
    assert_non_null(strstr(server.request, "\r\nX-Amz-Target: A.B\r\n"));
    assert_non_null(strstr(server.request, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(server.request, "\r\nX-Utf8: \xc3\xa9\r\n"));
    assert_non_null(strstr(server.request, "\r\nContent-Type: application/x-amz-json-1.1\r\n"));
    assert_non_null(strstr(server.request, "\r\nUser-Agent: test/1\r\n"));
    assert_non_null(strstr(server.request, "\r\nContent-Length: 2\r\n"));
    assert_non_null(strstr(server.request, "\r\n\r\n{}"));
    assert_null(strcasestr(server.request, "127.0.0.1"));
    assert_null(strcasestr(server.request, "\r\nExpect"));
    assert_null(strcasestr(server.request, "\r\nAccept-Encoding"));
    assert_null(strcasestr(server.request, "\r\nCookie"));
    http_curl_free(http);
    server_stop(&server);
}

/* One handle after another asks: nothing of a request is left in the next, and the connection is kept. */
static void test_methods_and_reuse(void **state)
{
    static const struct http_header secret[] = { { "X-Secret", "s" } };
    (void)state;
    struct server server;
    struct outcome outcome;
    char url[64];
    server_start(&server, OK_ANSWER, sizeof OK_ANSWER - 1, KEEP);
    struct http *http = http_make(NULL);
    static const char *const methods[] = { "POST", "PUT", "GET", "POST", "GET", "PUT" };
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct http_request request = request_to(url, server.port);
        request.method = methods[i];
        if (i == 0) {
            request.headers = secret;
            request.n_headers = 1;
        }
        ask(http, &request, &outcome);
        assert_int_equal(outcome.status, 200);
        assert_string_equal(outcome.body, "ok");
        assert_memory_equal(server.request, methods[i], strlen(methods[i]));
        assert_true(!strstr(server.request, "X-Secret") == (i != 0));
        assert_null(strstr(server.request, "Content-Type"));
        assert_true(!strstr(server.request, "{}") == (methods[i][0] == 'G'));
    }
    assert_int_equal(server.connections, 1);
    assert_int_equal(server.requests, 6);
    http_curl_free(http);
    server_stop(&server);
}

static void test_refused_requests(void **state)
{
    static const struct http_header bad[] = { { "X-A", "1\r\nX-B: 2" }, { "X-A", "1\n" },
                                              { "X-A\r\nX-B", "1" },    { "", "1" },
                                              { "X A", "1" },           { "X-A:", "1" },
                                              { "X-A;", "1" },          { "X-A", "\x7f" } };
    (void)state;
    struct http *http = http_make(NULL);
    struct http_transfer *transfer;
    struct outcome outcome = { 0 };
    char url[64];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http_request request = request_to(url, 9);
        request.headers = &bad[i];
        request.n_headers = 1;
        assert_int_equal(http->start(http, &request, on_done, &outcome, &transfer), -EINVAL);
    }
    struct http_request request = request_to(url, 9);
    request.timeout_ms = 0;
    assert_int_equal(http->start(http, &request, on_done, &outcome, &transfer), -EINVAL);
    request = request_to(url, 9);
    request.method = "DELETE";
    assert_int_equal(http->start(http, &request, on_done, &outcome, &transfer), -EINVAL);
    http_curl_run(http);
    assert_int_equal(outcome.calls, 0);
    http_curl_free(http);

    struct error error;
    struct http_settings settings = { .ca_bundle = "/nonexistent/ca.pem", .max_connections = 1 };
    assert_int_equal(http_curl_new(&settings, &http, &error), -ENOENT);
    assert_non_null(strstr(error.message, "/nonexistent/ca.pem"));
}

static char *repeated(const char *head, const char *part, int n, const char *tail)
{
    struct buf text = BUF_INIT(4 << 20);
    (void)buf_append_str(&text, head);
    for (int i = 0; i < n; i++)
        (void)buf_append_str(&text, part);
    (void)buf_append_str(&text, tail);
    return buf_steal(&text);
}

static void test_bad_answers(void **state)
{
    char *long_body = repeated("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", "x", 1001, "");
    char *no_length = repeated("HTTP/1.1 200 OK\r\n\r\n", "x", 100000, "");
    char *chunked = repeated("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                             "64\r\n"
                             "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                             "xxxxxxxxxxx\r\n",
                             50, "0\r\n\r\n");
    char *long_line = repeated("HTTP/1.1 200 OK\r\nX-A: ", "x", 300 << 10, "\r\nContent-Length: 2\r\n\r\nok");
    char *many_bytes =
        repeated("HTTP/1.1 200 OK\r\n",
                 "X-A: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
                 250, "Content-Length: 2\r\n\r\nok");
    char *many_lines = repeated("HTTP/1.1 200 OK\r\n", "X-A: 1\r\n", 300, "Content-Length: 2\r\n\r\nok");
    const struct {
        const char *name, *answer;
        enum ending ending;
        const char *code; /* "" : an answer */
    } rows[] = {
        { "closed before headers", "", CLOSE, FAILURE_RESET },
        { "reset before headers", "", RESET, FAILURE_RESET },
        { "reset in headers", "HTTP/1.1 200 OK\r\nX-A:", RESET, FAILURE_RESET },
        { "reset in the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", RESET, FAILURE_RESET },
        { "content-length too long", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", CLOSE, FAILURE_TRUNCATED },
        { "chunks without an end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", CLOSE,
          FAILURE_TRUNCATED },
        { "reset after the answer", OK_ANSWER, RESET, "" },
        { "closed after the answer", OK_ANSWER, CLOSE, "" },
        { "no answer", "", HANG, FAILURE_ATTEMPT_TIMEOUT },
        { "no end of it", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", HANG, FAILURE_ATTEMPT_TIMEOUT },
        { "too large", long_body, KEEP, FAILURE_TOO_LARGE },
        { "too large without a length", no_length, CLOSE, FAILURE_TOO_LARGE },
        { "too large in chunks", chunked, KEEP, FAILURE_TOO_LARGE },
        { "a header line too long", long_line, KEEP, FAILURE_TOO_LARGE },
        { "too many header bytes", many_bytes, KEEP, FAILURE_TOO_LARGE },
        { "too many header lines", many_lines, KEEP, FAILURE_TOO_LARGE },
        { "HTTP/0.9", "<html>hello</html>", CLOSE, FAILURE_NOT_PROTOCOL },
        { "another protocol", "SSH-2.0-OpenSSH_9.2\r\n", HANG, FAILURE_NOT_PROTOCOL },
        { "no status", "HTTP/1.1 abc\r\n\r\n", CLOSE, FAILURE_NOT_PROTOCOL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct server server;
        struct outcome outcome;
        char url[64];
        server_start(&server, rows[i].answer, strlen(rows[i].answer), rows[i].ending);
        struct http *http = http_make(NULL);
        struct http_request request = request_to(url, server.port);
        request.timeout_ms = 500;
        ask(http, &request, &outcome);
        if (strcmp(outcome.error.code, rows[i].code) || (!*rows[i].code && outcome.status != 200))
            fail_msg("%s: status %d, %s: %s", rows[i].name, outcome.status, outcome.error.code, outcome.error.message);
        if (*rows[i].code && (!*outcome.error.message || outcome.error.number != failure_find(rows[i].code, 0)->number))
            fail_msg("%s: errno %d, \"%s\"", rows[i].name, outcome.error.number, outcome.error.message);
        http_curl_free(http);
        server_stop(&server);
    }
    free(long_body);
    free(no_length);
    free(chunked);
    free(long_line);
    free(many_bytes);
    free(many_lines);
}

static void test_body_limit_is_exact(void **state)
{
    char *answer = repeated("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "x", 1000, "");
    (void)state;
    struct server server;
    struct outcome outcome;
    char url[64];
    server_start(&server, answer, strlen(answer), KEEP);
    struct http *http = http_make(NULL);
    struct http_request request = request_to(url, server.port);
    ask(http, &request, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(outcome.body_len, 1000);
    request.max_body = 999;
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_TOO_LARGE);
    assert_non_null(strstr(outcome.error.message, "999"));
    request.max_body = 1000; /* the handle that failed serves again */
    ask(http, &request, &outcome);
    assert_int_equal(outcome.body_len, 1000);
    http_curl_free(http);
    server_stop(&server);
    free(answer);
}

static void test_redirect_is_not_followed(void **state)
{
    (void)state;
    struct server server, elsewhere;
    struct outcome outcome;
    char url[64], answer[200];
    server_start(&elsewhere, OK_ANSWER, sizeof OK_ANSWER - 1, KEEP);
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:%u/\r\nContent-Length: 0\r\n\r\n", elsewhere.port);
    server_start(&server, answer, strlen(answer), KEEP);
    struct http *http = http_make(NULL);
    struct http_request request = request_to(url, server.port);
    ask(http, &request, &outcome);
    assert_int_equal(outcome.status, 307);
    assert_int_equal(elsewhere.connections, 0);
    http_curl_free(http);
    server_stop(&server);
    server_stop(&elsewhere);
}

static void test_unreachable(void **state)
{
    (void)state;
    struct server server;
    struct outcome outcome;
    char url[64];
    server_start(&server, "", 0, SILENT); /* takes a port that nobody listens on once it is stopped */
    uint16_t port = server.port;
    server_stop(&server);
    struct http *http = http_make(NULL);
    struct http_request request = request_to(url, port);
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_REFUSED);
    assert_int_equal(outcome.error.number, ECONNREFUSED);
    request.url = "http://does-not-exist.invalid/"; /* RFC 6761 */
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_NOT_RESOLVED);
    request.url = "http://255.255.255.255/"; /* broadcast: connect(2) says ENETUNREACH or EACCES at once */
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_NO_ROUTE);
    request.url = "file:///etc/passwd";
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_NOT_PROTOCOL);
    http_curl_free(http);
}

static void test_connect_hangs(void **state)
{
    (void)state;
    /* A listener whose queue is full drops what else comes. */
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), filler[4];
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    for (int i = 0; i < 4; i++) {
        filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(filler[i], (struct sockaddr *)&address, size);
    }
    struct http *http = http_make(NULL);
    struct outcome outcome;
    char url[64];
    struct http_request request = request_to(url, ntohs(address.sin_port));
    request.connect_timeout_ms = 200;
    int64_t before_ms = now_ms();
    ask(http, &request, &outcome);
    int64_t took_ms = now_ms() - before_ms;
    assert_string_equal(outcome.error.code, FAILURE_CONNECT_TIMEOUT);
    assert_int_equal(outcome.error.number, ETIMEDOUT);
    assert_true(took_ms >= 190 && took_ms < 1500);
    http_curl_free(http);
    for (int i = 0; i < 4; i++)
        (void)close(filler[i]);
    (void)close(listener);
}

static void test_cancel(void **state)
{
    (void)state;
    struct server server;
    struct outcome hung = { 0 }, outcome;
    char url[64];
    server_start(&server, "", 0, HANG);
    struct http *http = http_make(NULL);
    struct http_request request = request_to(url, server.port);
    struct http_transfer *transfer = NULL;
    assert_int_equal(http->start(http, &request, on_done, &hung, &transfer), 0);
    http->cancel(http, transfer); /* before it began */
    assert_int_equal(http->start(http, &request, on_done, &hung, &transfer), 0);
    int64_t end_ms = now_ms() + PATIENCE_MS;
    while (!server.requests && now_ms() < end_ms) {
        (void)http_curl_wait(http, NULL, 0, 10);
        http_curl_run(http);
    }
    assert_int_equal(server.requests, 1);
    http->cancel(http, transfer); /* under way */
    for (int i = 0; i < 5; i++) {
        (void)http_curl_wait(http, NULL, 0, 1);
        http_curl_run(http);
    }
    assert_int_equal(hung.calls, 0);
    request.timeout_ms = 300; /* its handle asks again, on a connection of its own */
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_ATTEMPT_TIMEOUT);
    assert_int_equal(server.connections, 2);
    /* Freed with one under way: no call back, no leak. */
    assert_int_equal(http->start(http, &request, on_done, &hung, &transfer), 0);
    http_curl_run(http);
    http_curl_free(http);
    http_curl_free(NULL);
    assert_int_equal(hung.calls, 0);
    server_stop(&server);
}

/* A call back starts one request and cancels another that has ended, too, but was not called back yet. */
struct chain {
    struct http *http;
    struct http_request request;
    struct http_transfer *other;
    struct outcome *next;
    int calls;
};
static struct chain *chain_of[2];

static void on_chain(void *data, const struct http_response *response, const struct error *error)
{
    struct chain *chain = data;
    (void)response;
    (void)error;
    chain->calls++;
    struct chain *other = chain == chain_of[0] ? chain_of[1] : chain_of[0];
    struct http_transfer *transfer;
    assert_int_equal(other->calls, 0);
    chain->http->cancel(chain->http, chain->other);
    assert_int_equal(chain->http->start(chain->http, &chain->request, on_done, chain->next, &transfer), 0);
}

static void test_call_back_starts_and_cancels(void **state)
{
    (void)state;
    struct server server;
    struct outcome next = { 0 };
    char url[64];
    server_start(&server, "", 0, SILENT);
    uint16_t refused = server.port;
    server_stop(&server);
    server_start(&server, OK_ANSWER, sizeof OK_ANSWER - 1, KEEP);
    struct http *http = http_make(NULL);
    struct chain chains[2];
    struct http_transfer *transfers[2];
    char refused_url[64];
    struct http_request bad = request_to(refused_url, refused);
    for (int i = 0; i < 2; i++) {
        chains[i] = (struct chain){ .http = http, .request = request_to(url, server.port), .next = &next };
        chain_of[i] = &chains[i];
        assert_int_equal(http->start(http, &bad, on_chain, &chains[i], &transfers[i]), 0);
    }
    chains[0].other = transfers[1];
    chains[1].other = transfers[0];
    run_until_done(http, &next);
    assert_int_equal(next.status, 200);
    assert_int_equal(chains[0].calls + chains[1].calls, 1);
    http_curl_free(http);
    server_stop(&server);
}

static void test_wait(void **state)
{
    (void)state;
    struct http *http = http_make(NULL);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct pollfd fds[] = { { ends[0], POLLIN, 0 }, { ends[1], POLLOUT, 0 } };
    int64_t before_ms = now_ms();
    assert_int_equal(http_curl_wait(http, fds, 1, 50), 0);
    assert_true(now_ms() - before_ms >= 45);
    assert_int_equal(fds[0].revents, 0);
    assert_int_equal(http_curl_wait(http, fds, 2, -1), 0);
    assert_int_equal(fds[0].revents, 0);
    assert_int_equal(fds[1].revents, POLLOUT);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(http_curl_wait(http, fds, 1, -1), 0);
    assert_int_equal(fds[0].revents, POLLIN);
    /* A hang-up alone is told as well: nothing else comes from a FUSE descriptor that was unmounted. */
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 1);
    (void)close(ends[1]);
    assert_int_equal(http_curl_wait(http, fds, 1, -1), 0);
    assert_int_equal(fds[0].revents, POLLHUP);
    (void)close(ends[0]);
    struct pollfd many[64] = { { 0 } };
    assert_int_equal(http_curl_wait(http, many, 64, 0), -EINVAL);
    http_curl_free(http);
}

static enum MHD_Result tls_answer(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)data, (void)url, (void)method, (void)version, (void)upload;
    if (!*state) {
        *state = connection;
        return MHD_YES;
    }
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(2, (void *)(uintptr_t) "ok", MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

static char *file_text(const char *folder, const char *name)
{
    char path[200];
    struct buf text = BUF_INIT(65536);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    for (int c; (c = getc(file)) != EOF;)
        (void)buf_append_char(&text, (char)c);
    (void)fclose(file);
    return buf_steal(&text);
}

static void url_to_https(char *url)
{
    memmove(url + 5, url + 4, strlen(url + 4) + 1);
    url[4] = 's';
}

static void test_tls(void **state)
{
    static const struct {
        const char *name, *name_in_it;
        int days;
        bool trusted;
        const char *code; /* "": an answer */
        const char *word;
    } rows[] = {
        { "good", "IP:127.0.0.1", 2, true, "", "" },
        { "untrusted", "IP:127.0.0.1", 2, false, FAILURE_TLS, "certificate" },
        { "wrong host", "DNS:elsewhere.example", 2, true, FAILURE_TLS, "127.0.0.1" },
        { "expired", "IP:127.0.0.1", -1, true, FAILURE_TLS, "expired" },
    };
    (void)state;
    if (system("command -v openssl >/dev/null")) {
        print_message("no openssl command: TLS is not tested\n");
        skip();
    }
    char folder[] = "/tmp/test_http.XXXXXX";
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char command[800], bundle[100], url[64];
        (void)snprintf(command, sizeof command,
                       "cd %s && openssl ecparam -genkey -name prime256v1 -noout -out key.pem && "
                       "openssl req -new -key key.pem -out csr.pem -subj /CN=x -addext subjectAltName=%s && "
                       "openssl x509 -req -in csr.pem -signkey key.pem -days %d -copy_extensions copy -out cert.pem "
                       "2>errors || { cat errors; false; }",
                       folder, rows[i].name_in_it, rows[i].days);
        assert_int_equal(system(command), 0);
        FREE_CLEANUP char *key = file_text(folder, "key.pem");
        FREE_CLEANUP char *certificate = file_text(folder, "cert.pem");
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct MHD_Daemon *daemon = MHD_start_daemon(
            MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, tls_answer, NULL, MHD_OPTION_SOCK_ADDR,
            &address, MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_MEM_CERT, certificate, MHD_OPTION_END);
        assert_non_null(daemon);
        (void)snprintf(bundle, sizeof bundle, "%s/cert.pem", folder);
        struct http *http = http_make(rows[i].trusted ? bundle : NULL);
        struct outcome outcome;
        struct http_request request = request_to(url, MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
        url_to_https(url);
        ask(http, &request, &outcome);
        if (strcmp(outcome.error.code, rows[i].code) || !strstr(outcome.error.message, rows[i].word))
            fail_msg("%s: %s: %s", rows[i].name, outcome.error.code, outcome.error.message);
        if (*rows[i].code)
            assert_int_equal(outcome.error.number, EPROTO);
        else
            assert_string_equal(outcome.body, "ok");
        http_curl_free(http);
        MHD_stop_daemon(daemon);
    }
    char command[200];
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* A server that does not answer the handshake. */
static void test_tls_hangs(void **state)
{
    (void)state;
    struct server server;
    struct outcome outcome;
    char url[64];
    server_start(&server, "", 0, HANG);
    struct http *http = http_make(NULL);
    struct http_request request = request_to(url, server.port);
    url_to_https(url);
    request.connect_timeout_ms = 300;
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_CONNECT_TIMEOUT);
    http_curl_free(http);
    server_stop(&server);
}

int main(void)
{
    (void)unsetenv("http_proxy");
    (void)unsetenv("https_proxy");
    (void)unsetenv("HTTPS_PROXY");
    (void)unsetenv("all_proxy");
    (void)unsetenv("ALL_PROXY");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_and_answer),
        cmocka_unit_test(test_methods_and_reuse),
        cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_body_limit_is_exact),
        cmocka_unit_test(test_redirect_is_not_followed),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_connect_hangs),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_call_back_starts_and_cancels),
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_tls_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
