#include "worker/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "common/failure.h"

static int open_or_fail(const char *path, int flags, GError **error)
{
    const int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "%s: %s", path, g_strerror(errno));
    }
    return fd;
}

int deliver_input(struct client *client, const struct offer_message *offer, const struct input_message *input,
                  const char *folder, GError **error)
{
    if (input->path[0] != '\0') {
        return open_or_fail(input->path, O_RDONLY, error);
    }
    g_autofree char *path = g_build_filename(folder, "input", NULL);
    const int fd = open_or_fail(path, O_RDWR | O_CREAT | O_TRUNC, error);
    if (fd < 0) {
        return -1;
    }
    (void)unlink(path); /* the descriptor is all that is needed */
    if (!client_download(client, input->url, offer->token, fd, error)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool upload(struct client *client, const struct offer_message *offer, const char *path, const char *name,
                   int64_t bytes, GError **error)
{
    g_autofree char *address = g_strdup_printf("/api/v1/jobs/%s/output/%s", offer->job, name);
    const int fd = open_or_fail(path, O_RDONLY, error);

    if (fd < 0) {
        return false;
    }
    const bool good = client_upload(client, address, offer->token, fd, bytes, error);
    close(fd);
    return good;
}

bool deliver_outputs(struct client *client, const struct offer_message *offer, const char *folder, const char *prefix,
                     const struct recipe_result *result, struct finish_message *finish, GError **error)
{
    for (guint i = 0; i < result->outputs->len; i++) {
        const struct recipe_output *made = g_ptr_array_index(result->outputs, i);
        g_autofree char *name = g_strconcat(prefix, made->name, NULL);
        g_autofree char *from = g_build_filename(folder, made->name, NULL);
        struct output_message *output = output_message_new(name, made->kind, made->type);

        output->bytes = made->bytes;
        output->sha256 = g_strdup(made->sha256);
        output->facts = made->facts == NULL ? json_object() : json_incref(made->facts);
        g_ptr_array_add(finish->outputs, output);
        if (offer->folder[0] == '\0') {
            if (!upload(client, offer, from, name, made->bytes, error)) {
                return false;
            }
            continue;
        }
        g_autofree char *to = g_build_filename(offer->folder, name, NULL);
        if (strcmp(from, to) != 0 && g_rename(from, to) != 0) {
            g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "%s: %s", to, g_strerror(errno));
            return false;
        }
    }
    return true;
}
