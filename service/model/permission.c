#include "service/model/permission.h"

#include <string.h>

#include "common/failure.h"

enum { FRESH_MS = 10 * 60 * 1000 };

#define R(role) (1u << ROLE_##role)
enum { EVERYBODY = (1u << ROLE_COUNT) - 1 };

/* A deletion takes away what others rely on. Letting go, standing aside, taking back what is one's own are none. */
enum fresh { NEVER, TO_DELETE, ALWAYS };

static const struct {
    unsigned roles;
    bool before_otp;  /* allowed while one-time codes still have to be set up */
    enum fresh fresh; /* when password and code have to be given within the last ten minutes */
    bool whole;       /* only for people whose scope is the province */
} PERMISSIONS[PERMISSION_COUNT] = {
    [PERMISSION_SELF] = {EVERYBODY, true, NEVER, false},
    [PERMISSION_STAFF] = {EVERYBODY, false, NEVER, false},
    [PERMISSION_SEE] = {R(REVIEWER), false, NEVER, false},
    [PERMISSION_DECIDE] = {R(REVIEWER), false, NEVER, false},
    [PERMISSION_BULK] = {R(REVIEWER), false, ALWAYS, false},
    [PERMISSION_SAMPLE] = {R(REVIEWER), false, NEVER, true},
    [PERMISSION_TAKE_DOWN] = {R(REVIEWER) | R(ORGANISER) | R(ADMINISTRATOR), false, NEVER, false},
    [PERMISSION_LEDGER] = {R(AUDITOR) | R(ADMINISTRATOR) | R(REVIEWER), false, NEVER, false},
    [PERMISSION_EXPORT] = {R(AUDITOR) | R(ADMINISTRATOR) | R(ORGANISER), false, ALWAYS, false},
    [PERMISSION_PEOPLE] = {R(ADMINISTRATOR), false, TO_DELETE, false},
    [PERMISSION_PEOPLE_SECRET] = {R(ADMINISTRATOR), false, ALWAYS, false},
    [PERMISSION_FIGURES] = {R(REVIEWER) | R(ORGANISER) | R(ADMINISTRATOR) | R(AUDITOR), false, NEVER, false},
    [PERMISSION_SELECTIONS] = {R(ORGANISER) | R(ADMINISTRATOR) | R(AUDITOR), false, NEVER, false},
    [PERMISSION_SELECT] = {R(ORGANISER), false, TO_DELETE, false},
    [PERMISSION_RECOMMEND] = {R(ORGANISER), false, NEVER, false},
    [PERMISSION_JUDGE] = {R(REVIEWER) | R(UNIT), false, NEVER, false},
    [PERMISSION_ANNEXES] = {R(ORGANISER) | R(ADMINISTRATOR) | R(AUDITOR), false, NEVER, false},
    [PERMISSION_ANNEX] = {R(ORGANISER), false, NEVER, false},
    [PERMISSION_RULES] = {R(ADMINISTRATOR), false, TO_DELETE, true},
    [PERMISSION_LINKS] = {R(ORGANISER) | R(ADMINISTRATOR), false, TO_DELETE, false},
    [PERMISSION_BATCH] = {R(UNIT) | R(ORGANISER), false, NEVER, false},
    [PERMISSION_MACHINES] = {R(ADMINISTRATOR), false, TO_DELETE, true},
    [PERMISSION_PROGRAMME] = {R(ORGANISER) | R(ADMINISTRATOR), false, TO_DELETE, false},
    [PERMISSION_COLLECTIONS] = {R(ORGANISER) | R(ADMINISTRATOR), false, TO_DELETE, true},
};

bool may(const struct rules *rules, const struct staff *staff, enum permission permission, const char *region,
         GError **error)
{
    const struct region *scope = rules_region_find(rules, staff->scope);
    enum role role;

    g_assert(permission >= 0 && permission < PERMISSION_COUNT);
    if (scope == NULL || !role_find(staff->role, &role) || (PERMISSIONS[permission].roles & (1u << role)) == 0) {
        return refuse(error, MODEL_ERROR, REASON_DENIED, "not this role");
    }
    if (PERMISSIONS[permission].whole && strcmp(scope->level, "province") != 0) {
        return refuse(error, MODEL_ERROR, REASON_DENIED, "of the whole installation");
    }
    if (region != NULL && !rules_region_within(rules, region, staff->scope)) {
        return refuse(error, MODEL_ERROR, REASON_OUT_OF_SCOPE, "outside the person's region");
    }
    return true;
}

bool may_now(const struct login *login, enum permission permission, const struct asking *asking, GError **error)
{
    const enum fresh fresh = PERMISSIONS[permission].fresh;

    if (asking->requires_otp && !login->is_by_provider && login->staff.otp_secret[0] == '\0' &&
        !PERMISSIONS[permission].before_otp) {
        return refuse(error, MODEL_ERROR, REASON_OTP_SETUP, "one-time codes have to be set up first");
    }
    if ((fresh == ALWAYS || (fresh == TO_DELETE && asking->is_deletion)) &&
        login->confirmed_ms + FRESH_MS < asking->now_ms) {
        return refuse(error, MODEL_ERROR, REASON_CONFIRM, "password and code were given too long ago");
    }
    return true;
}
