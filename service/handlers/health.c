/* Liveness, readiness, metrics. */
#include <string.h>

#include "common/settings.h"
#include "service/handlers/handlers.h"
#include "service/http/metrics.h"
#include "service/http/server.h"
#include "service/model/edition.h"
#include "service/model/job.h"
#include "service/model/queue.h"
#include "service/model/sandbox.h"
#include "service/sniffer.h"
#include "service/store/store.h"

struct numbers {
    int64_t queued;
    int64_t leased;
    int64_t failed;
    int64_t waiting;
    int64_t oldest_ms;
    int64_t published;
};

static bool count(struct sql *sql, void *context, GError **error)
{
    struct numbers *numbers = context;

    return job_counts(sql, &numbers->queued, &numbers->leased, &numbers->failed, error) &&
           queue_total(sql, &numbers->waiting, &numbers->oldest_ms, error) &&
           edition_count_works(sql, &numbers->published, error);
}

static struct response *no_store(struct response *response)
{
    response_header(response, "Cache-Control", "no-store");
    return response;
}

HANDLER(health_live)
{
    const bool healthy = database_is_healthy(app->database);
    const bool locked = g_atomic_int_get(&app->sandbox) > SANDBOX_NONE;
    const char *status = !healthy ? "failed" : !locked ? "degraded" : "ok";
    char level[SNIFFER_LEVEL_BYTES];

    (void)request;
    (void)error; /* says so in its own words */
    sniffer_level(app->sniffer, level);
    return no_store(response_json(
        healthy && locked ? 200 : 503,
        json_pack("{s:s, s:s, s:s}", "status", status, "version", XUEPAI_VERSION, "sandbox", level)));
}

HANDLER(health_ready)
{
    struct numbers numbers = {0};
    int64_t free_bytes = 0;
    int64_t total_bytes = 0;
    const bool reads = database_read(app->database, "health", count, &numbers, NULL);
    const bool stores = store_is_up(app->store) && store_space(app->store, &free_bytes, &total_bytes, NULL);
    const bool room = free_bytes > app->settings->reserve_bytes;

    (void)request;
    (void)error;
    return no_store(response_json(reads && stores && room ? 200 : 503,
                                  json_pack("{s:s, s:b, s:b, s:I, s:I, s:I}", "status",
                                            reads && stores && room ? "ready" : "not-ready", "database", (int)reads,
                                            "store", (int)stores, "free_bytes", (json_int_t)free_bytes, "jobs_queued",
                                            (json_int_t)numbers.queued, "in_review", (json_int_t)numbers.waiting)));
}

static void gauge(GString *text, const char *name, const char *help, int64_t value)
{
    g_string_append_printf(text, "# HELP %s %s\n# TYPE %s gauge\n%s %" G_GINT64_FORMAT "\n", name, help, name, name,
                           value);
}

HANDLER(health_metrics)
{
    struct numbers numbers = {0};
    int64_t free_bytes = 0;
    int64_t total_bytes = 0;
    const int64_t now_ms = request_now_ms(request);

    if (!database_read(app->database, "metrics", count, &numbers, error) ||
        !store_space(app->store, &free_bytes, &total_bytes, error)) {
        return NULL;
    }
    GString *text = metrics_text(server_metrics(request_server(request)));
    gauge(text, "xuepai_jobs_queued", "jobs waiting for a worker", numbers.queued);
    gauge(text, "xuepai_jobs_leased", "jobs running", numbers.leased);
    gauge(text, "xuepai_jobs_failed", "jobs given up", numbers.failed);
    gauge(text, "xuepai_review_waiting", "works in review", numbers.waiting);
    gauge(text, "xuepai_review_oldest_seconds", "how long the oldest work has been in review",
          numbers.waiting == 0 ? 0 : (now_ms - numbers.oldest_ms) / 1000);
    gauge(text, "xuepai_works_published", "published works", numbers.published);
    gauge(text, "xuepai_nodes", "services of this database", g_atomic_int_get(&app->nodes));
    gauge(text, "xuepai_sandbox_level", "lowest lock of the media program anywhere: 0 none, 1 basic, 2 strong, 3 full",
          g_atomic_int_get(&app->sandbox));
    gauge(text, "xuepai_store_up", "the media store answers", store_is_up(app->store) ? 1 : 0);
    gauge(text, "xuepai_store_free_bytes", "room for media", free_bytes);
    return no_store(response_text(200, "text/plain; version=0.0.4; charset=utf-8", text));
}
