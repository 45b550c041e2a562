#include "service/outbound/outbound.h"

#include <string.h>

#include <gio/gio.h>

#include "common/failure.h"

static void test_public_addresses(void)
{
    const struct {
        const char *address;
        bool is_public;
    } rows[] = {
        {"8.8.8.8", true},
        {"1.1.1.1", true},
        {"172.32.0.1", true},
        {"2400:3200::1", true},
        {"0.0.0.0", false},
        {"10.1.2.3", false},
        {"100.64.0.1", false},
        {"127.0.0.1", false},
        {"127.255.255.254", false},
        {"169.254.169.254", false},
        {"172.16.0.1", false},
        {"172.31.255.255", false},
        {"192.168.1.1", false},
        {"198.18.0.1", false},
        {"224.0.0.1", false},
        {"255.255.255.255", false},
        {"::", false},
        {"::1", false},
        {"::ffff:127.0.0.1", false},
        {"::ffff:8.8.8.8", false},
        {"64:ff9b::7f00:1", false},
        {"fc00::1", false},
        {"fe80::1", false},
        {"ff02::1", false},
        {"2002:7f00:1::", false},
        {"2001:db8::1", false},
        {"example.org", false},
        {"", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].address);
        g_assert_cmpint(outbound_address_is_public(rows[i].address), ==, rows[i].is_public);
    }
}

/* Answers one connection with `context`, and counts it. */
struct peer {
    GSocketService *service;
    const char *answer;
    gint connections; /* atomic */
    guint16 port;
};

static gboolean on_connection(GThreadedSocketService *service, GSocketConnection *connection, GObject *source,
                              gpointer data)
{
    struct peer *peer = data;
    char request[4096];

    (void)service;
    (void)source;
    g_atomic_int_inc(&peer->connections);
    (void)g_input_stream_read(g_io_stream_get_input_stream(G_IO_STREAM(connection)), request, sizeof request, NULL,
                              NULL);
    (void)g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(connection)), peer->answer,
                                    strlen(peer->answer), NULL, NULL, NULL);
    return TRUE;
}

static gpointer turn(gpointer data)
{
    g_main_loop_run(data);
    return NULL;
}

static struct outbound_request to_peer(const struct peer *peer, const char *format, enum outbound_reach reach,
                                       char **url)
{
    *url = g_strdup_printf("%s:%d/hook?secret=1", format, peer->port);
    return (struct outbound_request){
        .method = "POST", .url = *url, .body = "{}", .body_length = 2, .timeout_ms = 3000, .reach = reach};
}

/* A loopback peer: the operator may reach it, a person's address may not, by whatever name. */
static void test_reach(void)
{
    struct peer peer = {.answer = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nhi"};
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GError) error = NULL;
    struct outbound_answer answer = {0};
    g_autofree char *url = NULL;
    const char *const names[] = {"https://127.0.0.1", "https://localhost", "https://[::1]", "http://127.0.0.1",
                                 "file:///etc/passwd?"};

    peer.service = g_threaded_socket_service_new(4);
    peer.port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(peer.service), NULL, &error);
    g_assert_no_error(error);
    g_signal_connect(peer.service, "run", G_CALLBACK(on_connection), &peer);
    GThread *thread = g_thread_new("peer", turn, loop);

    struct outbound_request request = to_peer(&peer, "http://127.0.0.1", OUTBOUND_OPERATOR, &url);
    g_assert_true(outbound_run(&request, &answer, &error));
    g_assert_cmpint(answer.status, ==, 302);
    g_assert_cmpstr(answer.body->str, ==, "hi");
    outbound_answer_clear(&answer);
    g_assert_cmpint(g_atomic_int_get(&peer.connections), ==, 1);

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *kept = NULL;
        request = to_peer(&peer, names[i], OUTBOUND_PUBLIC, &kept);
        g_assert_false(outbound_run(&request, &answer, &error));
        g_assert_error(error, HTTP_ERROR, REASON_OUTBOUND_ADDRESS);
        g_assert_null(strstr(error->message, "secret"));
        g_clear_error(&error);
    }
    g_assert_cmpint(g_atomic_int_get(&peer.connections), ==, 1);
    g_main_loop_quit(loop);
    g_thread_join(thread);
    g_socket_service_stop(peer.service);
    g_object_unref(peer.service);
    g_main_loop_unref(loop);
}

static void test_an_answer_without_end(void)
{
    struct peer peer = {0};
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GError) error = NULL;
    g_autofree char *filler = g_strnfill(300 << 10, 'x');
    g_autofree char *text = g_strconcat("HTTP/1.1 200 OK\r\nContent-Length: 307200\r\n\r\n", filler, NULL);
    struct outbound_answer answer = {0};
    g_autofree char *url = NULL;

    peer.answer = text;
    peer.service = g_threaded_socket_service_new(4);
    peer.port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(peer.service), NULL, &error);
    g_assert_no_error(error);
    g_signal_connect(peer.service, "run", G_CALLBACK(on_connection), &peer);
    GThread *thread = g_thread_new("peer", turn, loop);
    const struct outbound_request request = to_peer(&peer, "http://127.0.0.1", OUTBOUND_OPERATOR, &url);
    g_assert_false(outbound_run(&request, &answer, &error));
    g_assert_error(error, HTTP_ERROR, REASON_OUTBOUND);
    g_main_loop_quit(loop);
    g_thread_join(thread);
    g_socket_service_stop(peer.service);
    g_object_unref(peer.service);
    g_main_loop_unref(loop);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(outbound_start(&error));
    g_test_add_func("/outbound/public_addresses", test_public_addresses);
    g_test_add_func("/outbound/reach", test_reach);
    g_test_add_func("/outbound/an_answer_without_end", test_an_answer_without_end);
    const int code = g_test_run();
    outbound_stop();
    return code;
}
