/* Selection (择优): a round of one track, in which the province chooses among works that its cities recommend, or a city
 * among those of its counties. recommending -> judging (judging.h) -> judged -> notice -> selected (notice.h); cancelled
 * from any but the last. A work takes part as long as it is published with the content that was recommended: whatever is
 * withdrawn or edited is gone from every list at once. Each step writes the ledger. */
#pragma once

#include <jansson.h>

#include "service/database/database.h"
#include "service/model/ledger.h"
#include "service/model/rules.h"
#include "service/model/staff.h"

enum {
    SELECTION_JUDGES_MOST = 100,
    SELECTION_ENTRIES_MOST = 1000,
};

struct selection {
    char *id;
    char *edition;
    char *track;
    char *region;
    char *name;
    char *state;
    int64_t quota;
    int64_t judges_each;
    int64_t places;
    int64_t is_levelled;
    char *seed; /* "" before judging */
    char *draw; /* JSON, "" before judging */
    int64_t notice_starts_ms;
    int64_t notice_ends_ms;
    int64_t created_ms;
};
extern const struct sql_map selection_map;
void selection_clear(struct selection *selection);
typedef struct selection Selection;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Selection, selection_clear)

/* REASON_NOT_FOUND. */
bool selection_get(struct sql *sql, const char *id, struct selection *selection, GError **error);
/* The same, and nobody else changes the round before this transaction ends. */
bool selection_get_held(struct sql *sql, const char *id, struct selection *selection, GError **error);
/* Of the edition, newest first, at most 200. */
struct sql_rows *selection_list(struct sql *sql, const struct rules *rules, GError **error);
/* REASON_SELECTION_STATE unless it is in this state. */
bool selection_expect(const struct selection *selection, const char *state, GError **error);
/* Another state, written into the ledger as selection.<state>; `detail` may be NULL. */
bool selection_move(struct sql *sql, struct selection *selection, const char *state, json_t *detail,
                    const struct actor *actor, int64_t now_ms, GError **error);

struct selection_form {
    const char *name;
    const char *track;
    const char *region; /* the province or a city */
    int64_t quota;
    int64_t judges_each;
    int64_t places;
    bool is_levelled;
    const json_t *criteria; /* [{name, weight}], weights together 100 */
    const json_t *quotas;   /* {code: works}; NULL: none */
    const json_t *judges;   /* [staff id]; NULL: none */
};
/* *id is the caller's. REASON_INPUT with what the form may not be. */
bool selection_add(struct sql *sql, const struct rules *rules, const struct selection_form *form,
                   const struct actor *actor, int64_t now_ms, char **id, GError **error);
/* The same for a round that still takes recommendations; track and region stay. */
bool selection_change(struct sql *sql, const struct rules *rules, struct selection *selection,
                      const struct selection_form *form, const struct actor *actor, int64_t now_ms, GError **error);
/* Everything but a finished round. */
bool selection_cancel(struct sql *sql, struct selection *selection, const struct actor *actor, int64_t now_ms,
                      GError **error);

struct selection_criterion {
    int64_t position;
    char *name;
    int64_t weight;
};
struct sql_rows *selection_criteria(struct sql *sql, const char *id, GError **error);
/* The same as [{name, weight}]; the caller's. */
json_t *selection_criteria_json(const struct sql_rows *rows);
struct selection_quota {
    char *region;
    int64_t quota;
};
struct sql_rows *selection_quotas(struct sql *sql, const char *id, GError **error);
/* Judges as rows of struct staff, by id. */
struct sql_rows *selection_judges(struct sql *sql, const char *id, GError **error);
/* Who may be asked to judge, as rows of struct staff: reviewers and people of units, by name; at most 500. */
struct sql_rows *selection_judges_known(struct sql *sql, GError **error);

struct selection_entry {
    char *submission;
    char *source;
    char *region;
    char *unit;  /* "" for none */
    char *title; /* "" once the work takes part no longer */
    int64_t number;
    int64_t place;
    int64_t score;
    int64_t is_listed;
    int64_t is_selected;
    int64_t is_there; /* published with the recommended content */
    int64_t tasks;    /* judges who are to score it */
    int64_t scored;
};
/* By place, then number, then time. `source` "": of all places. */
struct sql_rows *selection_entries(struct sql *sql, const char *id, const char *source, GError **error);

/* Recommends a published work to the round, for the place between the two: REASON_OUT_OF_SCOPE when that is not the
 * person's. REASON_SELECTION_QUOTA, REASON_SELECTION_BELOW. Twice is once. */
bool selection_recommend(struct sql *sql, const struct rules *rules, struct selection *selection,
                         const struct staff *staff, const char *submission, const struct actor *actor, int64_t now_ms,
                         GError **error);
/* Takes a recommendation back, while they are taken. */
bool selection_recommend_not(struct sql *sql, const struct rules *rules, struct selection *selection,
                             const struct staff *staff, const char *submission, const struct actor *actor,
                             int64_t now_ms, GError **error);
