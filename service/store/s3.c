/* The store as a bucket of an object store. Every request is an address signed for it (s3_sign.c), sent by s3_http.c, and
 * repeated with a growing pause while the store does not answer or says 5xx, at the next endpoint where there are
 * several.
 *
 * What is put is signed with its SHA-256, so the store itself refuses other bytes, and the digest is kept beside the
 * object; HEAD then tells length and digest, and only when both are right has it been stored. An object appears whole
 * or not at all; parts of an unfinished multipart upload are given up at once, or by the sweep. */
#include "service/store/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/failure.h"
#include "service/store/s3_address.h"
#include "service/store/s3_http.h"
#include "service/store/s3_sign.h"
#include "service/store/s3_xml.h"

#define TRIES       6
#define PAUSE_US    100000 /* 0.1, 0.2, 0.4, 0.8, 1 s: a gateway that is started again is back in about one */
#define PAUSE_MOST  1000000
#define LIFE_S      300   /* of the service's own addresses: sent at once; clocks may differ by minutes */
#define SMALL_MS    15000 /* an exchange without a body to speak of */
#define CHECK_MS    4000
#define PARTS_MOST  10000 /* the protocol's */
#define STATUS_SLOW 429

struct s3 {
    struct store store;
    struct s3_address address;
    char *key;
    char *secret;
    char *spool;
    struct s3_http *http;
    gint is_down;   /* atomic: the last check failed */
    gint preferred; /* atomic: index of the endpoint that answered last */
};

/* One request, to be signed for whichever endpoint it is sent to. */
struct call {
    struct s3_request request; /* method, query, signed headers, payload */
    struct s3_exchange exchange;
    const char *key; /* NULL: the bucket */
    const char *range;
    bool is_check; /* the one request that is sent while the store counts as down */
};

static struct s3 *s3_of(const struct store *store)
{
    return (struct s3 *)(uintptr_t)store; /* its first member */
}

static void call_clear(struct call *call)
{
    s3_exchange_clear(&call->exchange);
}
typedef struct call Call;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Call, call_clear)

/* --- sending --------------------------------------------------------------------------------------------------- */

static struct s3_keys keys_of(const struct s3 *s3)
{
    return (struct s3_keys){.region = s3->address.region, .key = s3->key, .secret = s3->secret};
}

/* "Name: value" of each signed header, and the range; the caller's. */
static char **header_lines(const struct s3_request *request, const char *range)
{
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();

    for (size_t i = 0; i < request->header_count; i++) {
        g_autofree char *line = g_strdup_printf("%s: %s", request->headers[i].name, request->headers[i].value);
        g_strv_builder_add(lines, line);
    }
    if (range != NULL) {
        g_strv_builder_add(lines, range);
    }
    return g_strv_builder_end(lines);
}

static char *address_of(const struct s3 *s3, struct s3_request *request, const char *key,
                        const struct s3_endpoint *endpoint)
{
    const struct s3_keys keys = keys_of(s3);
    g_autofree char *path = g_strconcat(s3->address.prefix, key == NULL ? "" : key, NULL);
    const size_t length = strlen(path);

    if (key == NULL && length > 1) {
        path[length - 1] = '\0'; /* "/bucket" itself */
    }
    request->host = endpoint->host;
    request->path = path;
    request->now_s = g_get_real_time() / G_USEC_PER_SEC;
    g_autofree char *target = s3_sign(&keys, request);
    request->path = NULL;
    return g_strconcat(endpoint->origin, target, NULL);
}

static bool send_once(struct s3 *s3, struct call *call, size_t at, GError **error)
{
    g_autofree char *url = address_of(s3, &call->request, call->key, &s3->address.endpoints[at]);
    g_auto(GStrv) headers = header_lines(&call->request, call->range);

    call->exchange.method = call->request.method;
    call->exchange.url = url;
    call->exchange.headers = (const char *const *)headers;
    const bool answered = s3_http_run(s3->http, &call->exchange, error);
    call->exchange.url = NULL;
    call->exchange.headers = NULL;
    return answered;
}

