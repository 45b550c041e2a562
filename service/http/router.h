/* Routes are rows: find the row, then method, access, body kind and limits, then the handler. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

struct app;
struct request;
struct response;

enum body {
    BODY_NONE,   /* a body is refused */
    BODY_JSON,   /* an object of at most 64 KiB; duplicate keys refused */
    BODY_REPORT, /* the same up to 512 KiB: facts of nine clips with what their encoders decided */
    BODY_STREAM, /* the handler gets the bytes as they come (http/stream.h) */
};

/* Answers, or sets *error and returns NULL. Runs on a disk thread: may block on database and store. */
typedef struct response *handler(struct app *app, struct request *request, GError **error);

struct route {
    const char *method;  /* "GET" also serves HEAD */
    const char *pattern; /* "/files/:id"; ":name" is one segment; "*rest" the remaining path, last */
    int access;          /* enum access of the layer above; judged by its gate */
    enum body body;
    handler *handle;
    const char *summary; /* one line for openapi.json */
    const char *query;   /* arguments by name, with blanks between; NULL: none. A shared route sees no others (shared.h) */
};

/* Called before the body is read: sets the principal, or refuses. */
typedef bool gate(struct app *app, const struct route *route, struct request *request, GError **error);

/* Longest object of a route; 0 where none is taken. */
size_t router_json_max(enum body body);
