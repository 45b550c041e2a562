#include "service/model/lots.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/recusal.h"

static const char OWN[] = /* selection_entry.own: works that came from the telephone of a judge */
    "SELECT e.submission AS submission, p.staff AS staff FROM selection_entry e"
    " JOIN work_identity w ON w.submission = e.submission JOIN staff_phone p ON p.identity = w.identity"
    " JOIN selection_judge j ON j.selection = e.selection AND j.staff = p.staff WHERE e.selection = $1 LIMIT 1000";

struct own {
    char *submission;
    char *staff;
};
static const struct sql_column OWN_COLUMNS[] = {SQL_FIELD(struct own, submission), SQL_FIELD(struct own, staff)};
static const struct sql_map OWN_MAP = SQL_MAP(struct own, OWN_COLUMNS);

void lots_clear(struct lots *lots)
{
    g_clear_pointer(&lots->works, g_ptr_array_unref);
    g_clear_pointer(&lots->judges, g_ptr_array_unref);
    g_free(lots->aside);
    g_free(lots->numbers);
    g_free(lots->tasks);
}

static void lots_open(struct lots *lots, const char *seed, int64_t each)
{
    const size_t cells = (size_t)lots->works->len * lots->judges->len + 1; /* at most 1,000 x 100 */

    lots->aside = g_new0(bool, cells);
    lots->tasks = g_new0(bool, cells);
    lots->numbers = g_new0(size_t, lots->works->len + 1);
    lots->draw = (struct draw){.seed = seed,
                               .works = (const char *const *)lots->works->pdata,
                               .work_count = lots->works->len,
                               .judges = (const char *const *)lots->judges->pdata,
                               .judge_count = lots->judges->len,
                               .aside = lots->aside,
                               .each = (size_t)each};
}

size_t lots_index(const GPtrArray *ids, const char *id)
{
    size_t index = 0;

    while (index < ids->len && strcmp(g_ptr_array_index(ids, index), id) != 0) {
        index++;
    }
    return index;
}

json_t *lots_ids_json(const GPtrArray *ids)
{
    json_t *list = json_array();

    for (guint i = 0; i < ids->len; i++) {
        json_array_append_new(list, json_string(g_ptr_array_index(ids, i)));
    }
    return list;
}

json_t *lots_aside_json(const struct draw *draw)
{
    json_t *list = json_array();

    for (size_t work = 0; work < draw->work_count; work++) {
        for (size_t judge = 0; judge < draw->judge_count; judge++) {
            if (draw->aside[draw_at(draw, work, judge)]) {
                json_array_append_new(list, json_pack("[s,s]", draw->works[work], draw->judges[judge]));
            }
        }
    }
    return list;
}

/* Works or judges that have no part in the draw are passed over. */
static void set_aside(struct lots *lots, const char *submission, const char *staff)
{
    const size_t work = lots_index(lots->works, submission);
    const size_t judge = lots_index(lots->judges, staff);

    if (work < lots->works->len && judge < lots->judges->len) {
        lots->aside[draw_at(&lots->draw, work, judge)] = true;
    }
}

bool lots_read(struct lots *lots, const struct selection *selection, GError **error)
{
    json_auto_t *json = json_loads(selection->draw, 0, NULL);
    const json_t *one;
    size_t index;

    lots->works = g_ptr_array_new_with_free_func(g_free);
    lots->judges = g_ptr_array_new_with_free_func(g_free);
    json_array_foreach(json_object_get(json, "works"), index, one) {
        g_ptr_array_add(lots->works, g_strdup(json_string_value(one)));
    }
    json_array_foreach(json_object_get(json, "judges"), index, one) {
        g_ptr_array_add(lots->judges, g_strdup(json_string_value(one)));
    }
    lots_open(lots, selection->seed, selection->judges_each);
    json_array_foreach(json_object_get(json, "aside"), index, one) {
        set_aside(lots, json_string_value(json_array_get(one, 0)), json_string_value(json_array_get(one, 1)));
    }
    if (json == NULL) {
        g_set_error_literal(error, MODEL_ERROR, REASON_SELECTION_STATE, "not drawn yet");
    }
    return json != NULL;
}

/* People leave works of their own city to others, and what they stand aside from at the desk. */
static bool stands_aside(const struct rules *rules, const struct staff *judge, const struct selection_entry *entry)
{
    const struct region *scope = rules_region_find(rules, judge->scope);
    const bool is_of_all = scope == NULL || strcmp(scope->level, "province") == 0;

    return recusal_is_due(rules, judge, entry->region, entry->unit) ||
           (!is_of_all && rules_region_within(rules, entry->region, rules_city_of(rules, judge->scope)));
}

static void take(struct lots *lots, const struct rules *rules, const struct sql_rows *entries,
                 const struct sql_rows *judges, const struct selection *selection, const char *seed)
{
    lots->works = g_ptr_array_new_with_free_func(g_free);
    lots->judges = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < judges->count; i++) {
        g_ptr_array_add(lots->judges, g_strdup(((const struct staff *)sql_rows_at(judges, i))->id));
    }
    for (size_t i = 0; i < entries->count; i++) {
        const struct selection_entry *entry = sql_rows_at(entries, i);
        if (entry->is_there) {
            g_ptr_array_add(lots->works, g_strdup(entry->submission));
        }
    }
    lots_open(lots, seed, selection->judges_each);
    for (size_t i = 0, work = 0; i < entries->count; i++) {
        const struct selection_entry *entry = sql_rows_at(entries, i);
        for (size_t k = 0; entry->is_there && k < judges->count; k++) {
            lots->aside[draw_at(&lots->draw, work, k)] = stands_aside(rules, sql_rows_at(judges, k), entry);
        }
        work += entry->is_there != 0;
    }
}

bool lots_take(struct sql *sql, const struct rules *rules, const struct selection *selection, const char *seed,
               struct lots *lots, GError **error)
{
    g_autoptr(SqlRows) entries = selection_entries(sql, selection->id, "", error);
    g_autoptr(SqlRows) judges = entries == NULL ? NULL : selection_judges(sql, selection->id, error);
    g_autoptr(SqlRows) own =
        judges == NULL ? NULL : sql_rows(sql, OWN, SQL_VALUES(SQL_T(selection->id)), &OWN_MAP, error);

    if (own == NULL) {
        return false;
    }
    take(lots, rules, entries, judges, selection, seed);
    for (size_t i = 0; i < own->count; i++) {
        const struct own *pair = sql_rows_at(own, i);
        set_aside(lots, pair->submission, pair->staff);
    }
    return true;
}
