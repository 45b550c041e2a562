/* The offline pack of an exhibition: a player page, the clips and photos of works whose submitters let them be exhibited, a
 * list, and SHA256SUMS. It plays from a stick without a network. Made anew when works were withdrawn. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "service/app.h"
#include "service/pack.h"

/* Whose works, one of the three; the others NULL. What is not public or may not be exhibited is passed over. */
struct exhibition_choice {
    const char *region;     /* newest first */
    const char *collection; /* a public one, in its order */
    const char *selection;  /* the list of a settled round or one that is up for objections, by place; else
                              REASON_NOT_FOUND */
};

enum {
    EXHIBITION_WORKS_MOST = 300, /* hours of clips */
};

/* Adds it all and closes the pack. REASON_LIMIT, before anything is written, when the files come to more than
 * `bytes_most`. *works (may be NULL): how many are in it. Reads the store: transfer threads, or a command. */
bool exhibition_write(struct app *app, const struct exhibition_choice *choice, struct pack *pack, int64_t bytes_most,
                      size_t *works, GError **error);

/* The command. `place`: "CHOICE:FOLDER" or "CHOICE:FILE.zip", absent or empty; CHOICE is a region's code, collection=ID or
 * selection=ID. Prints what it did. */
bool exhibition_pack(struct app *app, const char *place, GError **error);
