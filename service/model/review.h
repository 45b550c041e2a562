/* Review: soft leases, decisions with an undo window. A decision is pinned to the content digest of the
 * revision; each stage of the edition is decided by another person; every step writes the ledger in its transaction. */
#pragma once

#include "service/database/database.h"
#include "service/model/rules.h"
#include "service/model/staff.h"
#include "service/model/submission.h"

/* A work this person may look at: in scope, in a state that staff may see. REASON_OUT_OF_SCOPE otherwise (404). */
bool review_get(struct sql *sql, const struct rules *rules, const struct staff *staff, const char *id,
                struct submission *submission, GError **error);
/* May this person decide it now? Role, stage, level, scope, no recusal, other person and telephone than before. */
bool review_may_decide(struct sql *sql, const struct rules *rules, const struct staff *staff,
                       const struct submission *submission, GError **error);

/* Is this an action on a work in its state? On a published one: for the province's sample. */
bool review_offers(const struct submission *submission, const char *action);
/* The stage that a work is sent back to from where it is; 0: there is none before. */
bool review_before(struct sql *sql, const struct rules *rules, const struct submission *submission, int64_t *position,
                   GError **error);

struct review_holder {
    char *submission;
    char *staff;
    char *name;
    int64_t until_ms;
};
void review_holder_clear(struct review_holder *holder);
/* Takes or extends the lease; REASON_LEASED while another holds it, unless `take_over`. */
bool review_hold(struct sql *sql, const struct staff *staff, const char *id, bool take_over, int64_t now_ms,
                 int64_t lease_ms, GError **error);
/* The same over whoever holds it, which is a ledger record when that was another person. */
bool review_take_over(struct sql *sql, const struct staff *staff, const struct actor *actor,
                      const struct submission *submission, int64_t now_ms, int64_t lease_ms, GError **error);
bool review_release(struct sql *sql, const struct staff *staff, const char *id, GError **error);
/* All that hold something now, struct review_holder, at most 1000; and who holds a work among them, NULL: nobody. */
struct sql_rows *review_holders(struct sql *sql, int64_t now_ms, GError **error);
const struct review_holder *review_holder_among(const struct sql_rows *holders, const char *id);
bool review_find_holder(struct sql *sql, const char *id, int64_t now_ms, struct review_holder *holder, bool *found,
                        GError **error);

/* A digest of who holds which works of this person's region now: another one when somebody took or left one. The caller's;
 * NULL with *error. */
char *review_holders_digest(struct sql *sql, const struct rules *rules, const struct staff *staff, int64_t now_ms,
                            GError **error);

/* Opens the submitter's contact: a ledger record of its own. */
bool review_note_contact(struct sql *sql, const struct actor *actor, const struct submission *submission,
                         int64_t now_ms, GError **error);

struct review_decision {
    const char *action; /* approve, return, decline, escalate, send_back; in the sample send_back, confirm */
    json_t *reasons;    /* array of codes that the edition offers */
    const char *note;
    int64_t version;   /* If-Match */
    int64_t viewed_ms; /* how long the clip was played, as the page says; into the ledger */
};
/* Stores the decision; with undo_ms 0 it takes effect in the same transaction. *id is the caller's. */
bool review_decide(struct sql *sql, const struct rules *rules, const struct staff *staff, const struct actor *actor,
                   struct submission *submission, const struct review_decision *decision, int64_t now_ms,
                   int64_t undo_ms, char **id, GError **error);
/* Takes a decision back inside its window; only by who made it. */
bool review_undo(struct sql *sql, const struct staff *staff, const struct actor *actor, const char *id, int64_t now_ms,
                 GError **error);
/* Carries out one decision whose window is over; what no longer fits its work becomes void. One transaction each, so
 * that a decision that cannot be carried out holds up no other. */
bool review_settle(struct sql *sql, const struct rules *rules, const char *id, int64_t now_ms, GError **error);

struct decision_row {
    char *id;
    char *submission;
    int64_t revision;
    int64_t stage;
    char *staff;
    char *staff_name;
    char *staff_role;
    char *action;  /* as in review_decision */
    char *reasons; /* JSON array */
    char *note;
    char *content_digest;
    char *state;
    int64_t made_ms;
    int64_t effective_ms;
    int64_t to_stage; /* of a send_back: where to; 0 */
};
extern const struct sql_map decision_map;
/* Decisions whose window is over, at most 20. */
struct sql_rows *review_due(struct sql *sql, int64_t now_ms, GError **error);
/* All decisions on a work, oldest first. */
struct sql_rows *review_history(struct sql *sql, const char *submission, GError **error);
