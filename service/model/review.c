#include "service/model/review.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/cover.h"
#include "service/model/job.h"
#include "service/model/outbox.h"
#include "service/model/permission.h"
#include "service/model/policy.h"
#include "service/model/publication.h"
#include "service/model/recusal.h"
#include "service/model/review_reason.h"
#include "service/model/sample.h"
#include "service/model/text.h"

static const char HOLD[] = /* review_lease.take */
    "INSERT INTO review_lease (submission, staff, until_ms) VALUES ($1, $2, $3)"
    " ON CONFLICT (submission) DO UPDATE SET staff = excluded.staff, until_ms = excluded.until_ms"
    " WHERE review_lease.staff = excluded.staff OR review_lease.until_ms <= $4 OR $5 = 1";
static const char RELEASE[] = /* review_lease.release */
    "DELETE FROM review_lease WHERE submission = $1 AND staff = $2";
#define HOLDER_FIELDS                                                                                                  \
    "l.submission AS submission, l.staff AS staff, s.name AS name, l.until_ms AS until_ms"                             \
    " FROM review_lease l JOIN staff s ON s.id = l.staff"
static const char HOLDER[] = /* review_lease.holder */
    "SELECT " HOLDER_FIELDS " WHERE l.submission = $1 AND l.until_ms > $2";
static const char ALL_HOLDERS[] = /* review_lease.all_holders */
    "SELECT " HOLDER_FIELDS " WHERE l.until_ms > $1 ORDER BY l.until_ms LIMIT 1000";
static const char HOLDERS[] = /* review_lease.holders */
    "SELECT l.submission AS submission, l.staff AS staff FROM review_lease l WHERE l.until_ms > $1 AND ($2 = '' OR EXISTS"
    " (SELECT 1 FROM submission s WHERE s.id = l.submission AND (s.city = $2 OR s.region = $2)))"
    " ORDER BY l.until_ms LIMIT 1000";
static const char ADD[] = /* decision.add */
    "INSERT INTO decision (id, submission, revision, stage, staff, action, reasons, note, content_digest, state,"
    " made_ms, effective_ms, to_stage) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10, $11, $12)";
static const char VOID_APPROVALS[] = /* decision.void_approvals */
    "UPDATE decision SET state = 'void' WHERE submission = $1 AND revision = $2 AND stage >= $3 AND state = 'effective'"
    " AND action IN ('approve', 'escalate')";
static const char CANCEL[] = /* decision.cancel */
    "UPDATE decision SET state = 'cancelled' WHERE id = $1 AND staff = $2 AND state = 'pending' AND effective_ms > $3";
static const char SETTLE[] = /* decision.settle */
    "UPDATE decision SET state = $2 WHERE id = $1 AND state = 'pending'";

#define DECISION_FIELDS                                                                                                \
    "d.id AS id, d.submission AS submission, d.revision AS revision, d.stage AS stage, d.staff AS staff,"              \
    " p.name AS staff_name, p.role AS staff_role, CASE WHEN d.to_stage > 0 THEN 'send_back'"                           \
    " WHEN d.stage = 0 THEN 'confirm' ELSE d.action END AS action, d.reasons AS reasons, d.note AS note,"              \
    " d.content_digest AS content_digest, d.state AS state, d.made_ms AS made_ms, d.effective_ms AS effective_ms,"     \
    " d.to_stage AS to_stage"                                                                                          \
    " FROM decision d JOIN staff p ON p.id = d.staff"
static const char DUE[] = /* decision.due */
    "SELECT " DECISION_FIELDS
    " WHERE d.state = 'pending' AND d.effective_ms <= $1 ORDER BY d.effective_ms, d.id LIMIT 20";
static const char BY_ID[] = /* decision.get */
    "SELECT " DECISION_FIELDS " WHERE d.id = $1";
static const char HISTORY[] = /* decision.history */
    "SELECT " DECISION_FIELDS " WHERE d.submission = $1 ORDER BY d.made_ms, d.id LIMIT 200";

