#include "service/http/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/failure.h"

#define BACKLOG         1024
#define EVENTS          64
#define ROUND_MS        500
#define ACCEPTS_MAX     64 /* per wake, so that waiting connections get their turn */
#define PEEK_BYTES      16
#define PAUSE_US        5000 /* no descriptors left: let some close */
#define USER_TIMEOUT_MS 60000

struct pending {
    int fd;
    gint64 since_us;
    struct sockaddr_storage address;
};

struct listener {
    struct listener_config config;
    int fd;
    int epoll;
    int wake;
    int port;
    GThread *thread;
    GHashTable *pending; /* a set of struct pending; thread's own */
};

static void close_quietly(int fd)
{
    if (fd >= 0) {
        (void)close(fd); /* a socket without unsent data of ours */
    }
}

static void pending_free(gpointer data)
{
    struct pending *pending = data;

    close_quietly(pending->fd);
    g_free(pending);
}

/* Dead peers are noticed after about 35 s of silence, unacknowledged data after 60 s. */
static void tune(int fd)
{
    static const struct {
        int level;
        int name;
        int value;
    } OPTIONS[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},   {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 20}, {IPPROTO_TCP, TCP_KEEPINTVL, 5},
        {IPPROTO_TCP, TCP_KEEPCNT, 3},   {IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(OPTIONS); i++) {
        (void)setsockopt(fd, OPTIONS[i].level, OPTIONS[i].name, &OPTIONS[i].value,
                         sizeof OPTIONS[i].value); /* works without it too */
    }
}

static void watch(struct listener *listener, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = what};

    (void)epoll_ctl(listener->epoll, EPOLL_CTL_ADD, fd, &event); /* fails for lack of memory only; time ends it then */
}

/* True when the connection has left the waiting room. */
static bool try_hand_on(struct listener *listener, const struct pending *pending)
{
    char head[PEEK_BYTES];
    const ssize_t length = recv(pending->fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);

    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (length <= 0) {
        close_quietly(pending->fd);
        return true;
    }
    listener->config.hand(listener->config.context, pending->fd, &pending->address, head, (size_t)length);
    return true;
}

static void accept_some(struct listener *listener)
{
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        struct pending pending = {.since_us = g_get_monotonic_time()};
        socklen_t length = sizeof pending.address;

        pending.fd = accept4(listener->fd, (struct sockaddr *)&pending.address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (pending.fd < 0) {
            if (errno == EMFILE || errno == ENFILE) {
                g_usleep(PAUSE_US);
            }
            return;
        }
        tune(pending.fd);
        if (!try_hand_on(listener, &pending)) {
            struct pending *kept = g_new(struct pending, 1);
            *kept = pending;
            (void)g_hash_table_add(listener->pending, kept); /* is new */
            watch(listener, kept->fd, kept);
        }
    }
}

static void look_at(struct listener *listener, struct pending *pending)
{
    /* First, because after the handing on the number may already mean something else. */
    (void)epoll_ctl(listener->epoll, EPOLL_CTL_DEL, pending->fd, NULL); /* was added */
    if (try_hand_on(listener, pending)) {
        (void)g_hash_table_steal(listener->pending, pending); /* is there */
        g_free(pending);
    } else {
        watch(listener, pending->fd, pending);
    }
}

static gboolean is_late(gpointer key, gpointer value, gpointer data)
{
    const struct pending *pending = key;
    const gint64 *limit_us = data;

    (void)value; /* a set */
    return pending->since_us < *limit_us;
}

static gpointer run(gpointer data)
{
    struct listener *listener = data;
    struct epoll_event events[EVENTS];

    for (;;) {
        const int count = epoll_wait(listener->epoll, events, EVENTS, ROUND_MS);

        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &listener->wake) {
                return NULL;
            }
            if (events[i].data.ptr == &listener->fd) {
                accept_some(listener);
            } else {
                look_at(listener, events[i].data.ptr);
            }
        }
        gint64 limit_us = g_get_monotonic_time() - listener->config.first_byte_ms * 1000;
        (void)g_hash_table_foreach_remove(listener->pending, is_late, &limit_us); /* the number is of no use */
    }
}

static int bind_one(const struct addrinfo *address)
{
    const int one = 1;
    const int zero = 0;
    const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one); /* bind says it if it matters */
    if (address->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero); /* then IPv6 alone is served */
    }
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        const int cause = errno;
        close_quietly(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

static int bind_host(const struct listener_config *config, GError **error)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    g_autofree char *port = g_strdup_printf("%d", config->port);
    struct addrinfo *found = NULL;
    int fd = -1;

    const int failed = getaddrinfo(config->host, port, &hints, &found);
    if (failed != 0) {
        g_set_error(error, HTTP_ERROR, REASON_INPUT, "listen address \"%s\": %s", config->host, gai_strerror(failed));
        return -1;
    }
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = bind_one(at);
    }
    if (fd < 0) {
        g_set_error(error, HTTP_ERROR, REASON_IO, "cannot listen on \"%s\" port %d: %s", config->host, config->port,
                    g_strerror(errno));
    }
    freeaddrinfo(found);
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        return 0;
    }
    return ntohs(address.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&address)->sin6_port
                                               : ((const struct sockaddr_in *)&address)->sin_port);
}

struct listener *listener_start(const struct listener_config *config, GError **error)
{
    const int fd = bind_host(config, error);

    if (fd < 0) {
        return NULL;
    }
    struct listener *listener = g_new0(struct listener, 1);
    listener->config = *config;
    listener->fd = fd;
    listener->port = port_of(fd);
    listener->pending = g_hash_table_new_full(NULL, NULL, pending_free, NULL);
    listener->epoll = epoll_create1(EPOLL_CLOEXEC);
    listener->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (listener->epoll < 0 || listener->wake < 0) {
        g_set_error(error, HTTP_ERROR, REASON_IO, "no descriptors for the listener: %s", g_strerror(errno));
        listener_stop(listener);
        return NULL;
    }
    watch(listener, listener->fd, &listener->fd);
    watch(listener, listener->wake, &listener->wake);
    listener->thread = g_thread_new("listener", run, listener);
    return listener;
}

int listener_port(const struct listener *listener)
{
    return listener->port;
}

void listener_stop(struct listener *listener)
{
    if (listener == NULL) {
        return;
    }
    if (listener->thread != NULL) {
        const uint64_t one = 1;
        (void)!write(listener->wake, &one, sizeof one); /* an eventfd takes it */
        (void)g_thread_join(listener->thread);          /* returns nothing */
    }
    g_hash_table_unref(listener->pending);
    close_quietly(listener->fd);
    close_quietly(listener->epoll);
    close_quietly(listener->wake);
    g_free(listener);
}
