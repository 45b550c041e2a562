#include "tests/unit/support/engine.h"

#include <string.h>
#include <unistd.h>

static const char OPTION[] = "options=-csearch_path%3D";

const char *engine_server(void)
{
    const char *address = g_getenv("XUEPAI_TEST_DATABASE");

    return address == NULL || address[0] == '\0' ? NULL : address;
}

static bool run_script(struct sql *sql, void *context, GError **error)
{
    return sql_script(sql, context, error);
}

static void administer(char *script)
{
    g_autoptr(GError) error = NULL;
    struct database *database = database_open(engine_server(), &error);

    g_assert_no_error(error);
    g_assert_true(database_transact(database, "test.schema", run_script, script, &error));
    g_assert_no_error(error);
    database_free(database);
    g_free(script);
}

char *engine_address(const char *folder)
{
    const char *server = engine_server();

    if (server == NULL) {
        return g_strdup_printf("sqlite:%s/test.db", folder);
    }
    g_autofree char *schema = g_strdup_printf("t%d_%08x%08x", (int)getpid(), g_random_int(), g_random_int());
    administer(g_strdup_printf("CREATE SCHEMA %s", schema));
    return g_strdup_printf("%s%s%s%s", server, strchr(server, '?') == NULL ? "?" : "&", OPTION, schema);
}

void engine_drop(const char *address)
{
    const char *option = strstr(address, OPTION);

    if (option != NULL) {
        administer(g_strdup_printf("DROP SCHEMA %s CASCADE", option + strlen(OPTION)));
    }
}
