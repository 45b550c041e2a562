#include "service/model/edit_record.h"

#include <string.h>

json_t *edit_record(const struct submission *before, const struct submission *after, const struct cover *cover,
                    const char *digest)
{
    const struct {
        const char *name;
        const char *before;
        const char *after;
    } texts[] = {{"title", before->title, after->title},
                 {"words", before->words, after->words},
                 {"captions", before->captions, after->captions}};
    json_t *changed = json_array();

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (strcmp(texts[i].before, texts[i].after) != 0) {
            json_array_append_new(changed, json_string(texts[i].name));
        }
    }
    json_t *record = json_pack("{s:I, s:o, s:s*}", "revision", (json_int_t)before->revision + 1, "changed", changed,
                               "content", digest);
    if (cover != NULL) {
        json_object_set_new(record, "cover",
                            json_pack("{s:I, s:I}", "position", (json_int_t)cover->position, "ms",
                                      (json_int_t)cover->at_ms));
    }
    return record;
}
