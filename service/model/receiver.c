#include "service/model/receiver.h"

#include <string.h>

#include "common/failure.h"

#define NAME_CHARACTERS 60

#define RECEIVER_FIELDS                                                                                                \
    "r.id AS id, r.name AS name, COALESCE(r.url, '') AS url, COALESCE(r.secret, '') AS secret, r.kinds AS kinds,"      \
    " r.acked AS acked, r.created_ms AS created_ms, COALESCE(r.revoked_ms, 0) AS revoked_ms"
#define NO_FIGURES ", 0 AS waiting, 0 AS given_up, '' AS last_outcome"

static const char ADD[] = /* receiver.add */
    "INSERT INTO receiver (id, name, url, secret, token_digest, kinds, acked, created_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
static const char COUNT[] = /* receiver.count */
    "SELECT COUNT(*) AS count FROM receiver WHERE revoked_ms IS NULL";
static const char REVOKE[] = /* receiver.revoke */
    "UPDATE receiver SET revoked_ms = $2, secret = NULL, token_digest = NULL WHERE id = $1 AND revoked_ms IS NULL";
static const char FORGET[] = /* delivery.forget */
    "DELETE FROM delivery WHERE receiver = $1 AND due_ms IS NOT NULL";
static const char GET[] = /* receiver.get */
    "SELECT " RECEIVER_FIELDS NO_FIGURES " FROM receiver r WHERE r.id = $1 AND r.revoked_ms IS NULL";
static const char FIND_TOKEN[] = /* receiver.find_token */
    "SELECT " RECEIVER_FIELDS NO_FIGURES " FROM receiver r WHERE r.token_digest = $1 AND r.revoked_ms IS NULL";
static const char LIST[] = /* receiver.list */
    "SELECT " RECEIVER_FIELDS ","
    " CASE WHEN r.revoked_ms IS NOT NULL THEN 0 WHEN r.url IS NULL"
    " THEN (SELECT COUNT(*) FROM outbox_event e WHERE e.seq > r.acked AND r.kinds LIKE '% ' || e.kind || ' %')"
    " ELSE (SELECT COUNT(*) FROM delivery d WHERE d.receiver = r.id AND d.due_ms IS NOT NULL) END AS waiting,"
    " (SELECT COUNT(*) FROM delivery d WHERE d.receiver = r.id AND d.due_ms IS NULL AND d.outcome <> 'ok') AS given_up,"
    " COALESCE((SELECT d.outcome FROM delivery d WHERE d.receiver = r.id AND d.outcome <> '' ORDER BY d.seq DESC LIMIT 1),"
    " '') AS last_outcome FROM receiver r ORDER BY r.created_ms DESC, r.id LIMIT 1000";
static const char ACK[] = /* receiver.ack */
    "UPDATE receiver SET acked = $2 WHERE id = $1 AND acked < $2";
static const char DUE[] = /* delivery.due */
    "SELECT r.id AS receiver FROM receiver r WHERE r.revoked_ms IS NULL AND r.url IS NOT NULL"
    " AND EXISTS (SELECT 1 FROM delivery d WHERE d.receiver = r.id AND d.due_ms <= $1) ORDER BY r.id LIMIT 1000";
static const char NEXT[] = /* delivery.next */
    "SELECT receiver, seq, attempts, first_ms, due_ms FROM delivery WHERE receiver = $1 AND due_ms <= $2"
    " ORDER BY due_ms, seq LIMIT 1";
static const char TAKE[] = /* delivery.take */
    "UPDATE delivery SET due_ms = $4, attempts = attempts + 1 WHERE receiver = $1 AND seq = $2 AND due_ms = $3";
