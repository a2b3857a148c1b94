/* SPDX-License-Identifier: MIT */
/* http against servers that behave as a row of a table says. */
#include "aws/failure.h"
#include "http_server.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *repeated(const char *head, const char *part, int n, const char *tail)
{
    struct buf text = BUF_INIT(4 << 20);
    (void)buf_append_str(&text, head);
    for (int i = 0; i < n; i++)
        (void)buf_append_str(&text, part);
    (void)buf_append_str(&text, tail);
    return buf_steal(&text);
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

/* What is counted of an answer is not counted for the next; a body that libcurl would ask leave for is just sent. */
static void test_handles_start_afresh(void **state)
{
    char *answer = repeated("HTTP/1.1 200 OK\r\nX-One: ", "1234567890", 60, "\r\nContent-Length: 2\r\n\r\nok");
    (void)state;
    struct server server;
    struct outcome outcome;
    char url[64];
    server_start(&server, answer, strlen(answer), KEEP);
    struct http *http = http_make(NULL);
    struct http_request request = request_to(url, server.port);
    for (int i = 0; i < 150; i++) {
        ask(http, &request, &outcome);
        assert_int_equal(outcome.status, 200);
    }
    assert_int_equal(server.connections, 1);
    struct buf body = BUF_INIT(4 << 20);
    while (body.len < 3 << 20)
        (void)buf_append_str(&body, "0123456789abcdef");
    request.body = body.data;
    request.body_len = body.len;
    ask(http, &request, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_null(strcasestr(server.request, "Expect"));
    assert_string_equal(strstr(server.request, "\r\n\r\n") + 4, body.data);
    buf_release(&body);
    http_curl_free(http);
    server_stop(&server);
    free(answer);
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
        { "reset instead of an answer", "", RESET_AT_ONCE, FAILURE_RESET },
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

/* What an error says is kept in locked memory: however much a page of its own may have, an error has no more. */
static void test_body_limit_of_errors(void **state)
{
    static const struct {
        const char *head;
        int len;
        const char *code; /* "": an answer */
    } rows[] = {
        { "HTTP/1.1 502 Bad Gateway\r\n\r\n", HTTP_ERROR_BODY_MAX, "" },
        { "HTTP/1.1 502 Bad Gateway\r\n\r\n", HTTP_ERROR_BODY_MAX + 1, FAILURE_TOO_LARGE },
        { "HTTP/1.1 200 OK\r\n\r\n", HTTP_ERROR_BODY_MAX + 1, "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *answer = repeated(rows[i].head, "x", rows[i].len, "");
        struct server server;
        struct outcome outcome;
        char url[64];
        server_start(&server, answer, strlen(answer), CLOSE);
        struct http *http = http_make(NULL);
        struct http_request request = request_to(url, server.port);
        request.max_body = 16 << 20;
        request.timeout_ms = 30000; /* where the machine is busy */
        ask(http, &request, &outcome);
        assert_string_equal(outcome.error.code, rows[i].code);
        assert_int_equal(outcome.body_len, *rows[i].code ? 0 : rows[i].len);
        http_curl_free(http);
        server_stop(&server);
        free(answer);
    }
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
    request.max_body = 1000; /* the handle that failed serves again, */
    ask(http, &request, &outcome);
    assert_int_equal(outcome.body_len, 1000);
    request.max_body = 999;
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_TOO_LARGE);
    server_stop(&server); /* and what it failed of is not said of what fails next */
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_REFUSED);
    http_curl_free(http);
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

/* A name server that never answers: getaddrinfo() of the C library would take 10 s and more. Being a symbol of the
 * executable, this one is what libcurl calls. */
__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **result)
{
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (name && strcmp(name, "silent.example") == 0) {
        (void)sleep(3);
        return EAI_AGAIN;
    }
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &symbol, sizeof real);
    return real(name, service, hints, result);
}

static void test_silent_resolver(void **state)
{
    (void)state;
    struct http *http = http_make(NULL);
    struct outcome outcome = { 0 };
    struct http_transfer *transfer;
    char url[64];
    struct http_request request = request_to(url, 9);
    request.url = "http://silent.example/";
    request.connect_timeout_ms = 200;
    int64_t before_ms = now_ms();
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_NOT_RESOLVED);
    assert_int_equal(outcome.error.number, EHOSTUNREACH);
    outcome.calls = 0;
    assert_int_equal(http->start(http, &request, on_done, &outcome, &transfer), 0);
    for (int i = 0; i < 5; i++) {
        (void)http_curl_wait(http, NULL, 0, 10);
        http_curl_run(http);
    }
    http->cancel(http, transfer);
    assert_int_equal(http->start(http, &request, on_done, &outcome, &transfer), 0);
    http_curl_run(http);
    http_curl_free(http);
    assert_int_equal(outcome.calls, 0);
    assert_true(now_ms() - before_ms < 1500); /* neither ending, nor cancelling, nor freeing waits for the resolver */
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

/* What is flushed is at the server before the loop comes round; once in a run, else that might never end. */
static void test_flush(void **state)
{
    (void)state;
    struct server server;
    struct outcome first, second = { 0 }, third = { 0 };
    char url[64];
    struct http_transfer *transfer;
    server_start(&server, OK_ANSWER, sizeof OK_ANSWER - 1, KEEP);
    struct http *http = http_make(NULL);
    struct http_request request = request_to(url, server.port);
    ask(http, &request, &first); /* there is a connection now */
    assert_int_equal(http->start(http, &request, on_done, &second, &transfer), 0);
    http->flush(http);
    for (int64_t end_ms = now_ms() + PATIENCE_MS; server.requests < 2 && now_ms() < end_ms;)
        (void)poll(NULL, 0, 1);
    assert_int_equal(server.requests, 2);
    assert_int_equal(second.calls, 0);
    assert_int_equal(http->start(http, &request, on_done, &third, &transfer), 0);
    http->flush(http);
    (void)poll(NULL, 0, 50);
    assert_int_equal(server.requests, 2);
    run_until_done(http, &second);
    run_until_done(http, &third);
    assert_int_equal(second.status, 200);
    assert_int_equal(third.status, 200);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_and_answer),
        cmocka_unit_test(test_methods_and_reuse),
        cmocka_unit_test(test_handles_start_afresh),
        cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_body_limit_of_errors),
        cmocka_unit_test(test_body_limit_is_exact),
        cmocka_unit_test(test_redirect_is_not_followed),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_silent_resolver),
        cmocka_unit_test(test_connect_hangs),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_call_back_starts_and_cancels),
        cmocka_unit_test(test_flush),
        cmocka_unit_test(test_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
