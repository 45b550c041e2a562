#include "service/model/selection.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/secret.h"
#include "service/model/tally.h"
#include "service/model/text.h"

enum {
    SELECTION_NAME_CHARACTERS = 40,
    CRITERION_CHARACTERS = 20,
    QUOTA_MOST = 100,
    EACH_MOST = 15,
};

#define SELECTION_FIELDS                                                                                               \
    "id, edition, track, region, name, state, quota, judges_each, places, is_levelled, seed, draw, notice_starts_ms,"  \
    " notice_ends_ms, created_ms FROM selection"
static const char GET[] = /* selection.get */
    "SELECT " SELECTION_FIELDS " WHERE id = $1";
static const char LOCK[] = /* selection.lock */
    "SELECT id FROM selection WHERE id = $1 /*pg: FOR UPDATE */";
static const char LIST[] = /* selection.list */
    "SELECT " SELECTION_FIELDS " WHERE edition = $1 ORDER BY created_ms DESC, id DESC LIMIT 200";
static const char ADD[] = /* selection.add */
    "INSERT INTO selection (id, edition, track, region, name, state, quota, judges_each, places, is_levelled, seed,"
    " created_ms) VALUES ($1, $2, $3, $4, $5, 'recommending', $6, $7, $8, $9, '', $10)";
static const char CHANGE[] = /* selection.change */
    "UPDATE selection SET name = $2, quota = $3, judges_each = $4, places = $5, is_levelled = $6 WHERE id = $1";
static const char MOVE[] = /* selection.move */
    "UPDATE selection SET state = $3 WHERE id = $1 AND state = $2";
static const char CRITERIA[] = /* selection_criterion.list */
    "SELECT position, name, weight FROM selection_criterion WHERE selection = $1 ORDER BY position LIMIT 10";
static const char CRITERION_ADD[] = /* selection_criterion.add */
    "INSERT INTO selection_criterion (selection, position, name, weight) VALUES ($1, $2, $3, $4)";
static const char CRITERIA_REMOVE[] = /* selection_criterion.remove */
    "DELETE FROM selection_criterion WHERE selection = $1";
static const char QUOTAS[] = /* selection_quota.list */
    "SELECT region, quota FROM selection_quota WHERE selection = $1 ORDER BY region LIMIT 200";
static const char QUOTA_ADD[] = /* selection_quota.add */
    "INSERT INTO selection_quota (selection, region, quota) VALUES ($1, $2, $3)";
static const char QUOTAS_REMOVE[] = /* selection_quota.remove */
    "DELETE FROM selection_quota WHERE selection = $1";
static const char JUDGES[] = /* selection_judge.list */
    "SELECT " STAFF_FIELDS " FROM selection_judge j JOIN staff s ON s.id = j.staff WHERE j.selection = $1"
    " ORDER BY s.id LIMIT 100";
static const char JUDGES_KNOWN[] = /* selection_judge.known */
    "SELECT " STAFF_FIELDS " FROM staff s WHERE s.is_active = 1 AND s.role IN ('reviewer', 'unit')"
    " ORDER BY s.name, s.id LIMIT 500";
static const char JUDGE_ADD[] = /* selection_judge.add: who may not judge is not there */
    "INSERT INTO selection_judge (selection, staff)"
    " SELECT $1, id FROM staff WHERE id = $2 AND is_active = 1 AND role IN ('reviewer', 'unit')";
static const char JUDGES_REMOVE[] = /* selection_judge.remove */
    "DELETE FROM selection_judge WHERE selection = $1";
static const char ENTRIES[] = /* selection_entry.list */
    "SELECT e.submission AS submission, e.source AS source, s.region AS region, s.unit AS unit, COALESCE(r.title, '') AS title,"
    " e.number AS number, e.place AS place, e.score AS score, e.is_listed AS is_listed, e.is_selected AS is_selected,"
    " CASE WHEN p.submission IS NULL THEN 0 ELSE 1 END AS is_there,"
    " (SELECT COUNT(*) FROM selection_task t WHERE t.selection = e.selection AND t.submission = e.submission"
    " AND t.state <> 'aside') AS tasks,"
    " (SELECT COUNT(*) FROM selection_task t WHERE t.selection = e.selection AND t.submission = e.submission"
    " AND t.state = 'scored') AS scored"
    " FROM selection_entry e JOIN submission s ON s.id = e.submission"
    " LEFT JOIN publication p ON p.submission = e.submission AND p.content_digest = e.content_digest"
    " AND s.state = 'published'"
    " LEFT JOIN revision r ON r.submission = p.submission AND r.number = p.revision"
    " WHERE e.selection = $1 AND ($2 = '' OR e.source = $2)"
    " ORDER BY CASE WHEN e.place = 0 THEN 1 ELSE 0 END, e.place, e.number, e.recommended_ms, e.submission LIMIT 1000";
