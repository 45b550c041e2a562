#include "service/webhooks.h"

#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/outbound/outbound.h"
#include "service/ticker.h"

enum {
    TICK_MS = 1000,
    TIMEOUT_MS = 5000,
    TAKEN_MS = 60 * 1000, /* a service that died with a delivery in its hands is waited for */
    URL_BYTES_MOST = 1000,
    DAY_IN_DELAYS = 8640, /* of the first delay: 24 hours with ten seconds */
};

/* Growing, in first delays: 10 s, 30 s, 1 min, 5 min, 15 min, 1 h, 2 h, and every four hours. */
static const int64_t DELAYS[] = {1, 3, 6, 30, 90, 360, 720, 1440};

struct webhooks {
    struct app *app;
    struct ticker *ticker;
    GThreadPool *pool;
    gint is_stopping; /* atomic */
    GMutex lock;
    GHashTable *busy; /* ids of receivers that have a thread; under lock */
};

/* --- where requests may go ------------------------------------------------------------------------------------- */

/* "intranet.example.cn, 10.1.2.3:8443": named by the operator, so private addresses and plain http are meant. */
static bool is_named(const struct app *app, GUri *uri)
{
    g_auto(GStrv) names = g_strsplit_set(app->settings->webhook_hosts, ", ", -1);
    g_autofree char *with_port = g_strdup_printf("%s:%d", g_uri_get_host(uri), g_uri_get_port(uri));

    for (char **name = names; *name != NULL; name++) {
        if ((*name)[0] != '\0' &&
            (g_ascii_strcasecmp(*name, g_uri_get_host(uri)) == 0 || g_ascii_strcasecmp(*name, with_port) == 0)) {
            return true;
        }
    }
    return false;
}

static enum outbound_reach reach_of(const struct app *app, const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);

    return uri != NULL && g_uri_get_host(uri) != NULL && is_named(app, uri) ? OUTBOUND_OPERATOR : OUTBOUND_PUBLIC;
}

bool webhooks_check_url(const struct app *app, const char *url, GError **error)
{
    g_autoptr(GUri) uri = strlen(url) > URL_BYTES_MOST ? NULL : g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *host = uri == NULL ? NULL : g_uri_get_host(uri);
    const bool is_plain = uri != NULL && g_strcmp0(g_uri_get_scheme(uri), "http") == 0;
    const bool is_https = uri != NULL && g_strcmp0(g_uri_get_scheme(uri), "https") == 0;

    if (host == NULL || host[0] == '\0' || !(is_plain || is_https) || g_uri_get_userinfo(uri) != NULL ||
        g_uri_get_fragment(uri) != NULL ||
        (!is_named(app, uri) && (is_plain || (g_hostname_is_ip_address(host) && !outbound_address_is_public(host))))) {
        return refuse(error, HTTP_ERROR, REASON_OUTBOUND_ADDRESS, "no address for a webhook");
    }
    return true;
}

/* --- one request ----------------------------------------------------------------------------------------------- */

/* What came of it, in a word; the caller's. */
static char *send_event(const struct app *app, const struct receiver *receiver, const struct outbox_event *event,
                        int64_t now_ms)
{
    json_auto_t *json = outbox_json(event, app->settings->base_url);
    g_autofree char *body = json_dumps(json, JSON_COMPACT);
    g_autofree char *secret = secret_open(app->secrets, receiver->secret);
    g_autofree char *mac = receiver_signature(secret == NULL ? "" : secret, now_ms, body);
    g_autofree char *signature = g_strconcat("Xuepai-Signature: ", mac, NULL);
    g_autofree char *key = g_strconcat("Idempotency-Key: ", event->id, NULL);
    g_autofree char *kind = g_strconcat("Xuepai-Event: ", event->kind, NULL);
    const char *const headers[] = {"Content-Type: application/json", signature, key, kind, NULL};
    const struct outbound_request request = {
        .method = "POST",
        .url = receiver->url,
        .headers = headers,
        .body = body,
        .body_length = strlen(body),
        .timeout_ms = TIMEOUT_MS,
        .reach = reach_of(app, receiver->url),
    };
    struct outbound_answer answer = {0};
    g_autoptr(GError) error = NULL;

    if (secret == NULL) {
        return g_strdup("secret-lost"); /* of another installation's key */
    }
    if (!outbound_run(&request, &answer, &error)) {
        return g_strdup(reason_rule_of(error_reason(error))->code);
    }
    char *outcome =
        answer.status >= 200 && answer.status < 300 ? g_strdup("ok") : g_strdup_printf("http-%d", answer.status);
    outbound_answer_clear(&answer);
    return outcome;
}

bool webhooks_try(const struct app *app, const struct receiver *receiver, int64_t now_ms, char **outcome,
                  GError **error)
{
    g_autofree char *id = secret_id();
    const struct outbox_event event = {.id = id,
                                       .kind = (char *)(uintptr_t) "webhook.test",
                                       .submission = (char *)(uintptr_t) "test",
                                       .edition = (char *)(uintptr_t) "",
                                       .track = (char *)(uintptr_t) "",
                                       .region = (char *)(uintptr_t) "370000",
                                       .city = (char *)(uintptr_t) "370000",
                                       .at_ms = now_ms};

    if (receiver->url[0] == '\0') {
        return refuse(error, HTTP_ERROR, REASON_INPUT, "this receiver asks by itself");
    }
    *outcome = send_event(app, receiver, &event, now_ms);
    return true;
}

/* --- what is owed ---------------------------------------------------------------------------------------------- */

struct step {
    struct app *app;
    const char *receiver_id;
    int64_t now_ms;
    bool found;
    struct delivery delivery;
    struct receiver receiver;
    struct outbox_event event;
    const char *outcome;
    int64_t due_ms;
};

