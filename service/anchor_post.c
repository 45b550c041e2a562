#include "service/anchor_post.h"

#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/model/ledger.h"
#include "service/model/secret.h"
#include "service/outbound/outbound.h"
#include "service/ticker.h"

enum {
    TIMEOUT_MS = 5000,
    RETRY_SECONDS = 30, /* after an answer that was none; anchor_seconds where that is less */
};

struct anchor_post {
    struct app *app;
    struct ticker *ticker;
    int64_t sent; /* the last record that was acknowledged; the ticker's */
};

static bool look_head(struct sql *sql, void *context, GError **error)
{
    return ledger_head(sql, context, error);
}

static bool send_head(const struct app *app, const struct ledger_anchor *head, GError **error)
{
    g_autofree char *key = secret_public_key(app->secrets);
    const int64_t now_ms = g_get_real_time() / 1000;
    json_auto_t *json = json_pack("{s:I, s:s, s:I, s:s}", "seq", (json_int_t)head->seq, "hash", head->hash, "at_ms",
                                  (json_int_t)now_ms, "public_key", key);
    g_autofree char *body = json_dumps(json, JSON_COMPACT);
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT ".%s", now_ms / 1000, body);
    g_autofree char *signature = secret_hmac(app->settings->ledger_anchor_secret, text);
    g_autofree char *header =
        g_strdup_printf("Xuepai-Signature: t=%" G_GINT64_FORMAT ",v1=%s", now_ms / 1000, signature);
    const char *const headers[] = {"Content-Type: application/json", header, NULL};
    const struct outbound_request request = {.method = "POST",
                                             .url = app->settings->ledger_anchor_url,
                                             .headers = headers,
                                             .body = body,
                                             .body_length = strlen(body),
                                             .timeout_ms = TIMEOUT_MS,
                                             .reach = OUTBOUND_OPERATOR};
    struct outbound_answer answer = {0};

    if (!outbound_run(&request, &answer, error)) {
        return false;
    }
    const int status = answer.status;
    outbound_answer_clear(&answer);
    if (status < 200 || status > 299) {
        g_set_error(error, MODEL_ERROR, REASON_OUTBOUND, "the anchor was answered with %d", status);
        return false;
    }
    return true;
}

/* True when there is nothing left to tell. */
static bool tell(struct anchor_post *post)
{
    struct ledger_anchor head = {0};
    g_autoptr(GError) error = NULL;

    if (!database_read(post->app->database, "ledger.head", look_head, &head, &error) ||
        (head.seq > post->sent && !send_head(post->app, &head, &error))) {
        log_error(&post->app->log, "ledger.anchor_not_sent", error);
        return false;
    }
    if (head.seq > post->sent) {
        log_info(&post->app->log, "ledger.anchor_sent", "seq=%" G_GINT64_FORMAT, head.seq);
    }
    post->sent = head.seq;
    return true;
}

static int64_t run(void *context)
{
    struct anchor_post *post = context;
    const int64_t usual = post->app->settings->anchor_seconds;

    return (tell(post) ? usual : MIN(usual, RETRY_SECONDS)) * 1000;
}

struct anchor_post *anchor_post_start(struct app *app)
{
    if (app->settings->ledger_anchor_url[0] == '\0') {
        return NULL;
    }
    struct anchor_post *post = g_new0(struct anchor_post, 1);
    post->app = app;
    post->ticker = ticker_start("anchor", run, post);
    return post;
}

void anchor_post_stop(struct anchor_post *post)
{
    if (post != NULL) {
        ticker_stop(post->ticker);
        g_free(post);
    }
}
