/* What the server asks of the router; handlers never see it. */
#pragma once

#include "service/http/exchange.h"

struct router;
struct metrics;
struct shared_answers;

/* How an error becomes an answer where problem+json is not wanted (a page). NULL: use problem+json. */
typedef struct response *problem_page(struct app *app, struct request *request, const GError *error);

/* Header fields that every answer below `path` carries, also one that no handler has seen; `path` is as it was sent when
 * the head is malformed (server thread; pure). */
typedef void greet(struct request *request, const char *path);

struct router_config {
    const struct route *routes; /* [route_count], must outlive the router */
    size_t route_count;
    gate *gate;                    /* NULL: everything may pass */
    problem_page *problem;         /* NULL: none */
    greet *greet;                  /* NULL: none */
    struct shared_answers *shared; /* NULL: nothing is kept */
    int shared_access;
    struct app *app;
    struct metrics *metrics;
};

struct router *router_new(const struct router_config *config);
void router_free(struct router *router);

/* What every answer of this request carries; before router_prepare and any refusal. */
void router_greet(struct router *router, struct request *request);
/* Finds the row and judges what the head alone tells (server thread; pure). Either request->response is set, or
 * request->route and its parameters. */
void router_prepare(struct router *router, struct request *request);
/* True when the answer was kept by another request: it is in request->response (server thread; pure). */
bool router_answer_shared(struct router *router, struct request *request);
/* Gate, body, handler (disk thread). Leaves request->response (perhaps the parked one) or an attached stream. */
void router_run(struct router *router, struct request *request);
/* The parked handler's next turn (disk thread). */
void router_run_again(struct router *router, struct request *request);
/* The stream's last word (disk thread). Leaves request->response. */
void router_finish_stream(struct router *router, struct request *request);
/* Sets request->response from an error; logs it once. */
void router_refuse(struct router *router, struct request *request, const GError *error);

/* For tests: the row for a method and a decoded path, or NULL; *allow has what the path allows (comma list, empty: no such path),
 * and may be NULL. */
const struct route *router_find(struct router *router, struct request *request, const char *method, GString *allow);
