/* SPDX-License-Identifier: MIT */
/* http through proxies: who is asked through which, what a proxy is told, and what comes of its refusing. */
#include "aws/failure.h"
#include "aws/proxy.h"
#include "http_server.h"
#include "tls_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "personalize.example" /* no name server has it: who reaches it went through the proxy */

/* A proxy in a thread: takes CONNECT, whatever host it names, to `target` on 127.0.0.1. */
struct relay {
    int listener;
    uint16_t port;
    uint16_t target;
    int stop[2];
    pthread_t thread;
    _Atomic int requests;
    char request[8192]; /* the last CONNECT */
};

static bool connect_read(struct relay *relay, int fd)
{
    size_t len = 0;
    while (len < sizeof relay->request - 1) {
        struct pollfd fds[] = { { fd, POLLIN, 0 }, { relay->stop[0], POLLIN, 0 } };
        if (poll(fds, 2, -1) < 0 || fds[1].revents)
            return false;
        ssize_t n = read(fd, relay->request + len, 1);
        if (n <= 0)
            return false;
        relay->request[++len] = 0;
        if (len >= 4 && !memcmp(relay->request + len - 4, "\r\n\r\n", 4))
            return !strncmp(relay->request, "CONNECT ", 8);
    }
    return false;
}

/* Until one of the two ends. */
static void bytes_carry(struct relay *relay, int a, int b)
{
    for (;;) {
        struct pollfd fds[] = { { a, POLLIN, 0 }, { b, POLLIN, 0 }, { relay->stop[0], POLLIN, 0 } };
        if (poll(fds, 3, -1) < 0 || fds[2].revents)
            return;
        for (int i = 0; i < 2; i++) {
            char bytes[4096];
            ssize_t n = fds[i].revents ? read(fds[i].fd, bytes, sizeof bytes) : -1;
            if (fds[i].revents && (n <= 0 || send(fds[!i].fd, bytes, (size_t)n, MSG_NOSIGNAL) != n))
                return;
        }
    }
}

static void *relay_serve(void *data)
{
    static const char established[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    struct relay *relay = data;
    for (;;) {
        struct pollfd fds[] = { { relay->listener, POLLIN, 0 }, { relay->stop[0], POLLIN, 0 } };
        if (poll(fds, 2, -1) < 0 || fds[1].revents)
            return NULL;
        int fd = accept(relay->listener, NULL, NULL);
        int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(relay->target),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        if (fd >= 0 && connect_read(relay, fd)) {
            relay->requests++;
            if (!connect(to, (struct sockaddr *)&address, sizeof address) &&
                send(fd, established, sizeof established - 1, MSG_NOSIGNAL) > 0)
                bytes_carry(relay, fd, to);
        }
        (void)close(to);
        (void)close(fd);
    }
}

static void relay_start(struct relay *relay, uint16_t target)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    *relay = (struct relay){ .target = target };
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(relay->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(relay->listener, 16), 0);
    assert_int_equal(getsockname(relay->listener, (struct sockaddr *)&address, &size), 0);
    relay->port = ntohs(address.sin_port);
    assert_int_equal(pipe(relay->stop), 0);
    assert_int_equal(pthread_create(&relay->thread, NULL, relay_serve, relay), 0);
}

static void relay_stop(struct relay *relay)
{
    (void)close(relay->stop[1]);
    (void)pthread_join(relay->thread, NULL);
    (void)close(relay->stop[0]);
    (void)close(relay->listener);
}

/* As read from the environment: `https` and `http` are URLs, or NULL. */
static struct proxies proxies_of(char *https, char *http, char *user, char *password, char *no_proxy)
{
    return (struct proxies){ .https = { .url = https, .user = user, .password = password, .from = "HTTPS_PROXY" },
                             .http = { .url = http, .user = user, .password = password, .from = "http_proxy" },
                             .no_proxy = no_proxy };
}

static struct http_request request_at(char url[64], const char *host, uint16_t port)
{
    static const struct http_header headers[] = { { "Authorization", "AWS4-HMAC-SHA256 HUSH" },
                                                  { "X-Amz-Security-Token", "HUSH" } };
    struct http_request request = request_to(url, port);
    (void)snprintf(url, 64, "https://%s:%u/", host, port);
    request.headers = headers;
    request.n_headers = 2;
    return request;
}

