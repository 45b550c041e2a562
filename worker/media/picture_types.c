#include "worker/media/picture_types.h"

#include <string.h>

#include <glib.h>

#define RUN_MOST      3
#define RUNS_A_LETTER 3
#define TYPE_IN_STATS 4 /* byte of AV_PKT_DATA_QUALITY_STATS */

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct seen {
    int64_t pts;
    bool is_b;
};

struct picture_types {
    GArray *seen;    /* struct seen: of the deciding encoder */
    GByteArray *are; /* of an obeying one: 1 B, 0 other, by the order shown */
};

struct picture_types *picture_types_new(void)
{
    struct picture_types *types = g_new0(struct picture_types, 1);

    types->seen = g_array_new(FALSE, FALSE, sizeof(struct seen));
    types->are = g_byte_array_new();
    return types;
}

void picture_types_free(struct picture_types *types)
{
    if (types == NULL) {
        return;
    }
    g_array_unref(types->seen);
    g_byte_array_unref(types->are);
    g_free(types);
}

bool picture_types_is_b(const AVPacket *packet)
{
    size_t size = 0;
    const uint8_t *stats = av_packet_get_side_data(packet, AV_PKT_DATA_QUALITY_STATS, &size);

    return size > TYPE_IN_STATS && stats[TYPE_IN_STATS] == AV_PICTURE_TYPE_B;
}

void picture_types_see(struct picture_types *types, const AVPacket *packet)
{
    const struct seen seen = {packet->pts, picture_types_is_b(packet)};

    g_array_append_val(types->seen, seen);
}

static gint by_pts(gconstpointer a, gconstpointer b)
{
    const struct seen *left = a, *right = b;

    return left->pts < right->pts ? -1 : left->pts > right->pts;
}

char *picture_types_text(struct picture_types *types)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int run = 0, runs = 0, bits = 0;

    g_array_sort(types->seen, by_pts);
    for (guint i = 0; i < types->seen->len && text->len < PICTURE_TYPES_TEXT_MAX; i++) {
        if (g_array_index(types->seen, struct seen, i).is_b) {
            run++;
            continue;
        }
        if (run > RUN_MOST) {
            return NULL;
        }
        bits = bits << 2 | run;
        run = 0;
        if (++runs == RUNS_A_LETTER) {
            g_string_append_c(text, ALPHABET[bits]);
            runs = bits = 0;
        }
    }
    if (runs > 0 && text->len < PICTURE_TYPES_TEXT_MAX) { /* what fills the last letter says something of no picture */
        g_string_append_c(text, ALPHABET[bits << 2 * (RUNS_A_LETTER - runs)]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* A run of B pictures and the one behind them. */
static void add_run(GByteArray *are, int run)
{
    const uint8_t marks[RUN_MOST + 1] = {1, 1, 1, 0};

    g_byte_array_append(are, marks + RUN_MOST - run, (guint)run + 1);
}

struct picture_types *picture_types_parse(const char *text)
{
    struct picture_types *types = picture_types_new();

    for (const char *at = text == NULL ? "" : text; *at != '\0'; at++) {
        const char *letter = strchr(ALPHABET, *at);
        const int bits = letter == NULL ? 0 : (int)(letter - ALPHABET);

        if (letter == NULL || at - text >= PICTURE_TYPES_TEXT_MAX) {
            g_byte_array_set_size(types->are, 0);
            break;
        }
        for (int shift = 2 * (RUNS_A_LETTER - 1); shift >= 0; shift -= 2) {
            add_run(types->are, bits >> shift & RUN_MOST);
        }
    }
    return types;
}

enum AVPictureType picture_types_at(const struct picture_types *types, size_t index)
{
    if (index >= types->are->len) {
        return AV_PICTURE_TYPE_NONE;
    }
    return types->are->data[index] != 0 ? AV_PICTURE_TYPE_B : AV_PICTURE_TYPE_P;
}
