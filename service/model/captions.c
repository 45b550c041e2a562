#include "service/model/captions.h"

#include "common/failure.h"
#include "service/model/rules.h"
#include "service/model/text.h"

char *captions_take(const json_t *array, size_t files, GError **error)
{
    json_auto_t *kept = json_array();
    bool is_empty = true;

    if (array != NULL && (!json_is_array(array) || json_array_size(array) > files)) {
        g_set_error_literal(error, MODEL_ERROR, REASON_JSON, "captions");
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        g_autofree char *text = text_clean(json_string_value(json_array_get(array, i)));
        if (text == NULL) {
            g_set_error(error, MODEL_ERROR, REASON_JSON, "caption %zu", i + 1);
            return NULL;
        }
        if (g_utf8_strlen(text, -1) > CAPTION_CHARACTERS) {
            g_set_error(error, MODEL_ERROR, REASON_CAPTION_TOO_LONG, "caption %zu", i + 1);
            return NULL;
        }
        is_empty = is_empty && text[0] == '\0';
        json_array_append_new(kept, json_string(text));
    }
    return is_empty ? g_strdup("[]") : json_dumps(kept, JSON_COMPACT);
}
