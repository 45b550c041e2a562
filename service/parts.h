/* The parts of a service, between the settings and the first request: opened in order, closed in reverse. */
#pragma once

#include <stdbool.h>

#include "service/app.h"

/* All of them; the settings, the log and the data folder are there. After an error, too, parts_close. */
bool parts_open(struct app *app, GError **error);
/* Database, brought to this program's schema, and store alone: what maintenance works on. */
bool parts_open_storage(struct app *app, GError **error);
void parts_close(struct app *app);
