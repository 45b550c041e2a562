/* Brings a database to the newest schema: the numbered scripts of schema/, each once, each in one transaction. */
#pragma once

#include "service/database/database.h"

/* `engine` chooses the second part of a migration, "sqlite". A database newer than this program is refused. */
bool migrate(struct database *database, const char *engine, int64_t now_ms, GError **error);
