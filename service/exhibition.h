/* The offline pack of an exhibition: a folder with a player page, the clips and photos of a region's works whose submitters
 * let them be exhibited, a list, and SHA256SUMS. It plays from a stick without a network. Made by a command, beside a
 * running service; made anew when works were withdrawn. */
#pragma once

#include <stdbool.h>

#include "service/app.h"

/* `place`: "REGION:FOLDER", the folder absent or empty. Prints what it did. */
bool exhibition_pack(struct app *app, const char *place, GError **error);
