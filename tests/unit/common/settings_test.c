#include "common/settings.h"

#include <string.h>

#include <glib/gstdio.h>

#include "common/failure.h"

static void test_defaults_flags_and_sources(void)
{
    struct settings settings = {0};
    const char *const flags[] = {"undo_seconds=3", NULL};
    g_autoptr(GError) error = NULL;

    g_assert_true(settings_read(&settings, NULL, flags, &error));
    g_assert_no_error(error);
    g_assert_cmpint(settings.undo_seconds, ==, 3);
    g_autofree char *text = settings_describe(&settings);
    g_assert_nonnull(strstr(text, "review.undo_seconds = 3  # flag"));
    g_assert_nonnull(strstr(text, "http.listen = "));
    settings_clear(&settings);
}

static void test_bad_values_name_their_key(void)
{
    const char *const bad[] = {"undo_seconds=-1", "undo_seconds=x", "nothing=1", "undo_seconds",
                               "sandbox_unsafe=maybe"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct settings settings = {0};
        const char *const flags[] = {bad[i], NULL};
        g_autoptr(GError) error = NULL;
        g_assert_false(settings_read(&settings, NULL, flags, &error));
        g_assert_error(error, SETTINGS_ERROR, REASON_INPUT);
    }
}

static void test_unknown_key_in_a_file(void)
{
    struct settings settings = {0};
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    const int fd = g_file_open_tmp("xuepai-XXXXXX.conf", &path, &error);

    g_assert_no_error(error);
    g_assert_true(g_close(fd, NULL));
    g_assert_true(g_file_set_contents(path, "[http]\nlissten = 1\n", -1, NULL));
    g_assert_false(settings_read(&settings, path, NULL, &error));
    g_assert_nonnull(strstr(error->message, "[http] lissten"));
    g_remove(path);
}

static void test_secrets_are_not_described(void)
{
    struct settings settings = {0};
    const char *const flags[] = {"admin_password=very-secret-word", NULL};

    g_assert_false(settings_read(&settings, NULL, flags, NULL)); /* every user of the machine sees arguments */
    g_assert_true(g_setenv("XUEPAI_STORE_SECRET", "very-secret-word", TRUE));
    g_assert_true(settings_read(&settings, NULL, NULL, NULL));
    g_unsetenv("XUEPAI_STORE_SECRET");
    g_autofree char *text = settings_describe(&settings);
    g_assert_null(strstr(text, "very-secret-word"));
    settings_clear(&settings);
}

static void test_listen(void)
{
    static const struct {
        const char *listen;
        const char *host;
        int port;
    } cases[] = {{"127.0.0.1:8080", "127.0.0.1", 8080},
                 {"[::1]:0", "::1", 0},
                 {"0.0.0.0:99999", NULL, 0},
                 {"x", NULL, 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct settings settings = {0};
        g_autofree char *flag = g_strconcat("listen=", cases[i].listen, NULL);
        const char *const flags[] = {flag, NULL};
        g_autofree char *host = NULL;
        int port = -1;
        g_assert_true(settings_read(&settings, NULL, flags, NULL));
        g_assert_true(settings_listen(&settings, &host, &port, NULL) == (cases[i].host != NULL));
        g_assert_cmpstr(host, ==, cases[i].host);
        settings_clear(&settings);
    }
}

static void test_example_file_is_made_of_the_table(void)
{
    g_autofree char *made = settings_example();
    g_autofree char *kept = NULL;

    g_assert_true(g_file_get_contents("config/xuepai.example.conf", &kept, NULL, NULL));
    g_assert_cmpstr(kept, ==, made);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/defaults_flags_and_sources", test_defaults_flags_and_sources);
    g_test_add_func("/settings/bad_values_name_their_key", test_bad_values_name_their_key);
    g_test_add_func("/settings/unknown_key_in_a_file", test_unknown_key_in_a_file);
    g_test_add_func("/settings/secrets_are_not_described", test_secrets_are_not_described);
    g_test_add_func("/settings/listen", test_listen);
    g_test_add_func("/settings/example_file_is_made_of_the_table", test_example_file_is_made_of_the_table);
    return g_test_run();
}
