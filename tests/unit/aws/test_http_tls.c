/* SPDX-License-Identifier: MIT */
/* http over TLS: whom it believes. */
#include "aws/failure.h"
#include "base/cleanup.h"
#include "http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

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
        struct MHD_Daemon *daemon =
            MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, tls_answer, NULL,
                             MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_MEM_CERT,
                             certificate, MHD_OPTION_HTTPS_PRIORITIES, rows[i].versions, MHD_OPTION_END);
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
