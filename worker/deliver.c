#include "worker/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "common/failure.h"

enum {
    PLACE_MS = 15000,
};

static int open_or_fail(const char *path, int flags, GError **error)
{
    const int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "%s: %s", path, g_strerror(errno));
    }
    return fd;
}

static bool check_length(int fd, int64_t wanted, GError **error)
{
    struct stat status;

    if (fstat(fd, &status) == 0 && status.st_size == wanted) {
        return true;
    }
    g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "the input did not come whole");
    return false;
}

int deliver_input(struct client *client, const struct offer_message *offer, const struct file_message *file,
                  const char *folder, GError **error)
{
    if (file->path[0] != '\0') {
        return open_or_fail(file->path, O_RDONLY, error);
    }
    g_autofree char *path = g_build_filename(folder, "input", NULL);
    const int fd = open_or_fail(path, O_RDWR | O_CREAT | O_TRUNC, error);
    if (fd < 0) {
        return -1;
    }
    (void)unlink(path); /* the descriptor is all that is needed */
    const struct client_place place = {.url = file->url, .job_token = offer->token};
    if (!client_download(client, &place, fd, error) || !check_length(fd, file->bytes, error)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A place of its own for each output, good for its bytes alone. */
static bool find_place(struct client *client, const struct offer_message *offer, const struct output_message *output,
                       struct placed_message *placed, GError **error)
{
    g_autofree char *path = g_strdup_printf("/api/v1/jobs/%s/outputs", offer->job);
    const struct place_message place = {.token = offer->token, .name = output->name, .sha256 = output->sha256};
    json_auto_t *body = place_message_json(&place);
    json_auto_t *answer = NULL;
    int status = 0;

    if (!client_post(client, path, body, PLACE_MS, &status, &answer, error)) {
        return false;
    }
    if (status != 200 || answer == NULL) {
        g_set_error(error, WORKER_ERROR, status == 409 ? REASON_STALE_TOKEN : REASON_INFRASTRUCTURE,
                    "no place for %s: %d", output->name, status);
        return false;
    }
    return placed_message_read(answer, placed, error);
}

static bool upload(struct client *client, const struct offer_message *offer, const char *path,
                   const struct output_message *output, GError **error)
{
    struct placed_message placed = {0};
    const int fd = open_or_fail(path, O_RDONLY, error);

    if (fd < 0) {
        return false;
    }
    bool good = find_place(client, offer, output, &placed, error);
    if (good) {
        const struct client_place place = {
            .url = placed.url,
            .headers = (const char *const *)placed.headers,
            .job_token = offer->token,
        };
        good = client_upload(client, &place, fd, output->bytes, error);
    }
    placed_message_clear(&placed);
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
            if (!upload(client, offer, from, output, error)) {
                return false;
            }
            (void)g_remove(from); /* the next file's results have the same names */
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
