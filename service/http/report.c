/* What is left of a request: one line in the log, and figures. */
#include "service/http/exchange.h"
#include "service/http/metrics.h"

void request_report(const struct request *request, struct metrics *metrics)
{
    const int status = request->is_answered ? request->answered_status : 499; /* nginx' number for "went away" */
    const double seconds = (double)(g_get_monotonic_time() - request->started_us) / 1e6;
    const char *pattern = request_pattern(request);
    g_autofree char *labels = g_strdup_printf("method=\"%s\",route=\"%s\",status=\"%d\"",
                                              request->route == NULL ? "-" : request->method, pattern, status);

    metrics_add(metrics, METRIC_REQUESTS, labels, 1);
    metrics_observe(metrics, METRIC_REQUEST_SECONDS, NULL, seconds);
    metrics_add(metrics, METRIC_RECEIVED_BYTES, NULL, request->received_bytes);
    metrics_add(metrics, METRIC_SENT_BYTES, NULL, request->answered_bytes);
    log_info(&request->log, "http.request",
             "method=%s route=%s status=%d in=%" G_GINT64_FORMAT " out=%" G_GINT64_FORMAT " ms=%.1f", request->method,
             pattern, status, request->received_bytes, request->answered_bytes, seconds * 1000);
}
