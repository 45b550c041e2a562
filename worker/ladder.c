#include "worker/ladder.h"

#include <string.h>

#include "common/failure.h"

/* A rung below must be this much smaller than the one above (by area), and save this much of the original's rate. */
#define AREA_STEP   0.75
#define MAXRATE_MIN 200000

const struct ladder_policy LADDER_DEFAULT = {
    .count = 4,
    .rung = {{1080, 23, 6200000, "veryfast"},
             {720, 23, 3000000, "veryfast"},
             {480, 23, 1500000, "veryfast"},
             {360, 23, 800000, "veryfast"}},
};

static bool read_rung(GKeyFile *file, const char *group, struct ladder_rung *rung, GError **error)
{
    g_autofree char *preset = g_key_file_get_string(file, group, "preset", error);
    guint64 side;

    if (preset == NULL || !g_ascii_string_to_unsigned(group, 10, 120, 4320, &side, error)) {
        return false;
    }
    rung->short_side = (int)side;
    rung->crf = g_key_file_get_double(file, group, "crf", error);
    rung->maxrate_bps = 1000 * g_key_file_get_integer(file, group, "maxrate", error);
    if (rung->crf < 10 || rung->crf > 45 || rung->maxrate_bps < MAXRATE_MIN ||
        g_strlcpy(rung->preset, preset, sizeof rung->preset) >= sizeof rung->preset) {
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
    if (count == 0 || count > TASK_RUNGS_MAX) {
        g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "%s: 1 to %d rungs", path, TASK_RUNGS_MAX);
        return false;
    }
    for (gsize i = 0; i < count; i++) {
        if (!read_rung(file, groups[i], &read.rung[read.count++], error)) {
            return false;
        }
    }
    qsort(read.rung, (size_t)read.count, sizeof read.rung[0], by_side);
    *policy = read;
    return true;
}

static int maxrate_of(const struct ladder_rung *rung, const struct task_rung *size, double fps)
{
    const double wide = (double)rung->short_side * rung->short_side * 16 / 9;
    const double area = (double)size->width * size->height / wide;
    const double rate = 0.5 + CLAMP(fps, 15, 60) / 60; /* twice the pictures, half as many bits again */

    return (int)MAX(rung->maxrate_bps * MIN(area, 2) * rate, MAXRATE_MIN);
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
        rung.maxrate_bps = maxrate_of(row, &rung, facts->fps);
        (void)g_strlcpy(rung.preset, row->preset, sizeof rung.preset); /* same size */
        rungs[count++] = rung;
    }
    return count;
}
