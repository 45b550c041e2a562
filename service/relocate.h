/* Moves an installation: its rows to another database, its media to another store. Whoever runs it stops the service
 * first (the data folder's lock sees to that) and starts it again on the new settings. */
#pragma once

#include <stdbool.h>

#include "service/app.h"

/* `from_database`: "sqlite:…" of the old installation, or NULL; `from_store`: the old folder of media, or NULL. The new
 * ones are app->database, empty but for its schema, and app->store. Nothing of the old is changed or removed but for
 * bringing its schema up to this program's. Prints what was moved; run again, it goes on with the media. */
bool relocate(struct app *app, const char *from_database, const char *from_store, GError **error);
