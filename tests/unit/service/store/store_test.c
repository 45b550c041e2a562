#include "service/store/store.h"

#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "common/digest.h"
#include "common/failure.h"
#include "service/store/s3_address.h"
#include "service/store/s3_http.h"
#include "service/store/s3_sign.h"
#include "service/store/s3_xml.h"
#include "tests/unit/support/gateway.h"

/* The same cases on every driver: a folder always, an object store where scripts/radosgw could start one. */
enum driver {
    DRIVER_FOLDER,
    DRIVER_S3,
    DRIVER_S3_VIRTUAL, /* the bucket in the host's name */
};

struct fixture {
    char *folder;
    struct store *store;
    char *address; /* of an object store */
};

static struct store *open_s3(struct fixture *fixture, bool is_virtual)
{
    fixture->address = gateway_address(is_virtual, "&part=5242880");
    const struct store_config config = {fixture->address, GATEWAY_KEY, GATEWAY_SECRET, fixture->folder};
    g_autoptr(GError) error = NULL;
    struct store *store = store_open(&config, &error);

    g_assert_no_error(error);
    g_assert_true(store_check(store, &error)); /* makes the bucket */
    g_assert_no_error(error);
    return store;
}

static void open_store(struct fixture *fixture, gconstpointer data)
{
    const enum driver driver = (enum driver)GPOINTER_TO_INT(data);

    fixture->folder = g_dir_make_tmp("store-XXXXXX", NULL);
    g_autofree char *root = g_build_filename(fixture->folder, "store", NULL);
    const struct store_config config = {.address = root};
    fixture->store = driver == DRIVER_FOLDER ? store_open(&config, NULL) : open_s3(fixture, driver != DRIVER_S3);
    g_assert_nonnull(fixture->store);
}

static void close_store(struct fixture *fixture, gconstpointer data)
{
    const char *const argv[] = {"rm", "-rf", fixture->folder, NULL};

    (void)data;
    store_free(fixture->store);
    (void)g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(fixture->folder);
    g_free(fixture->address);
}

static void put(const struct fixture *fixture, const char *key, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->folder, "new", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_true(store_put_file(fixture->store, key, path, &error));
    g_assert_no_error(error);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static char *sha256_of(const char *text, gssize length)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, (gsize)length);
}

static void test_put_and_read(struct fixture *fixture, gconstpointer data)
{
    char buffer[16] = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *digest = sha256_of("other!", 6);
    g_autofree char *old = sha256_of("hello", 5);

    put(fixture, "original/abc", "hello");
    put(fixture, "rend/a-1/480p.mp4", "video");
    put(fixture, "original/abc", "other!");
    g_autoptr(StoreReader) reader = store_open_read(fixture->store, "original/abc", &error);
    g_assert_no_error(error);
    g_assert_cmpint(store_reader_size(reader), ==, 6);
    g_assert_true(store_reader_read(reader, 0, buffer, 6, &error));
    g_assert_cmpstr(buffer, ==, "other!");
    g_assert_true(store_reader_read(reader, 2, buffer, 2, &error));
    g_assert_cmpint(memcmp(buffer, "he", 2), ==, 0);
    g_assert_false(store_reader_read(reader, 4, buffer, 3, NULL)); /* beyond the end */
    g_assert_true(store_verify(fixture->store, "original/abc", 6, digest, &error));
    g_assert_false(store_verify(fixture->store, "original/abc", 5, digest, NULL));
    g_assert_false(store_verify(fixture->store, "original/abc", 6, old, &error));
    g_assert_error(error, STORE_ERROR, REASON_CONFLICT);
    g_autofree char *path = store_local_path(fixture->store, "original/abc");
    g_assert_true((path != NULL) == (GPOINTER_TO_INT(data) == DRIVER_FOLDER));
}

static void test_empty(struct fixture *fixture, gconstpointer data)
{
    char byte;

    (void)data;
    put(fixture, "original/empty", "");
    g_autoptr(StoreReader) reader = store_open_read(fixture->store, "original/empty", NULL);
    g_assert_nonnull(reader);
    g_assert_cmpint(store_reader_size(reader), ==, 0);
    g_assert_true(store_reader_read(reader, 0, &byte, 0, NULL));
}

