/* What the media program found out about a work's files, as JSON text in its revision. */
#pragma once

#include <stdint.h>

#include <jansson.h>

/* How long a clip is played: with what the edition put before and behind it. */
int64_t facts_played_ms(const json_t *facts);

/* What of the facts lists and pages show (revision.shown): sizes, lengths and kinds, of the work and of each of its files. The caller's;
 * "" when they are no JSON. */
char *facts_shown(const char *facts);
