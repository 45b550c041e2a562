/* The outcome of a selection: the tally makes places and the list, and the sheet lets anybody make them again. */
#pragma once

#include <jansson.h>

#include "service/model/selection.h"

/* judging -> judged: places, scores and the list. REASON_SELECTION_SCORES while a judge of a work that is still there has
 * not scored. */
bool outcome_close(struct sql *sql, struct selection *selection, const struct actor *actor, int64_t now_ms,
                   GError **error);
/* The round from the draw to the result, so that it can be recomputed from this alone: {seed, judges_each, places,
 * is_levelled, criteria, works [{id, number, place, score, judges}], judges [{id, name}], aside [[work, judge]],
 * tasks [{work, judge, state, is_drawn, points, note}], is_reproduced}. `is_reproduced`: draw and tally, run again, came to what
 * is stored. The caller's. */
json_t *outcome_sheet(struct sql *sql, const struct selection *selection, GError **error);
