/* Display fields of one work. Dates are said in the province's own time. */
#include "service/site/view.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "service/site/markup.h"
#include "service/site/oembed.h"

#define PROVINCE_OFFSET "+08"

static void set_text(json_t *work, const char *name, const char *text)
{
    if (text != NULL) {
        (void)json_object_set_new(work, name, json_string(text)); /* fails without memory only */
    }
}

static bool is_mp4(const json_t *source)
{
    const char *type = markup_text(source, "type");

    return type != NULL && g_str_has_prefix(type, "video/mp4");
}

static bool is_for_every_phone(const json_t *source)
{
    const char *codecs = markup_text(source, "codecs");
    const int64_t width_px = json_integer_value(json_object_get(source, "width"));
    const int64_t height_px = json_integer_value(json_object_get(source, "height"));

    return is_mp4(source) && (codecs == NULL || *codecs == '\0' || g_str_has_prefix(codecs, "avc1")) &&
           MIN(width_px, height_px) <= VIEW_SHORT_SIDE_PX;
}

/* The index in sources[]; their number when there is none. */
static size_t best_source(const json_t *sources)
{
    const size_t count = json_array_size(sources);
    int64_t most_bytes = -1;
    size_t best = count;

    for (size_t i = 0; i < count; i++) {
        const json_t *source = json_array_get(sources, i);
        const int64_t bytes = json_integer_value(json_object_get(source, "bytes"));

        if (is_for_every_phone(source) && bytes > most_bytes) {
            most_bytes = bytes;
            best = i;
        } else if (best == count && is_mp4(source)) {
            best = i;
        }
    }
    return best;
}

const json_t *view_source_find(const json_t *work)
{
    const json_t *sources = json_object_get(work, "sources");

    return json_array_get(sources, best_source(sources));
}

/* What plays the same picture with fewer bytes stands before the one that plays everywhere: a browser takes the first that it
 * can play. Not what is larger than the screen of a phone, nor what is not said exactly. */
static void put_modern_first(json_t *sources)
{
    const json_t *plain = json_array_get(sources, 0);

    for (size_t i = 1; i < json_array_size(sources); i++) {
        json_t *source = json_array_get(sources, i);
        const char *codecs = markup_text(source, "codecs");
        if (codecs != NULL && g_str_has_prefix(codecs, "av01.") &&
            json_integer_value(json_object_get(source, "height")) ==
                json_integer_value(json_object_get(plain, "height")) &&
            json_integer_value(json_object_get(source, "bytes")) <
                json_integer_value(json_object_get(plain, "bytes"))) {
            json_incref(source);
            (void)json_array_remove(sources, i); /* both fail without memory only */
            (void)json_array_insert_new(sources, 0, source);
            return;
        }
    }
}

static void put_best_first(json_t *sources)
{
    const size_t best = best_source(sources);

    if (best > 0 && best < json_array_size(sources)) {
        json_t *source = json_incref(json_array_get(sources, best));

        (void)json_array_remove(sources, best); /* both fail without memory only */
        (void)json_array_insert_new(sources, 0, source);
    }
}

static void add_day(json_t *work)
{
    const char *published_at = markup_text(work, "published_at");
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(PROVINCE_OFFSET);
    g_autoptr(GDateTime) published = published_at == NULL ? NULL : g_date_time_new_from_iso8601(published_at, zone);
    g_autoptr(GDateTime) local = published == NULL || zone == NULL ? NULL : g_date_time_to_timezone(published, zone);
    g_autofree char *day = local == NULL
                               ? NULL
                               : g_strdup_printf("%d年%d月%d日", g_date_time_get_year(local),
                                                 g_date_time_get_month(local), g_date_time_get_day_of_month(local));

    set_text(work, "published_text", day);
}

static void add_addresses(json_t *work, const json_t *facts)
{
    const char *base_url = markup_text(facts, "base_url");
    const json_t *source = view_source_find(work);
    const bool embeddable = markup_text(work, "embed_url") != NULL;
    g_autofree char *frame =
        !embeddable ? NULL
                    : oembed_frame(work, facts, oembed_fit(oembed_size_of(work), (struct oembed_size){640, 640}));
    g_autofree char *video = markup_absolute(base_url, markup_text(source, "src"));
    g_autofree char *page = markup_absolute(base_url, markup_text(work, "url"));
    g_autofree char *escaped = g_uri_escape_string(page == NULL ? "" : page, NULL, FALSE);
    g_autofree char *json_url = g_strconcat(base_url, "/oembed?url=", escaped, "&format=json", NULL);
    g_autofree char *xml_url = g_strconcat(base_url, "/oembed?url=", escaped, "&format=xml", NULL);

    set_text(work, "embed_code", frame);
    set_text(work, "video_url", video);
    set_text(work, "video_type", markup_text(source, "type"));
    set_text(work, "oembed_json_url", json_url);
    set_text(work, "oembed_xml_url", xml_url);
}

