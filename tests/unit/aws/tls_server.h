/* SPDX-License-Identifier: MIT */
/* tls_server: a server behind TLS that answers "ok", on 127.0.0.1, with a certificate of its own. */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

#define TLS_FOLDER "/tmp/test_http.XXXXXX" /* for mkdtemp() */

/* Whether there is an openssl command; says so where there is none. */
bool tls_is_possible(void);
/* `names` is a subjectAltName, such as "IP:127.0.0.1"; the certificate ends after `days`; `versions` is gnutls's, such
 * as "NORMAL". cert.pem in the folder is the bundle that trusts it. */
struct MHD_Daemon *tls_start(const char *folder, const char *names, int days, const char *versions);
uint16_t tls_port(struct MHD_Daemon *daemon);
void tls_stop(struct MHD_Daemon *daemon);
void tls_folder_remove(const char *folder);

#endif
