#include "service/http/disk.h"

#include <glib.h>

#define CROWDED 2000 /* waiting jobs: at 1 ms each and 8 threads a quarter of a second */

struct disk {
    GThreadPool *pool;
};

struct job {
    disk_work *work;
    void *data;
};

static void run(gpointer data, gpointer context)
{
    struct job *job = data;

    (void)context; /* jobs bring what they need */
    job->work(job->data);
    g_free(job);
}

struct disk *disk_start(int threads)
{
    struct disk *disk = g_new0(struct disk, 1);

    disk->pool = g_thread_pool_new(run, NULL, threads, TRUE, NULL);
    g_assert(disk->pool != NULL);
    return disk;
}

void disk_stop(struct disk *disk)
{
    if (disk != NULL) {
        g_thread_pool_free(disk->pool, FALSE, TRUE);
        g_free(disk);
    }
}

void disk_submit(struct disk *disk, disk_work *work, void *data)
{
    struct job *job = g_new(struct job, 1);

    *job = (struct job){work, data};
    (void)g_thread_pool_push(disk->pool, job, NULL); /* fails only when a thread cannot be made; the job still waits */
}

bool disk_is_crowded(struct disk *disk)
{
    return g_thread_pool_unprocessed(disk->pool) > CROWDED;
}
