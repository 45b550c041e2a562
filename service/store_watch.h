/* What the media store needs by the clock, on a thread of its own because it may wait for the network: is it there (one
 * line in the log when that changes), uploads that it could not take when they were complete, objects that no row
 * names. */
#pragma once

#include "service/app.h"

struct store_watch;

struct store_watch *store_watch_start(struct app *app);
void store_watch_stop(struct store_watch *watch);
