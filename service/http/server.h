/* The HTTP server: libmicrohttpd <-> struct request, struct response. Nobody else knows that library.
 *
 * Threads: the listener's, two for each lane (lanes.h), the two pools (dispatch.h), the watchdog's. Nothing here prints.
 */
#pragma once

#include <stdint.h>

#include <glib.h>

#include "service/http/router.h"

struct server;
struct limits;
struct metrics;

struct server_config {
    const char *host;            /* "127.0.0.1", "::" */
    int port;                    /* 0: any free one, see server_port */
    int disk_threads;            /* 0: 8 */
    int transfer_threads;        /* 0: 16; what waits for the network, see transfer.h */
    const char *trusted_proxies; /* comma list of addresses whose X-Forwarded-For and -Proto count; NULL: none */
    const char *base_url;        /* public address; its host and scheme win over the request's; NULL or "": none */
    int64_t head_ms;             /* 0: 15 s until the head is complete */
    int64_t body_window_ms;      /* 0: a body brings 120 KB in each 60 s */
    int shared_access;           /* routes of this access answer the same to everybody, see shared.h; -1: none */
    /* How an error is shown to a browser that asks for HTML; NULL: always problem+json. */
    struct response *(*problem)(struct app *app, struct request *request, const GError *error);
    void (*greet)(struct request *request, const char *path); /* what every answer of a path carries, see routing.h; NULL: nothing */
};

/* `routes` and what `config` points at must outlive the server. */
struct server *server_start(const struct server_config *config, const struct route *routes, size_t route_count,
                            gate *gate, struct app *app, GError **error);
int server_port(const struct server *server);
/* Accepts no more, wakes long polls, gives running requests 10 s, then ends them; uploads keep what came. */
void server_stop(struct server *server);
/* Something is published, or no longer: kept answers are dropped (shared.h). Short; any thread. */
void server_site_changed(struct server *server);
struct metrics *server_metrics(struct server *server);
struct limits *server_limits(struct server *server);