static const struct sql_column DECISION_COLUMNS[] = {
    SQL_FIELD(struct decision_row, id),
    SQL_FIELD(struct decision_row, submission),
    SQL_FIELD(struct decision_row, revision),
    SQL_FIELD(struct decision_row, stage),
    SQL_FIELD(struct decision_row, staff),
    SQL_FIELD(struct decision_row, staff_name),
    SQL_FIELD(struct decision_row, staff_role),
    SQL_FIELD(struct decision_row, action),
    SQL_FIELD(struct decision_row, reasons),
    SQL_FIELD(struct decision_row, note),
    SQL_FIELD(struct decision_row, content_digest),
    SQL_FIELD(struct decision_row, state),
    SQL_FIELD(struct decision_row, made_ms),
    SQL_FIELD(struct decision_row, effective_ms),
    SQL_FIELD(struct decision_row, to_stage),
};
const struct sql_map decision_map = SQL_MAP(struct decision_row, DECISION_COLUMNS);

static const struct sql_column HOLDER_COLUMNS[] = {
    SQL_FIELD(struct review_holder, submission),
    SQL_FIELD(struct review_holder, staff),
    SQL_FIELD(struct review_holder, name),
    SQL_FIELD(struct review_holder, until_ms),
};
static const struct sql_map HOLDER_MAP = SQL_MAP(struct review_holder, HOLDER_COLUMNS);

struct held {
    char *submission;
    char *staff;
};
static const struct sql_column HELD_COLUMNS[] = {SQL_FIELD(struct held, submission), SQL_FIELD(struct held, staff)};
static const struct sql_map HELD_MAP = SQL_MAP(struct held, HELD_COLUMNS);

enum {
    NOTE_CHARACTERS = 500,
    VIEWED_LONGEST_MS = 24 * 3600 * 1000,
};

bool review_get(struct sql *sql, const struct rules *rules, const struct staff *staff, const char *id,
                struct submission *submission, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!submission_get(sql, id, submission, &cause)) {
        if (cause->code == REASON_NOT_FOUND) {
            return refuse(error, MODEL_ERROR, REASON_OUT_OF_SCOPE, "no such work");
        }
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    /* what a person may do with it was asked at the gate; here only where */
    return may(rules, staff, PERMISSION_STAFF, submission->region, error);
}

static bool is_public(const struct submission *submission)
{
    return strcmp(submission->state, state_name(STATE_PUBLISHED)) == 0;
}

bool review_before(struct sql *sql, const struct rules *rules, const struct submission *submission, int64_t *position,
                   GError **error)
{
    int64_t first = 0;

    *position = 0;
    if (!is_public(submission) && submission->stage <= 1) {
        return true; /* most of the queue: nothing to ask */
    }
    if (!policy_first_stage(sql, rules, submission->city, &first, error)) {
        return false;
    }
    *position = first < submission->stage || is_public(submission) ? first : 0;
    return true;
}

/* On a published work: by people of the province, while it waits in their sample. */
static bool may_look_again(struct sql *sql, const struct rules *rules, const struct staff *staff,
                           const struct submission *submission, GError **error)
{
    bool waits = false;

    if (!sample_may(rules, staff, submission->region, error) || !sample_find(sql, submission->id, &waits, error)) {
        return false;
    }
    if (!waits) {
        return refuse(error, MODEL_ERROR, REASON_STATE, "not in the sample");
    }
    return recusal_check(sql, rules, staff, submission, error);
}

bool review_may_decide(struct sql *sql, const struct rules *rules, const struct staff *staff,
                       const struct submission *submission, GError **error)
{
    const struct stage *stage = rules_stage_at(rules, submission->stage);
    const struct region *scope = rules_region_find(rules, staff->scope);

    if (is_public(submission)) {
        return may_look_again(sql, rules, staff, submission, error);
    }
    if (strcmp(submission->state, "in_review") != 0 || stage == NULL) {
        return refuse(error, MODEL_ERROR, REASON_STATE, "not in review");
    }
    if (cover_is_pending(submission)) {
        return refuse(error, MODEL_ERROR, REASON_COVER_PENDING, "its new cover is not made");
    }
    if (!may(rules, staff, PERMISSION_DECIDE, submission->region, error)) {
        return false;
    }
    if (!staff_may_stage(staff, stage->name) || scope == NULL ||
        rules_level_rank(scope->level) < rules_level_rank(stage->level)) {
        return refuse(error, MODEL_ERROR, REASON_DENIED, "not this person's stage");
    }
    return recusal_check(sql, rules, staff, submission, error);
}

void review_holder_clear(struct review_holder *holder)
{
    sql_row_clear(&HOLDER_MAP, holder);
}