static bool is_passing(int status)
{
    return status >= 500 || status == STATUS_SLOW;
}

/* True when an answer came that asking again would not change; call->exchange has it. */
static bool send_call(struct s3 *s3, struct call *call, GError **error)
{
    const size_t count = s3->address.endpoint_count;
    const size_t first = (size_t)g_atomic_int_get(&s3->preferred);
    gulong pause_us = PAUSE_US;

    call->request.life_s = LIFE_S;
    for (int i = 0;; i++) {
        const size_t at = (first + (size_t)i) % count;
        g_autoptr(GError) cause = NULL;

        if (g_atomic_int_get(&s3->is_down) != 0 && !call->is_check) {
            return refuse(error, STORE_ERROR, REASON_STORE, "the store is down");
        }
        if (send_once(s3, call, at, &cause) && !is_passing(call->exchange.status)) {
            g_atomic_int_set(&s3->preferred, (gint)at);
            return true;
        }
        if (i + 1 >= (call->is_check ? (int)count : TRIES)) {
            g_set_error(error, STORE_ERROR, REASON_STORE, "%s, status %d",
                        cause == NULL ? "the store cannot answer" : cause->message, call->exchange.status);
            return false;
        }
        g_usleep(call->is_check ? 0 : pause_us);
        pause_us = MIN(pause_us * 2, PAUSE_MOST);
    }
}

/* An answer that is none of the expected: 404 is absence, 403 our keys or clock, the rest the store's trouble. */
static bool fail_call(const struct call *call, const char *what, GError **error)
{
    const int status = call->exchange.status;

    if (status == 404) {
        g_set_error(error, STORE_ERROR, REASON_NOT_FOUND, "no object \"%s\"", call->key == NULL ? "" : call->key);
        return false;
    }
    g_autofree char *given = call->exchange.text == NULL ? NULL : s3_xml_find(call->exchange.text, "Error", "Code");
    g_autofree char *code = given == NULL ? g_strdup("") : g_strndup(given, 60);
    g_strcanon(code, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS, '_'); /* outside text in the log */
    g_set_error(error, STORE_ERROR, REASON_STORE, "%s: the store answers %d %s", what, status, code);
    return false;
}

static void add_query(struct call *call, const char *name, const char *value)
{
    g_assert(call->request.query_count < S3_PAIRS_MOST); /* our own requests */
    call->request.query[call->request.query_count++] = (struct s3_pair){name, value};
}

static void add_header(struct call *call, const char *name, const char *value)
{
    g_assert(call->request.header_count < S3_PAIRS_MOST); /* our own requests */
    call->request.headers[call->request.header_count++] = (struct s3_pair){name, value};
}

