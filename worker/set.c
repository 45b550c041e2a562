#include "worker/set.h"

#include <string.h>

#include <glib.h>

#include "common/message.h"

bool set_is_photo(const json_t *facts)
{
    return g_strcmp0(json_string_value(json_object_get(facts, "kind")), "photo") == 0;
}

bool set_is_prepare(const char *kind)
{
    return strcmp(kind, "prepare") == 0 || strcmp(kind, "whole") == 0;
}

bool set_is_wanted(const json_t *facts, const char *kind)
{
    return set_is_prepare(kind) ||
           (!set_is_photo(facts) &&
            (strcmp(kind, "cover") != 0 || json_is_integer(json_object_get(facts, "cover_ms"))));
}

static const char *fingerprint_text(const json_t *facts, const char *key)
{
    const char *text = json_string_value(json_object_get(json_object_get(facts, "fingerprint"), key));

    return text == NULL ? "" : text;
}

/* At most `most` frames of a fingerprint's pictures, evenly. */
static void append_frames(GString *all, const char *pictures, size_t most)
{
    const size_t count = strlen(pictures) / MESSAGE_FRAME_DIGITS;
    const size_t taken = MIN(count, most);

    for (size_t i = 0; i < taken; i++) {
        g_string_append_len(all, pictures + i * count / taken * MESSAGE_FRAME_DIGITS, MESSAGE_FRAME_DIGITS);
    }
}

/* The files' pictures are frames of one work; its sound is the first clip's. */
static json_t *fingerprint_of(const json_t *each, const json_t *lead)
{
    const size_t share = MESSAGE_FRAMES_MOST / json_array_size(each);
    g_autoptr(GString) all = g_string_new(NULL);
    size_t i;
    const json_t *facts;

    json_array_foreach(each, i, facts) {
        append_frames(all, fingerprint_text(facts, "pictures"), share);
    }
    return json_pack("{s:s, s:s}", "pictures", all->str, "sound", fingerprint_text(lead, "sound"));
}

/* What was noticed in one file was noticed in the set. */
static json_t *flags_of(const json_t *each)
{
    json_t *flags = json_array();
    size_t i;
    const json_t *facts;

    json_array_foreach(each, i, facts) {
        json_t *more = json_object_get(facts, "flags");
        if (json_is_array(more)) {
            json_array_extend(flags, more);
        }
    }
    return flags;
}

/* What one file says, the set says. */
static void add_said(json_t *whole, const json_t *each)
{
    static const char *const SAID[] = {"ai_label", "had_location", "had_device"};
    size_t i;
    const json_t *facts;

    json_array_foreach(each, i, facts) {
        for (size_t k = 0; k < G_N_ELEMENTS(SAID); k++) {
            if (json_is_true(json_object_get(facts, SAID[k]))) {
                json_object_set_new(whole, SAID[k], json_true());
            }
        }
    }
}

static json_t *without_fingerprints(const json_t *each)
{
    json_t *plain = json_array();
    size_t i;
    json_t *facts;

    json_array_foreach(each, i, facts) {
        json_t *copy = json_copy(facts);
        json_object_del(copy, "fingerprint");
        json_array_append_new(plain, copy);
    }
    return plain;
}

json_t *set_facts(json_t *each)
{
    const size_t count = json_array_size(each);
    json_t *lead = json_array_get(each, 0);
    size_t i;
    json_t *facts;

    json_array_foreach(each, i, facts) {
        lead = set_is_photo(lead) ? facts : lead;
    }
    lead = set_is_photo(lead) ? json_array_get(each, 0) : lead;
    json_t *whole = lead == NULL ? json_object() : json_copy(lead);
    json_object_set_new(whole, "files", json_integer((json_int_t)count));
    if (count > 1) {
        json_object_set_new(whole, "fingerprint", fingerprint_of(each, lead));
        json_object_set_new(whole, "flags", flags_of(each));
        add_said(whole, each);
        json_object_set_new(whole, "each", without_fingerprints(each));
    }
    return whole;
}

json_t *set_facts_of(json_t *facts, size_t index)
{
    json_t *each = json_object_get(facts, "each");

    return each == NULL ? facts : json_array_get(each, index);
}
