/* Walks a file's boxes before any library sees it (ISO-BMFF, EBML, JPEG, PNG, WebP, HEIF) and refuses what no phone
 * writes: encryption, external references, compressed headers, sizes that do not nest, tables that claim more than
 * the file holds. It decodes nothing, allocates nothing and reads only headers. Limits: design S17.
 */
#pragma once

#include "worker/media/label.h"
#include "worker/media/reader.h"
#include "worker/media/sniff.h"

struct structure {
    int width, height; /* photos: the size claimed in the header; 0 for videos */
    int tracks;        /* ISO-BMFF and EBML */
    bool has_label;    /* a user-data box names one (media/label.h) */
    char label[LABEL_BYTES_MAX + 1]; /* and this is it; "" where it is not found */
};

bool structure_check(const struct reader *reader, enum sniff_family family, struct structure *structure,
                     GError **error);