static const char SETTLE[] = /* delivery.settle: not when somebody else has it since, or it was revoked */
    "UPDATE delivery SET due_ms = NULLIF($4, 0), outcome = $5 WHERE receiver = $1 AND seq = $2 AND attempts = $3";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct receiver, id),           SQL_FIELD(struct receiver, name),
    SQL_FIELD(struct receiver, url),          SQL_FIELD(struct receiver, secret),
    SQL_FIELD(struct receiver, kinds),        SQL_FIELD(struct receiver, acked),
    SQL_FIELD(struct receiver, created_ms),   SQL_FIELD(struct receiver, revoked_ms),
    SQL_FIELD(struct receiver, waiting),      SQL_FIELD(struct receiver, given_up),
    SQL_FIELD(struct receiver, last_outcome),
};
const struct sql_map receiver_map = SQL_MAP(struct receiver, COLUMNS);

static const struct sql_column DELIVERY_COLUMNS[] = {
    SQL_FIELD(struct delivery, receiver), SQL_FIELD(struct delivery, seq),    SQL_FIELD(struct delivery, attempts),
    SQL_FIELD(struct delivery, first_ms), SQL_FIELD(struct delivery, due_ms),
};
static const struct sql_map DELIVERY_MAP = SQL_MAP(struct delivery, DELIVERY_COLUMNS);

static const struct sql_column DUE_COLUMNS[] = {SQL_FIELD(struct due, receiver)};
static const struct sql_map DUE_MAP = SQL_MAP(struct due, DUE_COLUMNS);

void receiver_clear(struct receiver *receiver)
{
    sql_row_clear(&receiver_map, receiver);
}

void delivery_clear(struct delivery *delivery)
{
    sql_row_clear(&DELIVERY_MAP, delivery);
}

/* " work.published work.ready "; NULL with an error. The caller's. */
static char *kinds_text(const json_t *kinds, GError **error)
{
    g_autoptr(GString) text = g_string_new(" ");
    size_t index;
    const json_t *name;
    enum outbox_kind kind;

    for (int i = 0; kinds == NULL && i < OUTBOX_KIND_COUNT; i++) {
        g_string_append_printf(text, "%s ", outbox_kind_name((enum outbox_kind)i));
    }
    json_array_foreach(kinds, index, name) {
        if (!outbox_kind_find(json_string_value(name), &kind)) {
            (void)refuse(error, MODEL_ERROR, REASON_INPUT, "kinds: no such event");
            return NULL;
        }
        g_autofree char *word = g_strdup_printf(" %s ", outbox_kind_name(kind));
        if (strstr(text->str, word) == NULL) {
            g_string_append(text, word + 1);
        }
    }
    if (text->len == 1) {
        (void)refuse(error, MODEL_ERROR, REASON_INPUT, "kinds: at least one");
        return NULL;
    }
    return g_strdup(text->str);
}

static bool has_room(struct sql *sql, GError **error)
{
    int64_t count = 0;

    return sql_number(sql, COUNT, SQL_NO_VALUES, &count, error) &&
           (count < RECEIVERS_MOST || refuse(error, MODEL_ERROR, REASON_RECEIVERS, "as many as there may be"));
}

bool receiver_add(struct sql *sql, const struct secrets *secrets, const struct receiver_new *receiver,
                  const struct actor *actor, int64_t now_ms, struct receiver *added, char **shown, GError **error)
{
    const glong length = receiver->name == NULL ? 0 : g_utf8_strlen(receiver->name, -1);
    g_autofree char *token = secret_token();
    g_autofree char *sealed = receiver->url == NULL ? NULL : secret_seal(secrets, token);
    g_autofree char *digest = receiver->url == NULL ? secret_digest(token) : NULL;
    g_autofree char *kinds = kinds_text(receiver->kinds, error);
    int64_t last = 0;

    if (kinds == NULL || !has_room(sql, error) || !outbox_last(sql, &last, error)) {
        return false;
    }
    if (length < 1 || length > NAME_CHARACTERS) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "name: 1 to 60 characters");
    }
    receiver_clear(added);
    *added = (struct receiver){.id = secret_id(),
                               .name = g_strdup(receiver->name),
                               .url = g_strdup(receiver->url == NULL ? "" : receiver->url),
                               .kinds = g_strdup(kinds),
                               .acked = last,
                               .created_ms = now_ms};
    json_auto_t *detail = json_pack("{s:s, s:s}", "name", receiver->name, "url", added->url);
    const struct ledger_entry entry = {.action = "receiver.added", .object = added->id, .detail = detail};
    if (!sql_run(sql, ADD,
                 SQL_VALUES(SQL_T(added->id), SQL_T(receiver->name), SQL_T(receiver->url), SQL_T(sealed), SQL_T(digest),
                            SQL_T(kinds), SQL_I(last), SQL_I(now_ms)),
                 NULL, error) ||
        !ledger_add(sql, actor, &entry, now_ms, error)) {
        return false;
    }
    g_free(*shown);
    *shown = g_steal_pointer(&token);
    return true;
}