bool review_hold(struct sql *sql, const struct staff *staff, const char *id, bool take_over, int64_t now_ms,
                 int64_t lease_ms, GError **error)
{
    int64_t changed = 0;

    if (!sql_run(sql, HOLD,
                 SQL_VALUES(SQL_T(id), SQL_T(staff->id), SQL_I(now_ms + lease_ms), SQL_I(now_ms), SQL_I(take_over)),
                 &changed, error)) {
        return false;
    }
    return changed == 1 || refuse(error, MODEL_ERROR, REASON_LEASED, "another person holds it");
}

bool review_release(struct sql *sql, const struct staff *staff, const char *id, GError **error)
{
    return sql_run(sql, RELEASE, SQL_VALUES(SQL_T(id), SQL_T(staff->id)), NULL, error);
}

bool review_find_holder(struct sql *sql, const char *id, int64_t now_ms, struct review_holder *holder, bool *found,
                        GError **error)
{
    return sql_row(sql, HOLDER, SQL_VALUES(SQL_T(id), SQL_I(now_ms)), &HOLDER_MAP, holder, found, error);
}

struct sql_rows *review_holders(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_rows(sql, ALL_HOLDERS, SQL_VALUES(SQL_I(now_ms)), &HOLDER_MAP, error);
}

const struct review_holder *review_holder_among(const struct sql_rows *holders, const char *id)
{
    for (size_t i = 0; i < holders->count; i++) {
        const struct review_holder *holder = sql_rows_at(holders, i);
        if (strcmp(holder->submission, id) == 0) {
            return holder;
        }
    }
    return NULL;
}

bool review_take_over(struct sql *sql, const struct staff *staff, const struct actor *actor,
                      const struct submission *submission, int64_t now_ms, int64_t lease_ms, GError **error)
{
    struct review_holder holder = {0};
    bool found = false;

    if (!review_find_holder(sql, submission->id, now_ms, &holder, &found, error)) {
        return false;
    }
    const bool is_other = found && strcmp(holder.staff, staff->id) != 0;
    json_auto_t *detail = is_other ? json_pack("{s:s}", "from", holder.staff) : NULL;
    const struct ledger_entry entry = {.action = "lease.taken_over",
                                       .object = submission->id,
                                       .before = submission->state,
                                       .after = submission->state,
                                       .detail = detail};
    review_holder_clear(&holder);
    return (!is_other || ledger_add(sql, actor, &entry, now_ms, error)) &&
           review_hold(sql, staff, submission->id, true, now_ms, lease_ms, error);
}

static int by_text(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

char *review_holders_digest(struct sql *sql, const struct rules *rules, const struct staff *staff, int64_t now_ms,
                            GError **error)
{
    const struct region *scope = rules_region_find(rules, staff->scope);
    const bool is_all = scope != NULL && strcmp(scope->level, "province") == 0;
    g_autoptr(SqlRows) rows =
        sql_rows(sql, HOLDERS, SQL_VALUES(SQL_I(now_ms), SQL_T(is_all ? "" : staff->scope)), &HELD_MAP, error);

    if (rows == NULL) {
        return NULL;
    }
    /* in an order that signs of life, which move the time, do not change */
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < rows->count; i++) {
        const struct held *held = sql_rows_at(rows, i);
        g_ptr_array_add(lines, g_strdup_printf("%s %s", held->submission, held->staff));
    }
    g_ptr_array_sort(lines, by_text);
    g_ptr_array_add(lines, NULL);
    g_autofree char *text = g_strjoinv("\n", (char **)lines->pdata);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    return g_strndup(digest, 16); /* chance alone makes two alike, once in 2^32 changes */
}

/* What an action means: the event it becomes, where it may be done, and what it needs. */
static const struct action {
    const char *action;
    const char *stored; /* the row's action; with stage and to_stage it says which of ours it was */
    enum event event;   /* for approve: of the last stage; EVENT_COUNT: the work stays as it is */
    bool in_review;
    bool in_sample;
    bool needs_reason; /* the submitter reads it */
    bool needs_note;   /* colleagues read it */
} ACTIONS[] = {
    {"approve", "approve", EVENT_APPROVED, true, false, false, false},
    {"return", "return", EVENT_RETURNED, true, false, true, false},
    {"decline", "decline", EVENT_DECLINED, true, false, true, false},
    {"escalate", "escalate", EVENT_ESCALATED, true, false, false, false},
    {"send_back", "return", EVENT_SENT_BACK, true, true, false, true},
    {"confirm", "approve", EVENT_COUNT, false, true, false, false},
};

