/* Escaping by context. */
#include "service/site/markup.h"

#include <string.h>

static void escapes_text(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    markup_escape(out, "<a b='c' d=\"e\">&\x01\x1f\t学");
    g_assert_cmpstr(out->str, ==, "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\t学");
}

static void json_cannot_end_a_script(void)
{
    json_auto_t *value = json_string("</script><!-- & \xe2\x80\xa8\xe2\x80\xa9");
    g_autoptr(GString) out = g_string_new(NULL);
    json_auto_t *read = NULL;

    markup_json(out, value);
    g_assert_null(strpbrk(out->str, "<>&"));
    g_assert_null(strstr(out->str, "\xe2\x80"));
    read = json_loads(out->str, JSON_DECODE_ANY, NULL);
    g_assert_true(json_equal(read, value));
}

static void completes_addresses(void)
{
    static const char *const CASES[][2] = {{"/v/1", "https://example.org/v/1"},
                                           {"https://cdn.example/x", "https://cdn.example/x"}};

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *url = markup_absolute("https://example.org", CASES[i][0]);

        g_assert_cmpstr(url, ==, CASES[i][1]);
    }
    g_assert_null(markup_absolute("https://example.org", NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/markup/escapes_text", escapes_text);
    g_test_add_func("/markup/json_cannot_end_a_script", json_cannot_end_a_script);
    g_test_add_func("/markup/completes_addresses", completes_addresses);
    return g_test_run();
}
