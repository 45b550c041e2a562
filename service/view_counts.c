#include "service/view_counts.h"

#include "service/model/embed_site.h"
#include "service/model/local_time.h"
#include "service/model/view.h"

struct viewer {
    int64_t first_ms; /* of this hour */
    int64_t last_ms;
    int64_t seconds;
    bool is_counted;
    uint32_t parts;   /* counted already */
    uint32_t waiting; /* seen before the view counted */
};

struct view_counts {
    GMutex lock;         /* guards the next */
    GHashTable *viewers; /* digest -> struct viewer */
    GHashTable *tallies; /* work -> struct view_tally, not yet written */
};

static GHashTable *table_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

struct view_counts *view_counts_new(void)
{
    struct view_counts *counts = g_new0(struct view_counts, 1);

    g_mutex_init(&counts->lock);
    counts->viewers = table_new();
    counts->tallies = table_new();
    return counts;
}

void view_counts_free(struct view_counts *counts)
{
    if (counts != NULL) {
        g_hash_table_unref(counts->viewers);
        g_hash_table_unref(counts->tallies);
        g_mutex_clear(&counts->lock);
        g_free(counts);
    }
}

static struct view_tally *tally_of(struct view_counts *counts, const char *work)
{
    struct view_tally *tally = g_hash_table_lookup(counts->tallies, work);

    if (tally == NULL) {
        tally = g_new0(struct view_tally, 1);
        g_hash_table_insert(counts->tallies, g_strdup(work), tally);
    }
    return tally;
}

/* NULL: there are too many. A new one has `last_ms` 0. */
static struct viewer *viewer_of(struct view_counts *counts, const char *digest, int64_t now_ms)
{
    struct viewer *viewer = g_hash_table_lookup(counts->viewers, digest);

    if (viewer != NULL && now_ms - viewer->first_ms > VIEW_AGAIN_MS) {
        *viewer = (struct viewer){.first_ms = now_ms, .last_ms = viewer->last_ms};
    }
    if (viewer == NULL && g_hash_table_size(counts->viewers) < VIEWERS_MOST) {
        viewer = g_new0(struct viewer, 1);
        viewer->first_ms = now_ms;
        g_hash_table_insert(counts->viewers, g_strdup(digest), viewer);
    }
    return viewer;
}

static void count_parts(struct view_tally *tally, struct viewer *viewer)
{
    const uint32_t fresh = viewer->waiting & ~viewer->parts;

    for (int i = 0; i < VIEW_PARTS; i++) {
        tally->parts[i] += (fresh >> i) & 1U;
    }
    viewer->parts |= fresh;
    viewer->waiting = 0;
}

static void count(struct view_counts *counts, struct viewer *viewer, const struct view_claim *claim)
{
    const int64_t allowed =
        viewer->last_ms == 0 ? VIEW_FIRST_SECONDS : (claim->now_ms - viewer->last_ms) / 1000 + VIEW_SLACK_SECONDS;
    const int64_t seconds = CLAMP(claim->seconds, 0, MAX(allowed, 0));
    const int64_t wanted =
        claim->duration_ms > 0 ? MIN((int64_t)VIEW_SECONDS, MAX(claim->duration_ms * 8 / 10000, 1)) : VIEW_SECONDS;
    struct view_tally *tally = tally_of(counts, claim->work);

    viewer->last_ms = claim->now_ms;
    viewer->seconds += seconds;
    viewer->waiting |= claim->parts & ((1U << VIEW_PARTS) - 1);
    tally->seconds += seconds;
    if (!viewer->is_counted && viewer->seconds >= wanted) {
        viewer->is_counted = true;
        tally->views++;
    }
    if (viewer->is_counted) {
        count_parts(tally, viewer);
    }
}

void view_counts_add(struct view_counts *counts, const struct view_claim *claim)
{
    g_mutex_lock(&counts->lock);
    struct viewer *viewer = viewer_of(counts, claim->viewer, claim->now_ms);
    if (viewer != NULL) {
        count(counts, viewer, claim);
    }
    g_mutex_unlock(&counts->lock);
}

static gboolean is_old(gpointer key, gpointer value, gpointer now_ms)
{
    const struct viewer *viewer = value;

    (void)key;
    return *(const int64_t *)now_ms - viewer->last_ms > VIEW_AGAIN_MS;
}

struct writing {
    GHashTable *tallies;
    char *day;
};

static bool write_all(struct sql *sql, void *context, GError **error)
{
    const struct writing *writing = context;
    g_autoptr(GList) works = g_list_sort(g_hash_table_get_keys(writing->tallies), (GCompareFunc)g_strcmp0);

    for (const GList *at = works; at != NULL; at = at->next) { /* in one order, as embed_counts */
        if (!view_add(sql, at->data, writing->day, g_hash_table_lookup(writing->tallies, at->data), error)) {
            return false;
        }
    }
    return true;
}

bool view_counts_write(struct view_counts *counts, struct database *database, int64_t now_ms, GError **error)
{
    struct writing writing = {.day = local_day(now_ms)};
    bool good = true;

    g_mutex_lock(&counts->lock);
    writing.tallies = g_steal_pointer(&counts->tallies);
    counts->tallies = table_new();
    (void)g_hash_table_foreach_remove(counts->viewers, is_old, &now_ms); /* how many does not matter */
    g_mutex_unlock(&counts->lock);
    if (g_hash_table_size(writing.tallies) > 0) {
        good = database_transact(database, "view.add", write_all, &writing, error);
    }
    g_hash_table_unref(writing.tallies); /* what could not be written is lost: numbers, and few of them */
    g_free(writing.day);
    return good;
}