static bool is_success(const struct call *call)
{
    return call->exchange.status >= 200 && call->exchange.status < 300;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static struct store *open_bucket(const struct store_config *config, GError **error)
{
    struct s3_address address;

    if (!s3_address_read(config->address, &address, error)) {
        return NULL;
    }
    if (config->key == NULL || config->key[0] == '\0' || config->secret == NULL || config->secret[0] == '\0') {
        g_set_error_literal(error, STORE_ERROR, REASON_INPUT, "an object store needs store_key and store_secret");
        s3_address_clear(&address);
        return NULL;
    }
    struct s3_http *http = s3_http_open(error);
    if (http == NULL) {
        s3_address_clear(&address);
        return NULL;
    }
    struct s3 *s3 = g_new0(struct s3, 1);
    s3->store.driver = &s3_driver;
    s3->address = address;
    s3->key = g_strdup(config->key);
    s3->secret = g_strdup(config->secret);
    s3->spool = g_strdup(config->spool == NULL ? "." : config->spool);
    s3->http = http;
    return &s3->store;
}

static void close_bucket(struct store *store)
{
    struct s3 *s3 = s3_of(store);

    s3_http_free(s3->http);
    s3_address_clear(&s3->address);
    g_free(s3->key);
    memset(s3->secret, 0, strlen(s3->secret));
    g_free(s3->secret);
    g_free(s3->spool);
    g_free(s3);
}

/* A store in one region only may not know the region's name as a place. */
static bool make_bucket(struct s3 *s3, GError **error)
{
    g_autofree char *place = g_strdup_printf("<CreateBucketConfiguration><LocationConstraint>%s</LocationConstraint>"
                                             "</CreateBucketConfiguration>",
                                             s3->address.region);
    const char *const bodies[] = {strcmp(s3->address.region, "us-east-1") == 0 ? NULL : place, NULL};
    bool made = false;

    for (size_t i = 0; !made && i < G_N_ELEMENTS(bodies); i++) {
        g_auto(Call) call = {.request = {.method = "PUT"}, .is_check = true};
        call.exchange.body = bodies[i] == NULL ? "" : bodies[i];
        call.exchange.timeout_ms = SMALL_MS;
        if (!send_call(s3, &call, error)) {
            return false;
        }
        made = is_success(&call);
        if (!made && i + 1 == G_N_ELEMENTS(bodies)) {
            return fail_call(&call, "cannot make the bucket", error);
        }
    }
    return made;
}

static bool check_bucket(struct s3 *s3, GError **error)
{
    g_auto(Call) call = {.request = {.method = "HEAD"}, .is_check = true};

    call.exchange.timeout_ms = CHECK_MS;
    if (!send_call(s3, &call, error)) {
        return false;
    }
    if (call.exchange.status == 404) {
        return make_bucket(s3, error);
    }
    return is_success(&call) || fail_call(&call, "cannot see the bucket", error);
}

static bool check(struct store *store, GError **error)
{
    struct s3 *s3 = s3_of(store);
    const bool is_up = check_bucket(s3, error);

    g_atomic_int_set(&s3->is_down, is_up ? 0 : 1);
    return is_up;
}

static bool is_up(const struct store *store)
{
    return g_atomic_int_get(&s3_of(store)->is_down) == 0;
}

/* --- looking --------------------------------------------------------------------------------------------------- */

static bool look(struct s3 *s3, const char *key, struct call *call, GError **error)
{
    *call = (struct call){.request = {.method = "HEAD"}, .key = key};
    call->exchange.timeout_ms = SMALL_MS;
    if (!send_call(s3, call, error)) {
        return false;
    }
    return is_success(call) || fail_call(call, "cannot look at an object", error);
}

static bool verify(struct store *store, const char *key, int64_t bytes, const char *sha256, GError **error)
{
    g_auto(Call) call = {0};

    if (!look(s3_of(store), key, &call, error)) {
        return false;
    }
    if (call.exchange.length != bytes || g_strcmp0(call.exchange.sha256, sha256) != 0) {
        g_set_error(error, STORE_ERROR, REASON_CONFLICT, "\"%s\" is not what was put", key);
        return false;
    }
    return true;
}

static struct store_reader *open_read(struct store *store, const char *key, GError **error)
{
    g_auto(Call) call = {0};

    if (!look(s3_of(store), key, &call, error)) {
        return NULL;
    }
    return store_reader_new(store, key, MAX(call.exchange.length, 0), -1);
}

static bool read_range(struct store_reader *reader, int64_t offset, void *bytes, size_t length, GError **error)
{
    g_autofree char *range =
        g_strdup_printf("Range: bytes=%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT, offset, offset + (int64_t)length - 1);
    g_auto(Call) call = {.request = {.method = "GET"}, .key = reader->key, .range = range};

    call.exchange.into = bytes;
    call.exchange.into_length = length;
    if (!send_call(s3_of(reader->store), &call, error)) {
        return false;
    }
    if (call.exchange.status != 206) {
        return fail_call(&call, "cannot read an object", error);
    }
    if (call.exchange.got != length) {
        g_set_error(error, STORE_ERROR, REASON_STORE, "\"%s\" is shorter than it was", reader->key);
        return false;
    }
    return true;
}

/* --- putting --------------------------------------------------------------------------------------------------- */

struct put {
    struct s3 *s3;
    const char *key;
    int fd;
    int64_t bytes;
    char sha256[DIGEST_HEX + 1];
    char *upload; /* of a multipart upload */
};

static bool put_whole(const struct put *put, GError **error)
{
    g_auto(Call) call = {.request = {.method = "PUT", .payload_sha256 = put->sha256}, .key = put->key};

    add_header(&call, "x-amz-content-sha256", put->sha256);
    add_header(&call, "x-amz-meta-sha256", put->sha256);
    call.exchange.has_file = true;
    call.exchange.fd = put->fd;
    call.exchange.body_length = put->bytes;
    return send_call(put->s3, &call, error) && (is_success(&call) || fail_call(&call, "cannot put an object", error));
}

static bool begin_parts(struct put *put, GError **error)
{
    g_auto(Call) call = {.request = {.method = "POST"}, .key = put->key};

    add_query(&call, "uploads", "");
    add_header(&call, "x-amz-meta-sha256", put->sha256);
    call.exchange.body = "";
    call.exchange.timeout_ms = SMALL_MS;
    if (!send_call(put->s3, &call, error)) {
        return false;
    }
    if (!is_success(&call)) {
        return fail_call(&call, "cannot begin a multipart upload", error);
    }
    put->upload = s3_xml_find(call.exchange.text, "InitiateMultipartUploadResult", "UploadId");
    return put->upload != NULL || fail_call(&call, "a multipart upload without an id", error);
}

/* Adds the part to the list that completes the upload. */
static bool put_part(const struct put *put, int64_t offset, int number, GString *list, GError **error)
{
    const int64_t length = MIN(put->s3->address.part_bytes, put->bytes - offset);
    g_autofree char *number_text = g_strdup_printf("%d", number);
    g_auto(Call) call = {.request = {.method = "PUT"}, .key = put->key};
    char sha256[DIGEST_HEX + 1];

    if (!digest_range_hex(put->fd, offset, length, sha256, error)) {
        return false;
    }
    call.request.payload_sha256 = sha256;
    add_query(&call, "partNumber", number_text);
    add_query(&call, "uploadId", put->upload);
    add_header(&call, "x-amz-content-sha256", sha256);
    call.exchange.has_file = true;
    call.exchange.fd = put->fd;
    call.exchange.body_offset = offset;
    call.exchange.body_length = length;
    if (!send_call(put->s3, &call, error)) {
        return false;
    }
    if (!is_success(&call) || call.exchange.etag == NULL) {
        return fail_call(&call, "cannot put a part", error);
    }
    g_autofree char *part =
        g_markup_printf_escaped("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", number, call.exchange.etag);
    g_string_append(list, part);
    return true;
}

static bool put_parts(const struct put *put, GString *list, GError **error)
{
    int number = 0;

    if (put->bytes / put->s3->address.part_bytes >= PARTS_MOST) {
        g_set_error_literal(error, STORE_ERROR, REASON_INPUT, "too many parts; set a larger part");
        return false;
    }
    g_string_assign(list, "<CompleteMultipartUpload>");
    for (int64_t offset = 0; offset < put->bytes; offset += put->s3->address.part_bytes) {
        if (!put_part(put, offset, ++number, list, error)) {
            return false;
        }
    }
    g_string_append(list, "</CompleteMultipartUpload>");
    return true;
}

/* 200 may come with an <Error> in the body. 404 says that the answer to an earlier try was lost, or that the upload is
 * gone: the look at the object that follows tells which. */
static bool complete_parts(const struct put *put, const GString *list, GError **error)
{
    g_auto(Call) call = {.request = {.method = "POST"}, .key = put->key};

    add_query(&call, "uploadId", put->upload);
    call.exchange.body = list->str;
    if (!send_call(put->s3, &call, error)) {
        return false;
    }
    g_autofree char *code = s3_xml_find(call.exchange.text, "Error", "Code");
    return (is_success(&call) && code == NULL) || call.exchange.status == 404 ||
           fail_call(&call, "cannot complete a multipart upload", error);
}

/* What cannot be given up now, the sweep finds. */
static void abort_parts(struct s3 *s3, const char *key, const char *upload)
{
    g_auto(Call) call = {.request = {.method = "DELETE"}, .key = key};

    add_query(&call, "uploadId", upload);
    call.exchange.timeout_ms = SMALL_MS;
    (void)send_call(s3, &call, NULL);
}

static bool put_multipart(struct put *put, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);

    if (!begin_parts(put, error)) {
        return false;
    }
    const bool done = put_parts(put, list, error) && complete_parts(put, list, error);
    if (!done) {
        abort_parts(put->s3, put->key, put->upload);
    }
    g_free(put->upload);
    return done;
}

static bool put_descriptor(struct s3 *s3, const char *key, int fd, GError **error)
{
    struct put put = {.s3 = s3, .key = key, .fd = fd};
    struct stat status;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        g_set_error(error, STORE_ERROR, REASON_IO, "no regular file for \"%s\"", key);
        return false;
    }
    put.bytes = status.st_size;
    return digest_descriptor(fd, put.sha256, error) &&
           (put.bytes > s3->address.part_bytes ? put_multipart(&put, error) : put_whole(&put, error)) &&
           verify(&s3->store, key, put.bytes, put.sha256, error);
}

