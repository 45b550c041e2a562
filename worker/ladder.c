#include "worker/ladder.h"

#include <math.h>
#include <string.h>

#include "common/failure.h"

/* A rung below must be this much smaller than the one above (by area), and save this much of the original's rate. */
#define AREA_STEP   0.75
#define MAXRATE_MIN 200000
#define LIGHT_BPS   500000 /* a rung this light needs no lighter one below */
#define COPY_PEAK   2.0    /* an original's busiest seconds against the cap that an encoder would have */

/* Against plain veryfast (docs/MEDIA.md has what was tried): bits go by variance (aq-mode 2), small coefficients stay where
 * veryfast throws them away (the blur costs more than they do), vectors are looked for in a diamond. The larger the picture,
 * the less a closer look pays: the small rungs refine vectors further (subme 3) and plan their bits over twice as many
 * pictures, the large ones leave small blocks out and plan over seven, which costs half a percent of their bytes and saves more of
 * the work; over five or six the largest costs 3 % of its bytes. Each CRF is set so that a rung is as good as veryfast's at 23, and no
 * larger. */
#define RATES(STRENGTH) "aq-mode=2:aq-strength=" STRENGTH ":no-dct-decimate=1:me=dia"
#define SMALL           RATES("0.8") ":rc-lookahead=20:partitions=i8x8,i4x4:subme=3"

const struct ladder_policy LADDER_DEFAULT = {
    .count = 4,
    .rung = {{TASK_H264, 1080, 22.4, 6200000, "veryfast", RATES("0.6") ":rc-lookahead=7:partitions=i8x8"},
             {TASK_H264, 720, 23.15, 3000000, "veryfast", RATES("0.8") ":rc-lookahead=7:partitions=i8x8,p8x8"},
             {TASK_H264, 480, 24.3, 1500000, "veryfast", SMALL},
             {TASK_H264, 360, 24.3, 800000, "veryfast", SMALL}},
    .av1_count = 2,
    /* Short groups of pictures take a quarter less memory than the preset's, for the same bytes (docs/MEDIA.md). */
    .av1 = {{TASK_AV1, 1080, 41, 3600000, "10", "hierarchical-levels=3"},
            {TASK_AV1, 720, 43, 1700000, "10", "hierarchical-levels=3"}},
};

static bool read_rung(GKeyFile *file, const char *group, struct ladder_rung *rung, GError **error)
{
    g_autofree char *preset = g_key_file_get_string(file, group, "preset", error);
    g_autofree char *options = g_key_file_get_string(file, group, "options", NULL); /* may be missing */
    g_auto(GStrv) words = g_strsplit(group, " ", 2);                                /* "720", "720 av1" */
    guint64 side;

    rung->codec = g_strcmp0(words[1], "av1") == 0 ? TASK_AV1 : TASK_H264;
    if (preset == NULL || !g_ascii_string_to_unsigned(words[0], 10, 120, 4320, &side, error)) {
        return false;
    }
    rung->short_side = (int)side;
    rung->crf = g_key_file_get_double(file, group, "crf", error);
    rung->maxrate_bps = 1000 * g_key_file_get_integer(file, group, "maxrate", error);
    if (rung->crf < 10 || rung->crf > 63 || rung->maxrate_bps < MAXRATE_MIN ||
        g_strlcpy(rung->preset, preset, sizeof rung->preset) >= sizeof rung->preset ||
        g_strlcpy(rung->options, options == NULL ? "" : options, sizeof rung->options) >= sizeof rung->options) {
        if (error != NULL && *error == NULL) {
            g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "ladder [%s]: value out of range", group);
        }
        return false;
    }
    return true;
}

static int by_side(const void *a, const void *b)
{
    return ((const struct ladder_rung *)b)->short_side - ((const struct ladder_rung *)a)->short_side;
}

static bool add_row(struct ladder_policy *policy, const struct ladder_rung *rung, const char *path, GError **error)
{
    const bool is_av1 = rung->codec == TASK_AV1;

    if (is_av1 ? policy->av1_count == LADDER_AV1_MAX : policy->count == LADDER_ROWS_MAX) {
        g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "%s: at most %d rungs, and %d of AV1", path, LADDER_ROWS_MAX,
                    LADDER_AV1_MAX);
        return false;
    }
    if (is_av1) {
        policy->av1[policy->av1_count++] = *rung;
    } else {
        policy->rung[policy->count++] = *rung;
    }
    return true;
}

bool ladder_load(const char *path, struct ladder_policy *policy, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) groups = NULL;
    gsize count = 0;
    struct ladder_policy read = {0};

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, error)) {
        return false;
    }
    groups = g_key_file_get_groups(file, &count);
    for (gsize i = 0; i < count; i++) {
        struct ladder_rung rung = {0};
        if (!read_rung(file, groups[i], &rung, error) || !add_row(&read, &rung, path, error)) {
            return false;
        }
    }
    if (read.count == 0) {
        g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "%s: no rung that every phone plays", path);
        return false;
    }
    qsort(read.rung, (size_t)read.count, sizeof read.rung[0], by_side);
    qsort(read.av1, (size_t)read.av1_count, sizeof read.av1[0], by_side);
    *policy = read;
    return true;
}

