#include "service/model/recusal.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/staff_phone.h"

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

bool recusal_check(struct sql *sql, const struct rules *rules, const struct staff *staff,
                   const struct submission *submission, GError **error)
{
    bool sent = false;

    if (recusal_is_due(rules, staff, submission->region, submission->unit)) {
        g_set_error_literal(error, MODEL_ERROR, REASON_RECUSED, "this person stands aside for the region or unit");
        return false;
    }
    if (!staff_phone_has_sent(sql, staff->id, submission->id, &sent, error)) {
        return false;
    }
    if (sent) {
        g_set_error_literal(error, MODEL_ERROR, REASON_OWN_WORK, "the work came from this person's telephone");
    }
    return !sent;
}
