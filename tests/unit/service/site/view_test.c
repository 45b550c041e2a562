/* Which source of a clip stands first: a browser takes the first that it can play. */
#include "service/site/view.h"

static json_t *source(const char *src, const char *codecs, int height, int bytes)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i}", "src", src, "type", "video/mp4", "codecs", codecs, "width",
                     height * 16 / 9, "height", height, "bytes", bytes);
}

static void test_av1_stands_first_where_it_saves(void)
{
    static const struct {
        const char *codecs;
        int height;
        int bytes;
        const char *first;
    } CASES[] = {
        {"av01.0.05M.08,mp4a.40.2", 720, 600, "av1"},   /* the same picture in fewer bytes */
        {"av01.0.05M.08,mp4a.40.2", 720, 900, "h264"},  /* it saves nothing */
        {"av01.0.05M.08,mp4a.40.2", 1080, 600, "h264"}, /* larger than a phone's screen */
        {"av01.0.05M.08,mp4a.40.2", 480, 100, "h264"},  /* less than the best that plays everywhere */
        {"av01", 720, 600, "h264"},                     /* not said exactly: a browser could not judge */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        json_auto_t *facts = json_pack("{s:s}", "base_url", "https://a");
        json_auto_t *work = json_pack("{s:s, s:i, s:i, s:[o, o, o]}", "url", "/v/w", "width", 1280, "height", 720,
                                      "sources", source("small", "avc1.64001f,mp4a.40.2", 480, 400),
                                      source("h264", "avc1.64001f,mp4a.40.2", 720, 800),
                                      source("av1", CASES[i].codecs, CASES[i].height, CASES[i].bytes));
        view_complete(work, facts);
        const json_t *first = json_array_get(json_object_get(work, "sources"), 0);
        g_assert_cmpstr(json_string_value(json_object_get(first, "src")), ==, CASES[i].first);
        /* programs that take one source get the one that plays everywhere */
        g_assert_cmpstr(json_string_value(json_object_get(view_source_find(work), "src")), ==, "h264");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/view/av1_stands_first_where_it_saves", test_av1_stands_first_where_it_saves);
    return g_test_run();
}
