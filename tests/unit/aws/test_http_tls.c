/* SPDX-License-Identifier: MIT */
/* http over TLS: whom it believes. */
#include "aws/failure.h"
#include "http_server.h"
#include "tls_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_tls(void **state)
{
    static const struct {
        const char *name, *name_in_it;
        int days;
        bool trusted;
        const char *versions; /* of the server's TLS */
        const char *code;     /* "": an answer */
        const char *word;
    } rows[] = {
        { "good", "IP:127.0.0.1", 2, true, "NORMAL", "", "" },
        { "untrusted", "IP:127.0.0.1", 2, false, "NORMAL", FAILURE_TLS, "certificate" },
        { "wrong host", "DNS:elsewhere.example", 2, true, "NORMAL", FAILURE_TLS, "127.0.0.1" },
        { "expired", "IP:127.0.0.1", -1, true, "NORMAL", FAILURE_TLS, "expired" },
        { "TLS 1.1", "IP:127.0.0.1", 2, true, "NORMAL:-VERS-ALL:+VERS-TLS1.1", FAILURE_TLS, "" },
    };
    (void)state;
    if (!tls_is_possible())
        skip();
    char folder[] = TLS_FOLDER;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char bundle[100], url[64];
        struct MHD_Daemon *daemon = tls_start(folder, rows[i].name_in_it, rows[i].days, rows[i].versions);
        (void)snprintf(bundle, sizeof bundle, "%s/cert.pem", folder);
        struct http *http = http_make(rows[i].trusted ? bundle : NULL);
        struct outcome outcome;
        struct http_request request = request_to(url, tls_port(daemon));
        url_to_https(url);
        ask(http, &request, &outcome);
        if (strcmp(outcome.error.code, rows[i].code) || !strstr(outcome.error.message, rows[i].word))
            fail_msg("%s: %s: %s", rows[i].name, outcome.error.code, outcome.error.message);
        if (*rows[i].code)
            assert_int_equal(outcome.error.number, EPROTO);
        else
            assert_string_equal(outcome.body, "ok");
        http_curl_free(http);
        tls_stop(daemon);
    }
    tls_folder_remove(folder);
}

/* A server that does not answer the handshake, or cuts it. */
static void test_handshake_fails(void **state)
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
    server_stop(&server);
    server_start(&server, "", 0, RESET_AT_ONCE);
    request = request_to(url, server.port);
    url_to_https(url);
    ask(http, &request, &outcome);
    assert_string_equal(outcome.error.code, FAILURE_RESET);
    server_stop(&server);
    http_curl_free(http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_handshake_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
