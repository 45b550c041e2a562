/* Frames that other sites' pages asked for, counted in memory and written every few seconds, so that a frame costs no
 * write. What a crash loses is the last few seconds. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#define EMBED_SOURCES_MOST 1000 /* between two writes; more are counted together, under '' */

struct database;
struct embed_counts;

struct embed_counts *embed_counts_new(void);
void embed_counts_free(struct embed_counts *counts);

/* `source`: the id of a site, a host, or "". */
void embed_counts_add(struct embed_counts *counts, const char *source);
/* After an error nothing is lost: the next call writes it. */
bool embed_counts_write(struct embed_counts *counts, struct database *database, int64_t now_ms, GError **error);
