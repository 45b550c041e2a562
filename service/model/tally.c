#include "service/model/tally.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "service/model/draw.h"

enum { UNITS_OF_HUNDREDTH = TALLY_UNITS / 100 };

/* Half up, for negative sums too. */
static int64_t mean_of(int64_t sum, int64_t count)
{
    const int64_t doubled = 2 * sum + count;
    const int64_t quotient = doubled / (2 * count);

    return doubled % (2 * count) < 0 ? quotient - 1 : quotient;
}

static int64_t value_of(const struct tally *tally, const struct tally_score *score)
{
    int64_t hundredths = 0;

    for (size_t i = 0; i < tally->criterion_count; i++) {
        hundredths += score->points[i] * tally->weights[i];
    }
    return hundredths * UNITS_OF_HUNDREDTH;
}

/* Values of all scores, levelled where asked for; the caller's. */
static int64_t *values_of(const struct tally *tally)
{
    int64_t *values = g_new0(int64_t, tally->score_count + 1);
    g_autofree int64_t *sums = g_new0(int64_t, tally->judge_count + 1);
    g_autofree int64_t *counts = g_new0(int64_t, tally->judge_count + 1);
    int64_t all = 0;

    for (size_t i = 0; i < tally->score_count; i++) {
        const size_t judge = tally->scores[i].judge;
        values[i] = value_of(tally, &tally->scores[i]);
        sums[judge] += values[i];
        counts[judge]++;
        all += values[i];
    }
    for (size_t i = 0; tally->is_levelled && i < tally->score_count; i++) {
        const size_t judge = tally->scores[i].judge;
        values[i] += mean_of(all, (int64_t)tally->score_count) - mean_of(sums[judge], counts[judge]);
    }
    return values;
}

static void judge_work(const struct tally *tally, const int64_t *values, struct tally_result *result)
{
    int64_t lowest = G_MAXINT64;
    int64_t highest = G_MININT64;
    int64_t sum = 0;

    for (size_t i = 0; i < tally->score_count; i++) {
        if (tally->scores[i].work != result->work) {
            continue;
        }
        lowest = MIN(lowest, values[i]);
        highest = MAX(highest, values[i]);
        sum += values[i];
        result->judges++;
        for (size_t k = 0; k < tally->criterion_count; k++) {
            result->criteria[k] += tally->scores[i].points[k] * TALLY_UNITS;
        }
    }
    const int64_t count = (int64_t)result->judges;
    if (count == 0) {
        return;
    }
    for (size_t k = 0; k < tally->criterion_count; k++) {
        result->criteria[k] = mean_of(result->criteria[k], count);
    }
    result->mean = mean_of(sum, count);
    result->score = count < 3 ? result->mean : mean_of(sum - lowest - highest, count - 2);
}

struct place {
    const struct tally *tally;
    struct tally_result result;
    char *lot;
};

static int higher_first(int64_t one, int64_t other)
{
    return one > other ? -1 : one < other;
}

static int by_result(const void *one, const void *other)
{
    const struct place *a = one;
    const struct place *b = other;
    int order = higher_first(a->result.judges > 0, b->result.judges > 0);

    order = order != 0 ? order : higher_first(a->result.score, b->result.score);
    order = order != 0 ? order : higher_first(a->result.mean, b->result.mean);
    for (size_t i = 0; order == 0 && i < a->tally->criterion_count; i++) {
        order = higher_first(a->result.criteria[i], b->result.criteria[i]);
    }
    return order != 0 ? order : strcmp(a->lot, b->lot);
}

void tally_run(const struct tally *tally, struct tally_result *results)
{
    g_autofree int64_t *values = values_of(tally);
    g_autofree struct place *places = g_new0(struct place, tally->work_count + 1);

    for (size_t i = 0; i < tally->work_count; i++) {
        places[i] = (struct place){tally, {.work = i}, draw_lot(tally->seed, tally->works[i])};
        judge_work(tally, values, &places[i].result);
    }
    qsort(places, tally->work_count, sizeof *places, by_result);
    for (size_t i = 0; i < tally->work_count; i++) {
        results[i] = places[i].result;
        results[i].rank = results[i].judges == 0 ? 0 : i + 1;
        g_free(places[i].lot);
    }
}
