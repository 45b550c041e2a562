/* The library's daemons, in lanes. One public address, two kinds of lanes behind it.
 *
 * An upload wants a large memory pool per connection (the library reads bodies in pieces of half the pool), a small
 * answer wants a small one (it clears the whole pool after each request), and no size serves both. Measured (make
 * bench; CPU against nginx in the same run): an upload costs 1.5 times nginx' with 64 KiB, 1.3 with 128, 1.25 with 256,
 * 0.9 to 1.1 with 512 and no less with 1024; a small answer 1.8 times with 64 KiB, 1.9 with 128, 2.8 with 512. So the
 * service accepts by itself (listener.h), looks at the first bytes, and hands the connection to a daemon of the fitting
 * lane. A connection stays in its lane: a browser that sends its PATCHes over a connection that began with a GET is
 * served by the general lane, a little less cheaply and otherwise the same. Each daemon is one epoll thread; the
 * library cannot both be handed connections and spread them over threads of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <glib.h>
#include <microhttpd.h>

struct lanes;
struct metrics;

/* What the daemons call, all with `context`, each on its own thread. */
struct lane_calls {
    void *(*uri)(void *context, const char *uri, struct MHD_Connection *connection);
    MHD_AccessHandlerCallback request;
    MHD_RequestCompletedCallback complete;
    MHD_NotifyConnectionCallback connection;
    void *context;
};

/* NULL with REASON_IO when a daemon does not start. */
struct lanes *lanes_start(const struct lane_calls *calls, GError **error);
/* No connection may be suspended. NULL is fine. */
void lanes_stop(struct lanes *lanes);

/* `head`: the first bytes of the connection. The descriptor is taken, or closed when false. Always the same thread. */
bool lanes_hand(struct lanes *lanes, int fd, const struct sockaddr_storage *address, const char *head, size_t length);

/* The open connections of each lane. */
void lanes_report(const struct lanes *lanes, struct metrics *metrics);
