/* What the edition puts into every clip (config/rules.conf, [branding]): files of the organiser, kept in the store under their digest,
 * where workers fetch them. They stay there when the profile changes, for the ladders of clips that were prepared with them.
 */
#pragma once

#include "common/message.h"
#include "service/model/rules.h"
#include "service/store/store.h"

#define BRANDING_KEYS "branding/"

struct branding {
    struct {
        char *path, *key; /* NULL: none */
        int64_t bytes;
    } part[MESSAGE_BRANDINGS];
    bool is_kept; /* in the store. Of who starts the service, then of the store's watch */
};

/* Reads the files; NULL with an error that names the one that is missing, empty or too large. */
struct branding *branding_open(const struct rules *rules, GError **error);
void branding_free(struct branding *branding);

/* Puts them into the store, once; false with the store's error, to be tried again. `spool` is a folder of the store's own file system. */
bool branding_keep(struct branding *branding, struct store *store, const char *spool, GError **error);