bool ladder_read_review(json_t *review, struct task_rung *rung)
{
    const char *codecs = NULL;
    struct task_rung made = {.way = TASK_MADE, .short_side = LADDER_REVIEW_SIDE};

    if (json_unpack(review, "{s?i, s:i, s:i, s:i, s:i, s:F, s:s}", "short_side", &made.short_side, "width", &made.width,
                    "height", &made.height, "bandwidth_bps", &made.bandwidth_bps, "average_bps", &made.average_bps,
                    "fps", &made.fps, "codecs", &codecs) != 0 ||
        g_strlcpy(made.codecs, codecs, sizeof made.codecs) >= sizeof made.codecs) {
        return false;
    }
    *rung = made;
    return true;
}

static int maxrate_of(const struct ladder_rung *rung, const struct task_rung *size, double fps)
{
    const double wide = (double)rung->short_side * rung->short_side * 16 / 9;
    const double area = (double)size->width * size->height / wide;
    /* Twice the pictures, half as many bits again. Packets and pictures count a little differently. */
    const double rate = 0.5 + CLAMP(round(fps), 15, 60) / 60;

    return (int)MAX(rung->maxrate_bps * MIN(area, 2) * rate, MAXRATE_MIN);
}

const struct ladder_rung *ladder_review_row(const struct ladder_policy *policy)
{
    const struct ladder_rung *row = &policy->rung[0];

    for (int i = 1; i < policy->count; i++) {
        if (abs(policy->rung[i].short_side - LADDER_REVIEW_SIDE) < abs(row->short_side - LADDER_REVIEW_SIDE)) {
            row = &policy->rung[i];
        }
    }
    return row;
}

static bool is_same_size(const struct task_rung *a, const struct task_rung *b)
{
    return a->width == b->width && a->height == b->height;
}

/* True when the original itself can stand for this rung, whose cap by size alone is given. */
static bool can_copy(const struct ladder_facts *facts, const struct task_rung *rung, int cap_bps)
{
    return rung->width == facts->width && rung->height == facts->height && facts->copy_average_bps > 0 &&
           facts->copy_average_bps <= cap_bps && facts->copy_peak_bps <= COPY_PEAK * cap_bps;
}

/* True when the rung saves nothing over the one above, which costs nothing any more: who can load what this one may take (`row_bps`,
 * by its size alone) can load that one. The smallest is for those who can load next to nothing. */
static bool is_superfluous(const struct task_rung *above, bool is_smallest, int row_bps)
{
    return above->way == TASK_MADE && above->average_bps > 0 &&
           above->average_bps <= (is_smallest ? LIGHT_BPS : row_bps);
}

/* Chooses how the rung comes about. */
static void settle(const struct ladder_facts *facts, bool is_first, int cap_bps, struct task_rung *rung)
{
    if (is_same_size(rung, &facts->review)) {
        const struct task_rung made = facts->review;
        *rung = made;
        rung->way = TASK_MADE;
    } else if (is_first && can_copy(facts, rung, cap_bps)) {
        rung->way = TASK_COPY;
        rung->average_bps = facts->copy_average_bps;
    }
}

int ladder_rungs(const struct ladder_facts *facts, const struct ladder_policy *policy, struct task_rung *rungs)
{
    int count = 0;

    for (int i = 0; i < policy->count; i++) {
        const struct ladder_rung *row = &policy->rung[i];
        struct task_rung rung = {.short_side = row->short_side, .crf = row->crf};
        double area;

        task_fit(facts->width, facts->height, row->short_side, &rung.width, &rung.height);
        area = (double)rung.width * rung.height;
        if (count > 0 && area > AREA_STEP * rungs[count - 1].width * rungs[count - 1].height) {
            continue; /* hardly smaller than the one above: it saves nothing */
        }
        /* The largest rung of a small picture is named by its own size's row: the next one that is not larger. */
        if (count == 0 && i + 1 < policy->count && MIN(facts->width, facts->height) <= policy->rung[i + 1].short_side) {
            continue;
        }
        rung.maxrate_bps = task_content_cap(maxrate_of(row, &rung, facts->fps), facts->picture_bps, facts->codec,
                                            area / ((double)facts->width * facts->height));
        (void)g_strlcpy(rung.preset, row->preset, sizeof rung.preset); /* same size */
        (void)g_strlcpy(rung.options, row->options, sizeof rung.options);
        settle(facts, count == 0, maxrate_of(row, &rung, facts->fps), &rung);
        if (count > 0 && is_superfluous(&rungs[count - 1], i + 1 == policy->count, maxrate_of(row, &rung, facts->fps))) {
            continue;
        }
        rungs[count++] = rung;
    }
    return count;
}

int ladder_av1_rungs(const struct ladder_facts *facts, const struct ladder_policy *policy, struct task_rung *rungs)
{
    int count = 0;

    for (int i = 0; i < policy->av1_count; i++) {
        const struct ladder_rung *row = &policy->av1[i];
        struct task_rung rung = {.codec = TASK_AV1, .short_side = row->short_side, .crf = row->crf};

        task_fit(facts->width, facts->height, row->short_side, &rung.width, &rung.height);
        if (MIN(facts->width, facts->height) < row->short_side && i + 1 < policy->av1_count) {
            continue; /* the picture's own size is a smaller row's */
        }
        rung.maxrate_bps = task_content_cap(maxrate_of(row, &rung, facts->fps), facts->picture_bps, facts->codec,
                                            (double)rung.width * rung.height / ((double)facts->width * facts->height));
        (void)g_strlcpy(rung.preset, row->preset, sizeof rung.preset); /* same size */
        (void)g_strlcpy(rung.options, row->options, sizeof rung.options);
        rungs[count++] = rung;
    }
    return count;
}
