/* Whether an original's pictures may be published as they are, in a new wrapping (design M11): H.264 that every phone
 * decodes, upright, square, progressive, with its colours in limited range, and cut into groups short enough for HLS.
 * Judged packet by packet, in a pass that decodes no picture, and once more when all of them were decoded.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>
#include <jansson.h>

#include "worker/media/source.h"

#define REWRAP_GROUP_MAX_S 5 /* between keyframes: a segment of HLS lasts from one to another */

struct rewrap;

/* Looks at the source's stream; the source need not live on. */
struct rewrap *rewrap_new(const struct source *source);
void rewrap_free(struct rewrap *rewrap);

/* The next packet of the pictures, on our clock. */
void rewrap_see(struct rewrap *rewrap, const AVPacket *packet);

/* For what the caller knows to be in the way: English words that live on; NULL says nothing. The first obstacle counts. */
void rewrap_refuse(struct rewrap *rewrap, const char *obstacle);
const char *rewrap_obstacle(const struct rewrap *rewrap); /* NULL: none yet */

/* True as long as nothing was in the way; complete once all packets were seen. */
bool rewrap_is_possible(const struct rewrap *rewrap);

/* Over the whole, complete once all packets were seen; 0 where packets have no times. Of any codec. */
double rewrap_average_bps(const struct rewrap *rewrap);
double rewrap_peak_bps(const struct rewrap *rewrap); /* of two seconds at least; not below the average */
double rewrap_fps(const struct rewrap *rewrap);      /* on average */

/* What only decoding shows: `measure` is of the decoded clip. */
void rewrap_judge(struct rewrap *rewrap, const struct source_measure *measure);

/* {"possible", "obstacle": English or null, "average_bps", "peak_bps"}. */
json_t *rewrap_facts(const struct rewrap *rewrap);
