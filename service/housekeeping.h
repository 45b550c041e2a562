/* What happens by the clock: decisions whose undo window is over, leases that ran out, old logins, left-over files. One
 * thread; every step is a transaction of its own and may be repeated. */
#pragma once

#include "service/app.h"

struct housekeeping;

/* `app` must outlive it. */
struct housekeeping *housekeeping_start(struct app *app);
/* Ends after the running step; NULL is fine. */
void housekeeping_stop(struct housekeeping *housekeeping);