/* Three parts and a rest; a range over the seam of two parts. */
static void test_large(struct fixture *fixture, gconstpointer data)
{
    const gsize length = 3 * 5242880 + 12345;
    g_autofree char *bytes = g_malloc(length);
    g_autofree char *back = g_malloc(length);
    g_autofree char *path = g_build_filename(fixture->folder, "new", NULL);
    g_autoptr(GError) error = NULL;

    (void)data;
    for (gsize i = 0; i < length; i++) {
        bytes[i] = (char)(i * 2654435761U >> 13);
    }
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
    g_assert_true(store_put_file(fixture->store, "original/large", path, &error));
    g_assert_no_error(error);
    g_autofree char *digest = sha256_of(bytes, (gssize)length);
    g_assert_true(store_verify(fixture->store, "original/large", (int64_t)length, digest, &error));
    g_autoptr(StoreReader) reader = store_open_read(fixture->store, "original/large", NULL);
    g_assert_true(store_reader_read(reader, 0, back, length, NULL));
    g_assert_cmpint(memcmp(bytes, back, length), ==, 0);
    g_assert_true(store_reader_read(reader, 5242870, back, 20, NULL));
    g_assert_cmpint(memcmp(bytes + 5242870, back, 20), ==, 0);
}

static void test_absent(struct fixture *fixture, gconstpointer data)
{
    static const char *const KEYS[] = {"nothing", "no/such/thing", "original/abc/below"};
    g_autofree char *digest = sha256_of("x", 1);

    (void)data;
    put(fixture, "original/abc", "hello");
    for (size_t i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(store_open_read(fixture->store, KEYS[i], &error));
        g_assert_error(error, STORE_ERROR, REASON_NOT_FOUND);
        g_clear_error(&error);
        g_assert_false(store_verify(fixture->store, KEYS[i], 1, digest, &error));
        g_assert_error(error, STORE_ERROR, REASON_NOT_FOUND);
        g_assert_true(store_remove(fixture->store, KEYS[i], NULL));
    }
    g_assert_true(store_remove(fixture->store, "original/abc", NULL));
    g_assert_null(store_open_read(fixture->store, "original/abc", NULL));
}

