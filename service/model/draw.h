/* The draw of a selection (择优): which number a work bears before the judges, and who judges what. Nothing but the seed
 * decides, so that anybody who knows it, the works, the judges and who stands aside comes to the same: no state, no clock.
 *
 * With H(kind, ids…) = SHA-256 in hex of "seed|kind|id|id", works and judges named by their ids:
 *   1. Numbers: works by H(number, work), from 1.
 *   2. Tasks: for each work by its number, `each` times the judge who has fewest so far among those who do not stand aside
 *      and do not have it yet; among several the one with the least H(task, work, judge).
 *   3. Levelling: while some work can go from a judge to one who has at least two fewer, and who may have it, it goes;
 *      first work by number, then giver and taker by H(judge, judge).
 *   4. Who stands aside later is replaced by the least H(replacement, work, judge) among those who may and have not been
 *      asked for this work.
 *   5. Lots between equal results: the least H(lot, work). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct draw {
    const char *seed;
    const char *const *works; /* [work_count], ids */
    size_t work_count;
    const char *const *judges; /* [judge_count], ids */
    size_t judge_count;
    const bool *aside; /* [work_count * judge_count]: this judge stands aside for this work; a work's judges together */
    size_t each;       /* judges for a work; fewer where not so many may */
};

/* Where the flag of a work and a judge lies. */
size_t draw_at(const struct draw *draw, size_t work, size_t judge);
/* numbers[work_count] from 1, tasks[work_count * judge_count]; both the caller's memory. */
void draw_run(const struct draw *draw, size_t *numbers, bool *tasks);
/* Who replaces somebody at a work; `asked` [work_count * judge_count] holds all that ever had it. judge_count: nobody is
 * left. */
size_t draw_replacement(const struct draw *draw, const bool *asked, size_t work);
/* H(lot, work): the lesser comes first; the caller's. */
char *draw_lot(const char *seed, const char *work);
