/* The threads that wait for database and disk, so that no thread of the server ever does.
 *
 * A server thread suspends its connection, submits, and resumes from the job. Jobs start in the order in which they
 * came. */
#pragma once

#include <stdbool.h>

struct disk;

typedef void disk_work(void *data);

struct disk *disk_start(int threads);
/* Runs what was submitted, then joins. */
void disk_stop(struct disk *disk);
void disk_submit(struct disk *disk, disk_work *work, void *data);
/* True when so much waits that a new request should rather come again later. */
bool disk_is_crowded(struct disk *disk);
