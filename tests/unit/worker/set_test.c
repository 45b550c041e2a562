#include "worker/set.h"

#include <string.h>

#include <glib.h>

#include "common/message.h"

/* `frames` frames of the digit given. */
static json_t *file(const char *kind, int frames, char digit, const char *sound)
{
    g_autofree char *pictures = g_strnfill((gsize)frames * MESSAGE_FRAME_DIGITS, digit);

    return json_pack("{s:s, s:i, s:[{s:s}], s:{s:s, s:s}}", "kind", kind, "duration_ms", frames * 1000, "flags", "flag",
                     kind, "fingerprint", "pictures", pictures, "sound", sound);
}

static const char *text_at(const json_t *facts, const char *key)
{
    return json_string_value(json_object_get(json_object_get(facts, "fingerprint"), key));
}

static void test_one_file(void)
{
    json_auto_t *each = json_pack("[o]", file("video", 2, 'a', "ff"));
    json_auto_t *facts = set_facts(each);

    g_assert_cmpint(json_integer_value(json_object_get(facts, "files")), ==, 1);
    g_assert_null(json_object_get(facts, "each"));
    g_assert_true(set_facts_of(facts, 0) == facts);
    g_assert_cmpuint(strlen(text_at(facts, "pictures")), ==, 2 * MESSAGE_FRAME_DIGITS);
}

static void test_no_file(void)
{
    json_auto_t *each = json_array();
    json_auto_t *facts = set_facts(each);

    g_assert_cmpint(json_integer_value(json_object_get(facts, "files")), ==, 0);
}

static void test_first_clip_leads(void)
{
    json_auto_t *each =
        json_pack("[o, o, o]", file("photo", 1, 'a', ""), file("video", 4, 'b', "0f"), file("video", 5, 'c', "aa"));
    json_auto_t *facts = set_facts(each);

    g_assert_false(set_is_photo(facts));
    g_assert_cmpint(json_integer_value(json_object_get(facts, "duration_ms")), ==, 4000);
    g_assert_cmpint(json_integer_value(json_object_get(facts, "files")), ==, 3);
    g_assert_cmpuint(json_array_size(json_object_get(facts, "flags")), ==, 3);
    g_assert_cmpstr(text_at(facts, "sound"), ==, "0f");
    g_assert_cmpuint(strlen(text_at(facts, "pictures")), ==, 10 * MESSAGE_FRAME_DIGITS);
    g_assert_true(set_is_photo(set_facts_of(facts, 0)));
    g_assert_cmpint(json_integer_value(json_object_get(set_facts_of(facts, 2), "duration_ms")), ==, 5000);
    g_assert_null(json_object_get(set_facts_of(facts, 2), "fingerprint"));
    g_assert_nonnull(json_object_get(json_array_get(each, 2), "fingerprint"));
}

static void test_photos_alone(void)
{
    json_auto_t *each = json_pack("[o, o]", file("photo", 1, 'a', ""), file("photo", 1, 'b', ""));
    json_auto_t *facts = set_facts(each);

    g_assert_true(set_is_photo(facts));
    g_assert_cmpint(text_at(facts, "pictures")[0], ==, 'a');
    g_assert_cmpint(text_at(facts, "pictures")[MESSAGE_FRAME_DIGITS], ==, 'b');
}

static void test_what_one_says_all_say(void)
{
    json_auto_t *each = json_pack("[o, o, o]", file("video", 1, 'a', ""), file("photo", 1, 'b', ""), file("photo", 1, 'c', ""));
    json_auto_t *before = set_facts(each);

    json_object_set_new(json_array_get(each, 2), "ai_label", json_true());
    json_auto_t *after = set_facts(each);
    g_assert_false(json_is_true(json_object_get(before, "ai_label")));
    g_assert_true(json_is_true(json_object_get(after, "ai_label")));
    g_assert_false(json_is_true(json_object_get(after, "had_location")));
    g_assert_false(json_is_true(json_object_get(set_facts_of(after, 0), "ai_label")));
}

/* Nine long clips must not have more frames than the service takes; each has its share. */
static void test_frames_are_shared(void)
{
    json_auto_t *each = json_array();

    for (int i = 0; i < 9; i++) {
        json_array_append_new(each, file("video", MESSAGE_FRAMES_MOST, (char)('1' + i), ""));
    }
    json_auto_t *facts = set_facts(each);
    const char *pictures = text_at(facts, "pictures");
    g_assert_cmpuint(strlen(pictures), ==, 90 * MESSAGE_FRAME_DIGITS);
    g_assert_cmpint(pictures[0], ==, '1');
    g_assert_cmpint(pictures[89 * MESSAGE_FRAME_DIGITS], ==, '9');
}

static void test_what_is_wanted(void)
{
    static const struct {
        const char *facts;
        const char *kind;
        bool is_wanted;
    } CASES[] = {
        {"{}", "prepare", true},
        {"{\"kind\":\"video\"}", "ladder", true},
        {"{\"kind\":\"photo\"}", "prepare", true},
        {"{\"kind\":\"photo\"}", "ladder", false},
        {"{\"kind\":\"video\"}", "cover", false},
        {"{\"kind\":\"video\",\"cover_ms\":0}", "cover", true},
        {"{\"kind\":\"photo\",\"cover_ms\":0}", "cover", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        json_auto_t *facts = json_loads(CASES[i].facts, 0, NULL);
        g_assert_true(set_is_wanted(facts, CASES[i].kind) == CASES[i].is_wanted);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/set/one_file", test_one_file);
    g_test_add_func("/set/no_file", test_no_file);
    g_test_add_func("/set/first_clip_leads", test_first_clip_leads);
    g_test_add_func("/set/photos_alone", test_photos_alone);
    g_test_add_func("/set/what_one_says_all_say", test_what_one_says_all_say);
    g_test_add_func("/set/frames_are_shared", test_frames_are_shared);
    g_test_add_func("/set/what_is_wanted", test_what_is_wanted);
    return g_test_run();
}
