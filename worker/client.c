#include "worker/client.h"

#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/failure.h"

enum {
    ANSWER_MOST = 1 << 20,
    CONNECT_MS = 10000,
    SLOWEST_BYTES = 1000,
    SLOWEST_SECONDS = 60,
    TRANSFER_TRIES = 6,
    RETRY_FIRST_MS = 100,
    RETRY_MOST_MS = 1000,
};

struct client {
    CURL *curl;
    char *url;
    struct curl_slist *headers;
    char *authorization;
    const atomic_bool *stop;
    const atomic_bool *watched;
};

static bool is_stopped(const struct client *client)
{
    return (client->stop != NULL && atomic_load(client->stop)) ||
           (client->watched != NULL && atomic_load(client->watched));
}

void client_watch(struct client *client, const atomic_bool *flag)
{
    client->watched = flag;
}

static int progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    const struct client *client = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return is_stopped(client) ? 1 : 0;
}

struct client *client_open(const struct client_config *config, GError **error)
{
    struct client *client = g_new0(struct client, 1);

    client->url = g_strdup(config->url);
    client->stop = config->stop;
    client->authorization = g_strdup_printf("Authorization: Bearer %s", config->token);
    client->curl = curl_easy_init();
    if (client->curl == NULL) {
        g_set_error(error, WORKER_ERROR, REASON_INTERNAL, "libcurl does not start");
        client_free(client);
        return NULL;
    }
    return client;
}

void client_free(struct client *client)
{
    if (client != NULL) {
        curl_easy_cleanup(client->curl);
        g_free(client->url);
        g_free(client->authorization);
        g_free(client);
    }
}

/* A clean handle for the next call; the connection stays open. Libcurl's options cannot fail here but for memory. */
static struct curl_slist *prepare(struct client *client, const char *url, const char *extra)
{
    const bool is_ours = url[0] == '/'; /* the token goes to the service and to nobody else */
    g_autofree char *address = is_ours ? g_strconcat(client->url, url, NULL) : g_strdup(url);
    struct curl_slist *headers = is_ours ? curl_slist_append(NULL, client->authorization) : NULL;

    if (extra != NULL) {
        headers = curl_slist_append(headers, extra);
    }
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_reset(client->curl);
    curl_easy_setopt(client->curl, CURLOPT_URL, address);
    curl_easy_setopt(client->curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(client->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(client->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(client->curl, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(client->curl, CURLOPT_XFERINFODATA, client);
    return headers;
}

static bool perform(struct client *client, struct curl_slist *headers, int *status, GError **error)
{
    long code = 0;
    const CURLcode result = curl_easy_perform(client->curl);

    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(headers);
    if (result != CURLE_OK) {
        g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "%s", curl_easy_strerror(result));
        return false;
    }
    *status = (int)code;
    return true;
}

static size_t take_text(char *bytes, size_t size, size_t count, void *context)
{
    GString *text = context;

    if (text->len + size * count > ANSWER_MOST) {
        return 0;
    }
    g_string_append_len(text, bytes, (gssize)(size * count));
    return size * count;
}

bool client_post(struct client *client, const char *path, json_t *body, int64_t timeout_ms, int *status,
                 json_t **answer, GError **error)
{
    g_autofree char *text = json_dumps(body, JSON_COMPACT);
    g_autoptr(GString) received = g_string_new(NULL);
    struct curl_slist *headers = prepare(client, path, "Content-Type: application/json");

    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(text));
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, text);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_text);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, received);
    if (!perform(client, headers, status, error)) {
        return false;
    }
    if (answer != NULL) {
        *answer = json_loadb(received->str, received->len, JSON_REJECT_DUPLICATES, NULL);
    }
    return true;
}

/* --- transfers ------------------------------------------------------------------------------------------------- */

/* One try of a transfer; *again when another may do better. */
typedef bool transfer(struct client *client, const struct client_place *place, int fd, int64_t bytes, bool *again,
                      GError **error);

