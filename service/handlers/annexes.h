/* What the handlers of the notice's attachments share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "service/app.h"
#include "service/http/request.h"

/* :number, 3 or 4. REASON_NOT_FOUND. */
bool annexes_read_number(const struct request *request, int64_t *number, GError **error);
/* A city sees its own form; a county that of its city; the province all (""). Borrowed. */
const char *annexes_region_of(const struct app *app, const struct request *request);
