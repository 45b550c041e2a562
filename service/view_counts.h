/* Who watches is nobody's business: a viewer is a keyed digest of the day, the address, the browser's name and the work, kept
 * in memory for an hour and never written. It tells reloads from new views and keeps claims of watch time within the time
 * that really passed. What is written is numbers of works, every few seconds. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

struct view_counts;
struct database;

enum {
    VIEW_SECONDS = 10,       /* watched for a view to count; less for a shorter clip */
    VIEWERS_MOST = 200000,   /* 30 MB; beyond that nobody new is counted */
    VIEW_AGAIN_MS = 3600000, /* the same viewer counts again after an hour */
    VIEW_FIRST_SECONDS = 65, /* what a viewer's first message may claim */
    VIEW_SLACK_SECONDS = 5,  /* what a later one may claim beyond the time since the last */
};

struct view_counts *view_counts_new(void);
void view_counts_free(struct view_counts *counts);

struct view_claim {
    const char *viewer; /* digest */
    const char *work;
    int64_t duration_ms; /* of the clip; 0 for photos */
    int64_t seconds;     /* watched since the last message */
    uint32_t parts;      /* bits of twentieths that were seen */
    int64_t now_ms;
};
void view_counts_add(struct view_counts *counts, const struct view_claim *claim);
bool view_counts_write(struct view_counts *counts, struct database *database, int64_t now_ms, GError **error);
