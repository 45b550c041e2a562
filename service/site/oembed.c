/* One JSON object makes both forms; the XML form has the same names as elements. */
#include "service/site/oembed.h"

#include "service/site/markup.h"

#define CACHE_SECONDS 3600

static int64_t clamp_side(int64_t side_px)
{
    return CLAMP(side_px, 1, OEMBED_SIDE_PX_MAX);
}

/* a × b / c, rounded, at least 1; all are at most OEMBED_SIDE_PX_MAX. */
static int64_t scale(int64_t a, int64_t b, int64_t c)
{
    return MAX(1, (a * b + c / 2) / c);
}

struct oembed_size oembed_fit(struct oembed_size picture, struct oembed_size most)
{
    const int64_t width_px = clamp_side(picture.width_px);
    const int64_t height_px = clamp_side(picture.height_px);
    const int64_t most_width_px = most.width_px > 0 ? MIN(most.width_px, width_px) : width_px;
    const int64_t most_height_px = most.height_px > 0 ? MIN(most.height_px, height_px) : height_px;

    if (most_width_px * height_px <= most_height_px * width_px) {
        return (struct oembed_size){most_width_px, MIN(most_height_px, scale(height_px, most_width_px, width_px))};
    }
    return (struct oembed_size){MIN(most_width_px, scale(width_px, most_height_px, height_px)), most_height_px};
}

struct oembed_size oembed_size_of(const json_t *work)
{
    const struct oembed_size size = {json_integer_value(json_object_get(work, "width")),
                                     json_integer_value(json_object_get(work, "height"))};

    return size.width_px > 0 && size.height_px > 0 ? size : (struct oembed_size){1280, 720};
}

char *oembed_frame(const json_t *work, const json_t *facts, struct oembed_size size)
{
    g_autofree char *url = markup_absolute(markup_text(facts, "base_url"), markup_text(work, "embed_url"));
    GString *out = g_string_new("<iframe src=\"");

    markup_escape(out, url == NULL ? "" : url);
    g_string_append_printf(out, "\" width=\"%" G_GINT64_FORMAT "\" height=\"%" G_GINT64_FORMAT "\" title=\"",
                           size.width_px, size.height_px);
    markup_escape(out, markup_text(work, "title") == NULL ? "" : markup_text(work, "title"));
    g_string_append(out, "\" allow=\"autoplay; fullscreen; picture-in-picture\" allowfullscreen loading=\"lazy\" "
                         "frameborder=\"0\"></iframe>");
    return g_string_free(out, FALSE);
}

/* All three of the thumbnail's fields or none. The share card has a size only where the item says
 * so. */
static void add_thumbnail(json_t *answer, const json_t *work, const json_t *facts)
{
    g_autofree char *poster = markup_absolute(markup_text(facts, "base_url"), markup_text(work, "poster"));
    const struct oembed_size size = oembed_size_of(work);

    if (poster == NULL) {
        return;
    }
    (void)json_object_set_new(answer, "thumbnail_url", json_string(poster)); /* these fail without memory only */
    (void)json_object_set_new(answer, "thumbnail_width", json_integer(size.width_px));
    (void)json_object_set_new(answer, "thumbnail_height", json_integer(size.height_px));
}

static json_t *answer_of(const json_t *work, const json_t *facts, struct oembed_size most)
{
    const struct oembed_size size = oembed_fit(oembed_size_of(work), most);
    const bool is_photo = json_is_true(json_object_get(work, "is_photo"));
    g_autofree char *frame = oembed_frame(work, facts, size);
    json_t *answer =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:s?, s:s?, s:s?, s:s?, s:i}", "type", is_photo ? "rich" : "video",
                  "version", "1.0", "html", frame, "width", (json_int_t)size.width_px, "height",
                  (json_int_t)size.height_px, "title", markup_text(work, "title"), "author_name",
                  markup_text(work, "region_name"), "provider_name", markup_text(facts, "name"), "provider_url",
                  markup_text(facts, "base_url"), "cache_age", CACHE_SECONDS);

    add_thumbnail(answer, work, facts);
    return answer;
}

GString *oembed_json(const json_t *work, const json_t *facts, struct oembed_size most)
{
    json_auto_t *answer = answer_of(work, facts, most);
    GString *out = g_string_new(NULL);

    markup_json(out, answer);
    return out;
}

GString *oembed_xml(const json_t *work, const json_t *facts, struct oembed_size most)
{
    json_auto_t *answer = answer_of(work, facts, most);
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<oembed>\n");
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach(answer, name, value) {
        g_autofree char *number = g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));

        markup_element(out, name, json_is_integer(value) ? number : json_string_value(value));
    }
    g_string_append(out, "</oembed>\n");
    return out;
}
