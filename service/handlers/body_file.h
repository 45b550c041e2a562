/* A body that goes into a file as it comes, for handlers of BODY_STREAM routes. */
#pragma once

#include "service/http/request.h"
#include "service/http/response.h"

struct body_file {
    int fd;             /* of an empty file; closed at the end */
    int64_t most_bytes; /* REASON_BODY_TOO_LARGE beyond; 0: no limit but the disk's */
    /* Disk thread, or transfer thread where `finish_transfers`: all bytes are written, not synced. */
    struct response *(*finish)(void *context, struct request *request, int64_t bytes, GError **error);
    void (*free)(void *context); /* last call, also when the peer went away; may be NULL */
    void *context;
    bool finish_transfers;
};

/* Takes over fd and context. */
void body_file_attach(struct request *request, const struct body_file *body);
