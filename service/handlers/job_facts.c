#include "service/handlers/job_facts.h"

#include <string.h>

#include "common/failure.h"
#include "service/app.h"
#include "service/model/rendition.h"
#include "service/model/rules.h"

/* A track without lengths (photos) sends none: the worker takes 0 for a mistake. */
json_t *job_limits_json(const struct app *app, const struct submission *submission)
{
    const struct track *track = rules_track_find(app->rules, submission->track);
    json_t *limits = json_pack("{s:o, s:I}", "kinds", track == NULL ? json_pack("[s]", "video") : track_kinds_json(track),
                               "max_bytes", (json_int_t)(track == NULL ? 0 : track->max_bytes));

    if (track != NULL && track->max_ms > 0) {
        json_object_set_new(limits, "min_ms", json_integer(track->min_ms));
        json_object_set_new(limits, "max_ms", json_integer(track->max_ms));
    }
    return limits;
}

static gint by_bandwidth(gconstpointer a, gconstpointer b)
{
    const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
    const json_int_t difference = json_integer_value(json_object_get(right, "bandwidth_bps")) -
                                  json_integer_value(json_object_get(left, "bandwidth_bps"));

    return difference < 0 ? -1 : difference > 0;
}

/* The rungs of one file that are there, best first: what their master playlist says. Their names begin with the short side
 * in pixels. */
static json_t *rungs_json(const struct sql_rows *renditions, size_t position)
{
    g_autoptr(GPtrArray) rungs = g_ptr_array_new();
    json_t *list = json_array();

    for (size_t i = 0; i < renditions->count; i++) {
        const struct rendition *rendition = sql_rows_at(renditions, i);
        const bool is_rung =
            (strcmp(rendition->kind, "rung") == 0 || strcmp(rendition->kind, "review-mp4") == 0) &&
            rendition_position(rendition->name) == position;
        json_t *facts = is_rung && rendition->facts != NULL ? json_loads(rendition->facts, 0, NULL) : NULL;
        const char *codecs = json_string_value(json_object_get(facts, "codecs"));

        if (codecs != NULL && g_str_has_prefix(codecs, "avc1")) {
            json_object_set_new(facts, "short_side", json_integer(g_ascii_strtoll(rendition_plain_name(rendition->name), NULL, 10)));
            g_ptr_array_add(rungs, facts);
        } else {
            json_decref(facts);
        }
    }
    g_ptr_array_sort(rungs, by_bandwidth);
    for (guint i = 0; i < rungs->len; i++) {
        json_array_append_new(list, g_ptr_array_index(rungs, i));
    }
    return list;
}

void job_add_rungs(json_t *facts, const struct sql_rows *renditions)
{
    size_t index;
    json_t *one;

    json_object_set_new(facts, "rungs", rungs_json(renditions, 1));
    json_array_foreach(json_object_get(facts, "each"), index, one) {
        json_object_set_new(one, "rungs", rungs_json(renditions, index + 1));
    }
}

void job_add_covers(json_t *facts, const char *covers)
{
    json_auto_t *moments = json_loads(covers, 0, NULL);
    json_t *each = json_object_get(facts, "each");
    const char *position;
    json_t *at_ms;

    json_object_foreach(moments, position, at_ms) {
        const size_t index = (size_t)g_ascii_strtoull(position, NULL, 10) - 1; /* of our own making */
        json_object_set(each == NULL ? facts : json_array_get(each, index), "cover_ms", at_ms);
    }
}

/* What the facts say without a flag. Of upright ones only clips are told: a hall's screen leaves them black on both sides. */
static void append_facts(GString *words, const json_t *facts)
{
    const bool is_clip = g_strcmp0(json_string_value(json_object_get(facts, "kind")), "video") == 0;
    const json_int_t width = json_integer_value(json_object_get(facts, "width"));
    const json_int_t height = json_integer_value(json_object_get(facts, "height"));
    const struct {
        bool is_so;
        const char *flag;
    } SAID[] = {
        {is_clip && height > width, "portrait"},
        {json_is_string(json_object_get(json_object_get(facts, "colour"), "hdr")), "hdr"},
        {json_is_true(json_object_get(facts, "ai_label")), "aigc"},
        {json_is_true(json_object_get(facts, "had_location")), "location"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(SAID); i++) {
        if (SAID[i].is_so) {
            g_string_append_printf(words, "%s ", SAID[i].flag);
        }
    }
}

/* " black silent ": names of the flags the media program raised, and of what its facts say. */
char *job_flag_words(const json_t *facts)
{
    const json_t *flags = json_object_get(facts, "flags");
    g_autoptr(GString) words = g_string_new(" ");
    size_t index;
    json_t *flag;

    json_array_foreach(flags, index, flag) {
        const char *name =
            json_is_string(flag) ? json_string_value(flag) : json_string_value(json_object_get(flag, "flag"));
        g_autofree char *word = g_strdup_printf(" %s ", name == NULL ? "" : name);
        if (name != NULL && strstr(words->str, word) == NULL) {
            g_string_append_printf(words, "%s ", name);
        }
    }
    append_facts(words, facts);
    return g_strdup(words->str);
}

/* The facts for the row: fingerprints have a table of their own. */
char *job_facts_text(const json_t *facts)
{
    json_auto_t *plain = json_copy((json_t *)(uintptr_t)facts);

    json_object_del(plain, "fingerprint");
    return json_dumps(plain, JSON_COMPACT);
}
