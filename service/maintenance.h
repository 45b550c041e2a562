/* What is done to an installation by a command instead of by serving: moving its rows to another database and its media
 * to another store, copying its media out, checking that every row's media are there. Each prints what it did. */
#pragma once

#include <stdbool.h>

#include "service/app.h"

enum maintenance {
    MAINTENANCE_NONE,
    MAINTENANCE_MOVE_ROWS,    /* from "sqlite:…" into app->database, which is empty but for its schema */
    MAINTENANCE_IMPORT_MEDIA, /* from a folder into app->store; again, it goes on where it was */
    MAINTENANCE_EXPORT_MEDIA, /* from app->store into a folder, likewise; beside a running service */
    MAINTENANCE_EXHIBITION,   /* a pack for a screen without a network: "REGION:FOLDER" (exhibition.h) */
    MAINTENANCE_CHECK,        /* ledger and media; beside a running service. `from` is unused */
};

/* Nothing of the old is changed or removed, but that a moved database is brought to this program's schema first.
 * REASON_CONFLICT when something is not as it has to be; it was printed. */
bool maintenance_run(struct app *app, enum maintenance what, const char *place, GError **error);