static bool put_file(struct store *store, const char *key, const char *path, GError **error)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        g_set_error(error, STORE_ERROR, errno == ENOENT ? REASON_NOT_FOUND : REASON_IO, "%s: %s", path,
                    g_strerror(errno));
        return false;
    }
    const bool stored = put_descriptor(s3_of(store), key, fd, error);
    (void)close(fd); /* was only read */
    if (stored) {
        (void)unlink(path); /* a spooled copy that stays is swept with its folder */
    }
    return stored;
}

/* --- removing, listing, sweeping ------------------------------------------------------------------------------- */

static bool remove_object(struct store *store, const char *key, GError **error)
{
    g_auto(Call) call = {.request = {.method = "DELETE"}, .key = key};

    call.exchange.timeout_ms = SMALL_MS;
    if (!send_call(s3_of(store), &call, error)) {
        return false;
    }
    return is_success(&call) || call.exchange.status == 404 || fail_call(&call, "cannot remove an object", error);
}

static bool list_page(struct s3 *s3, const char *prefix, struct s3_page *page, GError **error)
{
    g_auto(Call) call = {.request = {.method = "GET"}};
    g_autofree char *token = g_steal_pointer(&page->next);

    s3_page_clear(page);
    add_query(&call, "list-type", "2");
    add_query(&call, "encoding-type", "url");
    add_query(&call, "prefix", prefix);
    if (token != NULL) {
        add_query(&call, "continuation-token", token);
    }
    if (!send_call(s3, &call, error)) {
        return false;
    }
    return is_success(&call) ? s3_page_read(call.exchange.text, page, error)
                             : fail_call(&call, "cannot list the bucket", error);
}