static const char CANDIDATE[] = /* selection_entry.candidate: $2 is 1 for a round of the province */
    "SELECT c.submission AS submission, c.content_digest AS content_digest, c.source AS source,"
    " (SELECT COUNT(*) FROM selection g WHERE g.edition = $3 AND g.track = c.track AND g.region = c.source"
    " AND g.state = 'selected') AS rounds,"
    " (SELECT COUNT(*) FROM selection_entry e JOIN selection g ON g.id = e.selection AND g.edition = $3"
    " AND g.track = c.track AND g.region = c.source AND g.state = 'selected'"
    " WHERE e.submission = c.submission AND e.content_digest = c.content_digest AND e.is_selected = 1) AS chosen"
    " FROM (SELECT p.submission AS submission, p.content_digest AS content_digest, p.track AS track,"
    " CASE WHEN $2 = 1 THEN p.city ELSE p.region END AS source"
    " FROM publication p JOIN submission s ON s.id = p.submission AND s.state = 'published'"
    " WHERE p.submission = $1 AND p.edition = $3 AND p.track = $4) c";
static const char
    TAKEN[] = /* selection_entry.taken: works that count for a place's quota, without the one asked about */
    "SELECT COUNT(*) AS count FROM selection_entry e JOIN submission s ON s.id = e.submission AND s.state = 'published'"
    " JOIN publication p ON p.submission = e.submission AND p.content_digest = e.content_digest"
    " WHERE e.selection = $1 AND e.source = $2 AND e.submission <> $3";
static const char QUOTA_OF[] = /* selection_quota.of */
    "SELECT quota AS count FROM selection_quota WHERE selection = $1 AND region = $2";
static const char ENTRY_ADD[] = /* selection_entry.add */
    "INSERT INTO selection_entry (selection, submission, content_digest, source, recommended_by, recommended_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (selection, submission) DO UPDATE"
    " SET content_digest = excluded.content_digest WHERE selection_entry.content_digest <> excluded.content_digest";
static const char ENTRY_SOURCE[] = /* selection_entry.source */
    "SELECT source FROM selection_entry WHERE selection = $1 AND submission = $2";
static const char ENTRY_REMOVE[] = /* selection_entry.remove */
    "DELETE FROM selection_entry WHERE selection = $1 AND submission = $2";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct selection, id),
    SQL_FIELD(struct selection, edition),
    SQL_FIELD(struct selection, track),
    SQL_FIELD(struct selection, region),
    SQL_FIELD(struct selection, name),
    SQL_FIELD(struct selection, state),
    SQL_FIELD(struct selection, quota),
    SQL_FIELD(struct selection, judges_each),
    SQL_FIELD(struct selection, places),
    SQL_FIELD(struct selection, is_levelled),
    SQL_FIELD(struct selection, seed),
    SQL_FIELD(struct selection, draw),
    SQL_FIELD(struct selection, notice_starts_ms),
    SQL_FIELD(struct selection, notice_ends_ms),
    SQL_FIELD(struct selection, created_ms),
};
const struct sql_map selection_map = SQL_MAP(struct selection, COLUMNS);

