/* may(): who may do what, where. THE table of permissions; the gate of the routes and the model ask it and nobody else
 * decides. Deny by default: what is not in the table is refused. */
#pragma once

#include "service/model/rules.h"
#include "service/model/staff.h"

enum permission {
    PERMISSION_SELF,          /* the own account, also before one-time codes are set up */
    PERMISSION_STAFF,         /* any signed-in person */
    PERMISSION_SEE,           /* works in review, their previews and contacts */
    PERMISSION_DECIDE,        /* approve, return, decline, escalate, undo */
    PERMISSION_BULK,          /* the same for many at once */
    PERMISSION_SAMPLE,        /* decide on published works that were drawn for the province's sample */
    PERMISSION_TAKE_DOWN,     /* published works */
    PERMISSION_LEDGER,        /* the audit chain of works in scope */
    PERMISSION_EXPORT,        /* signed sheets */
    PERMISSION_PEOPLE,        /* accounts in scope */
    PERMISSION_PEOPLE_SECRET, /* invitations, one-time codes and sessions of others */
    PERMISSION_FIGURES,       /* how the desk is doing, in the person's region: numbers, no works */
    PERMISSION_SELECTIONS,    /* rounds of selection that the person's region takes part in */
    PERMISSION_SELECT,        /* rounds of the person's own region: judges, draw, list, objections */
    PERMISSION_RECOMMEND,     /* works of the person's region to a round above */
    PERMISSION_JUDGE,         /* the own tasks of a round */
    PERMISSION_ANNEXES,       /* the forms of the notice, of the person's region */
    PERMISSION_ANNEX,         /* fill them for the own city */
    PERMISSION_RULES,         /* policies, reasons and words of the edition; the whole installation */
    PERMISSION_MACHINES,      /* workers and their tokens; the whole installation */
    PERMISSION_PROGRAMME,     /* weeks and activities of cities in scope */
    PERMISSION_COLLECTIONS,   /* lists of works for the site; the whole installation */
    PERMISSION_LINKS,         /* entry links and posters of the person's region */
    PERMISSION_BATCH,         /* works of a unit, many at once */
    PERMISSION_COUNT
};

/* Role and scope. `region`: of the object, or NULL when there is none (lists then carry the person's scope themselves).
 * REASON_DENIED for the role, REASON_OUT_OF_SCOPE (answered as 404) for the region. */
bool may(const struct rules *rules, const struct staff *staff, enum permission permission, const char *region,
         GError **error);

/* How it is asked for. */
struct asking {
    bool requires_otp; /* this installation asks for one-time codes */
    bool is_deletion;
    int64_t now_ms;
};
/* The login itself: REASON_OTP_SETUP while one-time codes are asked for and not set up, REASON_CONFIRM when password and
 * code were given too long ago for this. */
bool may_now(const struct login *login, enum permission permission, const struct asking *asking, GError **error);
