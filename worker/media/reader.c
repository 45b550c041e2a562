#include "worker/media/reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LOOK_US 20000

/* Waits until the file is longer than `known`; false when it has not grown for too long. By lseek, since the lock leaves
 * no way to ask for a file's status; nothing here reads from a position. */
static bool wait_for_more(const struct reader *reader, int64_t known)
{
    int64_t size, last = -1;
    int64_t grew_us = g_get_monotonic_time();

    while ((size = lseek(reader->fd, 0, SEEK_END)) >= 0) {
        const int64_t now_us = g_get_monotonic_time();
        if (size > known) {
            return true;
        }
        if (size != last) {
            last = size;
            grew_us = now_us;
        }
        if (now_us - grew_us >= reader->patience_ms * INT64_C(1000)) {
            return false;
        }
        g_usleep(LOOK_US);
    }
    return false;
}

int64_t reader_read(const struct reader *reader, int64_t offset, void *to, size_t length)
{
    size_t done = 0;

    if (offset < 0 || offset >= reader->size_bytes) {
        return 0;
    }
    length = (size_t)MIN((int64_t)length, reader->size_bytes - offset);
    if (reader->fd < 0) {
        memcpy(to, (const char *)reader->memory + offset, length);
        return (int64_t)length;
    }
    while (done < length) {
        const ssize_t got = pread(reader->fd, (char *)to + done, length - done, offset + (int64_t)done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -errno;
        }
        if (got == 0) {
            if (reader->patience_ms > 0 && wait_for_more(reader, offset + (int64_t)done)) {
                continue;
            }
            break;
        }
        done += (size_t)got;
    }
    return (int64_t)done;
}

bool reader_read_exactly(const struct reader *reader, int64_t offset, void *to, size_t length)
{
    return reader_read(reader, offset, to, length) == (int64_t)length;
}
