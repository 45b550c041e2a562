#include "service/anchor_post.h"

#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/model/ledger.h"
#include "service/model/secret.h"
#include "service/outbound/outbound.h"

enum {
    TIMEOUT_MS = 5000,
    RETRY_SECONDS = 30, /* after an answer that was none; anchor_seconds where that is less */
};

struct anchor_post {
    struct app *app;
    GThread *thread;
    int64_t sent; /* the last record that was acknowledged; the thread's */
    GMutex lock;
    GCond changed;
    bool is_stopping; /* under lock */
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

static bool wait_seconds(struct anchor_post *post, int64_t seconds)
{
    const gint64 until = g_get_monotonic_time() + seconds * G_TIME_SPAN_SECOND;

    g_mutex_lock(&post->lock);
    while (!post->is_stopping && g_cond_wait_until(&post->changed, &post->lock, until)) {
    }
    const bool goes_on = !post->is_stopping;
    g_mutex_unlock(&post->lock);
    return goes_on;
}

static gpointer anchor_post_main(gpointer data)
{
    struct anchor_post *post = data;
    const int64_t usual = post->app->settings->anchor_seconds;
    bool is_told;

    do {
        is_told = tell(post);
    } while (wait_seconds(post, is_told ? usual : MIN(usual, RETRY_SECONDS)));
    return NULL;
}

struct anchor_post *anchor_post_start(struct app *app)
{
    if (app->settings->ledger_anchor_url[0] == '\0') {
        return NULL;
    }
    struct anchor_post *post = g_new0(struct anchor_post, 1);
    post->app = app;
    g_mutex_init(&post->lock);
    g_cond_init(&post->changed);
    post->thread = g_thread_new("anchor", anchor_post_main, post);
    return post;
}

void anchor_post_stop(struct anchor_post *post)
{
    if (post == NULL) {
        return;
    }
    g_mutex_lock(&post->lock);
    post->is_stopping = true;
    g_cond_signal(&post->changed);
    g_mutex_unlock(&post->lock);
    g_thread_join(post->thread);
    g_mutex_clear(&post->lock);
    g_cond_clear(&post->changed);
    g_free(post);
}
