#include "service/http/metrics.h"

#include <string.h>

enum metric_kind { KIND_COUNTER, KIND_GAUGE, KIND_HISTOGRAM, KIND_COUNT };

static const char *const KINDS[KIND_COUNT] = {
    [KIND_COUNTER] = "counter", [KIND_GAUGE] = "gauge", [KIND_HISTOGRAM] = "histogram"};

struct metric_row {
    const char *name;
    enum metric_kind kind;
    const char *help;
};

/* clang-format off */
static const struct metric_row METRICS[METRIC_COUNT] = {
    [METRIC_REQUESTS]            = { "xuepai_http_requests_total", KIND_COUNTER, "Requests by route and status." },
    [METRIC_REQUEST_SECONDS]     = { "xuepai_http_request_seconds", KIND_HISTOGRAM, "From the end of the head to the end of the answer." },
    [METRIC_RECEIVED_BYTES]      = { "xuepai_http_received_bytes_total", KIND_COUNTER, "Bytes of request bodies." },
    [METRIC_SENT_BYTES]          = { "xuepai_http_sent_bytes_total", KIND_COUNTER, "Bytes of answers." },
    [METRIC_CONNECTIONS]         = { "xuepai_http_connections", KIND_GAUGE, "Open connections by lane." },
    [METRIC_CONNECTIONS_REFUSED] = { "xuepai_http_connections_refused_total", KIND_COUNTER, "Connections closed because too many were open." },
    [METRIC_SLOW_CLOSED]         = { "xuepai_http_slow_closed_total", KIND_COUNTER, "Connections ended by the watchdog." },
    [METRIC_PARKED]              = { "xuepai_http_parked", KIND_GAUGE, "Long polls that wait." },
    [METRIC_SHARED_ANSWERS]      = { "xuepai_http_shared_answers_total", KIND_COUNTER, "Answers that another request had already made." },
    [METRIC_UPLOADS_CREATED]     = { "xuepai_uploads_created_total", KIND_COUNTER, "Uploads created." },
    [METRIC_UPLOADS_COMPLETED]   = { "xuepai_uploads_completed_total", KIND_COUNTER, "Uploads that have all their bytes." },
    [METRIC_UPLOADS_WRITING]     = { "xuepai_uploads_writing", KIND_GAUGE, "Uploads that are being written right now." },
    [METRIC_UPLOAD_TAKEOVERS]    = { "xuepai_upload_takeovers_total", KIND_COUNTER, "Requests ended by a newer one for the same upload." },
    [METRIC_UPLOADS_REFUSED]     = { "xuepai_uploads_refused_total", KIND_COUNTER, "Uploads refused, by reason." },
    [METRIC_UPLOADS_EXPIRED]     = { "xuepai_uploads_expired_total", KIND_COUNTER, "Unfinished uploads swept away." },
};
/* clang-format on */

static const double BUCKETS[] = {0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60};

struct series {
    int64_t value; /* counters, gauges; the number of observations of a histogram */
    double sum;
    int64_t below[G_N_ELEMENTS(BUCKETS)]; /* not cumulative */
};

struct metrics {
    GMutex lock;
    /* under lock */
    GHashTable *series[METRIC_COUNT]; /* labels -> struct series */
    /* end of lock */
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = g_new0(struct metrics, 1);

    g_mutex_init(&metrics->lock);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        metrics->series[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (metrics == NULL) {
        return;
    }
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        g_hash_table_unref(metrics->series[i]);
    }
    g_mutex_clear(&metrics->lock);
    g_free(metrics);
}

/* The caller holds the lock. */
static struct series *series_of(struct metrics *metrics, enum metric metric, const char *labels)
{
    const char *key = labels == NULL ? "" : labels;
    struct series *series = g_hash_table_lookup(metrics->series[metric], key);

    if (series == NULL) {
        series = g_new0(struct series, 1);
        g_hash_table_insert(metrics->series[metric], g_strdup(key), series);
    }
    return series;
}

void metrics_add(struct metrics *metrics, enum metric metric, const char *labels, int64_t amount)
{
    g_mutex_lock(&metrics->lock);
    series_of(metrics, metric, labels)->value += amount;
    g_mutex_unlock(&metrics->lock);
}

void metrics_set(struct metrics *metrics, enum metric metric, const char *labels, int64_t value)
{
    g_mutex_lock(&metrics->lock);
    series_of(metrics, metric, labels)->value = value;
    g_mutex_unlock(&metrics->lock);
}

void metrics_observe(struct metrics *metrics, enum metric metric, const char *labels, double value)
{
    g_mutex_lock(&metrics->lock);
    struct series *series = series_of(metrics, metric, labels);
    series->value++;
    series->sum += value;
    for (size_t i = 0; i < G_N_ELEMENTS(BUCKETS); i++) {
        if (value <= BUCKETS[i]) {
            series->below[i]++;
            break;
        }
    }
    g_mutex_unlock(&metrics->lock);
}

static void append_histogram(GString *text, const char *name, const char *labels, const struct series *series)
{
    const char *comma = labels[0] == '\0' ? "" : ",";
    int64_t below = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(BUCKETS); i++) {
        below += series->below[i];
        g_string_append_printf(text, "%s_bucket{%s%sle=\"%g\"} %" G_GINT64_FORMAT "\n", name, labels, comma, BUCKETS[i],
                               below);
    }
    g_string_append_printf(text, "%s_bucket{%s%sle=\"+Inf\"} %" G_GINT64_FORMAT "\n", name, labels, comma,
                           series->value);
    g_string_append_printf(text, "%s_sum{%s} %.6f\n%s_count{%s} %" G_GINT64_FORMAT "\n", name, labels, series->sum,
                           name, labels, series->value);
}

static void append_metric(struct metrics *metrics, enum metric metric, GString *text)
{
    const struct metric_row *row = &METRICS[metric];
    GHashTableIter iterator;
    gpointer labels;
    gpointer series;

    g_string_append_printf(text, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, KINDS[row->kind]);
    g_hash_table_iter_init(&iterator, metrics->series[metric]);
    while (g_hash_table_iter_next(&iterator, &labels, &series)) {
        if (row->kind == KIND_HISTOGRAM) {
            append_histogram(text, row->name, labels, series);
            continue;
        }
        const char *set = labels;
        g_string_append_printf(text, "%s%s%s%s %" G_GINT64_FORMAT "\n", row->name, set[0] == '\0' ? "" : "{", set,
                               set[0] == '\0' ? "" : "}", ((const struct series *)series)->value);
    }
}

GString *metrics_text(struct metrics *metrics)
{
    GString *text = g_string_sized_new(4096);

    g_mutex_lock(&metrics->lock);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        append_metric(metrics, (enum metric)i, text);
    }
    g_mutex_unlock(&metrics->lock);
    return text;
}
