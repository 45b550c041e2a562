/* An empty database of the engine that the run is for: a file of SQLite, or a schema of its own in the database that
 * XUEPAI_TEST_DATABASE names (postgresql://…). */
#pragma once

#include "service/database/database.h"

/* The address of a fresh database; `folder` is where SQLite's file goes. */
char *engine_address(const char *folder);
/* Removes what engine_address made outside the folder. */
void engine_drop(const char *address);
/* "postgresql://…" of the run, or NULL when it is for SQLite. */
const char *engine_server(void);
