#include "service/http/coding.h"

static void test_what_a_client_gets(void)
{
    static const struct {
        const char *accepted;
        enum coding coding;
    } CASES[] = {
        {NULL, CODING_NONE},
        {"", CODING_NONE},
        {"identity", CODING_NONE},
        {"gzip", CODING_GZIP},
        {"gzip, deflate, br", CODING_BROTLI},
        {"br;q=0.1, gzip;q=1", CODING_BROTLI},
        {"gzip;q=0, br;q=0.0", CODING_NONE},
        {"gzip ; q=0, br", CODING_BROTLI},
        {"br;q=0,GZIP", CODING_GZIP},
        {"brotli, xgzip", CODING_NONE},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_test_message("%s", CASES[i].accepted);
        g_assert_cmpint(coding_chosen(CASES[i].accepted), ==, CASES[i].coding);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/coding/what_a_client_gets", test_what_a_client_gets);
    return g_test_run();
}
