/* Judging of a selection: the draw makes tasks, judges score without knowing whose work it is; outcome.h makes the list.
 * A judge sees the own tasks alone, by number; what he stands aside from by himself says lots.h, and he may stand
 * aside from any other. */
#pragma once

#include <jansson.h>

#include "service/model/selection.h"

/* recommending -> judging: draws a seed, numbers and tasks. REASON_SELECTION_STATE without works, REASON_SELECTION_JUDGES
 * when a work is left without a judge. */
bool judging_begin(struct sql *sql, const struct rules *rules, struct selection *selection, const struct actor *actor,
                   int64_t now_ms, GError **error);
/* A judge does no more: every open task goes to another one. REASON_NOT_FOUND. */
bool judging_release(struct sql *sql, const struct selection *selection, const char *judge, const struct actor *actor,
                     int64_t now_ms, GError **error);

struct judging_task {
    char *selection;
    char *selection_name;
    char *submission;
    int64_t revision;
    char *track;
    char *title;
    char *facts;
    int64_t number;
    char *state;
    char *points; /* JSON array */
    char *note;
};
/* What a person has to judge or has judged, in rounds that are judged now; at most 500. */
struct sql_rows *judging_tasks(struct sql *sql, const char *judge, GError **error);
/* One of them by number. *found false: not this person's, not now, or the work is gone. */
bool judging_find(struct sql *sql, const char *judge, const char *selection, int64_t number, struct judging_task *task,
                  bool *found, GError **error);
void judging_task_clear(struct judging_task *task);
typedef struct judging_task JudgingTask;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JudgingTask, judging_task_clear)

/* Points by criterion, 0 to 100 each. REASON_NOT_FOUND, REASON_INPUT. */
bool judging_score(struct sql *sql, const char *selection, int64_t number, const json_t *points, const char *note,
                   const struct actor *actor, int64_t now_ms, GError **error);
/* The judge stands aside from this work; another one is drawn. */
bool judging_stand_aside(struct sql *sql, const char *selection, int64_t number, const struct actor *actor,
                         int64_t now_ms, GError **error);

struct judging_row {
    char *submission;
    int64_t number;
    char *judge;
    char *name;
    char *state;
    int64_t is_drawn;
    char *points;
    char *note;
};
/* All tasks of a round, by number and judge; at most 15,000. */
struct sql_rows *judging_rows(struct sql *sql, const char *selection, GError **error);
