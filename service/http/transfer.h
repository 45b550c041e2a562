/* What waits for the network. Disk threads are few and everything needs them, so a handler that must ask a remote store
 * moves to threads of its own first, and a body that lies there is read ahead by them, piece by piece:
 *
 *     if (store_is_remote(app->store) && !request_is_transferring(request)) {
 *         return request_transfer(request, media_public);
 *     }
 *
 * A phone that reads slowly holds neither a thread nor a connection to the store, only two pieces of memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/http/router.h"

/* Runs `again` on a transfer thread, at once; the handler returns what this returns. */
struct response *request_transfer(struct request *request, handler *again);
bool request_is_transferring(const struct request *request);

/* Bytes by range from somewhere slow. */
struct source {
    int64_t size;
    /* Transfer thread: exactly `length` bytes, or an error; never twice at a time. */
    bool (*read)(void *context, int64_t offset, void *bytes, size_t length, GError **error);
    void (*free)(void *context); /* any thread; frees at once, waits for nothing */
    void *context;
};

/* As response_file. Reads the first piece, so that what cannot be read is an error and no broken answer: NULL then. Takes
 * over source->context in any case. Transfer threads only. */
struct response *response_source(const struct request *request, const struct source *source, const char *type,
                                 const char *etag, GError **error);