bool receiver_revoke(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error)
{
    const struct ledger_entry entry = {.action = "receiver.revoked", .object = id};
    int64_t changed = 0;

    if (!sql_run(sql, REVOKE, SQL_VALUES(SQL_T(id), SQL_I(now_ms)), &changed, error)) {
        return false;
    }
    if (changed == 0) {
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such receiver in force");
    }
    return sql_run(sql, FORGET, SQL_VALUES(SQL_T(id)), NULL, error) && ledger_add(sql, actor, &entry, now_ms, error);
}

bool receiver_get(struct sql *sql, const char *id, struct receiver *receiver, GError **error)
{
    bool found = false;

    return sql_row(sql, GET, SQL_VALUES(SQL_T(id)), &receiver_map, receiver, &found, error) &&
           (found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such receiver in force"));
}

bool receiver_find_token(struct sql *sql, const char *token, struct receiver *receiver, bool *found, GError **error)
{
    g_autofree char *digest = secret_digest(token);

    return sql_row(sql, FIND_TOKEN, SQL_VALUES(SQL_T(digest)), &receiver_map, receiver, found, error);
}

struct sql_rows *receiver_list(struct sql *sql, GError **error)
{
    return sql_rows(sql, LIST, SQL_NO_VALUES, &receiver_map, error);
}

bool receiver_ack(struct sql *sql, const struct receiver *receiver, int64_t seq, GError **error)
{
    int64_t last = 0;

    if (!outbox_last(sql, &last, error)) {
        return false;
    }
    if (seq < 0 || seq > last) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "seq: nothing of that number was told");
    }
    return sql_run(sql, ACK, SQL_VALUES(SQL_T(receiver->id), SQL_I(seq)), NULL, error);
}

struct sql_rows *delivery_due(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_rows(sql, DUE, SQL_VALUES(SQL_I(now_ms)), &DUE_MAP, error);
}

bool delivery_take(struct sql *sql, const char *receiver, int64_t now_ms, int64_t until_ms, struct delivery *delivery,
                   bool *found, GError **error)
{
    int64_t changed = 0;

    *found = false;
    if (!sql_row(sql, NEXT, SQL_VALUES(SQL_T(receiver), SQL_I(now_ms)), &DELIVERY_MAP, delivery, found, error)) {
        return false;
    }
    if (*found &&
        !sql_run(sql, TAKE, SQL_VALUES(SQL_T(receiver), SQL_I(delivery->seq), SQL_I(delivery->due_ms), SQL_I(until_ms)),
                 &changed, error)) {
        return false;
    }
    *found = changed == 1;
    return true;
}

bool delivery_settle(struct sql *sql, const struct delivery *delivery, const char *outcome, int64_t due_ms,
                     GError **error)
{
    return sql_run(sql, SETTLE,
                   SQL_VALUES(SQL_T(delivery->receiver), SQL_I(delivery->seq), SQL_I(delivery->attempts + 1),
                              SQL_I(due_ms), SQL_T(outcome)),
                   NULL, error);
}

char *receiver_signature(const char *secret, int64_t now_ms, const char *body)
{
    const int64_t now_s = now_ms / 1000;
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT ".%s", now_s, body);
    g_autofree char *mac =
        g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)secret, strlen(secret), text, -1);

    return g_strdup_printf("t=%" G_GINT64_FORMAT ",v1=%s", now_s, mac);
}
