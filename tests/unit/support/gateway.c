#include "tests/unit/support/gateway.h"

#include <string.h>

#include "service/store/s3_http.h"

bool gateway_is_there(void)
{
    const bool is_there = gateway_endpoint() != NULL;

    if (!is_there) {
        g_test_message("no XUEPAI_TEST_STORE: the cases of the object store are left out");
    }
    return is_there;
}

const char *gateway_endpoint(void)
{
    return g_getenv("XUEPAI_TEST_STORE");
}

char *gateway_address(bool is_virtual, const char *more)
{
    const char *port = strrchr(gateway_endpoint(), ':') + 1;
    g_autofree char *endpoint =
        is_virtual ? g_strdup_printf("http://s3.localhost:%s", port) : g_strdup(gateway_endpoint());

    return g_strdup_printf("s3://unit-%08x%08x?endpoint=%s&region=us-east-1&style=%s%s", g_random_int(), g_random_int(),
                           endpoint, is_virtual ? "virtual" : "path", more);
}

int gateway_send(const char *method, const char *url, char *const *headers, const char *body)
{
    g_autoptr(GError) error = NULL;
    struct s3_http *http = s3_http_open(&error);
    struct s3_exchange exchange = {
        .method = method,
        .url = url,
        .headers = (const char *const *)headers,
        .body = body,
        .timeout_ms = 10000,
    };

    g_assert_no_error(error);
    const bool answered = s3_http_run(http, &exchange, NULL);
    const int status = answered ? exchange.status : 0;
    s3_exchange_clear(&exchange);
    s3_http_free(http);
    return status;
}