static void test_tunnel(void **state)
{
    (void)state;
    if (!tls_is_possible())
        skip();
    char folder[] = TLS_FOLDER, bundle[100], url[64], proxy_url[64], expected[100];
    char user[] = "us", password[] = "pa@ss", no_proxy[] = ".internal,127.0.0.1";
    struct relay relay;
    struct outcome outcome;
    assert_non_null(mkdtemp(folder));
    struct MHD_Daemon *server = tls_start(folder, "DNS:" HOST ",IP:127.0.0.1", 2, "NORMAL");
    (void)snprintf(bundle, sizeof bundle, "%s/cert.pem", folder);
    relay_start(&relay, tls_port(server));
    (void)request_to(proxy_url, relay.port);
    struct proxies proxies = proxies_of(proxy_url, NULL, user, password, no_proxy);
    struct http *http = http_make_with(bundle, &proxies);

    struct http_request request = request_at(url, HOST, tls_port(server));
    for (int i = 0; i < 2; i++) {
        ask(http, &request, &outcome);
        assert_string_equal(outcome.error.message, "");
        assert_string_equal(outcome.body, "ok");
        assert_int_equal(relay.requests, 1); /* the tunnel is kept */
    }
    (void)snprintf(expected, sizeof expected, "CONNECT %s:%u HTTP/1.1\r\n", HOST, tls_port(server));
    assert_memory_equal(relay.request, expected, strlen(expected));
    assert_non_null(strstr(relay.request, "\r\nProxy-Authorization: Basic dXM6cGFAc3M=\r\n"));
    assert_null(strstr(relay.request, "HUSH")); /* what is the service's is not told to the proxy */

    request = request_at(url, "127.0.0.1", tls_port(server)); /* in no_proxy */
    ask(http, &request, &outcome);
    assert_string_equal(outcome.body, "ok");
    assert_int_equal(relay.requests, 1);
    http_curl_free(http);

    proxies.no_proxy = NULL;
    (void)setenv("no_proxy", "*", 1); /* what we do not say to libcurl it is not to read itself */
    http = http_make_with(bundle, &proxies);
    for (int i = 0; i < 4; i++) { /* past it only where that is asked for, whatever the handle did before */
        request.direct = i % 2;
        ask(http, &request, &outcome);
        assert_string_equal(outcome.body, "ok");
        assert_int_equal(relay.requests, 2);
    }
    (void)unsetenv("no_proxy");
    http_curl_free(http);
    relay_stop(&relay);
    tls_stop(server);
    tls_folder_remove(folder);
}

/* Who is behind the tunnel is verified as anybody is. */
static void test_tunnel_is_no_trust(void **state)
{
    static const struct {
        const char *names;
        bool trusted;
    } rows[] = { { "DNS:elsewhere.example", true }, { "DNS:" HOST, false } };
    (void)state;
    if (!tls_is_possible())
        skip();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char folder[] = TLS_FOLDER, bundle[100], url[64], proxy_url[64];
        struct relay relay;
        struct outcome outcome;
        assert_non_null(mkdtemp(folder));
        struct MHD_Daemon *server = tls_start(folder, rows[i].names, 2, "NORMAL");
        (void)snprintf(bundle, sizeof bundle, "%s/cert.pem", folder);
        relay_start(&relay, tls_port(server));
        (void)request_to(proxy_url, relay.port);
        struct proxies proxies = proxies_of(proxy_url, NULL, NULL, NULL, NULL);
        struct http *http = http_make_with(rows[i].trusted ? bundle : NULL, &proxies);
        struct http_request request = request_at(url, HOST, tls_port(server));
        ask(http, &request, &outcome);
        assert_string_equal(outcome.error.code, FAILURE_TLS);
        assert_int_equal(relay.requests, 1);
        assert_null(strstr(relay.request, "Proxy-Authorization"));
        http_curl_free(http);
        relay_stop(&relay);
        tls_stop(server);
        tls_folder_remove(folder);
    }
}

