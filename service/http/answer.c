#include "service/http/answer.h"

#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>

#include "service/http/response_source.h"
#include "service/http/watchdog.h"

static void bytes_free(void *bytes)
{
    g_bytes_unref(bytes);
}

static struct MHD_Response *to_library(struct response *response, struct request *request)
{
    struct MHD_Response *made;

    switch (response->content) {
    case CONTENT_FILE:
        made = MHD_create_response_from_fd_at_offset64((uint64_t)response->length, response->fd,
                                                       (uint64_t)response->offset);
        if (made != NULL) {
            response->fd = -1; /* the library's now */
        }
        break;
    case CONTENT_BYTES: {
        gsize size;
        const void *data = g_bytes_get_data(response->bytes, &size);
        made = MHD_create_response_from_buffer_with_free_callback_cls(size, (void *)(uintptr_t)data, bytes_free,
                                                                      g_bytes_ref(response->bytes));
        if (made == NULL) {
            g_bytes_unref(response->bytes);
        }
        break;
    }
    case CONTENT_SOURCE:
        made = pump_to_library(g_steal_pointer(&response->pump), request->connection, request->dispatch);
        break;
    default:
        made = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    for (guint i = 0; made != NULL && i < response->headers->len; i++) {
        const struct own_field *field = &g_array_index(response->headers, struct own_field, i);
        (void)MHD_add_response_header(made, field->name, field->value); /* checked when it was set */
    }
    return made;
}

/* The library's own of a response that many get, made by the first thread that needs it: it is most of what such an answer
 * costs. NULL: no memory. */
static struct MHD_Response *kept_of(struct response *response, struct request *request)
{
    struct MHD_Response *kept = g_atomic_pointer_get(&response->kept);

    if (kept == NULL) {
        kept = to_library(response, request);
        if (kept != NULL && !g_atomic_pointer_compare_and_exchange(&response->kept, NULL, kept)) {
            MHD_destroy_response(kept); /* another thread was first */
            kept = g_atomic_pointer_get(&response->kept);
        }
    }
    return kept;
}

bool answer_queue(struct request *request)
{
    const bool is_kept = request->has_kept_answer;
    struct MHD_Response *made = is_kept ? kept_of(request->response, request) : to_library(request->response, request);

    if (made == NULL) {
        return false;
    }
    request->is_answered = true;
    request->answered_status = request->response->status;
    request->answered_bytes = strcmp(request->method, "HEAD") == 0 ? 0 : response_length(request->response);
    const enum MHD_Result queued =
        MHD_queue_response(request->connection, (unsigned int)request->response->status, made);
    if (!is_kept) {
        MHD_destroy_response(made); /* the queue holds its own reference */
    }
    return queued == MHD_YES;
}

void answer_by_hand(struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    g_autoptr(GString) head = response_head(request->response, response_length(request->response));

    if (request->response->content == CONTENT_BYTES) {
        gsize size;
        const char *data = g_bytes_get_data(request->response->bytes, &size);
        g_string_append_len(head, data, (gssize)size);
    }
    /* A refusal is far smaller than the socket's buffer; a peer that does not read it loses it. */
    (void)!send(info->connect_fd, head->str, head->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    request->is_answered = true;
    request->answered_status = request->response->status;
    request->answered_bytes = response_length(request->response);
    request->phase = PHASE_LINGER;
    watched_linger(request->watched);
}

void request_interim(const struct request *request, const char *head)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    /* One that does not fit into the socket's buffer is lost, and the client does without. */
    (void)!send(info->connect_fd, head, strlen(head), MSG_NOSIGNAL | MSG_DONTWAIT);
}