static bool judge(const struct client_place *place, int status, bool *again, GError **error)
{
    if (status >= 200 && status < 300) {
        return true;
    }
    *again = status >= 500 || status == 429;
    g_set_error(error, WORKER_ERROR, status == 409 ? REASON_STALE_TOKEN : REASON_INFRASTRUCTURE, "the %s answered %d",
                place->url[0] == '/' ? "service" : "store", status);
    return false;
}

static bool transfer_patiently(struct client *client, const struct client_place *place, transfer *once, int fd,
                               int64_t bytes, GError **error)
{
    int64_t pause_ms = RETRY_FIRST_MS;

    for (int i = 1;; i++) {
        bool again = true;
        g_autoptr(GError) cause = NULL;

        if (once(client, place, fd, bytes, &again, &cause)) {
            return true;
        }
        if (!again || i == TRANSFER_TRIES || is_stopped(client)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
        g_usleep((gulong)pause_ms * 1000);
        pause_ms = MIN(pause_ms * 2, RETRY_MOST_MS);
    }
}

/* A descriptor and how far it is. */
struct run {
    int fd;
    int64_t at;
    int64_t end;
    struct client *client;
};

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct run *run = context;
    size_t left = size * count;
    long status = 0;

    curl_easy_getinfo(run->client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300) {
        return left; /* an error's text */
    }
    while (left > 0) {
        const ssize_t put = pwrite(run->fd, bytes, left, run->at);
        if (put <= 0) {
            return 0;
        }
        bytes += put;
        run->at += put;
        left -= (size_t)put;
    }
    return size * count;
}

static struct curl_slist *prepare_transfer(struct client *client, const struct client_place *place)
{
    g_autofree char *header =
        place->url[0] == '/' ? g_strdup_printf("X-Job-Token: %" G_GINT64_FORMAT, place->job_token) : NULL;
    struct curl_slist *headers = prepare(client, place->url, header);

    for (size_t i = 0; place->headers != NULL && place->headers[i] != NULL; i++) {
        headers = curl_slist_append(headers, place->headers[i]);
        curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    }
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST_BYTES);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, (long)SLOWEST_SECONDS);
    return headers;
}

static bool download_once(struct client *client, const struct client_place *place, int fd, int64_t bytes, bool *again,
                          GError **error)
{
    struct run run = {.fd = fd, .client = client};
    struct curl_slist *headers = prepare_transfer(client, place);
    int status = 0;

    (void)bytes; /* the caller compares */
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &run);
    return perform(client, headers, &status, error) && judge(place, status, again, error);
}

bool client_download(struct client *client, const struct client_place *place, int fd, GError **error)
{
    return transfer_patiently(client, place, download_once, fd, 0, error);
}

static size_t give_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct run *run = context;
    const size_t most = (size_t)MIN((int64_t)(size * count), run->end - run->at);
    const ssize_t got = pread(run->fd, bytes, most, run->at);

    run->at += MAX(got, 0);
    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* A kept connection that the other side had closed meanwhile: libcurl sends again from the start. */
static int seek_bytes(void *context, curl_off_t offset, int origin)
{
    struct run *run = context;

    if (origin != SEEK_SET) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    run->at = offset;
    return CURL_SEEKFUNC_OK;
}

static bool upload_once(struct client *client, const struct client_place *place, int fd, int64_t bytes, bool *again,
                        GError **error)
{
    struct run run = {.fd = fd, .end = bytes, .client = client};
    struct curl_slist *headers = prepare_transfer(client, place);
    g_autoptr(GString) ignored = g_string_new(NULL);
    int status = 0;

    curl_easy_setopt(client->curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(client->curl, CURLOPT_READFUNCTION, give_bytes);
    curl_easy_setopt(client->curl, CURLOPT_READDATA, &run);
    curl_easy_setopt(client->curl, CURLOPT_SEEKFUNCTION, seek_bytes);
    curl_easy_setopt(client->curl, CURLOPT_SEEKDATA, &run);
    curl_easy_setopt(client->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)bytes);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_text);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, ignored);
    return perform(client, headers, &status, error) && judge(place, status, again, error);
}

bool client_upload(struct client *client, const struct client_place *place, int fd, int64_t bytes, GError **error)
{
    return transfer_patiently(client, place, upload_once, fd, bytes, error);
}
