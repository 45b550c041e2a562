/* The kind of a file by its first bytes: our own signatures first, then libmagic's opinion; the two must not
 * contradict. No state but libmagic's handle; one thread.
 *
 * Resident mode, `xuepai-media --sniff`: a locked-down process that answers on fd 1 what it reads on fd 0.
 *
 *   first     64 bytes, padded with NUL: the lock, as in sandbox_line(), cut off
 *   question  4 bytes  length N of the head, big-endian, 1 … 65536
 *             8 bytes  length of the whole file as declared, big-endian; 0 when unknown
 *             N bytes  the first N bytes of the file
 *   answer    64 bytes, padded with NUL: "unknown" or "refuse REASON-CODE"
 *
 * It may only refuse early; "unknown" means go on. A malformed question ends the process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "common/failure.h"

#define SNIFF_HEAD_BYTES   65536
#define SNIFF_ANSWER_BYTES 64

enum sniff_family {
    SNIFF_MP4,
    SNIFF_MATROSKA,
    SNIFF_AVI,
    SNIFF_MPEGTS,
    SNIFF_MPEGPS,
    SNIFF_OGG,
    SNIFF_FLV,
    SNIFF_JPEG,
    SNIFF_PNG,
    SNIFF_WEBP,
    SNIFF_HEIF,
    SNIFF_FAMILY_COUNT
};

struct sniff_row {
    const char *name;    /* in facts as `container` */
    const char *demuxer; /* libavformat's name; NULL for photos */
    bool is_photo;
};

const struct sniff_row *sniff_row_of(enum sniff_family family);

struct sniffer;

/* Loads libmagic's database: before the lock. */
struct sniffer *sniffer_open(GError **error);
void sniffer_free(struct sniffer *sniffer);

/* The family of a file that begins with `head`; false with the true reason when it is none of ours. */
bool sniffer_family(struct sniffer *sniffer, const uint8_t *head, size_t length, enum sniff_family *family,
                    GError **error);

/* Our own signatures alone, without libmagic. */
bool sniff_signature(const uint8_t *head, size_t length, enum sniff_family *family, enum reason *refusal);

/* Says `lock`, then answers questions until the end of fd 0. Returns the exit code. */
int sniffer_serve(struct sniffer *sniffer, const char *lock, int question_fd, int answer_fd);