static const struct sql_column CRITERION_COLUMNS[] = {
    SQL_FIELD(struct selection_criterion, position),
    SQL_FIELD(struct selection_criterion, name),
    SQL_FIELD(struct selection_criterion, weight),
};
static const struct sql_map CRITERION_MAP = SQL_MAP(struct selection_criterion, CRITERION_COLUMNS);
static const struct sql_column QUOTA_COLUMNS[] = {
    SQL_FIELD(struct selection_quota, region),
    SQL_FIELD(struct selection_quota, quota),
};
static const struct sql_map QUOTA_MAP = SQL_MAP(struct selection_quota, QUOTA_COLUMNS);
static const struct sql_column ENTRY_COLUMNS[] = {
    SQL_FIELD(struct selection_entry, submission), SQL_FIELD(struct selection_entry, source),
    SQL_FIELD(struct selection_entry, region),     SQL_FIELD(struct selection_entry, unit),
    SQL_FIELD(struct selection_entry, title),      SQL_FIELD(struct selection_entry, number),
    SQL_FIELD(struct selection_entry, place),      SQL_FIELD(struct selection_entry, score),
    SQL_FIELD(struct selection_entry, is_listed),  SQL_FIELD(struct selection_entry, is_selected),
    SQL_FIELD(struct selection_entry, is_there),   SQL_FIELD(struct selection_entry, tasks),
    SQL_FIELD(struct selection_entry, scored),
};
static const struct sql_map ENTRY_MAP = SQL_MAP(struct selection_entry, ENTRY_COLUMNS);

struct candidate {
    char *submission;
    char *content_digest;
    char *source;
    int64_t rounds; /* finished ones of the source */
    int64_t chosen; /* that chose this work */
};
static const struct sql_column CANDIDATE_COLUMNS[] = {
    SQL_FIELD(struct candidate, submission), SQL_FIELD(struct candidate, content_digest),
    SQL_FIELD(struct candidate, source),     SQL_FIELD(struct candidate, rounds),
    SQL_FIELD(struct candidate, chosen),
};
static const struct sql_map CANDIDATE_MAP = SQL_MAP(struct candidate, CANDIDATE_COLUMNS);

struct source {
    char *source;
};
static const struct sql_column SOURCE_COLUMNS[] = {SQL_FIELD(struct source, source)};
static const struct sql_map SOURCE_MAP = SQL_MAP(struct source, SOURCE_COLUMNS);

void selection_clear(struct selection *selection)
{
    sql_row_clear(&selection_map, selection);
}

bool selection_get(struct sql *sql, const char *id, struct selection *selection, GError **error)
{
    bool found = false;

    if (!sql_row(sql, GET, SQL_VALUES(SQL_T(id)), &selection_map, selection, &found, error)) {
        return false;
    }
    return found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such selection");
}

bool selection_get_held(struct sql *sql, const char *id, struct selection *selection, GError **error)
{
    return sql_lock_row(sql, LOCK, SQL_VALUES(SQL_T(id)), error) && selection_get(sql, id, selection, error);
}

struct sql_rows *selection_list(struct sql *sql, const struct rules *rules, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(rules->edition)), &selection_map, error);
}

bool selection_expect(const struct selection *selection, const char *state, GError **error)
{
    return strcmp(selection->state, state) == 0 ||
           refuse(error, MODEL_ERROR, REASON_SELECTION_STATE, "not in this state");
}

bool selection_move(struct sql *sql, struct selection *selection, const char *state, json_t *detail,
                    const struct actor *actor, int64_t now_ms, GError **error)
{
    g_autofree char *action = g_strdup_printf("selection.%s", state);
    const struct ledger_entry entry = {
        .action = action, .object = selection->id, .before = selection->state, .after = state, .detail = detail};
    int64_t changed = 0;

    if (!sql_run(sql, MOVE, SQL_VALUES(SQL_T(selection->id), SQL_T(selection->state), SQL_T(state)), &changed, error)) {
        return false;
    }
    if (changed != 1) {
        return refuse(error, MODEL_ERROR, REASON_SELECTION_STATE, "somebody was quicker");
    }
    if (!ledger_add(sql, actor, &entry, now_ms, error)) {
        return false;
    }
    g_free(selection->state);
    selection->state = g_strdup(state);
    return true;
}

static bool is_between(int64_t number, int64_t low, int64_t high)
{
    return number >= low && number <= high;
}

static bool check_criteria(const json_t *criteria, GError **error)
{
    int64_t weights = 0;
    const json_t *one;
    size_t index;

    json_array_foreach(criteria, index, one) {
        const char *name = json_string_value(json_object_get(one, "name"));
        const int64_t weight = json_integer_value(json_object_get(one, "weight"));
        if (name == NULL || !is_between(g_utf8_strlen(name, -1), 1, CRITERION_CHARACTERS) ||
            !is_between(weight, 1, 100)) {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "a criterion has a name and a weight from 1 to 100");
        }
        weights += weight;
    }
    return (weights == 100 && json_array_size(criteria) <= CRITERIA_MOST) ||
           refuse(error, MODEL_ERROR, REASON_INPUT, "at most ten criteria, whose weights make 100");
}

