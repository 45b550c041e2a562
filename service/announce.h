/* What the person at the terminal reads when the service is ready: addresses, a QR code for a phone, and once the first
 * administrator's password. The last line is "ready ADDRESS"; scripts wait for it. */
#pragma once

#include <stdbool.h>

#include "service/app.h"

/* `password` NULL: there was an administrator already. `quiet`: no QR code and no addresses but the last line's. */
void announce_ready(const struct app *app, const char *password, bool quiet);