static bool is_below(const char *key, const char *prefix)
{
    const size_t length = strlen(prefix);

    return length == 0 || key[length] == '\0' || key[length] == '/';
}

/* A bucket may hold what others put there: what is no key of ours is not shown, and so never swept. */
static bool visit_page(const struct s3_page *page, const char *prefix, store_visit *visit, void *context)
{
    for (guint i = 0; i < page->entries->len; i++) {
        const struct s3_entry *entry = g_ptr_array_index(page->entries, i);

        if (store_key_is_valid(entry->key) && g_str_has_prefix(entry->key, prefix) && is_below(entry->key, prefix) &&
            !visit(context, entry->key, entry->size, entry->modified_ms)) {
            return false;
        }
    }
    return true;
}

static bool each(struct store *store, const char *prefix, store_visit *visit, void *context, GError **error)
{
    struct s3_page page = {0};
    bool good;

    do {
        good = list_page(s3_of(store), prefix, &page, error);
    } while (good && visit_page(&page, prefix, visit, context) && page.next != NULL);
    s3_page_clear(&page);
    return good;
}

static bool uploads_page(struct s3 *s3, struct s3_page *page, GError **error)
{
    g_auto(Call) call = {.request = {.method = "GET"}};
    g_autofree char *key = g_steal_pointer(&page->next);
    g_autofree char *upload = g_steal_pointer(&page->next_upload);

    s3_page_clear(page);
    add_query(&call, "uploads", "");
    add_query(&call, "encoding-type", "url");
    if (key != NULL) {
        add_query(&call, "key-marker", key);
        add_query(&call, "upload-id-marker", upload == NULL ? "" : upload);
    }
    call.exchange.timeout_ms = SMALL_MS;
    if (!send_call(s3, &call, error)) {
        return false;
    }
    return is_success(&call) ? s3_page_read(call.exchange.text, page, error)
                             : fail_call(&call, "cannot list multipart uploads", error);
}

