#include "service/handlers/body_file.h"

#include <errno.h>
#include <unistd.h>

#include "common/failure.h"
#include "service/http/stream.h"

struct run {
    struct body_file body;
    int64_t bytes;
    enum reason failure; /* REASON_COUNT: none */
};

static bool stop(struct run *run, enum reason reason)
{
    run->failure = reason;
    return false;
}

static bool write_piece(void *context, const void *bytes, size_t length)
{
    struct run *run = context;
    const char *from = bytes;

    if (run->body.most_bytes > 0 && run->bytes + (int64_t)length > run->body.most_bytes) {
        return stop(run, REASON_BODY_TOO_LARGE);
    }
    while (length > 0) {
        const ssize_t count = pwrite(run->body.fd, from, length, run->bytes);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return stop(run, errno == ENOSPC || errno == EDQUOT ? REASON_FULL : REASON_IO);
        }
        from += count;
        length -= (size_t)count;
        run->bytes += count;
    }
    return true;
}

static struct response *finish(void *context, struct request *request, GError **error)
{
    const struct run *run = context;

    if (run->failure != REASON_COUNT) {
        g_set_error_literal(error, HTTP_ERROR, (int)run->failure, "the body was not taken");
        return NULL;
    }
    return run->body.finish(run->body.context, request, run->bytes, error);
}

static void run_free(void *context)
{
    struct run *run = context;

    (void)close(run->body.fd); /* who needs it durable has synced it */
    if (run->body.free != NULL) {
        run->body.free(run->body.context);
    }
    g_free(run);
}

void body_file_attach(struct request *request, const struct body_file *body)
{
    struct run *run = g_new0(struct run, 1);
    const struct stream stream = {
        .write = write_piece,
        .finish = finish,
        .finish_transfers = body->finish_transfers,
        .free = run_free,
        .context = run,
    };

    run->body = *body;
    run->failure = REASON_COUNT;
    request_attach_stream(request, &stream);
}
