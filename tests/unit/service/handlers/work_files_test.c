/* What pages know of a work's files, out of the lines that stand beside its texts. */
#include "service/handlers/work_files.h"

static void test_sizes_and_codecs_are_read_out_of_facts(void)
{
    static const struct {
        const char *facts;
        int64_t width;
        int64_t height;
        const char *codecs;
    } CASES[] = {
        {"{}", 0, 0, ""},
        {"", 0, 0, ""},
        {"{\"width\":1280,\"height\":720}", 1280, 720, ""},
        {"{\"height\":720,\"codecs\":\"avc1.64001f,mp4a.40.2\",\"fps\":25.0,\"width\":1280}", 1280, 720,
         "avc1.64001f,mp4a.40.2"},
        {"{\"codecs\":\"\",\"width\":\"much\",\"height\":", 0, 0, ""},
        {"{\"codecs\":\"cut off", 0, 0, "cut off"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *facts = g_strdup(CASES[i].facts);
        struct shown_file file = {0};

        shown_file_read_facts(&file, facts);
        g_test_message("%s", CASES[i].facts);
        g_assert_cmpint(file.width, ==, CASES[i].width);
        g_assert_cmpint(file.height, ==, CASES[i].height);
        g_assert_cmpstr(file.codecs, ==, CASES[i].codecs);
    }
}

static void test_lines_come_by_size_and_malformed_ones_are_left_out(void)
{
    g_autofree char *lines = g_strdup("rung\tv720.mp4\tvideo/mp4\t11\t{\"width\":1280}\n"
                                      "poster\tposter.jpg\timage/jpeg\t9\t{}\n"
                                      "rung\tno bytes\tvideo/mp4\tmany\t{}\n"
                                      "rung\tno facts\tvideo/mp4\t1\n"
                                      "review-mp4\t480p.mp4\tvideo/mp4\t10\t{\"codecs\":\"avc1\"}");
    g_autoptr(GArray) files = work_files_cut(lines);
    const struct shown_file *file = &g_array_index(files, struct shown_file, 0);

    g_assert_cmpuint(files->len, ==, 3);
    g_assert_cmpstr(file[0].name, ==, "poster.jpg");
    g_assert_cmpstr(file[0].kind, ==, "poster");
    g_assert_cmpstr(file[1].name, ==, "480p.mp4");
    g_assert_cmpstr(file[1].codecs, ==, "avc1");
    g_assert_cmpstr(file[2].type, ==, "video/mp4");
    g_assert_cmpint(file[2].bytes, ==, 11);
    g_assert_cmpint(file[2].width, ==, 1280);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/work_files/sizes_and_codecs_are_read_out_of_facts", test_sizes_and_codecs_are_read_out_of_facts);
    g_test_add_func("/work_files/lines_come_by_size_and_malformed_ones_are_left_out",
                    test_lines_come_by_size_and_malformed_ones_are_left_out);
    return g_test_run();
}
