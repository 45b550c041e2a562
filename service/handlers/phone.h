/* A telephone number shown by a code, as other handlers ask for it. */
#pragma once

#include "service/handlers/handlers.h"

/* Is the number shown, by `code` (NULL: none given) or earlier on this device? Without an SMS gateway every number is. `by`
 * is who shows it, see model/phone_code.h. REASON_PHONE_CODE, REASON_PHONE_CODE_WRONG. */
bool phone_is_shown(struct app *app, const struct request *request, const char *phone, const char *code, const char *by,
                    GError **error);