static bool check_quotas(const struct rules *rules, const char *region, const json_t *quotas, GError **error)
{
    json_t *held = json_deep_copy(quotas);
    const char *code;
    json_t *quota;
    bool good = true;

    json_object_foreach(held, code, quota) {
        good = good && strcmp(code, region) != 0 && rules_region_find(rules, code) != NULL &&
               rules_region_within(rules, code, region) && is_between(json_integer_value(quota), 0, QUOTA_MOST);
    }
    json_decref(held);
    return good || refuse(error, MODEL_ERROR, REASON_INPUT, "quotas: places of the region, 0 to 100 works");
}

static bool check_form(const struct rules *rules, const struct selection_form *form, GError **error)
{
    const struct region *region = rules_region_find(rules, form->region);
    g_autofree char *name = text_clean(form->name);

    if (name == NULL || !is_between(g_utf8_strlen(name, -1), 1, SELECTION_NAME_CHARACTERS) ||
        rules_track_find(rules, form->track) == NULL || region == NULL || strcmp(region->level, "county") == 0) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "name, track, or a region that is neither province nor city");
    }
    if (!is_between(form->quota, 0, QUOTA_MOST) || !is_between(form->judges_each, 1, EACH_MOST) ||
        !is_between(form->places, 1, SELECTION_ENTRIES_MOST) || json_array_size(form->judges) > SELECTION_JUDGES_MOST) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "quota, judges of a work, places, or more than 100 judges");
    }
    return check_criteria(form->criteria, error) && check_quotas(rules, form->region, form->quotas, error);
}

static bool put_criteria(struct sql *sql, const char *id, const json_t *criteria, GError **error)
{
    const json_t *one;
    size_t index;

    if (!sql_run(sql, CRITERIA_REMOVE, SQL_VALUES(SQL_T(id)), NULL, error)) {
        return false;
    }
    json_array_foreach(criteria, index, one) {
        g_autofree char *name = text_clean(json_string_value(json_object_get(one, "name")));
        if (name == NULL || name[0] == '\0') {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "a criterion without a name");
        }
        if (!sql_run(sql, CRITERION_ADD,
                     SQL_VALUES(SQL_T(id), SQL_I((int64_t)index + 1), SQL_T(name),
                                SQL_I(json_integer_value(json_object_get(one, "weight")))),
                     NULL, error)) {
            return false;
        }
    }
    return true;
}

static bool put_quotas(struct sql *sql, const char *id, const json_t *quotas, GError **error)
{
    json_auto_t *held = json_deep_copy(quotas);
    const char *code;
    json_t *quota;

    if (!sql_run(sql, QUOTAS_REMOVE, SQL_VALUES(SQL_T(id)), NULL, error)) {
        return false;
    }
    json_object_foreach(held, code, quota) {
        if (!sql_run(sql, QUOTA_ADD, SQL_VALUES(SQL_T(id), SQL_T(code), SQL_I(json_integer_value(quota))), NULL,
                     error)) {
            return false;
        }
    }
    return true;
}

static bool put_judges(struct sql *sql, const char *id, const json_t *judges, GError **error)
{
    const json_t *judge;
    size_t index;

    if (!sql_run(sql, JUDGES_REMOVE, SQL_VALUES(SQL_T(id)), NULL, error)) {
        return false;
    }
    json_array_foreach(judges, index, judge) {
        int64_t changed = 0;
        for (size_t i = 0; i < index; i++) {
            if (json_equal(json_array_get(judges, i), judge)) {
                return refuse(error, MODEL_ERROR, REASON_INPUT, "a judge twice");
            }
        }
        if (!json_is_string(judge)) {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "judges are ids");
        }
        if (!sql_run(sql, JUDGE_ADD, SQL_VALUES(SQL_T(id), SQL_T(json_string_value(judge))), &changed, error)) {
            return false;
        }
        if (changed != 1) {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "nobody who may judge");
        }
    }
    return true;
}

static bool put_parts(struct sql *sql, const char *id, const struct selection_form *form, GError **error)
{
    return put_criteria(sql, id, form->criteria, error) && put_quotas(sql, id, form->quotas, error) &&
           put_judges(sql, id, form->judges, error);
}

