/* GET /api/v1/rules: the table that page and server share. */
#include "service/handlers/handlers.h"
#include "service/model/rules.h"

HANDLER(rules_show)
{
    (void)error; /* nothing can fail: the rules are in memory */
    struct response *response = response_json(200, rules_json(app->rules, request_now_ms(request)));
    response_header(response, "Cache-Control", "no-cache");
    return response;
}
