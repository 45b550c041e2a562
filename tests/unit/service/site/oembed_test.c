/* The fitting as a property over random sizes, and both forms of the answer. */
#include "service/site/oembed.h"

#include "tests/unit/support/site.h"

#define ROUNDS 200000

static bool is_near_shape(struct oembed_size fit, struct oembed_size picture)
{
    const int64_t by_width = ABS(fit.height_px * picture.width_px - fit.width_px * picture.height_px);

    /* one side is exact and the other at most one pixel off: |f.h − f.w·h/w| ≤ 1, or the same for
     * the width */
    return by_width <= picture.width_px || by_width <= picture.height_px;
}

static void keeps_shape_and_limits(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        const struct oembed_size picture = {g_test_rand_int_range(1, 4097), g_test_rand_int_range(1, 4097)};
        const struct oembed_size most = {g_test_rand_int_range(0, 5000), g_test_rand_int_range(0, 5000)};
        const struct oembed_size fit = oembed_fit(picture, most);

        g_assert_cmpint(fit.width_px, >=, 1);
        g_assert_cmpint(fit.height_px, >=, 1);
        g_assert_cmpint(fit.width_px, <=, picture.width_px);
        g_assert_cmpint(fit.height_px, <=, picture.height_px);
        g_assert_true(most.width_px == 0 || fit.width_px <= most.width_px);
        g_assert_true(most.height_px == 0 || fit.height_px <= most.height_px);
        g_assert_true(is_near_shape(fit, picture));
        if (most.width_px == 0 && most.height_px == 0) {
            g_assert_cmpint(fit.width_px, ==, picture.width_px);
        }
    }
}

static void survives_absurd_sizes(void)
{
    static const int64_t SIDES[] = {G_MININT64, -1, 0, 1, OEMBED_SIDE_PX_MAX, G_MAXINT64};

    for (size_t i = 0; i < G_N_ELEMENTS(SIDES); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(SIDES); j++) {
            const struct oembed_size fit =
                oembed_fit((struct oembed_size){SIDES[i], SIDES[j]}, (struct oembed_size){SIDES[j], SIDES[i]});

            g_assert_cmpint(fit.width_px, >=, 1);
            g_assert_cmpint(fit.height_px, <=, OEMBED_SIDE_PX_MAX);
        }
    }
}

static void answers_json(void)
{
    json_auto_t *facts = site_test_facts();
    json_auto_t *work = site_test_work(720, 1280);
    g_autoptr(GString) text = oembed_json(work, facts, (struct oembed_size){300, 0});
    json_auto_t *answer = json_loads(text->str, 0, NULL);

    g_assert_cmpstr(json_string_value(json_object_get(answer, "type")), ==, "video");
    g_assert_cmpstr(json_string_value(json_object_get(answer, "version")), ==, "1.0");
    g_assert_cmpint(json_integer_value(json_object_get(answer, "width")), ==, 300);
    g_assert_cmpint(json_integer_value(json_object_get(answer, "height")), ==, 533);
    g_assert_cmpstr(json_string_value(json_object_get(answer, "title")), ==, SITE_HOSTILE);
    g_assert_nonnull(json_object_get(answer, "thumbnail_height"));
    g_assert_true(g_str_has_prefix(json_string_value(json_object_get(answer, "html")),
                                   "<iframe src=\"https://example.org/embed/w1\" width=\"300\" height=\"533\" "
                                   "title=\"&lt;/script&gt;"));
}

static void answers_xml(void)
{
    json_auto_t *facts = site_test_facts();
    json_auto_t *work = site_test_work(1920, 1080);
    g_autoptr(GString) text = oembed_xml(work, facts, (struct oembed_size){0, 360});
    g_autofree char *width = site_test_xml(text->str, "width");
    g_autofree char *title = site_test_xml(text->str, "title");

    g_assert_cmpstr(width, ==, "640\n");
    g_assert_cmpstr(title, ==, SITE_HOSTILE "\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/oembed/keeps_shape_and_limits", keeps_shape_and_limits);
    g_test_add_func("/oembed/survives_absurd_sizes", survives_absurd_sizes);
    g_test_add_func("/oembed/answers_json", answers_json);
    g_test_add_func("/oembed/answers_xml", answers_xml);
    return g_test_run();
}
