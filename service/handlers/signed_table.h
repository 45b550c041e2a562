/* A table as a signed file to be saved. */
#pragma once

#include "service/app.h"
#include "service/http/response.h"
#include "service/site/table.h"

/* Closes the table, signs it, and answers with "<name>.xlsx" or "<name>.pdf". */
struct response *signed_table_answer(const struct app *app, struct table *table, enum table_kind kind, const char *name,
                                     GError **error);
/* "2026-09-21 08:30:05" in the province's time; the caller's. */
char *signed_table_time(int64_t ms);
