#include "service/model/facts.h"

#include <glib.h>
#include <jansson.h>

static const char *const SHOWN[] = {"kind", "duration_ms", "width", "height", "ai_label"};

int64_t facts_played_ms(const json_t *facts)
{
    static const char *const PARTS[] = {"before_ms", "duration_ms", "after_ms"};
    int64_t played_ms = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(PARTS); i++) {
        played_ms += json_integer_value(json_object_get(facts, PARTS[i]));
    }
    return played_ms;
}

static json_t *shown_of(const json_t *facts)
{
    json_t *shown = json_object();

    for (size_t i = 0; i < G_N_ELEMENTS(SHOWN); i++) {
        (void)json_object_set(shown, SHOWN[i], json_object_get(facts, SHOWN[i])); /* what is absent stays absent */
    }
    if (json_object_get(shown, "duration_ms") != NULL) {
        json_object_set_new(shown, "duration_ms", json_integer(facts_played_ms(facts)));
    }
    return shown;
}

char *facts_shown(const char *facts)
{
    json_auto_t *whole = facts == NULL ? NULL : json_loads(facts, 0, NULL);
    json_auto_t *shown = shown_of(whole);
    const json_t *each = json_object_get(whole, "each");
    size_t index;
    json_t *file;

    if (whole == NULL) {
        return g_strdup("");
    }
    if (each != NULL) {
        json_object_set_new(shown, "each", json_array());
    }
    json_array_foreach(each, index, file) {
        json_array_append_new(json_object_get(shown, "each"), shown_of(file));
    }
    return json_dumps(shown, JSON_COMPACT);
}