static json_t *form_json(const struct selection_form *form)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:b, s:O, s:O?, s:O?}", "name", form->name, "track", form->track,
                     "quota", (json_int_t)form->quota, "judges_each", (json_int_t)form->judges_each, "places",
                     (json_int_t)form->places, "is_levelled", (int)form->is_levelled, "criteria", form->criteria,
                     "quotas", form->quotas, "judges", form->judges);
}

bool selection_add(struct sql *sql, const struct rules *rules, const struct selection_form *form,
                   const struct actor *actor, int64_t now_ms, char **id, GError **error)
{
    g_autofree char *name = text_clean(form->name);
    g_autofree char *fresh = secret_id();
    json_auto_t *detail = form_json(form);
    const struct ledger_entry entry = {.action = "selection.added",
                                       .object = fresh,
                                       .after = "recommending",
                                       .detail = detail};

    if (!check_form(rules, form, error) ||
        !sql_run(sql, ADD,
                 SQL_VALUES(SQL_T(fresh), SQL_T(rules->edition), SQL_T(form->track), SQL_T(form->region), SQL_T(name),
                            SQL_I(form->quota), SQL_I(form->judges_each), SQL_I(form->places), SQL_I(form->is_levelled),
                            SQL_I(now_ms)),
                 NULL, error) ||
        !put_parts(sql, fresh, form, error) || !ledger_add(sql, actor, &entry, now_ms, error)) {
        return false;
    }
    *id = g_steal_pointer(&fresh);
    return true;
}

bool selection_change(struct sql *sql, const struct rules *rules, struct selection *selection,
                      const struct selection_form *asked, const struct actor *actor, int64_t now_ms, GError **error)
{
    struct selection_form form = *asked;

    form.track = selection->track;
    form.region = selection->region;
    g_autofree char *name = text_clean(form.name);
    json_auto_t *detail = form_json(&form);
    const struct ledger_entry entry = {.action = "selection.changed", .object = selection->id, .detail = detail};
    return selection_expect(selection, "recommending", error) && check_form(rules, &form, error) &&
           sql_run(sql, CHANGE,
                   SQL_VALUES(SQL_T(selection->id), SQL_T(name), SQL_I(form.quota), SQL_I(form.judges_each),
                              SQL_I(form.places), SQL_I(form.is_levelled)),
                   NULL, error) &&
           put_parts(sql, selection->id, &form, error) && ledger_add(sql, actor, &entry, now_ms, error);
}

bool selection_cancel(struct sql *sql, struct selection *selection, const struct actor *actor, int64_t now_ms,
                      GError **error)
{
    const bool was_shown = strcmp(selection->state, "notice") == 0;

    if (strcmp(selection->state, "selected") == 0 || strcmp(selection->state, "cancelled") == 0) {
        return refuse(error, MODEL_ERROR, REASON_SELECTION_STATE, "it is over");
    }
    return selection_move(sql, selection, "cancelled", NULL, actor, now_ms, error) &&
           (!was_shown || sql_notify(sql, SQL_TOPIC_SITE, error));
}

struct sql_rows *selection_criteria(struct sql *sql, const char *id, GError **error)
{
    return sql_rows(sql, CRITERIA, SQL_VALUES(SQL_T(id)), &CRITERION_MAP, error);
}

json_t *selection_criteria_json(const struct sql_rows *rows)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct selection_criterion *row = sql_rows_at(rows, i);
        json_array_append_new(list, json_pack("{s:s, s:I}", "name", row->name, "weight", (json_int_t)row->weight));
    }
    return list;
}

struct sql_rows *selection_quotas(struct sql *sql, const char *id, GError **error)
{
    return sql_rows(sql, QUOTAS, SQL_VALUES(SQL_T(id)), &QUOTA_MAP, error);
}

struct sql_rows *selection_judges(struct sql *sql, const char *id, GError **error)
{
    return sql_rows(sql, JUDGES, SQL_VALUES(SQL_T(id)), &staff_map, error);
}

struct sql_rows *selection_judges_known(struct sql *sql, GError **error)
{
    return sql_rows(sql, JUDGES_KNOWN, SQL_NO_VALUES, &staff_map, error);
}

