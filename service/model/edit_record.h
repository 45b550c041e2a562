/* What the ledger keeps of an edit: which texts are others, not what they say, for that goes with the work. */
#pragma once

#include <jansson.h>

#include "service/model/cover.h"
#include "service/model/submission.h"

/* {revision, changed: ["title", "words", "captions"], content?, cover?: {position, ms}}; `digest` NULL until its cover is made,
 * `cover` NULL when none was asked for. The caller's. */
json_t *edit_record(const struct submission *before, const struct submission *after, const struct cover *cover,
                    const char *digest);