static void test_proxy_refuses(void **state)
{
    static const struct {
        const char *answer;
        enum ending ending;
        const char *code;
        int number;
    } rows[] = {
        { "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n", CLOSE,
          FAILURE_PROXY, EACCES },
        { "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 5\r\n\r\nhello", KEEP,
          FAILURE_PROXY, EACCES },
        { "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", CLOSE, FAILURE_PROXY, EACCES },
        { "HTTP/1.1 502 Bad gateway\r\nContent-Length: 0\r\n\r\n", CLOSE, FAILURE_NO_ROUTE, EHOSTUNREACH },
        { "", CLOSE, FAILURE_RESET, ECONNRESET },
        { "", RESET_AT_ONCE, FAILURE_RESET, ECONNRESET },
    };
    (void)state;
    char user[] = "us", password[] = "hush-hush", proxy_url[64], url[64];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct server proxy;
        struct outcome outcome;
        server_start(&proxy, rows[i].answer, strlen(rows[i].answer), rows[i].ending);
        (void)request_to(proxy_url, proxy.port);
        struct proxies proxies = proxies_of(proxy_url, NULL, user, password, NULL);
        struct http *http = http_make_with(NULL, &proxies);
        struct http_request request = request_at(url, HOST, 443);
        ask(http, &request, &outcome);
        if (strcmp(outcome.error.code, rows[i].code) != 0)
            fail_msg("row %zu: %s: %s", i, outcome.error.code, outcome.error.message);
        assert_int_equal(outcome.error.number, rows[i].number);
        assert_null(strstr(outcome.error.message, "hush"));
        http_curl_free(http);
        server_stop(&proxy);
    }
    /* One that is not there. */
    struct server gone;
    struct outcome outcome;
    server_start(&gone, "", 0, SILENT);
    (void)request_to(proxy_url, gone.port);
    server_stop(&gone);
    struct proxies proxies = proxies_of(proxy_url, NULL, user, password, NULL);
    struct http *http = http_make_with(NULL, &proxies);
    struct http_request request = request_at(url, HOST, 443);
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_REFUSED);
    assert_null(strstr(outcome.error.message, "hush"));
    char unknown[] = "http://proxy.invalid:3128";
    proxies.https.url = unknown;
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_NOT_RESOLVED);
    assert_null(strstr(outcome.error.message, "hush"));
    http_curl_free(http);
}

/* Plain http has the other proxy, which gets the request itself; the environment's are not looked at. */
static void test_plain_http(void **state)
{
    static const char refusal[] = "HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n";
    (void)state;
    struct server server, proxy;
    struct outcome outcome;
    char url[64], proxy_url[64], https_url[] = "http://127.0.0.1:9", plain[] = "localhost,127.0.0.0/8,::1", all[] = "*";
    server_start(&server, OK_ANSWER, sizeof OK_ANSWER - 1, KEEP);
    server_start(&proxy, refusal, sizeof refusal - 1, KEEP);
    (void)request_to(proxy_url, proxy.port);
    (void)setenv("http_proxy", proxy_url, 1);
    (void)setenv("all_proxy", proxy_url, 1);
    struct proxies proxies = proxies_of(https_url, proxy_url, NULL, NULL, NULL);
    const struct {
        const struct proxies *proxies;
        const char *host;
        char *no_proxy_plain;
        int status;
    } rows[] = {
        { NULL, "127.0.0.1", NULL, 200 }, { &proxies, "127.0.0.1", plain, 200 }, { &proxies, "localhost", plain, 200 },
        { &proxies, HOST, plain, 407 },   { &proxies, "127.0.0.1", NULL, 407 },  { &proxies, "127.0.0.1", all, 200 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_request request = request_to(url, server.port);
        (void)snprintf(url, sizeof url, "http://%s:%u/", rows[i].host, server.port);
        proxies.no_proxy_plain = rows[i].no_proxy_plain;
        struct http *http = http_make_with(NULL, rows[i].proxies);
        ask(http, &request, &outcome);
        if (outcome.status != rows[i].status)
            fail_msg("row %zu: status %d, %s", i, outcome.status, outcome.error.message);
        http_curl_free(http);
        if (rows[i].status != 407)
            continue;
        char expected[100];
        (void)snprintf(expected, sizeof expected, "POST %s HTTP/1.1\r\n", url);
        assert_memory_equal(proxy.request, expected, strlen(expected));
    }
    assert_int_equal(proxy.requests, 2);
    assert_int_equal(server.requests, 4);
    (void)unsetenv("http_proxy");
    (void)unsetenv("all_proxy");
    server_stop(&server);
    server_stop(&proxy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tunnel),
        cmocka_unit_test(test_tunnel_is_no_trust),
        cmocka_unit_test(test_proxy_refuses),
        cmocka_unit_test(test_plain_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
