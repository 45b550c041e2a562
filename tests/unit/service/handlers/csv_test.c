#include "service/handlers/csv.h"

#include "common/failure.h"

static char *flat(const char *text, guint most)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) rows = csv_read(text, most, &error);
    g_autoptr(GString) out = g_string_new(NULL);

    if (rows == NULL) {
        g_assert_cmpint(error->code, ==, REASON_BATCH_CSV);
        return g_strdup("error");
    }
    for (guint i = 0; i < rows->len; i++) {
        const struct csv_row *row = g_ptr_array_index(rows, i);
        g_string_append_printf(out, "%" G_GINT64_FORMAT ":", row->line);
        for (guint j = 0; j < row->fields->len; j++) {
            g_string_append_printf(out, "[%s]", (const char *)g_ptr_array_index(row->fields, j));
        }
    }
    return g_strdup(out->str);
}

static void test_tables(void)
{
    static const struct {
        const char *text;
        const char *rows;
    } CASES[] = {
        {"", ""},
        {"a,b\r\nc,d\r\n", "1:[a][b]2:[c][d]"},
        {"\xef\xbb\xbf名称,文件\n", "1:[名称][文件]"},
        {"a,\"b,c\"\n", "1:[a][b,c]"},
        {"\"two\nlines\",x\nnext\n", "1:[two\nlines][x]3:[next]"},
        {"\"say \"\"hi\"\"\"", "1:[say \"hi\"]"},
        {"a\n\n , ,\nb", "1:[a]4:[b]"},
        {" a , b ", "1:[a][b]"},
        {"a,", "1:[a][]"},
        {"\"open", "error"},
        {"a\"b,c", "1:[a\"b][c]"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *rows = flat(CASES[i].text, 100);
        g_assert_cmpstr(rows, ==, CASES[i].rows);
    }
}

static void test_most_and_one(void)
{
    g_autofree char *rows = flat("1\n2\n3\n4\n5\n", 2);

    g_assert_cmpstr(rows, ==, "1:[1]2:[2]3:[3]");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/csv/tables", test_tables);
    g_test_add_func("/csv/most_and_one", test_most_and_one);
    return g_test_run();
}
