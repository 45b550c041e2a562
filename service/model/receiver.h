/* Who hears of events: a webhook, which is called at its address, or a system behind a firewall, which asks with a token
 * and says what it has. And what is still owed to webhooks. Times of attempts are the wall clock's: nothing but the moment
 * of a repetition hangs on them. */
#pragma once

#include <jansson.h>

#include "service/model/ledger.h"
#include "service/model/outbox.h"
#include "service/model/secret.h"

#define RECEIVERS_MOST 50 /* in force */

struct receiver {
    char *id;
    char *name;
    char *url;    /* "" : it asks */
    char *secret; /* sealed; "" without a url */
    char *kinds;  /* " work.published … " */
    int64_t acked;
    int64_t created_ms;
    int64_t revoked_ms; /* 0: in force */
    int64_t waiting;    /* receiver_list only: events owed or not yet confirmed */
    int64_t given_up;   /* receiver_list only: of the last 30 days */
    char *last_outcome; /* receiver_list only: of the newest attempt, "" none */
};
extern const struct sql_map receiver_map;
void receiver_clear(struct receiver *receiver);
typedef struct receiver Receiver;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Receiver, receiver_clear)

struct receiver_new {
    const char *name;
    const char *url;     /* checked by the caller; NULL: it asks */
    const json_t *kinds; /* array of names; NULL: all */
};
/* *shown: the secret that signs, or the token; told once. *receiver is the new one. REASON_INPUT, REASON_RECEIVERS. */
bool receiver_add(struct sql *sql, const struct secrets *secrets, const struct receiver_new *receiver,
                  const struct actor *actor, int64_t now_ms, struct receiver *added, char **shown, GError **error);
/* What is owed to it is forgotten. REASON_NOT_FOUND when there is none in force. */
bool receiver_revoke(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error);
bool receiver_get(struct sql *sql, const char *id, struct receiver *receiver, GError **error); /* in force */
bool receiver_find_token(struct sql *sql, const char *token, struct receiver *receiver, bool *found, GError **error);
/* At most 1000, newest first. */
struct sql_rows *receiver_list(struct sql *sql, GError **error);
/* Everything up to `seq` has arrived; smaller than before is no error. REASON_INPUT beyond what happened. */
bool receiver_ack(struct sql *sql, const struct receiver *receiver, int64_t seq, GError **error);

struct delivery {
    char *receiver;
    int64_t seq;
    int64_t attempts; /* before this one */
    int64_t first_ms;
    int64_t due_ms;
};
void delivery_clear(struct delivery *delivery);
typedef struct delivery Delivery;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Delivery, delivery_clear)

struct due {
    char *receiver;
};
/* Receivers to whom something is due, each once; rows of struct due. */
struct sql_rows *delivery_due(struct sql *sql, int64_t now_ms, GError **error);
/* Takes the next one for a receiver until `until_ms`; another service that was quicker leaves *found false. */
bool delivery_take(struct sql *sql, const char *receiver, int64_t now_ms, int64_t until_ms, struct delivery *delivery,
                   bool *found, GError **error);
/* What came of it; due_ms 0: over, for good or after a day. */
bool delivery_settle(struct sql *sql, const struct delivery *delivery, const char *outcome, int64_t due_ms,
                     GError **error);

/* "t=<unix>,v1=<hex>": HMAC-SHA-256 of "<unix>.<body>" under the secret. The caller's. */
char *receiver_signature(const char *secret, int64_t now_ms, const char *body);