static bool sweep(struct store *store, int64_t before_ms, GError **error)
{
    struct s3 *s3 = s3_of(store);
    struct s3_page page = {0};
    bool good;

    do {
        good = uploads_page(s3, &page, error);
        for (guint i = 0; good && i < page.entries->len; i++) {
            const struct s3_entry *entry = g_ptr_array_index(page.entries, i);
            if (entry->upload != NULL && entry->modified_ms < before_ms && store_key_is_valid(entry->key)) {
                abort_parts(s3, entry->key, entry->upload);
            }
        }
    } while (good && page.next != NULL);
    s3_page_clear(&page);
    return good;
}

/* --- addresses for workers ------------------------------------------------------------------------------------- */

static char *presign_get(struct store *store, const char *key, int64_t life_s)
{
    const struct s3 *s3 = s3_of(store);
    struct s3_request request = {.method = "GET", .life_s = CLAMP(life_s, 1, S3_LIFE_MOST_S)};

    return s3->address.worker.origin == NULL ? NULL : address_of(s3, &request, key, &s3->address.worker);
}

static char *presign_put(struct store *store, const char *key, const char *sha256, int64_t life_s, char ***headers)
{
    const struct s3 *s3 = s3_of(store);
    struct s3_request request = {
        .method = "PUT",
        .payload_sha256 = sha256,
        .headers = {{"x-amz-content-sha256", sha256}, {"x-amz-meta-sha256", sha256}},
        .header_count = 2,
        .life_s = CLAMP(life_s, 1, S3_LIFE_MOST_S),
    };

    if (s3->address.worker.origin == NULL) {
        return NULL;
    }
    *headers = header_lines(&request, NULL);
    return address_of(s3, &request, key, &s3->address.worker);
}

static bool space(struct store *store, int64_t *free_bytes, int64_t *total_bytes, GError **error)
{
    const struct s3 *s3 = s3_of(store);
    struct statvfs status;

    if (statvfs(s3->spool, &status) != 0) {
        g_set_error(error, STORE_ERROR, REASON_IO, "%s: %s", s3->spool, g_strerror(errno));
        return false;
    }
    *free_bytes = (int64_t)(status.f_bavail * status.f_frsize);
    *total_bytes = (int64_t)(status.f_blocks * status.f_frsize);
    return true;
}

const struct store_driver s3_driver = {
    .scheme = "s3",
    .open = open_bucket,
    .close = close_bucket,
    .put_file = put_file,
    .open_read = open_read,
    .verify = verify,
    .remove = remove_object,
    .each = each,
    .space = space,
    .read = read_range,
    .check = check,
    .is_up = is_up,
    .sweep = sweep,
    .presign_get = presign_get,
    .presign_put = presign_put,
};
