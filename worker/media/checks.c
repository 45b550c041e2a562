#include "worker/media/checks.h"

#define BLACK_MEAN      20.0 /* of 255, after range expansion */
#define BLACK_SHARE     0.98
#define FROZEN_DISTANCE 0.35   /* of 255: noise of a re-encoded still stays below */
#define SILENT_PEAK     0.0032 /* -50 dBFS */
#define VERY_DARK_MEAN  40.0
#define VERY_QUIET_LUFS (-35.0)
#define SPANS_MAX       20

enum span_kind { SPAN_BLACK, SPAN_FROZEN, SPAN_SILENT, SPAN_KIND_COUNT };

/* Shorter spans are cuts and breaths. */
static const struct {
    const char *flag;
    int64_t least;
} SPANS[SPAN_KIND_COUNT] = {
    [SPAN_BLACK] = {"black", LIBAV_VIDEO_HZ},
    [SPAN_FROZEN] = {"frozen", 3 * LIBAV_VIDEO_HZ},
    [SPAN_SILENT] = {"silent", 3 * LIBAV_VIDEO_HZ},
};

struct checks {
    struct picture *previous;
    int64_t previous_at;
    int64_t began[SPAN_KIND_COUNT]; /* -1: not inside a span */
    double brightness;
    int64_t seen;
    json_t *flags;
    int count;
};

struct checks *checks_new(void)
{
    struct checks *checks = g_new0(struct checks, 1);

    checks->flags = json_array();
    for (int i = 0; i < SPAN_KIND_COUNT; i++) {
        checks->began[i] = -1;
    }
    return checks;
}

void checks_free(struct checks *checks)
{
    if (checks == NULL) {
        return;
    }
    picture_free(checks->previous);
    json_decref(checks->flags);
    g_free(checks);
}

static void add_flag(struct checks *checks, const char *flag, int64_t from, int64_t to)
{
    if (checks->count++ < SPANS_MAX) {
        json_array_append_new(checks->flags,
                              json_pack("{s:s, s:I, s:I}", "flag", flag, "from_ms", from / (LIBAV_VIDEO_HZ / 1000),
                                        "to_ms", to / (LIBAV_VIDEO_HZ / 1000)));
    }
}

/* `inside` says how it looks from `at` on; `from` is where a span that begins now began. */
static void follow(struct checks *checks, enum span_kind kind, bool inside, int64_t from, int64_t at)
{
    if (inside && checks->began[kind] < 0) {
        checks->began[kind] = from;
    }
    if (!inside && checks->began[kind] >= 0) {
        if (at - checks->began[kind] >= SPANS[kind].least) {
            add_flag(checks, SPANS[kind].flag, checks->began[kind], at);
        }
        checks->began[kind] = -1;
    }
}

void checks_add(struct checks *checks, int64_t at, const struct picture *picture)
{
    const struct picture_look look = picture_look_of(picture);
    const bool black = look.mean < BLACK_MEAN && look.dark_share > BLACK_SHARE;
    const bool same = checks->previous != NULL && checks->previous->width == picture->width &&
                      checks->previous->height == picture->height &&
                      picture_distance(checks->previous, picture) < FROZEN_DISTANCE;

    follow(checks, SPAN_BLACK, black, at, at);
    follow(checks, SPAN_FROZEN, same && !black, checks->previous_at, at);
    checks->brightness += look.mean;
    checks->seen++;
    picture_free(checks->previous);
    checks->previous = picture_copy(picture);
    checks->previous_at = at;
}

static void follow_sound(struct checks *checks, const GArray *wave, int64_t end)
{
    for (unsigned i = 0; i < wave->len; i++) {
        const int64_t at = (int64_t)i * LIBAV_VIDEO_HZ / LOUDNESS_WAVE_HZ;
        follow(checks, SPAN_SILENT, g_array_index(wave, float, i) < SILENT_PEAK, at, at);
    }
    if (wave->len == 0) {
        follow(checks, SPAN_SILENT, true, 0, end);
    }
}

json_t *checks_flags(struct checks *checks, const struct loudness *loudness, int64_t end)
{
    if (loudness != NULL) {
        follow_sound(checks, loudness_wave(loudness), end);
    } else {
        add_flag(checks, "silent", 0, end);
    }
    for (int i = 0; i < SPAN_KIND_COUNT; i++) {
        follow(checks, (enum span_kind)i, false, end, end);
    }
    if (checks->seen > 0 && checks->brightness / (double)checks->seen < VERY_DARK_MEAN) {
        add_flag(checks, "very-dark", 0, end);
    }
    if (loudness != NULL && loudness_integrated_lufs(loudness) > TASK_SILENCE_LUFS + 1 &&
        loudness_integrated_lufs(loudness) < VERY_QUIET_LUFS) {
        add_flag(checks, "very-quiet", 0, end);
    }
    return json_incref(checks->flags);
}
