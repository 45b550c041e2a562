#include "service/model/permission.h"

#include <string.h>

#include "common/failure.h"

enum { FRESH_MS = 10 * 60 * 1000 };

#define R(role) (1u << ROLE_##role)
enum { EVERYBODY = (1u << ROLE_COUNT) - 1 };

static const struct {
    unsigned roles;
    bool before_otp;  /* allowed while one-time codes still have to be set up */
    bool needs_fresh; /* password and code within the last ten minutes */
    bool whole;       /* only for people whose scope is the province */
} PERMISSIONS[PERMISSION_COUNT] = {
    [PERMISSION_SELF] = {EVERYBODY, true, false, false},
    [PERMISSION_STAFF] = {EVERYBODY, false, false, false},
    [PERMISSION_SEE] = {R(REVIEWER), false, false, false},
    [PERMISSION_DECIDE] = {R(REVIEWER), false, false, false},
    [PERMISSION_BULK] = {R(REVIEWER), false, true, false},
    [PERMISSION_TAKE_DOWN] = {R(REVIEWER) | R(ORGANISER) | R(ADMINISTRATOR), false, false, false},
    [PERMISSION_LEDGER] = {R(AUDITOR) | R(ADMINISTRATOR) | R(REVIEWER), false, false, false},
    [PERMISSION_EXPORT] = {R(AUDITOR) | R(ADMINISTRATOR) | R(ORGANISER), false, true, false},
    [PERMISSION_PEOPLE] = {R(ADMINISTRATOR), false, false, false},
    [PERMISSION_PEOPLE_SECRET] = {R(ADMINISTRATOR), false, true, false},
    [PERMISSION_FIGURES] = {R(REVIEWER) | R(ORGANISER) | R(ADMINISTRATOR) | R(AUDITOR), false, false, false},
    [PERMISSION_SELECTIONS] = {R(ORGANISER) | R(ADMINISTRATOR) | R(AUDITOR), false, false, false},
    [PERMISSION_SELECT] = {R(ORGANISER), false, false, false},
    [PERMISSION_RECOMMEND] = {R(ORGANISER), false, false, false},
    [PERMISSION_JUDGE] = {R(REVIEWER) | R(UNIT), false, false, false},
    [PERMISSION_ANNEXES] = {R(ORGANISER) | R(ADMINISTRATOR) | R(AUDITOR), false, false, false},
    [PERMISSION_ANNEX] = {R(ORGANISER), false, false, false},
    [PERMISSION_RULES] = {R(ADMINISTRATOR), false, false, true},
    [PERMISSION_LINKS] = {R(ORGANISER) | R(ADMINISTRATOR), false, false, false},
    [PERMISSION_BATCH] = {R(UNIT) | R(ORGANISER), false, false, false},
    [PERMISSION_MACHINES] = {R(ADMINISTRATOR), false, false, true},
    [PERMISSION_PROGRAMME] = {R(ORGANISER) | R(ADMINISTRATOR), false, false, false},
    [PERMISSION_COLLECTIONS] = {R(ORGANISER) | R(ADMINISTRATOR), false, false, true},
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

bool may_now(const struct login *login, enum permission permission, bool requires_otp, int64_t now_ms, GError **error)
{
    if (requires_otp && !login->is_by_provider && login->staff.otp_secret[0] == '\0' &&
        !PERMISSIONS[permission].before_otp) {
        return refuse(error, MODEL_ERROR, REASON_OTP_SETUP, "one-time codes have to be set up first");
    }
    if (PERMISSIONS[permission].needs_fresh && login->confirmed_ms + FRESH_MS < now_ms) {
        return refuse(error, MODEL_ERROR, REASON_CONFIRM, "password and code were given too long ago");
    }
    return true;
}
