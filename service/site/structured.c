/* schema.org and page facts of one work. */
#include "service/site/structured.h"

#include <stdbool.h>

#include "service/site/markup.h"
#include "service/site/view.h"

/* The family's words; where there are none, what and where. */
static char *description_of(const json_t *work, const json_t *facts)
{
    const char *words = markup_text(work, "words");
    const char *region = markup_text(work, "region_name");
    const char *name = markup_text(facts, "name");

    if (words != NULL && *words != '\0') {
        return g_strdup(words);
    }
    return g_strconcat(markup_text(work, "title"), "，", region == NULL ? "" : region, "，", name == NULL ? "" : name,
                       NULL);
}

static void set_absolute(json_t *object, const char *name, const json_t *facts, const char *url)
{
    g_autofree char *whole = markup_absolute(markup_text(facts, "base_url"), url);

    if (whole != NULL) {
        (void)json_object_set_new(object, name, json_string(whole)); /* fails without memory only */
    }
}

static void add_views(json_t *data, const json_t *work)
{
    const json_int_t views = json_integer_value(json_object_get(work, "views"));

    if (views > 0) {
        (void)json_object_set_new(data, "interactionStatistic",
                                  json_pack("{s:s, s:{s:s}, s:I}", "@type", "InteractionCounter", "interactionType",
                                            "@type", "WatchAction", "userInteractionCount", views));
    }
}

GString *structured_data(const json_t *work, const json_t *facts)
{
    const bool is_photo = json_is_true(json_object_get(work, "is_photo"));
    const int64_t duration_ms = json_integer_value(json_object_get(work, "duration_ms"));
    const json_t *source = view_source_find(work);
    g_autofree char *description = description_of(work, facts);
    g_autofree char *duration =
        g_strdup_printf("PT%" G_GINT64_FORMAT "M%" G_GINT64_FORMAT "S", duration_ms / 60000, duration_ms / 1000 % 60);
    json_auto_t *data =
        json_pack("{s:s, s:s, s:s?, s:s, s:s?, s:O*, s:O*, s:b}", "@context", "https://schema.org", "@type",
                  is_photo ? "ImageGallery" : "VideoObject", "name", markup_text(work, "title"), "description",
                  description, "uploadDate", markup_text(work, "published_at"), "width", json_object_get(work, "width"),
                  "height", json_object_get(work, "height"), "isFamilyFriendly", 1);
    GString *out = g_string_new(NULL);

    set_absolute(data, "url", facts, markup_text(work, "url"));
    set_absolute(data, "thumbnailUrl", facts, markup_text(work, "poster"));
    if (!is_photo) {
        set_absolute(data, "embedUrl", facts, markup_text(work, "embed_url"));
        set_absolute(data, "contentUrl", facts, markup_text(source, "src"));
        (void)json_object_set_new(data, "duration", json_string(duration)); /* fails without memory only */
        add_views(data, work);
    }
    markup_json(out, data);
    return out;
}

/* The square share card where there is one (chat programs want a picture of 300 px and more), else
 * the poster. */
static json_t *image_of(const json_t *work, const json_t *facts)
{
    const char *card = markup_text(work, "share_card");
    const char *poster = markup_text(work, "poster");
    json_t *image = NULL;

    if (card == NULL && poster == NULL) {
        return NULL;
    }
    image = json_object();
    set_absolute(image, "url", facts, card != NULL ? card : poster);
    if (card == NULL) {
        (void)json_object_set(image, "width", json_object_get(work, "width")); /* absent stays absent */
        (void)json_object_set(image, "height", json_object_get(work, "height"));
    }
    return image;
}

json_t *structured_page(const json_t *work, const json_t *facts)
{
    g_autofree char *description = description_of(work, facts);
    json_t *page = json_pack("{s:s?, s:s, s:s?, s:o*}", "title", markup_text(work, "title"), "description", description,
                             "path", markup_text(work, "url"), "image", image_of(work, facts));

    set_absolute(page, "url", facts, markup_text(work, "url"));
    return page;
}
