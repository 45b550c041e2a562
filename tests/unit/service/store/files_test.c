#include "service/store/store.h"

#include <fcntl.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "common/failure.h"

struct fixture {
    char *folder;
    struct store *store;
};

static void open_store(struct fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->folder = g_dir_make_tmp("store-XXXXXX", NULL);
    g_autofree char *root = g_build_filename(fixture->folder, "store", NULL);
    fixture->store = store_open(root, NULL);
    g_assert_nonnull(fixture->store);
}

static void close_store(struct fixture *fixture, gconstpointer data)
{
    const char *const argv[] = {"rm", "-rf", fixture->folder, NULL};

    (void)data;
    store_free(fixture->store);
    (void)g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(fixture->folder);
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

static void test_put_and_read(struct fixture *fixture, gconstpointer data)
{
    int64_t size = 0;
    char buffer[16] = {0};

    (void)data;
    put(fixture, "original/abc", "hello");
    put(fixture, "rend/a-1/480p.mp4", "video");
    put(fixture, "original/abc", "other!");
    const int fd = store_open_read(fixture->store, "original/abc", &size, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(size, ==, 6);
    g_assert_cmpint(read(fd, buffer, sizeof buffer), ==, 6);
    g_assert_cmpstr(buffer, ==, "other!");
    close(fd);
    g_autofree char *path = store_local_path(fixture->store, "original/abc");
    g_assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
}

static void test_absent(struct fixture *fixture, gconstpointer data)
{
    static const char *const KEYS[] = {"nothing", "no/such/thing", "original/abc/below"};
    int64_t size = 0;

    (void)data;
    put(fixture, "original/abc", "hello");
    for (size_t i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_cmpint(store_open_read(fixture->store, KEYS[i], &size, &error), ==, -1);
        g_assert_error(error, STORE_ERROR, REASON_NOT_FOUND);
        g_assert_true(store_remove(fixture->store, KEYS[i], NULL));
    }
    g_assert_true(store_remove(fixture->store, "original/abc", NULL));
    g_assert_cmpint(store_open_read(fixture->store, "original/abc", &size, NULL), ==, -1);
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
    int64_t size = 0;

    (void)data;
    put(fixture, "a/file", "secret");
    g_autofree char *inside = store_local_path(fixture->store, "a/file");
    g_autofree char *folder = store_local_path(fixture->store, "a");
    g_autofree char *link_file = store_local_path(fixture->store, "link");
    g_autofree char *link_folder = store_local_path(fixture->store, "linked");
    g_assert_cmpint(symlink(inside, link_file), ==, 0);
    g_assert_cmpint(symlink(folder, link_folder), ==, 0);
    g_assert_cmpint(store_open_read(fixture->store, "link", &size, NULL), ==, -1);
    g_assert_cmpint(store_open_read(fixture->store, "linked/file", &size, NULL), ==, -1);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/store/files/put_and_read", struct fixture, NULL, open_store, test_put_and_read, close_store);
    g_test_add("/store/files/absent", struct fixture, NULL, open_store, test_absent, close_store);
    g_test_add_func("/store/files/keys", test_keys);
    g_test_add("/store/files/links", struct fixture, NULL, open_store, test_links, close_store);
    g_test_add("/store/files/each", struct fixture, NULL, open_store, test_each, close_store);
    g_test_add("/store/files/space", struct fixture, NULL, open_store, test_space, close_store);
    return g_test_run();
}
