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
};

struct client {
    CURL *curl;
    char *url;
    struct curl_slist *headers;
    char *authorization;
    const atomic_bool *stop;
};

static int progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    const struct client *client = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return client->stop != NULL && atomic_load(client->stop) ? 1 : 0;
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
static struct curl_slist *prepare(struct client *client, const char *path, const char *extra)
{
    g_autofree char *address = g_strconcat(client->url, path, NULL);
    struct curl_slist *headers = curl_slist_append(NULL, client->authorization);

    headers = curl_slist_append(headers, extra);
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_reset(client->curl);
    curl_easy_setopt(client->curl, CURLOPT_URL, address);
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

static bool expect_success(int status, GError **error)
{
    if (status >= 200 && status < 300) {
        return true;
    }
    g_set_error(error, WORKER_ERROR, status == 409 ? REASON_STALE_TOKEN : REASON_INFRASTRUCTURE,
                "the service answered %d", status);
    return false;
}

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    const int fd = *(const int *)context;
    size_t left = size * count;

    while (left > 0) {
        const ssize_t put = write(fd, bytes, left);
        if (put <= 0) {
            return 0;
        }
        bytes += put;
        left -= (size_t)put;
    }
    return size * count;
}

static char *job_header(int64_t job_token)
{
    return g_strdup_printf("X-Job-Token: %" G_GINT64_FORMAT, job_token);
}

static void bound_speed(struct client *client)
{
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST_BYTES);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, (long)SLOWEST_SECONDS);
}

bool client_download(struct client *client, const char *path, int64_t job_token, int fd, GError **error)
{
    g_autofree char *header = job_header(job_token);
    struct curl_slist *headers = prepare(client, path, header);
    int status = 0;

    bound_speed(client);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &fd);
    return perform(client, headers, &status, error) && expect_success(status, error);
}

static size_t give_bytes(char *bytes, size_t size, size_t count, void *context)
{
    const ssize_t got = read(*(const int *)context, bytes, size * count);

    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

bool client_upload(struct client *client, const char *path, int64_t job_token, int fd, int64_t bytes, GError **error)
{
    g_autofree char *header = job_header(job_token);
    struct curl_slist *headers = prepare(client, path, header);
    g_autoptr(GString) ignored = g_string_new(NULL);
    int status = 0;

    bound_speed(client);
    curl_easy_setopt(client->curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(client->curl, CURLOPT_READFUNCTION, give_bytes);
    curl_easy_setopt(client->curl, CURLOPT_READDATA, &fd);
    curl_easy_setopt(client->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)bytes);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_text);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, ignored);
    return perform(client, headers, &status, error) && expect_success(status, error);
}
