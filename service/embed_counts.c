#include "service/embed_counts.h"

#include "service/model/embed_site.h"
#include "service/model/local_time.h"

struct embed_counts {
    GMutex lock;        /* guards the next */
    GHashTable *frames; /* source -> number, in the pointer */
};

static GHashTable *table_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

struct embed_counts *embed_counts_new(void)
{
    struct embed_counts *counts = g_new0(struct embed_counts, 1);

    g_mutex_init(&counts->lock);
    counts->frames = table_new();
    return counts;
}

void embed_counts_free(struct embed_counts *counts)
{
    if (counts != NULL) {
        g_hash_table_unref(counts->frames);
        g_mutex_clear(&counts->lock);
        g_free(counts);
    }
}

static void add(GHashTable *frames, const char *source, gsize number)
{
    const bool is_known = g_hash_table_contains(frames, source);
    const char *key = is_known || g_hash_table_size(frames) < EMBED_SOURCES_MOST ? source : "";
    const gsize before = GPOINTER_TO_SIZE(g_hash_table_lookup(frames, key));

    (void)g_hash_table_replace(frames, g_strdup(key), GSIZE_TO_POINTER(before + number)); /* in the place of the old */
}

void embed_counts_add(struct embed_counts *counts, const char *source)
{
    g_mutex_lock(&counts->lock);
    add(counts->frames, source, 1);
    g_mutex_unlock(&counts->lock);
}

struct writing {
    GHashTable *frames;
    char *day;
};

static bool write_all(struct sql *sql, void *context, GError **error)
{
    const struct writing *writing = context;
    g_autoptr(GList) sources = g_list_sort(g_hash_table_get_keys(writing->frames), (GCompareFunc)g_strcmp0);

    for (const GList *at = sources; at != NULL;
         at = at->next) { /* in one order: two services do not block each other */
        const gsize number = GPOINTER_TO_SIZE(g_hash_table_lookup(writing->frames, at->data));
        if (!embed_count_add(sql, writing->day, at->data, (int64_t)number, error)) {
            return false;
        }
    }
    return true;
}

bool embed_counts_write(struct embed_counts *counts, struct database *database, int64_t now_ms, GError **error)
{
    struct writing writing = {.day = local_day(now_ms)};
    bool good = true;

    g_mutex_lock(&counts->lock);
    writing.frames = g_steal_pointer(&counts->frames);
    counts->frames = table_new();
    g_mutex_unlock(&counts->lock);
    if (g_hash_table_size(writing.frames) > 0) {
        good = database_transact(database, "embed_count.add", write_all, &writing, error);
    }
    if (!good) {
        GHashTableIter iter;
        gpointer source;
        gpointer number;
        g_mutex_lock(&counts->lock);
        g_hash_table_iter_init(&iter, writing.frames);
        while (g_hash_table_iter_next(&iter, &source, &number)) {
            add(counts->frames, source, GPOINTER_TO_SIZE(number));
        }
        g_mutex_unlock(&counts->lock);
    }
    g_hash_table_unref(writing.frames);
    g_free(writing.day);
    return good;
}