/* NULL: none of ours. */
static const struct action *action_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ACTIONS); i++) {
        if (strcmp(ACTIONS[i].action, name) == 0) {
            return &ACTIONS[i];
        }
    }
    return NULL;
}

bool review_offers(const struct submission *submission, const char *name)
{
    const struct action *action = action_find(name);

    return action != NULL && (is_public(submission) ? action->in_sample : action->in_review);
}

static bool check_reasons(struct sql *sql, const struct rules *rules, const json_t *codes, GError **error)
{
    g_autoptr(SqlRows) reasons = review_reason_list(sql, rules, error);

    if (reasons == NULL) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(codes); i++) {
        if (review_reason_find(reasons, json_string_value(json_array_get(codes, i)), true) == NULL) {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "no such reason");
        }
    }
    return true;
}

static bool check_decision(const struct action *action, const struct review_decision *decision, const char *note,
                           GError **error)
{
    if (note == NULL || decision->viewed_ms < 0 || decision->viewed_ms > VIEWED_LONGEST_MS ||
        g_utf8_strlen(note, -1) > NOTE_CHARACTERS || json_array_size(decision->reasons) > REASONS_MOST) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "action, note or reasons");
    }
    if ((action->needs_reason && json_array_size(decision->reasons) == 0) || (action->needs_note && note[0] == '\0')) {
        return refuse(error, MODEL_ERROR, REASON_REASON_MISSING, "a reason is needed");
    }
    return true;
}

/* Clips get their rungs; photos have all sizes from preparation. */
static bool make_rest(struct sql *sql, const struct rules *rules, const struct submission *submission, int64_t now_ms,
                      GError **error)
{
    const struct track *track = rules_track_find(rules, submission->track);

    return track != NULL && strcmp(track->kind, "photo") == 0
               ? outbox_add(sql, OUTBOX_READY, submission, now_ms, error)
               : job_add(sql, "ladder", submission->id, submission->revision, now_ms, error);
}

static bool publish(struct sql *sql, const struct rules *rules, struct submission *submission,
                    const struct decision_row *decision, int64_t now_ms, GError **error)
{
    struct policy policy = {0};

    if (!policy_get(sql, rules, submission->city, &policy, error)) {
        return false;
    }
    json_auto_t *detail =
        policy.sample_percent == 0 ? NULL : json_pack("{s:I}", "sample_percent", (json_int_t)policy.sample_percent);
    const struct move published = {.event = EVENT_PUBLISHED, .detail = detail};
    return publication_add(sql, rules, submission, decision->staff, now_ms, error) &&
           submission_move(sql, submission, &DOER_SYSTEM, &published, now_ms, error) &&
           sample_draw(sql, submission, policy.sample_percent, now_ms, error) &&
           make_rest(sql, rules, submission, now_ms, error);
}

/* Where an approval leads by the policy as it is now: to the stage where people are missing, or to publication. */
static bool approve(struct sql *sql, const struct rules *rules, const struct submission *submission, struct move *move,
                    GError **error)
{
    const struct stage *next = NULL;

    if (!policy_missing(sql, rules, submission->id, &next, error)) {
        return false;
    }
    move->event = next == NULL ? EVENT_APPROVED : EVENT_PASSED;
    move->stage = next == NULL ? 0 : next->position;
    return true;
}

/* Looked at and found good: the work stays where it is. */
static bool confirm(struct sql *sql, const struct submission *submission, const struct actor *actor, json_t *detail,
                    int64_t now_ms, GError **error)
{
    const struct ledger_entry entry = {.action = "sample.confirmed",
                                       .object = submission->id,
                                       .before = submission->state,
                                       .after = submission->state,
                                       .detail = detail};

    return sample_close(sql, submission->id, "confirmed", now_ms, error) &&
           ledger_add(sql, actor, &entry, now_ms, error);
}

/* To the stage of the row; what was approved from there on is void. */
static bool send_back(struct sql *sql, struct submission *submission, const struct doer *doer,
                      const struct decision_row *row, struct move *move, int64_t now_ms, GError **error)
{
    move->stage = row->to_stage;
    return sql_run(sql, VOID_APPROVALS, SQL_VALUES(SQL_T(row->submission), SQL_I(row->revision), SQL_I(row->to_stage)),
                   NULL, error) &&
           sample_close(sql, submission->id, "sent_back", now_ms, error) &&
           submission_send_back(sql, submission, doer, move, now_ms, error);
}

