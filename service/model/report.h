/* Reports: what a visitor finds wrong with a published work. A report changes nothing by itself; it waits for a person,
 * who keeps the work or takes it down (submission_take_down closes what is open on it). */
#pragma once

#include "service/database/database.h"
#include "service/model/ledger.h"
#include "service/model/rules.h"
#include "service/model/secret.h"
#include "service/model/staff.h"

struct report_new {
    const char *work;
    const char *reason;  /* portrait, privacy, copyright, unsuitable, other */
    const char *text;    /* at most 200 characters */
    const char *contact; /* at most 60; "" for none */
    const char *peer;    /* address block */
};
/* REASON_NOT_FOUND when the work is not published. A second one of the same visitor on the same day is taken silently. */
bool report_add(struct sql *sql, const struct secrets *secrets, const struct report_new *report, int64_t now_ms,
                GError **error);

struct report {
    char *id;
    char *submission;
    char *title;
    char *region;
    char *reason;
    char *text;
    char *contact; /* sealed */
    int64_t made_ms;
    int64_t reports;  /* open ones on the same work */
    int64_t priority; /* of the work: more reports and graver ones count more */
};
/* Open ones within the person's scope: work by work, the most pressing first; at most 200. */
struct sql_rows *report_list(struct sql *sql, const struct rules *rules, const struct staff *staff, GError **error);
/* All open reports on a work: `taken_down` or kept. */
bool report_close(struct sql *sql, const char *submission, const char *state, const struct actor *actor, int64_t now_ms,
                  GError **error);
