/* Brings a database to the newest schema: the numbered scripts of schema/, each once, each in one transaction. */
#pragma once

#include "service/database/database.h"

/* The engine chooses the second part of a migration. A database newer than this program is refused. */
bool migrate(struct database *database, int64_t now_ms, GError **error);
