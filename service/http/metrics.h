/* Counters, gauges and histograms as Prometheus text. The known names are the rows of the table in metrics.c; labels
 * come as text ("method=\"GET\",status=\"200\"") from a bounded set of ours, never from outside. Any thread.
 */
#pragma once

#include <stdint.h>

#include <glib.h>

struct metrics;

enum metric {
    METRIC_REQUESTS,
    METRIC_REQUEST_SECONDS,
    METRIC_RECEIVED_BYTES,
    METRIC_SENT_BYTES,
    METRIC_CONNECTIONS,
    METRIC_CONNECTIONS_REFUSED,
    METRIC_SLOW_CLOSED,
    METRIC_PARKED,
    METRIC_SHARED_ANSWERS,
    METRIC_UPLOADS_CREATED,
    METRIC_UPLOADS_COMPLETED,
    METRIC_UPLOADS_WRITING,
    METRIC_UPLOAD_TAKEOVERS,
    METRIC_UPLOADS_REFUSED,
    METRIC_UPLOADS_EXPIRED,
    METRIC_COUNT
};

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);
/* `labels` may be NULL. */
void metrics_add(struct metrics *metrics, enum metric metric, const char *labels, int64_t amount);
void metrics_set(struct metrics *metrics, enum metric metric, const char *labels, int64_t value);
void metrics_observe(struct metrics *metrics, enum metric metric, const char *labels, double value);
GString *metrics_text(struct metrics *metrics);
