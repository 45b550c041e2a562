#include "service/model/recusal.h"

#include <string.h>

#include "common/failure.h"

static const char
    TIES[] = /* recusal.ties: $1 the person, $2, $3 the revision. By the person or an account with a number of his */
    "SELECT (SELECT COUNT(*) FROM staff_phone p JOIN work_identity w ON w.identity = p.identity"
    " WHERE p.staff = $1 AND w.submission = $2) AS sent,"
    " (SELECT COUNT(*) FROM decision d WHERE d.submission = $2 AND d.revision = $3"
    " AND d.state IN ('pending', 'effective') AND d.action <> 'escalate' AND d.to_stage = 0 AND (d.staff = $1 OR EXISTS"
    " (SELECT 1 FROM staff_phone mine JOIN staff_phone theirs ON theirs.identity = mine.identity"
    " WHERE mine.staff = $1 AND theirs.staff = d.staff))) AS decided";

struct ties {
    int64_t sent;
    int64_t decided;
};
static const struct sql_column TIE_COLUMNS[] = {SQL_FIELD(struct ties, sent), SQL_FIELD(struct ties, decided)};
static const struct sql_map TIE_MAP = SQL_MAP(struct ties, TIE_COLUMNS);

const char *recusal_unit_of(const struct staff *staff)
{
    const bool is_unit = strcmp(staff->role, role_name(ROLE_UNIT)) == 0;

    return staff->unit[0] == '\0' && is_unit ? staff->name : staff->unit;
}

/* What is compared of a unit's name. The caller's. */
static char *unit_key(const char *unit)
{
    g_autofree char *plain = g_utf8_normalize(unit, -1, G_NORMALIZE_ALL_COMPOSE);
    g_autofree char *folded = g_utf8_casefold(plain == NULL ? "" : plain, -1);
    g_auto(GStrv) words = g_strsplit(folded, " ", -1);

    return g_strjoinv("", words);
}

static bool is_of_unit(const struct staff *staff, const char *unit)
{
    g_autofree char *own = unit_key(recusal_unit_of(staff));
    g_autofree char *other = unit_key(unit);

    return own[0] != '\0' && strcmp(own, other) == 0;
}

bool recusal_is_due(const struct rules *rules, const struct staff *staff, const char *region, const char *unit)
{
    g_auto(GStrv) words = g_strsplit(staff->recusals, " ", -1);
    bool is_due = is_of_unit(staff, unit);

    for (char **word = words; *word != NULL; word++) {
        is_due = is_due || ((*word)[0] != '\0' && rules_region_within(rules, region, *word));
    }
    return is_due;
}

static bool check_origin(struct sql *sql, const struct rules *rules, const struct staff *staff,
                         const struct submission *submission, struct ties *ties, GError **error)
{
    bool found = false;

    if (recusal_is_due(rules, staff, submission->region, submission->unit)) {
        return refuse(error, MODEL_ERROR, REASON_RECUSED, "this person stands aside for the region or unit");
    }
    if (!sql_row(sql, TIES, SQL_VALUES(SQL_T(staff->id), SQL_T(submission->id), SQL_I(submission->revision)), &TIE_MAP,
                 ties, &found, error)) {
        return false;
    }
    return ties->sent == 0 || refuse(error, MODEL_ERROR, REASON_OWN_WORK, "the work came from this person's telephone");
}

bool recusal_check_origin(struct sql *sql, const struct rules *rules, const struct staff *staff,
                          const struct submission *submission, GError **error)
{
    struct ties ties = {0};

    return check_origin(sql, rules, staff, submission, &ties, error);
}

bool recusal_check(struct sql *sql, const struct rules *rules, const struct staff *staff,
                   const struct submission *submission, GError **error)
{
    struct ties ties = {0};

    return check_origin(sql, rules, staff, submission, &ties, error) &&
           (ties.decided == 0 ||
            refuse(error, MODEL_ERROR, REASON_SAME_PERSON, "this person has decided on this revision"));
}
