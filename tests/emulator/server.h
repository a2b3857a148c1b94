/* SPDX-License-Identifier: MIT */
/* server: HTTP for the emulator, in one thread. The only module that includes libmicrohttpd. */
#ifndef EMULATOR_SERVER_H
#define EMULATOR_SERVER_H

#include "emulator.h"

struct server;

/* Listens as the settings say. 0, or -errno with the reason on stderr. */
int server_start(struct emulator *emulator, struct server **ret_server);
/* "http://127.0.0.1:8080" */
const char *server_url(const struct server *server);
/* Serves until `signal_fd` can be read. 0 or -errno. */
int server_run(struct server *server, int signal_fd);
void server_stop(struct server *server); /* takes NULL */

#endif
