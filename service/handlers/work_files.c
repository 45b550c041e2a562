#include "service/handlers/work_files.h"

#include <string.h>

#include "service/model/facts.h"
#include "service/model/rendition.h"

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool is_clip(const json_t *facts)
{
    return g_strcmp0(json_string_value(json_object_get(facts, "kind")), "video") == 0;
}

json_t *work_source_json(const struct shown_file *file, const char *address)
{
    json_t *source = json_object();

    /* one by one and not by json_pack: lists make some hundreds of them */
    json_object_set_new(source, "src", json_string(address));
    json_object_set_new(source, "type", json_string(file->type));
    json_object_set_new(source, "codecs", json_string(file->codecs));
    json_object_set_new(source, "width", json_integer(file->width));
    json_object_set_new(source, "height", json_integer(file->height));
    json_object_set_new(source, "bytes", json_integer(file->bytes));
    return source;
}

static int by_bytes(const void *one, const void *other)
{
    const struct shown_file *a = one;
    const struct shown_file *b = other;

    return a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
}

/* What stands behind `name`, or "". */
static char *behind(char *text, const char *name)
{
    char *at = strstr(text, name);

    return at == NULL ? text + strlen(text) : at + strlen(name);
}

void shown_file_read_facts(struct shown_file *file, char *facts)
{
    char *codecs = behind(facts, "\"codecs\":\"");

    file->width = g_ascii_strtoll(behind(facts, "\"width\":"), NULL, 10);
    file->height = g_ascii_strtoll(behind(facts, "\"height\":"), NULL, 10);
    codecs[strcspn(codecs, "\"")] = '\0';
    file->codecs = codecs;
}

GArray *work_files_cut(char *lines)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(struct shown_file));

    for (char *line = strsep(&lines, "\n"); line != NULL; line = strsep(&lines, "\n")) {
        struct shown_file file = {.kind = strsep(&line, "\t")};
        file.name = strsep(&line, "\t");
        file.type = strsep(&line, "\t");
        const char *bytes = strsep(&line, "\t");
        if (line != NULL && g_ascii_string_to_signed(bytes, 10, 0, G_MAXINT64, &file.bytes, NULL)) {
            shown_file_read_facts(&file, line);
            g_array_append_val(files, file);
        }
    }
    g_array_sort(files, by_bytes);
    return files;
}

size_t work_files_lead(const json_t *facts)
{
    const json_t *each = json_object_get(facts, "each");
    size_t lead = 1;

    for (size_t i = json_array_size(each); i > 0; i--) {
        lead = is_clip(json_array_get(each, i - 1)) ? i : lead;
    }
    return lead;
}

json_t *work_files_clips(const json_t *facts)
{
    const json_t *each = json_object_get(facts, "each");
    json_t *clips = each == NULL ? json_pack("[i]", 1) : json_array();

    for (size_t i = 0; i < json_array_size(each); i++) {
        if (is_clip(json_array_get(each, i))) {
            json_array_append_new(clips, json_integer((json_int_t)i + 1));
        }
    }
    return clips;
}

void work_files_open(struct work_files *files, const json_t *facts, const char *captions)
{
    *files = (struct work_files){.captions = captions == NULL ? NULL : json_loads(captions, 0, NULL),
                                 .each = json_object_get(facts, "each"),
                                 .lead = work_files_lead(facts)};
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

void work_files_add_photo(struct work_files *files, const struct shown_file *file, const char *address)
{
    const size_t position = rendition_position(file->name);

    if (position == 0 || strcmp(file->type, "image/jpeg") != 0) {
        return; /* the WebP copies are for pages that ask for them by name */
    }
    json_t *photo = file_at(files, &files->photos[position - 1], position);
    json_auto_t *source = work_source_json(file, address);
    const char *before = json_string_value(json_object_get(photo, "srcset"));
    g_autofree char *srcset = g_strdup_printf("%s%s%s %" JSON_INTEGER_FORMAT "w", before == NULL ? "" : before,
                                              before == NULL ? "" : ", ", address, (json_int_t)file->width);

    json_object_del(source, "codecs");
    if (file->width >= number_of(photo, "width")) {
        json_object_update(photo, source);
    }
    json_object_set_new(photo, "srcset", json_string(srcset));
}

json_t *work_files_clip(struct work_files *files, const struct shown_file *file)
{
    const size_t position = rendition_position(file->name);
    const json_t *facts = position == 0 ? NULL : json_array_get(files->each, position - 1);

    if (!is_clip(facts)) {
        return NULL;
    }
    json_t *clip = file_at(files, &files->clips[position - 1], position);
    if (json_object_get(clip, "duration_ms") == NULL) {
        json_object_set_new(clip, "duration_ms", json_integer(facts_played_ms(facts)));
        json_object_set(clip, "width", json_object_get(facts, "width"));
        json_object_set(clip, "height", json_object_get(facts, "height"));
    }
    return clip;
}

bool work_files_leads(const struct work_files *files, const struct shown_file *file)
{
    return rendition_position(file->name) == files->lead;
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
