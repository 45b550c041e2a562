#include "service/model/draw.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

static char *hash_of(const char *seed, const char *kind, const char *one, const char *other)
{
    g_autofree char *text = g_strjoin("|", seed, kind, one, other, NULL); /* `other` NULL ends the list */

    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

char *draw_lot(const char *seed, const char *work)
{
    return hash_of(seed, "lot", work, NULL);
}

size_t draw_at(const struct draw *draw, size_t work, size_t judge)
{
    return work * draw->judge_count + judge;
}

struct placed {
    size_t index;
    char *hash;
};

static int by_hash(const void *one, const void *other)
{
    return strcmp(((const struct placed *)one)->hash, ((const struct placed *)other)->hash);
}

/* Indexes of ids by their hash; the caller's. */
static size_t *order_of(const char *seed, const char *kind, const char *const *ids, size_t count)
{
    g_autofree struct placed *placed = g_new0(struct placed, count + 1);
    size_t *order = g_new0(size_t, count + 1);

    for (size_t i = 0; i < count; i++) {
        placed[i] = (struct placed){i, hash_of(seed, kind, ids[i], NULL)};
    }
    qsort(placed, count, sizeof *placed, by_hash);
    for (size_t i = 0; i < count; i++) {
        order[i] = placed[i].index;
        g_free(placed[i].hash);
    }
    return order;
}

/* The judge with the fewest tasks (`loads` NULL: all alike) and the least hash among those who may have the work. */
static size_t pick(const struct draw *draw, const char *kind, const bool *has, const size_t *loads, size_t work)
{
    g_autofree char *least = NULL;
    size_t best = draw->judge_count;

    for (size_t judge = 0; judge < draw->judge_count; judge++) {
        if (draw->aside[draw_at(draw, work, judge)] || has[draw_at(draw, work, judge)]) {
            continue;
        }
        g_autofree char *hash = hash_of(draw->seed, kind, draw->works[work], draw->judges[judge]);
        const size_t load = loads == NULL ? 0 : loads[judge];
        const size_t best_load = loads == NULL || best == draw->judge_count ? 0 : loads[best];
        if (best == draw->judge_count || load < best_load || (load == best_load && strcmp(hash, least) < 0)) {
            best = judge;
            g_free(least);
            least = g_steal_pointer(&hash);
        }
    }
    return best;
}

static void hand_out(const struct draw *draw, const size_t *order, bool *tasks, size_t *loads)
{
    for (size_t i = 0; i < draw->work_count; i++) {
        for (size_t turn = 0; turn < draw->each; turn++) {
            const size_t judge = pick(draw, "task", tasks, loads, order[i]);
            if (judge < draw->judge_count) {
                tasks[draw_at(draw, order[i], judge)] = true;
                loads[judge]++;
            }
        }
    }
}

/* Moves one work from a judge to one with at least two fewer; false when there is none to move. */
static bool move_one(const struct draw *draw, size_t work, const size_t *judges, bool *tasks, size_t *loads)
{
    for (size_t i = 0; i < draw->judge_count; i++) {
        const size_t giver = judges[i];
        for (size_t k = 0; tasks[draw_at(draw, work, giver)] && k < draw->judge_count; k++) {
            const size_t taker = judges[k];
            const size_t at = draw_at(draw, work, taker);
            if (loads[giver] >= loads[taker] + 2 && !draw->aside[at] && !tasks[at]) {
                tasks[draw_at(draw, work, giver)] = false;
                tasks[at] = true;
                loads[giver]--;
                loads[taker]++;
                return true;
            }
        }
    }
    return false;
}

/* Ends: each move makes the sum of the squares of the loads smaller. */
static void level(const struct draw *draw, const size_t *order, bool *tasks, size_t *loads)
{
    g_autofree size_t *judges = order_of(draw->seed, "judge", draw->judges, draw->judge_count);
    bool moved = true;

    while (moved) {
        moved = false;
        for (size_t i = 0; i < draw->work_count && !moved; i++) {
            moved = move_one(draw, order[i], judges, tasks, loads);
        }
    }
}

void draw_run(const struct draw *draw, size_t *numbers, bool *tasks)
{
    g_autofree size_t *order = order_of(draw->seed, "number", draw->works, draw->work_count);
    g_autofree size_t *loads = g_new0(size_t, draw->judge_count + 1);

    memset(tasks, 0, draw->work_count * draw->judge_count * sizeof *tasks);
    for (size_t i = 0; i < draw->work_count; i++) {
        numbers[order[i]] = i + 1;
    }
    hand_out(draw, order, tasks, loads);
    level(draw, order, tasks, loads);
}

size_t draw_replacement(const struct draw *draw, const bool *asked, size_t work)
{
    return pick(draw, "replacement", asked, NULL, work);
}
