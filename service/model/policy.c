#include "service/model/policy.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/sample.h"

enum { SAMPLE_USUAL_PERCENT = 5 };

#define FIELDS "region, first_people, second_people, final_people, sample_percent"
static const char FIND[] = /* policy.find: of the city before that of the province */
    "SELECT " FIELDS " FROM policy WHERE edition = $1 AND region IN ($2, $3)"
    " ORDER BY CASE WHEN region = $2 THEN 0 ELSE 1 END LIMIT 1";
static const char LIST[] = /* policy.list */
    "SELECT " FIELDS " FROM policy WHERE edition = $1 ORDER BY region LIMIT 200";
static const char PUT[] = /* policy.put */
    "INSERT INTO policy (edition, " FIELDS ") VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (edition, region) DO UPDATE SET first_people = excluded.first_people,"
    " second_people = excluded.second_people, final_people = excluded.final_people,"
    " sample_percent = excluded.sample_percent";
static const char REMOVE[] = /* policy.remove */
    "DELETE FROM policy WHERE edition = $1 AND region = $2";
static const char MISSING[] = /* policy.missing */
    "SELECT position FROM stage_need WHERE submission = $1 AND missing > 0"
    " ORDER BY CASE name WHEN 'first' THEN 1 WHEN 'second' THEN 2 ELSE 3 END LIMIT 1";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct policy_row, region),         SQL_FIELD(struct policy_row, first_people),
    SQL_FIELD(struct policy_row, second_people),  SQL_FIELD(struct policy_row, final_people),
    SQL_FIELD(struct policy_row, sample_percent),
};
const struct sql_map policy_map = SQL_MAP(struct policy_row, COLUMNS);

struct policy policy_of_row(const struct policy_row *row)
{
    return (struct policy){{row->first_people, row->second_people, row->final_people}, row->sample_percent};
}

int64_t policy_usual_sample(const struct rules *rules, const struct policy *policy)
{
    for (int rank = 0; rank < STAGE_RANKS; rank++) {
        const struct stage *stage = rules_stage_of_rank(rules, rank);
        if (stage != NULL && policy->people[rank] > 0 && strcmp(stage->level, "province") == 0) {
            return 0;
        }
    }
    return SAMPLE_USUAL_PERCENT;
}

struct policy policy_of_rules(const struct rules *rules)
{
    struct policy policy = {0};

    for (int rank = 0; rank < STAGE_RANKS; rank++) {
        const struct stage *stage = rules_stage_of_rank(rules, rank);
        policy.people[rank] = stage == NULL ? 0 : stage->people;
    }
    policy.sample_percent = policy_usual_sample(rules, &policy);
    return policy;
}

static const char *province_of(const struct rules *rules)
{
    const struct region *first = g_ptr_array_index(rules->regions, 0); /* rules_load leaves no edition without */

    return first->code;
}

bool policy_get(struct sql *sql, const struct rules *rules, const char *city, struct policy *policy, GError **error)
{
    struct policy_row row = {0};
    bool found = false;

    if (!sql_row(sql, FIND, SQL_VALUES(SQL_T(rules->edition), SQL_T(city), SQL_T(province_of(rules))), &policy_map,
                 &row, &found, error)) {
        return false;
    }
    *policy = found ? policy_of_row(&row) : policy_of_rules(rules);
    sql_row_clear(&policy_map, &row);
    return true;
}

static const struct stage *from_rank(const struct rules *rules, const struct policy *policy, int rank)
{
    for (; rank < STAGE_RANKS; rank++) {
        const struct stage *stage = rules_stage_of_rank(rules, rank);
        if (stage != NULL && policy->people[rank] > 0) {
            return stage;
        }
    }
    return NULL;
}

bool policy_missing(struct sql *sql, const struct rules *rules, const char *submission, const struct stage **stage,
                    GError **error)
{
    int64_t position = -1; /* no stage's */

    if (!sql_number(sql, MISSING, SQL_VALUES(SQL_T(submission)), &position, error)) {
        return false;
    }
    *stage = position < 0 ? NULL : rules_stage_at(rules, position);
    return true;
}

bool policy_first_stage(struct sql *sql, const struct rules *rules, const char *city, int64_t *position, GError **error)
{
    struct policy policy = {0};

    if (!policy_get(sql, rules, city, &policy, error)) {
        return false;
    }
    /* a stage that a new rules.conf no longer has cannot hold works: the last one does */
    const struct stage *stage = from_rank(rules, &policy, 0);
    *position = stage == NULL ? rules_stage_last(rules)->position : stage->position;
    return true;
}

static bool is_sound(const struct rules *rules, const struct policy *policy)
{
    int64_t all = 0;

    for (int rank = 0; rank < STAGE_RANKS; rank++) {
        const int64_t people = policy->people[rank];
        if (people < 0 || people > PEOPLE_MOST || (people > 0 && rules_stage_of_rank(rules, rank) == NULL)) {
            return false;
        }
        all += people;
    }
    return all > 0 && policy->sample_percent >= 0 && policy->sample_percent <= SAMPLE_PERCENT_MOST;
}

json_t *policy_json(const struct policy *policy)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "first", (json_int_t)policy->people[0], "second",
                     (json_int_t)policy->people[1], "final", (json_int_t)policy->people[2], "sample_percent",
                     (json_int_t)policy->sample_percent);
}

bool policy_set(struct sql *sql, const struct rules *rules, const char *code, const struct policy *policy,
                const struct actor *actor, int64_t now_ms, GError **error)
{
    const struct region *region = rules_region_find(rules, code);
    struct policy before = {0};
    struct policy after = {0};

    if (region == NULL || strcmp(region->level, "county") == 0) {
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "neither a city nor the province");
    }
    if (policy != NULL && !is_sound(rules, policy)) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "people of the stages or the share of the sample");
    }
    const struct sql_values removal = SQL_VALUES(SQL_T(rules->edition), SQL_T(code));
    if (!policy_get(sql, rules, code, &before, error) ||
        !(policy == NULL
              ? sql_run(sql, REMOVE, removal, NULL, error)
              : sql_run(sql, PUT,
                        SQL_VALUES(SQL_T(rules->edition), SQL_T(code), SQL_I(policy->people[0]),
                                   SQL_I(policy->people[1]), SQL_I(policy->people[2]), SQL_I(policy->sample_percent)),
                        NULL, error)) ||
        !policy_get(sql, rules, code, &after, error)) {
        return false;
    }
    json_auto_t *detail = json_pack("{s:s, s:o, s:o}", "edition", rules->edition, "before", policy_json(&before),
                                    "after", policy_json(&after));
    const struct ledger_entry entry = {.action = "policy.changed", .object = code, .detail = detail};
    return ledger_add(sql, actor, &entry, now_ms, error);
}

struct sql_rows *policy_list(struct sql *sql, const struct rules *rules, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(rules->edition)), &policy_map, error);
}
