/* Who approves before a work is published: for each stage how many different people, for the edition and for single
 * cities. Two policies have names: A, a city and then the province; B, the city alone. A work follows the policy that
 * holds at the moment of each approval: what is missing for it is the view stage_need, which the database's own guard of
 * publications reads too. One that waits at a stage which a change left out is still decided there. */
#pragma once

#include "service/database/database.h"
#include "service/model/ledger.h"
#include "service/model/rules.h"

struct policy {
    int64_t people[STAGE_RANKS]; /* by order of approval: first, second, final; 0 leaves the stage out */
    int64_t sample_percent;      /* of what it publishes, for the province to look at afterwards (sample.h): 0..100 */
};

/* The share where nobody says one: 5 when no stage of the province approves, else 0. */
int64_t policy_usual_sample(const struct rules *rules, const struct policy *policy);

/* What holds for a city: its own row, else the province's, else the numbers of rules.conf. */
bool policy_get(struct sql *sql, const struct rules *rules, const char *city, struct policy *policy, GError **error);
/* The first stage in order at which people are missing for the present revision; *stage NULL: none, it may be
 * published. */
bool policy_missing(struct sql *sql, const struct rules *rules, const char *submission, const struct stage **stage,
                    GError **error);
/* Position of the stage where a work of this city begins. */
bool policy_first_stage(struct sql *sql, const struct rules *rules, const char *city, int64_t *position,
                        GError **error);

/* Sets it for a city, or for all without one of their own by the province. NULL takes the row away. Written into the
 * ledger. REASON_INPUT: a stage that the edition does not have, nobody at all, more than PEOPLE_MOST at a stage, or no percentage;
 * REASON_NOT_FOUND: neither city nor province. */
bool policy_set(struct sql *sql, const struct rules *rules, const char *region, const struct policy *policy,
                const struct actor *actor, int64_t now_ms, GError **error);

struct policy_row {
    char *region;
    int64_t first_people;
    int64_t second_people;
    int64_t final_people;
    int64_t sample_percent;
};
extern const struct sql_map policy_map;
/* The rows that are set, by region. */
struct sql_rows *policy_list(struct sql *sql, const struct rules *rules, GError **error);
struct policy policy_of_row(const struct policy_row *row);
/* What rules.conf says. */
struct policy policy_of_rules(const struct rules *rules);
json_t *policy_json(const struct policy *policy);
