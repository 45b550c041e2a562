/* Events for other systems: what became of published works, written in the transaction of the change itself. An event
 * names the work and says nothing of it: who hears of it late asks the API, and never learns what was taken back.
 * Sequence numbers are dense and rise with the commits, because they are given under the ledger's lock. */
#pragma once

#include <jansson.h>

#include "service/database/database.h"
#include "service/model/submission.h"

enum outbox_kind {
    OUTBOX_PUBLISHED,  /* it can be watched */
    OUTBOX_READY,      /* all its renditions are there */
    OUTBOX_REVISED,    /* its submitter changes it: out of the public until it is approved again */
    OUTBOX_CONSENTS,   /* what it may be used for changed */
    OUTBOX_WITHDRAWN,  /* by its submitter */
    OUTBOX_TAKEN_DOWN, /* by staff */
    OUTBOX_KIND_COUNT
};
const char *outbox_kind_name(enum outbox_kind kind); /* "work.published" */
bool outbox_kind_find(const char *name, enum outbox_kind *kind);

struct outbox_event {
    int64_t seq;
    char *id;
    char *kind;
    char *submission;
    int64_t revision;
    char *edition;
    char *track;
    char *region;
    char *city;
    int64_t at_ms;
};
extern const struct sql_map outbox_map;
void outbox_event_clear(struct outbox_event *event);
typedef struct outbox_event OutboxEvent;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OutboxEvent, outbox_event_clear)

/* Also owes it to every receiver that wants it. Last in a transaction, as the ledger's records. */
bool outbox_add(struct sql *sql, enum outbox_kind kind, const struct submission *submission, int64_t now_ms,
                GError **error);
/* A work became public, or is so no longer: the kind follows from the event of its state. */
bool outbox_add_move(struct sql *sql, enum event event, const struct submission *submission, int64_t now_ms,
                     GError **error);
/* After `after`, oldest first, of the kinds in `kinds` (" a b "). */
struct sql_rows *outbox_list(struct sql *sql, const char *kinds, int64_t after, int64_t limit, GError **error);
bool outbox_get(struct sql *sql, int64_t seq, struct outbox_event *event, GError **error); /* REASON_NOT_FOUND */
/* The last sequence number; 0 when nothing happened yet. */
bool outbox_last(struct sql *sql, int64_t *seq, GError **error);
/* Events older than a month go, but the last one, from which numbers go on. */
bool outbox_sweep(struct sql *sql, int64_t now_ms, GError **error);

/* As it is sent: the same bytes at every attempt. `base`: address of the site, perhaps "". Its `paths` are what a cache
 * before the service has to drop. */
json_t *outbox_json(const struct outbox_event *event, const char *base);