/* Steps of the state table that a decision causes. */
static bool carry_out(struct sql *sql, const struct rules *rules, struct submission *submission,
                      const struct decision_row *row, int64_t now_ms, GError **error)
{
    const struct doer doer = {ACTOR_REVIEWER, {row->staff, row->staff_role, ""}};
    json_auto_t *detail = json_pack("{s:s, s:I, s:I, s:s}", "decision", row->id, "revision", (json_int_t)row->revision,
                                    "stage", (json_int_t)row->stage, "content", row->content_digest);
    const struct action *action = action_find(row->action);

    g_assert(action != NULL); /* stored by us alone */
    struct move move = {.detail = detail, .event = action->event};

    if (move.event == EVENT_COUNT) {
        return confirm(sql, submission, &doer.actor, detail, now_ms, error);
    }
    if (move.event == EVENT_SENT_BACK) {
        return send_back(sql, submission, &doer, row, &move, now_ms, error);
    }
    if (move.event == EVENT_APPROVED && !approve(sql, rules, submission, &move, error)) {
        return false;
    }
    if (move.event == EVENT_ESCALATED) {
        move.stage = rules_stage_last(rules)->position;
    }
    if (!submission_move(sql, submission, &doer, &move, now_ms, error)) {
        return false;
    }
    return move.event != EVENT_APPROVED || publish(sql, rules, submission, row, now_ms, error);
}

/* One due decision: effective when it still fits what it was made on, void otherwise. */
static bool settle_one(struct sql *sql, const struct rules *rules, const struct decision_row *row, int64_t now_ms,
                       GError **error)
{
    g_auto(Submission) submission = {0};
    int64_t changed = 0;
    bool waits = false;

    if (!submission_get(sql, row->submission, &submission, error) ||
        !sample_find(sql, row->submission, &waits, error)) {
        return false;
    }
    /* submission_get has locked the work, so this is decided once; the row count says whether by us. */
    const bool fits = (strcmp(submission.state, "in_review") == 0 || waits) && submission.revision == row->revision &&
                      submission.stage == row->stage && g_strcmp0(submission.content_digest, row->content_digest) == 0;
    if (!sql_run(sql, SETTLE, SQL_VALUES(SQL_T(row->id), SQL_T(fits ? "effective" : "void")), &changed, error)) {
        return false;
    }
    return changed == 0 || !fits || carry_out(sql, rules, &submission, row, now_ms, error);
}

bool review_settle(struct sql *sql, const struct rules *rules, const char *id, int64_t now_ms, GError **error)
{
    struct decision_row row = {0};
    bool found = false;

    if (!sql_row(sql, BY_ID, SQL_VALUES(SQL_T(id)), &decision_map, &row, &found, error)) {
        return false;
    }
    const bool good = !found || strcmp(row.state, "pending") != 0 || row.effective_ms > now_ms ||
                      settle_one(sql, rules, &row, now_ms, error);
    sql_row_clear(&decision_map, &row);
    return good;
}

bool review_note_contact(struct sql *sql, const struct actor *actor, const struct submission *submission,
                         int64_t now_ms, GError **error)
{
    const struct ledger_entry entry = {
        .action = "contact.opened",
        .object = submission->id,
        .before = submission->state,
        .after = submission->state,
    };

    return ledger_add(sql, actor, &entry, now_ms, error);
}

/* What is stored beside what was asked for. */
struct stored {
    const char *action;
    const char *note;
    int64_t made_ms;
    int64_t effective_ms;
    int64_t to_stage;
};

static bool add_decision(struct sql *sql, const struct staff *staff, const struct actor *actor,
                         const struct submission *submission, const struct review_decision *decision,
                         const struct stored *stored, char **id, GError **error)
{
    g_autofree char *fresh = secret_id();
    g_autofree char *reasons = decision->reasons == NULL ? g_strdup("[]") : json_dumps(decision->reasons, JSON_COMPACT);
    json_auto_t *detail =
        json_pack("{s:s, s:s, s:I, s:I, s:s, s:O?, s:s, s:I}", "decision", fresh, "action", decision->action,
                  "revision", (json_int_t)submission->revision, "stage", (json_int_t)submission->stage, "content",
                  submission->content_digest, "reasons", decision->reasons, "note", stored->note, "viewed_ms",
                  (json_int_t)decision->viewed_ms);
    const struct ledger_entry entry = {
        .action = "decision.made",
        .object = submission->id,
        .before = submission->state,
        .after = submission->state,
        .detail = detail,
    };

    if (!sql_run(sql, ADD,
                 SQL_VALUES(SQL_T(fresh), SQL_T(submission->id), SQL_I(submission->revision), SQL_I(submission->stage),
                            SQL_T(staff->id), SQL_T(stored->action), SQL_T(reasons), SQL_T(stored->note),
                            SQL_T(submission->content_digest), SQL_I(stored->made_ms), SQL_I(stored->effective_ms),
                            SQL_I(stored->to_stage)),
                 NULL, error) ||
        !ledger_add(sql, actor, &entry, stored->made_ms, error)) {
        return false;
    }
    *id = g_steal_pointer(&fresh);
    return true;
}

