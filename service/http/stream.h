/* Bodies that are taken as they come. A BODY_STREAM handler runs after the gate, on a disk thread, before any byte of
 * the body was read. It either answers at once (the body is then dropped), or attaches a stream and returns NULL
 * without an error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

struct request;
struct response;

struct stream {
    /* Server thread, for each piece: pwrite(2) and counting, nothing that waits. False stops reading; finish is then
     * called at once and says why. */
    bool (*write)(void *context, const void *bytes, size_t length);
    /* Disk thread, beside further writes, never twice at a time: makes durable what was written so far. May be NULL.
     * What goes wrong is remembered by the stream and said by finish. */
    void (*sync)(void *context);
    int64_t sync_bytes;       /* after this many bytes */
    int64_t first_sync_bytes; /* and once after these; 0: not */
    /* Disk thread, after the last byte or a stop. */
    struct response *(*finish)(void *context, struct request *request, GError **error);
    /* Disk thread, in place of finish when the peer went away: keeps what came. May be NULL. */
    void (*abort)(void *context);
    /* Last call, after finish or abort; any thread. */
    void (*free)(void *context);
    void *context;
    bool finish_transfers; /* finish and abort wait for the network: transfer threads instead of disk threads */
};

/* Takes over stream->context. Handlers only. */
void request_attach_stream(struct request *request, const struct stream *stream);

/* Ends the reading of another request's body at once (its abort follows within a millisecond). `request` must be held
 * by a reference of the caller, see request_hold. Any thread. */
void request_interrupt(struct request *request);
struct request *request_hold(struct request *request);
void request_release(struct request *request);
