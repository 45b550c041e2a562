/* Codes that can be read out, sealed fields, passwords. */
#include "service/model/secret.h"

#include <string.h>

#include <glib/gstdio.h>

static struct secrets *open_secrets(char **folder)
{
    g_autoptr(GError) error = NULL;

    *folder = g_dir_make_tmp("xuepai-test-XXXXXX", &error);
    g_assert_no_error(error);
    struct secrets *secrets = secrets_open(*folder, "", &error);
    g_assert_no_error(error);
    return secrets;
}

static void close_secrets(struct secrets *secrets, char *folder)
{
    g_autofree char *key = g_build_filename(folder, "secret.key", NULL);

    secrets_free(secrets);
    g_remove(key);
    g_rmdir(folder);
    g_free(folder);
}

static void test_receipt_finds_every_wrong_character(void)
{
    static const char LETTERS[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

    for (int i = 0; i < 50; i++) {
        g_autofree char *code = secret_receipt_code(2026);
        g_autofree char *normal = secret_receipt_normalize(code);
        g_autofree char *lower = g_ascii_strdown(code, -1);
        g_autofree char *from_lower = secret_receipt_normalize(lower);
        g_assert_cmpstr(normal, ==, code);
        g_assert_cmpstr(from_lower, ==, code);
        for (size_t at = 5; at < strlen(code); at++) {
            for (const char *letter = LETTERS; code[at] != '-' && *letter != '\0'; letter++) {
                g_autofree char *wrong = g_strdup(code);
                wrong[at] = *letter;
                g_autofree char *found = secret_receipt_normalize(wrong);
                g_assert_true((found != NULL) == (*letter == code[at]));
            }
        }
    }
}

static void test_receipt_refuses_nonsense(void)
{
    const char *const wrong[] = {"",         "SD26",        "XX26-2222-22", "SD26-2222-222", "SD26-OOOO-OO",
                                 "<script>", "SD26-22/2-22"};

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_null(secret_receipt_normalize(wrong[i]));
    }
}

static void test_sealed_text_opens_and_shows_tampering(void)
{
    char *folder;
    struct secrets *secrets = open_secrets(&folder);
    g_autofree char *sealed = secret_seal(secrets, "13800001234");
    g_autofree char *opened = secret_open(secrets, sealed);

    g_assert_cmpstr(opened, ==, "13800001234");
    g_assert_null(strstr(sealed, "1380"));
    sealed[10] = sealed[10] == 'A' ? 'B' : 'A';
    g_assert_null(secret_open(secrets, sealed));
    g_assert_null(secret_open(secrets, "short"));
    close_secrets(secrets, folder);
}

static void test_password(void)
{
    char *folder;
    struct secrets *secrets = open_secrets(&folder);
    g_autoptr(GError) error = NULL;
    g_autofree char *hash = secret_password_hash(secrets, "齐鲁大地 好家风 2026", &error);
    bool right = false;

    g_assert_no_error(error);
    g_assert_true(secret_password_check(secrets, hash, "齐鲁大地 好家风 2026", &right, &error) && right);
    g_assert_true(secret_password_check(secrets, hash, "齐鲁大地 好家风 2025", &right, &error) && !right);
    g_assert_true(secret_password_check(secrets, NULL, "anything", &right, &error) && !right);
    close_secrets(secrets, folder);
}

static void test_password_costs_what_is_set(void)
{
    char *folder;
    struct secrets *secrets = open_secrets(&folder);
    g_autoptr(GError) error = NULL;
    bool right = false;

    secrets_set_password_mib(secrets, 19);
    g_autofree char *hash = secret_password_hash(secrets, "齐鲁大地 好家风 2026", &error);
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"));
    g_assert_false(secret_password_is_dated(secrets, hash));
    g_assert_true(secret_password_check(secrets, NULL, "anything", &right, &error) && !right);
    secrets_set_password_mib(secrets, 64);
    g_assert_true(secret_password_is_dated(secrets, hash));
    g_assert_true(secret_password_check(secrets, hash, "齐鲁大地 好家风 2026", &right, &error) && right);
    close_secrets(secrets, folder);
}

static void test_ids_differ(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (int i = 0; i < 1000; i++) {
        char *id = secret_id();
        g_assert_cmpuint(strlen(id), ==, 26);
        g_assert_true(g_hash_table_add(seen, id));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/secret/receipt_finds_every_wrong_character", test_receipt_finds_every_wrong_character);
    g_test_add_func("/secret/receipt_refuses_nonsense", test_receipt_refuses_nonsense);
    g_test_add_func("/secret/sealed_text_opens_and_shows_tampering", test_sealed_text_opens_and_shows_tampering);
    g_test_add_func("/secret/password", test_password);
    g_test_add_func("/secret/password-cost", test_password_costs_what_is_set);
    g_test_add_func("/secret/ids_differ", test_ids_differ);
    return g_test_run();
}
