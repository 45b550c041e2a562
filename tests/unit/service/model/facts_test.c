/* What lists and pages show of a work's facts. */
#include "service/model/facts.h"

#include <glib.h>

static void test_what_is_shown(void)
{
    static const struct {
        const char *facts;
        const char *shown;
    } CASES[] = {
        {NULL, ""},
        {"", ""},
        {"{}", "{}"},
        {"{\"kind\":\"video\",\"fps\":25.0,\"video\":{\"width\":1},\"width\":1280,\"height\":720,\"duration_ms\":9}",
         "{\"kind\":\"video\",\"duration_ms\":9,\"width\":1280,\"height\":720}"},
        {"{\"kind\":\"video\",\"duration_ms\":5,\"before_ms\":2,\"after_ms\":1}", "{\"kind\":\"video\",\"duration_ms\":8}"},
        {"{\"ai_label\":true,\"each\":[{\"kind\":\"photo\",\"colour\":{}},{\"kind\":\"video\",\"duration_ms\":5}]}",
         "{\"ai_label\":true,\"each\":[{\"kind\":\"photo\"},{\"kind\":\"video\",\"duration_ms\":5}]}"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *shown = facts_shown(CASES[i].facts);
        g_assert_cmpstr(shown, ==, CASES[i].shown);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/facts/what_is_shown", test_what_is_shown);
    return g_test_run();
}
