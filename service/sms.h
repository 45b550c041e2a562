/* The SMS gateway of the operator: a signed POST for each message (docs/HOOKS.md), and a thread that tells families what
 * became of their works. */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "service/app.h"
#include "service/ticker.h"

bool sms_is_on(const struct app *app);

struct sms_text {
    const char *phone;    /* digits */
    const char *template; /* code, returned, published */
    json_t *params;       /* borrowed */
};

/* Blocks for at most five seconds: transfer threads, or a thread of the own. REASON_OUTBOUND when the gateway did not
 * answer with 2xx. */
bool sms_send(const struct app *app, const struct sms_text *text, GError **error);
/* "t=<unix>,v1=<hex>" over "<unix>.<body>"; the caller's. */
char *sms_signature(const char *secret, const char *body, int64_t now_ms);

/* NULL when nothing is to be told; `app` must outlive it. */
struct ticker *sms_start(struct app *app);
