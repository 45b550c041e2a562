#include "worker/media/reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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
