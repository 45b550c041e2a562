/* The notice (公示) of a selection: its list is public for some days, anybody may object, and an open objection keeps the
 * list from being settled. Afterwards the works bear the mark. */
#pragma once

#include "service/model/secret.h"
#include "service/model/selection.h"

enum { NOTICE_DAYS_MOST = 60 };

/* judged -> notice. REASON_INPUT: 1 to 60 days. */
bool notice_begin(struct sql *sql, struct selection *selection, int64_t days, const struct actor *actor, int64_t now_ms,
                  GError **error);
/* notice -> selected: what stands on the list and is still published bears the mark. REASON_SELECTION_NOTICE before the
 * end, REASON_SELECTION_OBJECTIONS while one is open. */
bool notice_settle(struct sql *sql, struct selection *selection, const struct actor *actor, int64_t now_ms,
                   GError **error);
/* Rounds that the public may see, notices first, then newest; at most 100. */
struct sql_rows *notice_list(struct sql *sql, const struct rules *rules, GError **error);
/* One of them; REASON_NOT_FOUND for any other. */
bool notice_get(struct sql *sql, const char *id, struct selection *selection, GError **error);
/* Works of the list, as rows of publications; those that are gone are not among them. At most 1,000, by place. */
struct sql_rows *notice_works(struct sql *sql, const char *id, GError **error);

struct objection {
    char *id;
    char *selection;
    char *submission; /* NULL: the list as a whole */
    char *title;      /* "" */
    char *text;
    char *contact; /* sealed */
    char *state;   /* open, kept, removed */
    char *answer;
    int64_t made_ms;
};
/* Of a round, oldest first, at most 500. */
struct sql_rows *objection_list(struct sql *sql, const char *selection, GError **error);
/* By anybody while the notice runs. `submission` "": the list as a whole. REASON_INPUT, REASON_NOT_FOUND. */
bool objection_add(struct sql *sql, const struct secrets *secrets, const struct selection *selection,
                   const char *submission, const char *text, const char *contact, int64_t now_ms, GError **error);
/* The round an objection belongs to; NULL with REASON_NOT_FOUND. The caller's. */
char *objection_selection(struct sql *sql, const char *id, GError **error);
/* Answers it; `removes`: the work leaves the list, nobody moves up. */
bool objection_answer(struct sql *sql, const struct selection *selection, const char *id, const char *answer,
                      bool removes, const struct actor *actor, int64_t now_ms, GError **error);
