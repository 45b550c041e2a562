/* The result of a selection, out of the judges' points alone: whole numbers throughout, so that the sheet recomputes to
 * the same figures anywhere.
 *
 * A judge gives each criterion 0 to 100 points; the weights add up to 100. One judge's value of a work is the weighted sum
 * in hundredths of a point, counted in units of 1/100,000 point. Levelled, a judge who is strict in all is brought to the
 * others: value - mean of this judge + mean of all. With three values or more, one highest and one lowest are left out
 * (去掉一个最高分和一个最低分); the result is the mean of the rest. All means are rounded half up.
 *
 * Equal results: the higher mean of all values; then the higher mean points of the first criterion, the second …; then the
 * lot (draw.h). A work without points comes last and has rank 0. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CRITERIA_MOST = 10,
    POINTS_MOST = 100,
    TALLY_UNITS = 100000, /* of one point */
};

struct tally_score {
    size_t work;  /* index into works */
    size_t judge; /* index, below judge_count */
    int64_t points[CRITERIA_MOST];
};

struct tally {
    const char *seed;
    const char *const *works; /* [work_count], ids */
    size_t work_count;
    size_t judge_count;
    const int64_t *weights; /* [criterion_count], together 100 */
    size_t criterion_count;
    bool is_levelled;
    const struct tally_score *scores; /* [score_count] */
    size_t score_count;
};

struct tally_result {
    size_t work;
    size_t rank;                     /* from 1; 0: no points */
    size_t judges;                   /* whose points count */
    int64_t score;                   /* in TALLY_UNITS */
    int64_t mean;                    /* of all values */
    int64_t criteria[CRITERIA_MOST]; /* mean points */
};

/* results[work_count], by rank; the caller's memory. */
void tally_run(const struct tally *tally, struct tally_result *results);
