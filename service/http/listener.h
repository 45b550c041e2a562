/* Accepts connections, waits for their first bytes, looks at them without taking them, and hands the connection on.
 *
 * Its own thread; nothing is parsed here. A connection without a first byte is closed after `first_byte_ms`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <glib.h>

struct listener;

/* `head`: the first bytes, at most 16, as they lie in the socket. Takes over `fd`. Listener's thread. */
typedef void listener_hand(void *context, int fd, const struct sockaddr_storage *address, const char *head,
                           size_t length);

struct listener_config {
    const char *host; /* a name or address; "::" serves both families */
    int port;         /* 0: any */
    int64_t first_byte_ms;
    listener_hand *hand;
    void *context;
};

struct listener *listener_start(const struct listener_config *config, GError **error);
int listener_port(const struct listener *listener);
/* Stops accepting; what was not handed on is closed. */
void listener_stop(struct listener *listener);