/* Before anything about the person: who came too late is to hear that, whoever it is. */
static bool check_state(const struct submission *submission, const char *action, GError **error)
{
    return review_offers(submission, action) || refuse(error, MODEL_ERROR, REASON_STATE, "not in this state");
}

/* Does it fit the work as it is now? Says where a work that is sent back goes. */
static bool check_work(struct sql *sql, const struct rules *rules, const struct submission *submission,
                       const struct review_decision *decision, int64_t *to_stage, GError **error)
{
    if (decision->version != submission->version || submission->content_digest == NULL) {
        return refuse(error, MODEL_ERROR, REASON_VERSION, "the work has changed");
    }
    if (strcmp(decision->action, "send_back") != 0) {
        return true;
    }
    return review_before(sql, rules, submission, to_stage, error) &&
           (*to_stage != 0 || refuse(error, MODEL_ERROR, REASON_STATE, "no stage before this one"));
}

bool review_decide(struct sql *sql, const struct rules *rules, const struct staff *staff, const struct actor *actor,
                   struct submission *submission, const struct review_decision *decision, int64_t now_ms,
                   int64_t undo_ms, char **id, GError **error)
{
    const struct action *action = action_find(decision->action);
    g_autofree char *note = text_clean(decision->note == NULL ? "" : decision->note);
    struct stored stored = {.note = note, .made_ms = now_ms, .effective_ms = now_ms + undo_ms};
    g_autofree char *fresh = NULL;

    if (action == NULL) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "no such action");
    }
    stored.action = action->stored;
    if (!check_decision(action, decision, note, error) || !check_reasons(sql, rules, decision->reasons, error) ||
        !check_state(submission, decision->action, error) || !review_may_decide(sql, rules, staff, submission, error) ||
        !check_work(sql, rules, submission, decision, &stored.to_stage, error) ||
        !review_hold(sql, staff, submission->id, false, now_ms, undo_ms + 1, error) ||
        !add_decision(sql, staff, actor, submission, decision, &stored, &fresh, error) ||
        !review_release(sql, staff, submission->id, error)) {
        return false;
    }
    if (undo_ms == 0 && !review_settle(sql, rules, fresh, now_ms, error)) {
        return false;
    }
    *id = g_steal_pointer(&fresh);
    return true;
}

bool review_undo(struct sql *sql, const struct staff *staff, const struct actor *actor, const char *id, int64_t now_ms,
                 GError **error)
{
    int64_t changed = 0;
    struct decision_row row = {0};
    bool found = false;

    if (!sql_run(sql, CANCEL, SQL_VALUES(SQL_T(id), SQL_T(staff->id), SQL_I(now_ms)), &changed, error)) {
        return false;
    }
    if (changed != 1) {
        return refuse(error, MODEL_ERROR, REASON_UNDO_CLOSED, "no such decision in its undo window");
    }
    if (!sql_row(sql, BY_ID, SQL_VALUES(SQL_T(id)), &decision_map, &row, &found, error)) {
        return false;
    }
    json_auto_t *detail = json_pack("{s:s}", "decision", id);
    const struct ledger_entry entry = {.action = "decision.cancelled", .object = row.submission, .detail = detail};
    const bool good = ledger_add(sql, actor, &entry, now_ms, error);
    sql_row_clear(&decision_map, &row);
    return good;
}

struct sql_rows *review_due(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_rows(sql, DUE, SQL_VALUES(SQL_I(now_ms)), &decision_map, error);
}

struct sql_rows *review_history(struct sql *sql, const char *submission, GError **error)
{
    return sql_rows(sql, HISTORY, SQL_VALUES(SQL_T(submission)), &decision_map, error);
}
