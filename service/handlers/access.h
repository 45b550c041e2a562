/* Who may: one gate for every route, which asks may() (service/model/permission.h). Deny by default; a handler never tests
 * a permission of its own, it asks may() again for the region of the object it has loaded. */
#pragma once

#include "service/http/router.h"
#include "service/model/permission.h"
#include "service/model/receiver.h"
#include "service/model/staff.h"
#include "service/model/submission.h"

enum access {
    ACCESS_PUBLIC,    /* everybody */
    ACCESS_SHARED,    /* everybody, and the answer is the same for all: kept for a moment (http/shared.h) */
    ACCESS_FORM,      /* everybody, but never from another site's page (Origin) */
    ACCESS_SUBMITTER, /* the work :code, by device cookie or X-Pin */
    ACCESS_SELF,      /* the own account; each of these down to ACCESS_BATCH is a permission of may() */
    ACCESS_STAFF,
    ACCESS_SEE,
    ACCESS_DECIDE,
    ACCESS_BULK,
    ACCESS_TAKE_DOWN,
    ACCESS_LEDGER,
    ACCESS_EXPORT,
    ACCESS_PEOPLE,
    ACCESS_PEOPLE_SECRET,
    ACCESS_FIGURES,
    ACCESS_SELECTIONS,
    ACCESS_SELECT,
    ACCESS_RECOMMEND,
    ACCESS_JUDGE,
    ACCESS_ANNEXES,
    ACCESS_ANNEX,
    ACCESS_RULES,
    ACCESS_MACHINES,
    ACCESS_PROGRAMME,
    ACCESS_COLLECTIONS,
    ACCESS_LINKS,
    ACCESS_BATCH,
    ACCESS_WORKER,   /* Authorization: Bearer <worker token> */
    ACCESS_RECEIVER, /* the same with the token of a system that asks for events */
    ACCESS_COUNT
};

enum principal_kind {
    PRINCIPAL_NOBODY,
    PRINCIPAL_SUBMITTER,
    PRINCIPAL_STAFF,
    PRINCIPAL_WORKER,
    PRINCIPAL_RECEIVER,
};

struct principal {
    enum principal_kind kind;
    struct login login;           /* PRINCIPAL_STAFF */
    struct submission submission; /* PRINCIPAL_SUBMITTER: the work :code */
    char *worker_token_id;        /* PRINCIPAL_WORKER: "" for the installation's own */
    struct receiver receiver;     /* PRINCIPAL_RECEIVER */
};

bool access_gate(struct app *app, const struct route *route, struct request *request, GError **error);

/* The signed-in person; routes of staff only. */
const struct staff *request_staff(const struct request *request);
const struct login *request_login(const struct request *request);
/* The same for the ledger; borrowed from the request. */
/* On a route of anybody: does a person of ours send this, with a login that may do so for a work of this region? */
bool access_is_staff(struct app *app, const struct request *request, enum permission permission, const char *region);
struct actor request_actor(const struct request *request);
/* Does this login have to carry one-time codes? By the setting; "auto" means over TLS. */
bool request_requires_otp(const struct app *app, const struct request *request);
/* The submitter's work; routes of ACCESS_SUBMITTER only. */
struct submission *request_submission(const struct request *request);

/* Id of the token that the worker showed, "" for the installation's own; routes of ACCESS_WORKER only. */
const char *request_worker_token(const struct request *request);

/* The system that asks; routes of ACCESS_RECEIVER only. */
const struct receiver *request_receiver(const struct request *request);

/* What a form gives in place of the route's :code and X-Pin. */
struct receipt {
    const char *code;
    const char *pin; /* NULL: the device cookie alone */
};
/* The work of a receipt, by device cookie or PIN; free with submission_clear. A wrong code and a wrong PIN are refused
 * alike. */
bool access_submission(struct app *app, const struct request *request, const struct receipt *receipt,
                       struct submission *submission, GError **error);

/* Digest of the device cookie; NULL when the phone has none. The caller's. */
char *request_device(const struct request *request);

struct response;
/* Names: __Host- over TLS, plain on loopback. */
const char *cookie_name_login(const struct request *request);
const char *cookie_name_device(const struct request *request);
void response_cookie(struct response *response, const struct request *request, const char *name, const char *value,
                     int64_t max_age_seconds, const char *same_site);