static void test_keys(void)
{
    static const char *const GOOD[] = {"a", "a/b", "a-1/b_2.mp4", "0.1"};
    static const char *const BAD[] = {"",     "/a", "a/",  "a//b", "..",   "a/../b", ".hidden",
                                      "a/.b", "A",  "a b", "a\\b", "a\nb", "ä",      "a/./b"};

    for (size_t i = 0; i < G_N_ELEMENTS(GOOD); i++) {
        g_assert_true(store_key_is_valid(GOOD[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_assert_false(store_key_is_valid(BAD[i]));
    }
    g_autofree char *long_key = g_strnfill(513, 'a');
    g_assert_false(store_key_is_valid(long_key));
}

/* A link inside the store leads nowhere, as a file and as a folder. */
static void test_links(struct fixture *fixture, gconstpointer data)
{
    (void)data;
    put(fixture, "a/file", "secret");
    g_autofree char *inside = store_local_path(fixture->store, "a/file");
    g_autofree char *folder = store_local_path(fixture->store, "a");
    g_autofree char *link_file = store_local_path(fixture->store, "link");
    g_autofree char *link_folder = store_local_path(fixture->store, "linked");
    g_assert_cmpint(symlink(inside, link_file), ==, 0);
    g_assert_cmpint(symlink(folder, link_folder), ==, 0);
    g_assert_null(store_open_read(fixture->store, "link", NULL));
    g_assert_null(store_open_read(fixture->store, "linked/file", NULL));
    g_autofree char *source = g_build_filename(fixture->folder, "source", NULL);
    g_assert_cmpint(symlink(inside, source), ==, 0);
    g_assert_false(store_put_file(fixture->store, "b", source, NULL));
}

static bool count(void *context, const char *key, int64_t size, int64_t modified_ms)
{
    GPtrArray *seen = context;

    g_assert_cmpint(size, >, 0);
    g_assert_cmpint(modified_ms, >, 0);
    g_ptr_array_add(seen, g_strdup(key));
    return seen->len < 3;
}

static void test_each(struct fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) below = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) none = g_ptr_array_new_with_free_func(g_free);

    (void)data;
    for (int i = 0; i < 5; i++) {
        g_autofree char *key = g_strdup_printf("x/%d", i);
        put(fixture, key, "1");
    }
    put(fixture, "y/z/deep", "1");
    put(fixture, "yy", "1"); /* begins like the prefix, and is not below it */
    g_assert_true(store_each(fixture->store, "", count, seen, NULL));
    g_assert_cmpuint(seen->len, ==, 3); /* told to stop */
    g_assert_true(store_each(fixture->store, "y", count, below, NULL));
    g_assert_cmpuint(below->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(below, 0), ==, "y/z/deep");
    g_assert_true(store_each(fixture->store, "none", count, none, NULL));
    g_assert_cmpuint(none->len, ==, 0);
}

static void test_space(struct fixture *fixture, gconstpointer data)
{
    int64_t free_bytes = 0;
    int64_t total_bytes = 0;

    (void)data;
    g_assert_true(store_space(fixture->store, &free_bytes, &total_bytes, NULL));
    g_assert_cmpint(free_bytes, >, 0);
    g_assert_cmpint(total_bytes, >=, free_bytes);
}

/* A worker's addresses: they work, for what they were made, and the service finds what was put. */
static void test_presigned(struct fixture *fixture, gconstpointer data)
{
    g_autofree char *digest = sha256_of("result", 6);
    g_autofree char *other = sha256_of("forged", 6);
    g_auto(GStrv) headers = NULL;
    g_autofree char *put_url = store_presign_put(fixture->store, "rendition/a/1", digest, 60, &headers);
    g_autofree char *get_url = store_presign_get(fixture->store, "rendition/a/1", 60);
    g_autoptr(GError) error = NULL;

    if (GPOINTER_TO_INT(data) == DRIVER_FOLDER) {
        g_assert_null(put_url);
        g_assert_null(get_url);
        return;
    }
    g_assert_null(strstr(put_url, GATEWAY_SECRET));
    g_assert_cmpint(gateway_send("PUT", put_url, NULL, "result"), ==, 403);
    g_assert_cmpint(gateway_send("PUT", put_url, headers, "forged"), ==, 400); /* other bytes than were announced */
    g_assert_cmpint(gateway_send("PUT", put_url, headers, "more than that"), ==, 400);
    g_assert_null(store_open_read(fixture->store, "rendition/a/1", &error));
    g_assert_error(error, STORE_ERROR, REASON_NOT_FOUND);
    g_assert_cmpint(gateway_send("PUT", put_url, headers, "result"), ==, 200);
    g_assert_cmpint(gateway_send("PUT", put_url, headers, "forged"), ==, 400); /* also later */
    g_assert_true(store_verify(fixture->store, "rendition/a/1", 6, digest, NULL));
    g_assert_false(store_verify(fixture->store, "rendition/a/1", 6, other, NULL));
    g_assert_cmpint(gateway_send("GET", get_url, NULL, NULL), ==, 200);
    g_assert_cmpint(gateway_send("DELETE", get_url, NULL, NULL), ==, 403);
    g_assert_cmpint(gateway_send("PUT", get_url, headers, "result"), ==, 403);
    g_assert_true(store_remove(fixture->store, "rendition/a/1", NULL));
    g_assert_cmpint(gateway_send("GET", get_url, NULL, NULL), ==, 404);
}

static void test_unreachable(void)
{
    const struct store_config config = {"s3://bucket?endpoint=http://127.0.0.1:1", "k", "s", "."};
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) store = store_open(&config, &error);

    g_assert_no_error(error);
    g_assert_true(store_is_up(store));
    g_assert_false(store_check(store, &error));
    g_assert_error(error, STORE_ERROR, REASON_STORE);
    g_assert_false(store_is_up(store));
    g_clear_error(&error);
    gint64 best_us = G_MAXINT64; /* neighbours on the machine only ever make it slower */
    for (int i = 0; i < 5; i++) {
        const gint64 before_us = g_get_monotonic_time();
        g_assert_null(store_open_read(store, "a", &error));
        best_us = MIN(best_us, g_get_monotonic_time() - before_us);
        g_assert_error(error, STORE_ERROR, REASON_STORE); /* not absent: nobody knows */
        g_clear_error(&error);
    }
    g_assert_cmpint(best_us, <, 100000);
}

static void test_refused_keys(void)
{
    g_autofree char *address = gateway_address(false, "");
    const struct store_config config = {address, GATEWAY_KEY, "wrong", "."};
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) store = store_open(&config, NULL);

    g_assert_false(store_check(store, &error));
    g_assert_error(error, STORE_ERROR, REASON_STORE);
    g_assert_nonnull(strstr(error->message, "403"));
    g_assert_null(strstr(error->message, GATEWAY_KEY));
    g_assert_null(strstr(error->message, "wrong"));
}

