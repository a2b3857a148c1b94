/* SPDX-License-Identifier: MIT */
#include "tls_server.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

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

bool tls_is_possible(void)
{
    if (!system("command -v openssl >/dev/null"))
        return true;
    print_message("no openssl command: TLS is not tested\n");
    return false;
}

struct MHD_Daemon *tls_start(const char *folder, const char *names, int days, const char *versions)
{
    char command[800];
    (void)snprintf(command, sizeof command,
                   "cd %s && openssl ecparam -genkey -name prime256v1 -noout -out key.pem && "
                   "openssl req -new -key key.pem -out csr.pem -subj /CN=x -addext subjectAltName=%s && "
                   "openssl x509 -req -in csr.pem -signkey key.pem -days %d -copy_extensions copy -out cert.pem "
                   "2>errors || { cat errors; false; }",
                   folder, names, days);
    assert_int_equal(system(command), 0);
    FREE_CLEANUP char *key = file_text(folder, "key.pem");
    FREE_CLEANUP char *certificate = file_text(folder, "cert.pem");
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, tls_answer, NULL,
                         MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_MEM_CERT,
                         certificate, MHD_OPTION_HTTPS_PRIORITIES, versions, MHD_OPTION_END);
    assert_non_null(daemon);
    return daemon;
}

uint16_t tls_port(struct MHD_Daemon *daemon) { return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port; }

void tls_stop(struct MHD_Daemon *daemon) { MHD_stop_daemon(daemon); }

void tls_folder_remove(const char *folder)
{
    char command[200];
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}
