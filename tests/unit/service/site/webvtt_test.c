/* Subtitles: what is read, and that nothing but times and words is written. */
#include "service/site/webvtt.h"

#include <string.h>

#include "common/failure.h"

static void test_what_is_read(void)
{
    static const struct {
        const char *in;
        const char *out; /* NULL: refused */
    } ROWS[] = {
        {"WEBVTT\n\n00:01.000 --> 00:02.500\n你好\n", "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n你好\n\n"},
        {"\xEF\xBB\xBFWEBVTT title\r\n\r\nNOTE a note\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n1\r\n00:00:01.000 --> "
         "00:00:02.000 line:0 position:20%\r\n<v Ann><b>One</b> &amp; two</v>\r\nthree\r\n",
         "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nOne &amp; two\nthree\n\n"},
        {"1\n00:00:01,000 --> 00:00:02,000\nSubRip <i>too</i>\n\n2\n00:00:03,000 --> 00:00:04,000\nlast",
         "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nSubRip too\n\n00:00:03.000 --> 00:00:04.000\nlast\n\n"},
        {"WEBVTT\n\n100:00:00.000 --> 100:00:01.000\nlong\n", "WEBVTT\n\n100:00:00.000 --> 100:00:01.000\nlong\n\n"},
        {"WEBVTT\n\n00:01.000 --> 00:02.000\n<script>alert(1)</script> a < b\n",
         "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nalert(1) a &lt; b\n\n"},
        {"WEBVTT\n\n00:01.000 --> 00:02.000\n&lt;b&gt;\n", "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n&lt;b&gt;\n\n"},
        {"", NULL},
        {"WEBVTT\n", NULL},
        {"WEBVTT\n\n00:02.000 --> 00:01.000\nback\n", NULL},
        {"WEBVTT\n\n00:05.000 --> 00:06.000\na\n\n00:01.000 --> 00:02.000\nb\n", NULL},
        {"WEBVTT\n\n00:61.000 --> 01:02.000\na\n", NULL},
        {"WEBVTT\n\n1.000 --> 2.000\na\n", NULL},
        {"WEBVTT\n\nx --> y\na\n", NULL},
        {"WEBVTT\n\n00:01.000 --> 00:02.000\n\n", NULL},
        {"WEBVTT\n\n00:01.000 --> 00:02.000\n\xFF\n", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autoptr(GError) error = NULL;
        GString *out = webvtt_clean(ROWS[i].in, strlen(ROWS[i].in), &error);
        g_test_message("row %zu", i);
        g_assert_cmpstr(out == NULL ? NULL : out->str, ==, ROWS[i].out);
        if (ROWS[i].out == NULL) {
            g_assert_error(error, SITE_ERROR, REASON_SUBTITLES);
        } else {
            GString *again = webvtt_clean(out->str, out->len, &error);
            g_assert_cmpstr(again->str, ==, out->str); /* its own output is as clean as it gets */
            g_string_free(again, TRUE);
            g_string_free(out, TRUE);
        }
    }
}

static void test_limits(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *line = g_strnfill(WEBVTT_CUE_CHARACTERS + 1, 'a');
    g_autofree char *text = g_strconcat("WEBVTT\n\n00:01.000 --> 00:02.000\n", line, "\n", NULL);
    g_autofree char *large = g_strnfill(WEBVTT_BYTES_MOST + 1, '\n');

    g_assert_null(webvtt_clean(text, strlen(text), &error));
    g_clear_error(&error);
    g_assert_null(webvtt_clean(large, strlen(large), &error));
    g_clear_error(&error);
    g_assert_null(webvtt_clean("WEBVTT\0\n\n00:01.000 --> 00:02.000\na\n", 40, &error));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/webvtt/what_is_read", test_what_is_read);
    g_test_add_func("/webvtt/limits", test_limits);
    return g_test_run();
}
