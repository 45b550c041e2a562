#include "service/handlers/stored.h"

#include "service/store/store.h"

bool stored_must_move(const struct app *app, const struct request *request)
{
    return store_is_remote(app->store) && !request_is_transferring(request);
}

static bool read_reader(void *context, int64_t offset, void *bytes, size_t length, GError **error)
{
    return store_reader_read(context, offset, bytes, length, error);
}

static void free_reader(void *context)
{
    store_reader_free(context);
}

struct response *stored_answer(const struct app *app, const struct request *request, const char *key, const char *type,
                               const char *etag, GError **error)
{
    g_autoptr(StoreReader) reader = store_open_read(app->store, key, error);

    if (reader == NULL) {
        return NULL;
    }
    const int64_t size = store_reader_size(reader);
    const int fd = store_reader_steal_fd(reader);
    if (fd >= 0) {
        return response_file(request, fd, size, type, etag);
    }
    const struct source source = {
        .size = size,
        .read = read_reader,
        .free = free_reader,
        .context = g_steal_pointer(&reader),
    };
    return response_source(request, &source, type, etag, error);
}
