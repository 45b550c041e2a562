#include "service/handlers/work_files.h"

#include <string.h>

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool is_clip(const json_t *facts)
{
    return g_strcmp0(json_string_value(json_object_get(facts, "kind")), "video") == 0;
}

json_t *work_source_json(const struct rendition *rendition, const char *address)
{
    json_auto_t *facts = rendition->facts == NULL ? NULL : json_loads(rendition->facts, 0, NULL);
    const char *codecs = json_string_value(json_object_get(facts, "codecs"));

    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "src", address, "type", rendition->type, "codecs",
                     codecs == NULL ? "" : codecs, "width", number_of(facts, "width"), "height",
                     number_of(facts, "height"), "bytes", (json_int_t)rendition->bytes);
}

void work_files_open(struct work_files *files, const json_t *facts, const char *captions)
{
    *files = (struct work_files){.captions = captions == NULL ? NULL : json_loads(captions, 0, NULL),
                                 .each = json_object_get(facts, "each"),
                                 .lead = 1};

    for (size_t i = json_array_size(files->each); i > 0; i--) {
        files->lead = is_clip(json_array_get(files->each, i - 1)) ? i : files->lead;
    }
}

/* {position, caption}, made at its first rendition. */
static json_t *file_at(const struct work_files *files, json_t **at, size_t position)
{
    if (*at == NULL) {
        const char *caption = json_string_value(json_array_get(files->captions, position - 1));
        *at = json_pack("{s:I, s:s}", "position", (json_int_t)position, "caption", caption == NULL ? "" : caption);
    }
    return *at;
}

void work_files_add_photo(struct work_files *files, const struct rendition *rendition, const char *address)
{
    const size_t position = rendition_position(rendition->name);

    if (position == 0 || strcmp(rendition->type, "image/jpeg") != 0) {
        return; /* the WebP copies are for pages that ask for them by name */
    }
    json_t *photo = file_at(files, &files->photos[position - 1], position);
    json_auto_t *source = work_source_json(rendition, address);
    const char *before = json_string_value(json_object_get(photo, "srcset"));
    g_autofree char *srcset = g_strdup_printf("%s%s%s %" JSON_INTEGER_FORMAT "w", before == NULL ? "" : before,
                                              before == NULL ? "" : ", ", address, number_of(source, "width"));

    json_object_del(source, "codecs");
    if (number_of(source, "width") >= number_of(photo, "width")) {
        json_object_update(photo, source);
    }
    json_object_set_new(photo, "srcset", json_string(srcset));
}

json_t *work_files_clip(struct work_files *files, const struct rendition *rendition)
{
    const size_t position = rendition_position(rendition->name);
    const json_t *facts = position == 0 ? NULL : json_array_get(files->each, position - 1);

    if (!is_clip(facts)) {
        return NULL;
    }
    json_t *clip = file_at(files, &files->clips[position - 1], position);
    if (json_object_get(clip, "duration_ms") == NULL) {
        json_object_set(clip, "duration_ms", json_object_get(facts, "duration_ms"));
        json_object_set(clip, "width", json_object_get(facts, "width"));
        json_object_set(clip, "height", json_object_get(facts, "height"));
    }
    return clip;
}

bool work_files_leads(const struct work_files *files, const struct rendition *rendition)
{
    return rendition_position(rendition->name) == files->lead;
}

static json_t *list(json_t *const at[MESSAGE_INPUTS_MOST])
{
    json_t *all = json_array();

    for (size_t i = 0; i < MESSAGE_INPUTS_MOST; i++) {
        if (at[i] != NULL) {
            json_array_append_new(all, at[i]);
        }
    }
    return all;
}

void work_files_close(struct work_files *files, json_t *work)
{
    json_object_set_new(work, "photos", list(files->photos));
    json_object_set_new(work, "clips", list(files->clips));
    json_decref(files->captions);
}