struct sql_rows *selection_entries(struct sql *sql, const char *id, const char *source, GError **error)
{
    return sql_rows(sql, ENTRIES, SQL_VALUES(SQL_T(id), SQL_T(source)), &ENTRY_MAP, error);
}

static bool check_candidate(struct sql *sql, const struct selection *selection, const struct candidate *candidate,
                            GError **error)
{
    int64_t quota = selection->quota;
    int64_t taken = 0;

    if (candidate->rounds > 0 && candidate->chosen == 0) {
        return refuse(error, MODEL_ERROR, REASON_SELECTION_BELOW, "not selected by its own place");
    }
    if (!sql_number(sql, QUOTA_OF, SQL_VALUES(SQL_T(selection->id), SQL_T(candidate->source)), &quota, error) ||
        !sql_number(sql, TAKEN,
                    SQL_VALUES(SQL_T(selection->id), SQL_T(candidate->source), SQL_T(candidate->submission)), &taken,
                    error)) {
        return false;
    }
    return taken < quota || refuse(error, MODEL_ERROR, REASON_SELECTION_QUOTA, "the quota is used up");
}

static bool note(struct sql *sql, const struct selection *selection, const char *action, const char *submission,
                 const struct actor *actor, int64_t now_ms, GError **error)
{
    json_auto_t *detail = json_pack("{s:s}", "selection", selection->id);
    const struct ledger_entry entry = {.action = action, .object = submission, .detail = detail};

    return ledger_add(sql, actor, &entry, now_ms, error);
}

static bool add_entry(struct sql *sql, const struct selection *selection, const struct candidate *candidate,
                      const struct actor *actor, int64_t now_ms, GError **error)
{
    int64_t changed = 0;

    return sql_run(sql, ENTRY_ADD,
                   SQL_VALUES(SQL_T(selection->id), SQL_T(candidate->submission), SQL_T(candidate->content_digest),
                              SQL_T(candidate->source), SQL_T(actor->id), SQL_I(now_ms)),
                   &changed, error) &&
           (changed == 0 || note(sql, selection, "selection.recommended", candidate->submission, actor, now_ms, error));
}

bool selection_recommend(struct sql *sql, const struct rules *rules, struct selection *selection,
                         const struct staff *staff, const char *submission, const struct actor *actor, int64_t now_ms,
                         GError **error)
{
    const bool is_province = g_str_has_suffix(selection->region, "0000");
    struct candidate candidate = {0};
    bool found = false;

    if (!selection_expect(selection, "recommending", error) ||
        !sql_row(sql, CANDIDATE,
                 SQL_VALUES(SQL_T(submission), SQL_I(is_province), SQL_T(selection->edition), SQL_T(selection->track)),
                 &CANDIDATE_MAP, &candidate, &found, error)) {
        return false;
    }
    const bool is_mine = found && rules_region_within(rules, candidate.source, selection->region) &&
                         rules_region_within(rules, candidate.source, staff->scope);
    const bool good = is_mine
                          ? check_candidate(sql, selection, &candidate, error) &&
                                add_entry(sql, selection, &candidate, actor, now_ms, error)
                          : refuse(error, MODEL_ERROR, REASON_OUT_OF_SCOPE, "no published work of the person's place");
    sql_row_clear(&CANDIDATE_MAP, &candidate);
    return good;
}

bool selection_recommend_not(struct sql *sql, const struct rules *rules, struct selection *selection,
                             const struct staff *staff, const char *submission, const struct actor *actor,
                             int64_t now_ms, GError **error)
{
    struct source entry = {0};
    bool found = false;

    if (!selection_expect(selection, "recommending", error) ||
        !sql_row(sql, ENTRY_SOURCE, SQL_VALUES(SQL_T(selection->id), SQL_T(submission)), &SOURCE_MAP, &entry, &found,
                 error)) {
        return false;
    }
    const bool is_mine = found && rules_region_within(rules, entry.source, staff->scope);
    sql_row_clear(&SOURCE_MAP, &entry);
    return is_mine ? sql_run(sql, ENTRY_REMOVE, SQL_VALUES(SQL_T(selection->id), SQL_T(submission)), NULL, error) &&
                         note(sql, selection, "selection.recommended_not", submission, actor, now_ms, error)
                   : refuse(error, MODEL_ERROR, REASON_OUT_OF_SCOPE, "no recommendation of the person's place");
}
