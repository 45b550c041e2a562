/* Who works on a request beside its server thread, which never waits for disk, database or network.
 *
 * The connection is suspended, a thread of a pool works, the connection is resumed. While it is suspended the request is
 * that thread's alone, or it is parked (parked.h) and nobody's. The library must not be stopped with a suspended
 * connection, so they are counted.
 */
#pragma once

#include "service/http/disk.h"
#include "service/http/exchange.h"

struct dispatch;
struct parked_list;

enum pool {
    POOL_DISK,
    POOL_TRANSFERS, /* what waits for the network, see transfer.h */
    POOL_COUNT,
};

struct dispatch *dispatch_start(int disk_threads, int transfer_threads);
/* Until no connection is suspended; a thread of a pool always comes back. */
void dispatch_drain(struct dispatch *dispatch);
/* Runs what was submitted, then joins. After dispatch_drain, when no connection is left. NULL is fine. */
void dispatch_stop(struct dispatch *dispatch);

/* True when so much waits for the disk that a new request should rather come again later. */
bool dispatch_is_crowded(struct dispatch *dispatch);
/* The requests that wait for a topic or a time. */
struct parked_list *dispatch_parked(struct dispatch *dispatch);

/* Work that no connection waits for. */
void dispatch_submit(struct dispatch *dispatch, enum pool pool, disk_work *work, void *data);
/* Server thread; `connection` is the library's. */
void dispatch_suspend(struct dispatch *dispatch, void *connection);
/* Any other thread. What belongs to the connection may be gone when this returns. */
void dispatch_resume(struct dispatch *dispatch, void *connection);

/* Server thread, its last touch of the request: `work` gets it on a thread of the pool, and ends with dispatch_settle or
 * dispatch_resume. */
void dispatch_hand(struct request *request, enum pool pool, disk_work *work);
/* The same with gate, JSON body and handler of its route as the work. */
void dispatch_run(struct request *request);
/* Thread of a pool, its last touch: goes on with what the handler left, a stream, an answer, or its next turn. */
void dispatch_settle(struct request *request);