/* Chinese ones are on from the beginning: many watch without sound. */
static void mark_default(json_t *subtitles)
{
    json_t *subtitle;
    size_t index;

    json_array_foreach(subtitles, index, subtitle) {
        const char *language = markup_text(subtitle, "language");
        if (language != NULL && g_str_has_prefix(language, "zh")) {
            (void)json_object_set_new(subtitle, "is_default", json_true()); /* fails without memory only */
            return;
        }
    }
}

static void add_tile(json_t *work)
{
    const struct oembed_size size = oembed_size_of(work);
    const int64_t seconds = json_integer_value(json_object_get(work, "duration_ms")) / 1000;
    g_autofree char *duration = g_strdup_printf("%" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT, seconds / 60, seconds % 60);

    set_text(work, "aspect_class",
             size.width_px == size.height_px  ? "square"
             : size.width_px > size.height_px ? "landscape"
                                              : "portrait");
    set_text(work, "duration_text", seconds > 0 ? duration : NULL);
}

void view_tiles(json_t *works)
{
    json_t *work;
    size_t index;

    json_array_foreach(works, index, work) {
        add_tile(work);
    }
}

/* What a player needs, of a work or of one of its clips. */
static void complete_clip(json_t *clip)
{
    add_tile(clip);
    put_best_first(json_object_get(clip, "sources"));
    put_modern_first(json_object_get(clip, "sources"));
    mark_default(json_object_get(clip, "subtitles"));
    (void)json_object_set_new(clip, "is_long", /* fails without memory only */
                              json_boolean(json_integer_value(json_object_get(clip, "duration_ms")) > VIEW_LONG_MS));
}

/* One clip of several. Only the first is what the address of a frame speaks of. Every name that the player's template asks
 * for is set, because one that is missing would be the work's own. */
static json_t *clip_of_set(const json_t *work, const json_t *clip, bool is_first)
{
    static const char *const NAMES[] = {"poster", "hls", "storyboard_vtt", "sources", "subtitles"};
    json_t *file = json_deep_copy(clip);
    g_autofree char *title = g_strdup_printf("%s，第 %" JSON_INTEGER_FORMAT " 个", markup_text(work, "title"),
                                             json_integer_value(json_object_get(clip, "position")));

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        if (json_object_get(file, NAMES[i]) == NULL) {
            (void)json_object_set_new(file, NAMES[i], json_null()); /* these fail without memory only */
        }
    }
    if (!is_first) {
        (void)json_object_set_new(file, "frame", json_object());
    }
    set_text(file, "title", title);
    complete_clip(file);
    return file;
}

static int64_t position_of(const json_t *list, size_t index)
{
    return index < json_array_size(list) ? json_integer_value(json_object_get(json_array_get(list, index), "position"))
                                         : INT64_MAX;
}

json_t *view_files(const json_t *work)
{
    const json_t *clips = json_object_get(work, "clips"), *photos = json_object_get(work, "photos");
    json_t *files = json_array();
    size_t clip = 0, photo = 0;

    if (json_array_size(clips) == 0 && view_source_find(work) != NULL) {
        (void)json_array_append(files, (json_t *)(uintptr_t)work); /* these fail without memory only */
        return files;
    }
    while (clip < json_array_size(clips) || photo < json_array_size(photos)) {
        const bool is_clip = position_of(clips, clip) < position_of(photos, photo);
        (void)json_array_append(files, is_clip ? json_array_get(clips, clip++) : json_array_get(photos, photo++));
    }
    return files;
}

/* Clips and photos of a work of several files, in their order; none where it has no several clips. */
static json_t *files_of(const json_t *work)
{
    const json_t *first = json_array_get(json_object_get(work, "clips"), 0);
    json_auto_t *all = first == NULL ? NULL : view_files(work);
    json_t *files = json_array();
    const json_t *one;
    size_t index;

    json_array_foreach(all, index, one) {
        const bool is_clip = json_object_get(one, "duration_ms") != NULL;
        json_t *file = is_clip ? clip_of_set(work, one, one == first) : json_copy((json_t *)(uintptr_t)one);
        (void)json_object_set_new(file, "is_clip", json_boolean(is_clip)); /* these fail without memory only */
        (void)json_array_append_new(files, file);
    }
    return files;
}

void view_complete(json_t *work, const json_t *facts)
{
    const bool is_photo =
        json_array_size(json_object_get(work, "photos")) > 0 && json_array_size(json_object_get(work, "sources")) == 0;

    (void)json_object_set_new(work, "is_photo", json_boolean(is_photo)); /* these fail without memory only */
    complete_clip(work);
    (void)json_object_set_new(work, "files", files_of(work));
    (void)json_object_set_new(work, "is_set", json_boolean(json_array_size(json_object_get(work, "files")) > 0));
    add_day(work);
    add_addresses(work, facts);
}