/* A dead endpoint before a living one costs a try and nothing else. */
static void test_second_endpoint(void)
{
    g_autofree char *living = gateway_address(false, "");
    const char *query = strchr(living, '?');
    g_autofree char *bucket = g_strndup(living, (size_t)(query - living));
    g_autofree char *address = g_strconcat(bucket, "?endpoint=http://127.0.0.1:1&", query + 1, NULL);
    const struct store_config config = {address, GATEWAY_KEY, GATEWAY_SECRET, "."};
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) store = store_open(&config, NULL);

    g_assert_true(store_check(store, &error));
    g_assert_no_error(error);
    g_assert_null(store_open_read(store, "a", &error));
    g_assert_error(error, STORE_ERROR, REASON_NOT_FOUND);
}

/* One request of ours beside the driver; the answer's text, which is the caller's. */
static GString *ask(const struct fixture *fixture, const char *method, const char *key, const char *parameter,
                    int status)
{
    const struct s3_keys keys = {"us-east-1", GATEWAY_KEY, GATEWAY_SECRET};
    struct s3_address address;
    g_assert_true(s3_address_read(fixture->address, &address, NULL));
    g_autofree char *path = g_strconcat(address.prefix, key, NULL);
    const struct s3_request request = {
        .method = method,
        .host = address.endpoints[0].host,
        .path = path,
        .query = {{parameter, ""}},
        .query_count = 1,
        .life_s = 60,
        .now_s = g_get_real_time() / G_USEC_PER_SEC,
    };
    g_autofree char *target = s3_sign(&keys, &request);
    g_autofree char *url = g_strconcat(address.endpoints[0].origin, target, NULL);
    struct s3_http *http = s3_http_open(NULL);
    struct s3_exchange exchange = {.method = method,
                                   .url = url,
                                   .body = strcmp(method, "POST") == 0 ? "" : NULL,
                                   .timeout_ms = 10000};

    g_assert_true(s3_http_run(http, &exchange, NULL));
    g_assert_cmpint(exchange.status, ==, status);
    GString *text = g_steal_pointer(&exchange.text);
    s3_exchange_clear(&exchange);
    s3_http_free(http);
    s3_address_clear(&address);
    return text;
}

static guint count_unfinished(const struct fixture *fixture)
{
    g_autoptr(GString) answer = ask(fixture, "GET", "", "uploads", 200);
    struct s3_page page;

    g_assert_true(s3_page_read(answer, &page, NULL));
    const guint count = page.entries->len;
    s3_page_clear(&page);
    return count;
}

/* A multipart upload that was begun and left: the sweep ends it when its time has come, not before. */
static void test_sweep(struct fixture *fixture, gconstpointer data)
{
    const int64_t now_ms = g_get_real_time() / 1000;
    g_autoptr(GError) error = NULL;

    if (GPOINTER_TO_INT(data) != DRIVER_S3) { /* "" as a key is the bucket in path style alone */
        g_assert_true(store_sweep(fixture->store, now_ms, &error));
        return;
    }
    g_string_free(ask(fixture, "POST", "original/left", "uploads", 200), TRUE);
    g_assert_cmpuint(count_unfinished(fixture), ==, 1);
    g_assert_true(store_sweep(fixture->store, now_ms - 3600000, &error));
    g_assert_cmpuint(count_unfinished(fixture), ==, 1);
    g_assert_true(store_sweep(fixture->store, now_ms + 3600000, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(count_unfinished(fixture), ==, 0);
}

static const struct {
    const char *name;
    void (*run)(struct fixture *fixture, gconstpointer data);
} CASES[] = {
    {"put_and_read", test_put_and_read},
    {"empty", test_empty},
    {"large", test_large},
    {"absent", test_absent},
    {"each", test_each},
    {"space", test_space},
    {"presigned", test_presigned},
    {"sweep", test_sweep},
};

static void add_cases(const char *name, enum driver driver)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *path = g_strdup_printf("/store/%s/%s", name, CASES[i].name);
        g_test_add(path, struct fixture, GINT_TO_POINTER(driver), open_store, CASES[i].run, close_store);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/keys", test_keys);
    g_test_add_func("/store/s3/unreachable", test_unreachable);
    g_test_add("/store/folder/links", struct fixture, GINT_TO_POINTER(DRIVER_FOLDER), open_store, test_links,
               close_store);
    add_cases("folder", DRIVER_FOLDER);
    if (gateway_is_there()) {
        add_cases("s3", DRIVER_S3);
        add_cases("s3-virtual", DRIVER_S3_VIRTUAL);
        g_test_add_func("/store/s3/refused_keys", test_refused_keys);
        g_test_add_func("/store/s3/second_endpoint", test_second_endpoint);
    }
    return g_test_run();
}