static bool take(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    return delivery_take(sql, step->receiver_id, step->now_ms, step->now_ms + TAKEN_MS, &step->delivery, &step->found,
                         error);
}

static bool look(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    return receiver_get(sql, step->receiver_id, &step->receiver, error) &&
           outbox_get(sql, step->delivery.seq, &step->event, error);
}

static bool settle(struct sql *sql, void *context, GError **error)
{
    const struct step *step = context;

    return delivery_settle(sql, &step->delivery, step->outcome, step->due_ms, error);
}

/* 0: it arrived, or a day is over. */
static int64_t next_due_ms(const struct app *app, const struct delivery *delivery, const char *outcome, int64_t now_ms)
{
    const int64_t first_delay_ms = app->settings->webhook_retry_ms;
    const int64_t step = MIN(delivery->attempts, (int64_t)G_N_ELEMENTS(DELAYS) - 1);
    const int64_t due_ms = now_ms + DELAYS[step] * first_delay_ms;

    return strcmp(outcome, "ok") == 0 || due_ms > delivery->first_ms + DAY_IN_DELAYS * first_delay_ms ? 0 : due_ms;
}

static bool send_and_settle(struct step *step, GError **error)
{
    struct app *app = step->app;
    g_autofree char *outcome = send_event(app, &step->receiver, &step->event, step->now_ms);
    const int64_t after_ms = g_get_real_time() / 1000;

    step->outcome = outcome;
    step->due_ms = next_due_ms(app, &step->delivery, outcome, after_ms);
    log_info(&app->log, "webhook.sent", "receiver=%s seq=%" G_GINT64_FORMAT " attempt=%" G_GINT64_FORMAT " outcome=%s",
             step->receiver_id, step->event.seq, step->delivery.attempts + 1, outcome);
    return database_transact(app->database, "delivery.settle", settle, step, error);
}

/* False: nothing more is due to it. */
static bool deliver_next(struct app *app, const char *receiver_id)
{
    struct step step = {.app = app, .receiver_id = receiver_id, .now_ms = g_get_real_time() / 1000};
    g_autoptr(GError) error = NULL;
    const bool goes_on = database_transact(app->database, "delivery.take", take, &step, &error) && step.found &&
                         database_read(app->database, "delivery.look", look, &step, &error) &&
                         send_and_settle(&step, &error);

    if (error != NULL && error_reason(error) != REASON_NOT_FOUND) { /* revoked meanwhile */
        log_error(&app->log, "webhook.failed", error);
    }
    delivery_clear(&step.delivery);
    receiver_clear(&step.receiver);
    outbox_event_clear(&step.event);
    return goes_on;
}

/* --- threads --------------------------------------------------------------------------------------------------- */

/* A pool thread: everything that is due to one receiver. */
static void serve_receiver(gpointer data, gpointer context)
{
    struct webhooks *webhooks = context;
    g_autofree char *receiver_id = data;

    while (!g_atomic_int_get(&webhooks->is_stopping) && deliver_next(webhooks->app, receiver_id)) {
    }
    g_mutex_lock(&webhooks->lock);
    g_hash_table_remove(webhooks->busy, receiver_id);
    g_mutex_unlock(&webhooks->lock);
}

struct looking {
    int64_t now_ms;
    struct sql_rows *due;
};

static bool look_due(struct sql *sql, void *context, GError **error)
{
    struct looking *looking = context;

    g_clear_pointer(&looking->due, sql_rows_free);
    looking->due = delivery_due(sql, looking->now_ms, error);
    return looking->due != NULL;
}

static int64_t start_due(void *context)
{
    struct webhooks *webhooks = context;
    struct looking looking = {.now_ms = g_get_real_time() / 1000};
    g_autoptr(GError) error = NULL;

    if (!database_read(webhooks->app->database, "delivery.due", look_due, &looking, &error)) {
        log_error(&webhooks->app->log, "webhook.failed", error);
    }
    for (size_t i = 0; looking.due != NULL && i < looking.due->count; i++) {
        const struct due *due = sql_rows_at(looking.due, i);
        g_mutex_lock(&webhooks->lock);
        const bool is_free = g_hash_table_add(webhooks->busy, g_strdup(due->receiver));
        g_mutex_unlock(&webhooks->lock);
        if (is_free) {
            (void)g_thread_pool_push(webhooks->pool, g_strdup(due->receiver), NULL); /* queues when no thread starts */
        }
    }
    g_clear_pointer(&looking.due, sql_rows_free);
    return TICK_MS;
}

struct webhooks *webhooks_start(struct app *app)
{
    struct webhooks *webhooks = g_new0(struct webhooks, 1);

    webhooks->app = app;
    g_mutex_init(&webhooks->lock);
    webhooks->busy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    webhooks->pool = g_thread_pool_new(serve_receiver, webhooks, RECEIVERS_MOST, FALSE, NULL);
    webhooks->ticker = ticker_start("webhooks", start_due, webhooks);
    return webhooks;
}

void webhooks_wake(struct webhooks *webhooks)
{
    if (webhooks != NULL) {
        ticker_wake(webhooks->ticker);
    }
}

void webhooks_stop(struct webhooks *webhooks)
{
    if (webhooks == NULL) {
        return;
    }
    g_atomic_int_set(&webhooks->is_stopping, 1);
    ticker_stop(webhooks->ticker);
    g_thread_pool_free(webhooks->pool, FALSE, TRUE);
    g_hash_table_unref(webhooks->busy);
    g_mutex_clear(&webhooks->lock);
    g_free(webhooks);
}
