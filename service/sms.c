#include "service/sms.h"

#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/database/database.h"
#include "service/model/secret.h"
#include "service/model/sms.h"
#include "service/model/submission.h"
#include "service/outbound/outbound.h"

enum {
    SEND_MS = 5000,
    TICK_MS = 1000,
    FIRST_RETRY_MS = 30000, /* doubled each time: the last try is some four hours later */
    TRIES_MOST = 10,
};

bool sms_is_on(const struct app *app)
{
    return app->settings->sms_url[0] != '\0';
}

char *sms_signature(const char *secret, const char *body, int64_t now_ms)
{
    g_autofree char *signed_text = g_strdup_printf("%" G_GINT64_FORMAT ".%s", now_ms / 1000, body);
    g_autofree char *hex = g_compute_hmac_for_data(G_CHECKSUM_SHA256, (const guchar *)secret, strlen(secret),
                                                   (const guchar *)signed_text, strlen(signed_text));

    return g_strdup_printf("t=%" G_GINT64_FORMAT ",v1=%s", now_ms / 1000, hex);
}

bool sms_send(const struct app *app, const struct sms_text *text, GError **error)
{
    json_auto_t *json =
        json_pack("{s:s, s:s, s:O}", "phone", text->phone, "template", text->template, "params", text->params);
    g_autofree char *body = json_dumps(json, JSON_COMPACT);
    g_autofree char *signature = sms_signature(app->settings->sms_secret, body, g_get_real_time() / 1000);
    g_autofree char *header = g_strconcat("X-Xuepai-Signature: ", signature, NULL);
    const struct outbound_request request = {
        .method = "POST",
        .url = app->settings->sms_url,
        .headers = (const char *const[]){"Content-Type: application/json", header, NULL},
        .body = body,
        .body_length = strlen(body),
        .timeout_ms = SEND_MS,
        .reach = OUTBOUND_OPERATOR,
    };
    struct outbound_answer answer = {0};

    if (!outbound_run(&request, &answer, error)) {
        return false;
    }
    const int status = answer.status;
    outbound_answer_clear(&answer);
    if (status < 200 || status > 299) {
        g_set_error(error, HTTP_ERROR, REASON_OUTBOUND, "the SMS gateway answers %d", status);
        return false;
    }
    return true;
}

/* --- what families are told ------------------------------------------------------------------------------------- */

struct round {
    int64_t now_ms;
    int64_t count;
    struct sql_rows *rows;
    const struct sms_message *message;
    bool taken;
};

static bool collect(struct sql *sql, void *context, GError **error)
{
    struct round *round = context;

    return sms_collect(sql, round->now_ms, &round->count, error);
}

static bool list_due(struct sql *sql, void *context, GError **error)
{
    struct round *round = context;

    g_clear_pointer(&round->rows, sql_rows_free);
    round->rows = sms_list_due(sql, round->now_ms, error);
    return round->rows != NULL;
}

static bool take(struct sql *sql, void *context, GError **error)
{
    struct round *round = context;
    const int64_t wait_ms = (int64_t)FIRST_RETRY_MS << MIN(round->message->tries, TRIES_MOST);

    return sms_take(sql, round->message, round->now_ms + wait_ms, &round->taken, error);
}

static bool remove_row(struct sql *sql, void *context, GError **error)
{
    const struct round *round = context;

    return sms_remove(sql, round->message->id, error);
}

struct told {
    const char *id;
    struct submission work;
};

static bool get_work(struct sql *sql, void *context, GError **error)
{
    struct told *told = context;

    return submission_get(sql, told->id, &told->work, error);
}

static bool send_to(const struct app *app, const char *template, const struct submission *work, GError **error)
{
    g_autofree char *phone = secret_open(app->secrets, work->contact_phone);
    g_autofree char *url = g_strdup_printf("%s/status/%s", app->settings->base_url, work->code);
    json_auto_t *params = json_pack("{s:s, s:s, s:s}", "title", work->title, "code", work->code, "url", url);
    const struct sms_text text = {.phone = phone, .template = template, .params = params};

    return phone == NULL || sms_send(app, &text, error); /* erased meanwhile: nobody to tell */
}

static bool send_one(const struct app *app, const struct sms_message *message, GError **error)
{
    struct told told = {.id = message->submission};
    const bool sent = database_read(app->database, "sms.work", get_work, &told, error) &&
                      send_to(app, message->template, &told.work, error);

    submission_clear(&told.work);
    return sent;
}

static void tell_one(struct app *app, struct round *round)
{
    g_autoptr(GError) error = NULL;

    if (!database_transact(app->database, "sms.take", take, round, &error)) {
        log_error(&app->log, "sms.take", error);
        return;
    }
    if (!round->taken) {
        return;
    }
    const bool sent = send_one(app, round->message, &error);
    if (!sent) {
        log_error(&app->log, "sms.unsent", error);
    }
    if (sent || round->message->tries + 1 >= TRIES_MOST) {
        (void)database_transact(app->database, "sms.remove", remove_row, round, NULL); /* else it is sent once more */
    }
}

static int64_t tell(void *context)
{
    struct app *app = context;
    struct round round = {.now_ms = g_get_real_time() / 1000};
    g_autoptr(GError) error = NULL;

    if (!database_transact(app->database, "sms.collect", collect, &round, &error) ||
        !database_read(app->database, "sms.list_due", list_due, &round, &error)) {
        log_error(&app->log, "sms.collect", error);
    }
    for (size_t i = 0; round.rows != NULL && i < round.rows->count; i++) {
        round.message = sql_rows_at(round.rows, i);
        tell_one(app, &round);
    }
    sql_rows_free(round.rows);
    return TICK_MS;
}

struct ticker *sms_start(struct app *app)
{
    return sms_is_on(app) && app->settings->sms_status ? ticker_start("sms", tell, app) : NULL;
}
