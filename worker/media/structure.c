#include "worker/media/structure.h"

#include <string.h>

/* Phones write 3 to 7 tracks (picture, sound, several mebx); libavformat is held to 16 streams as well. */
#define TRACKS_MAX          16
#define DEPTH_MAX           12
#define BOXES_MAX           20000
#define SAMPLES_MAX         250000
#define EDITS_MAX           64
#define MOOV_BYTES_MAX      (16 << 20)
#define LABEL_BOX_BYTES     65536 /* read of a box that may hold one */
#define PCM_FRAME_BYTES_MAX 64 /* 8 channels of 64 bits: such samples are indexed by chunk */

struct walk {
    const struct reader *reader;
    struct structure *structure;
    int boxes;
    bool seen_moov, seen_mdat, seen_moof;
    GError **error;
};

struct box {
    uint32_t type;
    int64_t start, body, end; /* offsets in the file; `end` is cut to the parent's */
    bool overruns;            /* claimed more than its parent has */
};

#define TYPE(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static bool refuse_file(struct walk *walk, enum reason reason, const char *what)
{
    g_set_error(walk->error, MEDIA_ERROR, (int)reason, "structure: %s", what);
    return false;
}

static uint32_t be32(const uint8_t *at)
{
    return TYPE(at[0], at[1], at[2], at[3]);
}

static uint32_t le(const uint8_t *at, int bytes)
{
    uint32_t value = 0;

    for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | at[i];
    }
    return value;
}

/* -- ISO-BMFF ---------------------------------------------------------------------------------------------- */

typedef bool box_check(struct walk *walk, const struct box *box);

/* How many entries of `entry_bytes` a full box of one count claims; refused when the box cannot hold them. */
static bool count_fits(struct walk *walk, const struct box *box, int64_t entry_bytes, int64_t most)
{
    uint8_t head[8];
    int64_t count;

    if (!reader_read_exactly(walk->reader, box->body, head, sizeof head)) {
        return refuse_file(walk, REASON_BROKEN_FILE, "table without a count");
    }
    count = be32(head + 4);
    if (count > most) {
        return refuse_file(walk, REASON_TOO_COMPLEX, "table with too many entries");
    }
    if (count * entry_bytes > box->end - box->body) {
        return refuse_file(walk, REASON_BROKEN_FILE, "table is larger than its box");
    }
    return true;
}

static bool check_pairs(struct walk *walk, const struct box *box)
{
    return count_fits(walk, box, 8, SAMPLES_MAX);
}

static bool check_chunks(struct walk *walk, const struct box *box)
{
    return count_fits(walk, box, 12, SAMPLES_MAX);
}

static bool check_words(struct walk *walk, const struct box *box)
{
    return count_fits(walk, box, 4, SAMPLES_MAX);
}

static bool check_edits(struct walk *walk, const struct box *box)
{
    return count_fits(walk, box, 12, EDITS_MAX);
}

/* Sample sizes: one size for all needs no table, so its count is a bare claim. */
static bool check_sizes(struct walk *walk, const struct box *box)
{
    uint8_t head[12];
    int64_t size, count;

    if (!reader_read_exactly(walk->reader, box->body, head, sizeof head)) {
        return refuse_file(walk, REASON_BROKEN_FILE, "stsz without a count");
    }
    size = be32(head + 4);
    count = be32(head + 8);
    if (size > 0 && size <= PCM_FRAME_BYTES_MAX && count <= walk->reader->size_bytes / size) {
        return true;
    }
    if (count > SAMPLES_MAX) {
        return refuse_file(walk, REASON_TOO_COMPLEX, "too many samples");
    }
    if (size == 0 && count * 4 > box->end - box->body) {
        return refuse_file(walk, REASON_BROKEN_FILE, "stsz is larger than its box");
    }
    return true;
}

/* Data references: version, flags, count; then boxes whose flag 1 says "in this file". */
static bool check_references(struct walk *walk, const struct box *box)
{
    uint8_t head[12];
    int64_t at = box->body + 8;

    if (!count_fits(walk, box, 12, 16)) {
        return false;
    }
    while (at + 12 <= box->end) {
        int64_t size;

        if (!reader_read_exactly(walk->reader, at, head, sizeof head)) {
            break;
        }
        size = be32(head);
        if (size < 12) {
            break;
        }
        if ((head[11] & 1) == 0) {
            return refuse_file(walk, REASON_EXTERNAL_REFERENCE, "the media data lie in another file");
        }
        at += size;
    }
    return true;
}

static bool check_entries(struct walk *walk, const struct box *box)
{
    uint8_t head[8];
    int64_t at = box->body + 8;

    if (!count_fits(walk, box, 8, 64)) {
        return false;
    }
    while (at + 8 <= box->end && reader_read_exactly(walk->reader, at, head, sizeof head)) {
        const uint32_t type = be32(head + 4);
        if (type == TYPE('e', 'n', 'c', 'v') || type == TYPE('e', 'n', 'c', 'a') || type == TYPE('e', 'n', 'c', 't') ||
            type == TYPE('e', 'n', 'c', 's')) {
            return refuse_file(walk, REASON_ENCRYPTED, "encrypted samples");
        }
        if (be32(head) < 8) {
            break;
        }
        at += be32(head);
    }
    return true;
}

static bool check_encrypted(struct walk *walk, const struct box *box)
{
    (void)box; /* its presence is enough */
    return refuse_file(walk, REASON_ENCRYPTED, "encryption box");
}

static bool check_compressed(struct walk *walk, const struct box *box)
{
    (void)box; /* its presence is enough: the size it inflates to is a bare claim */
    return refuse_file(walk, REASON_TOO_COMPLEX, "compressed header");
}

static bool check_moov(struct walk *walk, const struct box *box)
{
    if (walk->seen_moov) {
        return true; /* libavformat takes the first and ignores the others */
    }
    walk->seen_moov = true;
    if (box->overruns) {
        return refuse_file(walk, REASON_TRUNCATED, "the index is cut off");
    }
    if (box->end - box->body > MOOV_BYTES_MAX) {
        return refuse_file(walk, REASON_TOO_COMPLEX, "the index is too large");
    }
    return true;
}

static bool check_track(struct walk *walk, const struct box *box)
{
    (void)box; /* counted */
    if (++walk->structure->tracks > TRACKS_MAX) {
        return refuse_file(walk, REASON_TOO_COMPLEX, "too many tracks");
    }
    return true;
}

static bool check_mdat(struct walk *walk, const struct box *box)
{
    (void)box;
    walk->seen_mdat = true;
    return true;
}

static bool check_moof(struct walk *walk, const struct box *box)
{
    (void)box;
    walk->seen_moof = true;
    return true;
}

static bool check_label(struct walk *walk, const struct box *box)
{
    g_autofree char *text = NULL, *label = NULL;
    const int64_t length = MIN(box->end - box->body, LABEL_BOX_BYTES);

    if (walk->structure->has_label) {
        return true;
    }
    text = g_malloc((size_t)MAX(length, 1));
    if (reader_read_exactly(walk->reader, box->body, text, (size_t)length) && label_is_named(text, (size_t)length)) {
        walk->structure->has_label = true;
        label = label_find(text, (size_t)length);
        g_strlcpy(walk->structure->label, label == NULL ? "" : label, sizeof walk->structure->label);
    }
    return true;
}

/* The largest side counts: a HEIF file has a row for each tile, thumbnail and the whole. */
static bool check_extent(struct walk *walk, const struct box *box)
{
    uint8_t head[12];

    if (reader_read_exactly(walk->reader, box->body, head, sizeof head)) {
        walk->structure->width = (int)MAX((uint32_t)walk->structure->width, MIN(be32(head + 4), (uint32_t)G_MAXINT));
        walk->structure->height = (int)MAX((uint32_t)walk->structure->height, MIN(be32(head + 8), (uint32_t)G_MAXINT));
    }
    return true;
}

/* THE table of boxes. `inside` is where children begin after the body's start; -1: not walked into. */
static const struct {
    char type[5];
    int inside;
    box_check *check;
} BOXES[] = {
    {"moov", 0, check_moov},
    {"trak", 0, check_track},
    {"mdia", 0, NULL},
    {"minf", 0, NULL},
    {"stbl", 0, NULL},
    {"dinf", 0, NULL},
    {"edts", 0, NULL},
    {"moof", 0, check_moof},
    {"traf", 0, NULL},
    {"mvex", 0, NULL},
    {"iprp", 0, NULL},
    {"ipco", 0, NULL},
    {"mdat", -1, check_mdat},
    {"elst", -1, check_edits},
    {"dref", -1, check_references},
    {"stsd", -1, check_entries},
    {"stsz", -1, check_sizes},
    {"stts", -1, check_pairs},
    {"ctts", -1, check_pairs},
    {"stsc", -1, check_chunks},
    {"stco", -1, check_words},
    {"stss", -1, check_words},
    {"co64", -1, check_pairs},
    {"cmov", -1, check_compressed},
    {"sinf", -1, check_encrypted},
    {"senc", -1, check_encrypted},
    {"saiz", -1, check_encrypted},
    {"pssh", -1, check_encrypted},
    {"tenc", -1, check_encrypted},
    {"udta", -1, check_label},
    {"uuid", -1, check_label}, /* XMP */
    {"ispe", -1, check_extent},
    {"meta", 4, check_label},
};

static bool walk_boxes(struct walk *walk, int64_t at, int64_t end, int depth);

static bool visit(struct walk *walk, const struct box *box, int depth)
{
    for (size_t i = 0; i < G_N_ELEMENTS(BOXES); i++) {
        if (be32((const uint8_t *)BOXES[i].type) != box->type) {
            continue;
        }
        if (BOXES[i].check != NULL && !BOXES[i].check(walk, box)) {
            return false;
        }
        if (BOXES[i].inside >= 0) {
            return walk_boxes(walk, box->body + BOXES[i].inside, box->end, depth + 1);
        }
    }
    return true;
}

/* Reads a box header at `at`; false at the end or where the rest is no box (padding, trailers of phones, a long header that its parent
 * has no room for). */
static bool read_box(struct walk *walk, int64_t at, int64_t end, struct box *box)
{
    uint8_t head[16];
    int64_t size;

    if (end - at < 8 || !reader_read_exactly(walk->reader, at, head, 8)) {
        return false;
    }
    size = be32(head);
    *box = (struct box){.type = be32(head + 4), .start = at, .body = at + 8};
    if (size == 1) {
        if (!reader_read_exactly(walk->reader, at + 8, head + 8, 8)) {
            return false;
        }
        size = (int64_t)((uint64_t)be32(head + 8) << 32 | be32(head + 12));
        box->body = at + 16;
    }
    if (size == 0) {
        size = end - at;
    }
    if (size < box->body - at || end < box->body) {
        return false;
    }
    box->overruns = size > end - at;
    box->end = box->overruns ? end : at + size;
    return true;
}

static bool walk_boxes(struct walk *walk, int64_t at, int64_t end, int depth)
{
    struct box box;

    if (depth > DEPTH_MAX) {
        return refuse_file(walk, REASON_TOO_COMPLEX, "boxes nest too deeply");
    }
    while (read_box(walk, at, end, &box)) {
        if (++walk->boxes > BOXES_MAX) {
            return refuse_file(walk, REASON_TOO_COMPLEX, "too many boxes");
        }
        if (!visit(walk, &box, depth)) {
            return false;
        }
        at = box.end;
    }
    return true;
}

static bool check_mp4(struct walk *walk)
{
    if (!walk_boxes(walk, 0, walk->reader->size_bytes, 0)) {
        return false;
    }
    if (!walk->seen_moov && walk->seen_mdat) {
        return refuse_file(walk, REASON_TRUNCATED, "no index: the recording was not finished");
    }
    if (!walk->seen_moov) {
        return refuse_file(walk, REASON_BROKEN_FILE, "no index");
    }
    return true;
}

static bool check_heif(struct walk *walk)
{
    return walk_boxes(walk, 0, walk->reader->size_bytes, 0);
}

/* -- EBML ----------------------------------------------------------------------------------------------- */

#define EBML_SEGMENT    0x18538067
#define EBML_TRACKS     0x1654AE6B
#define EBML_TRACK      0xAE
#define EBML_ENCODINGS  0x6D80
#define EBML_ENCODING   0x6240
#define EBML_ENCRYPTION 0x5035
#define EBML_CLUSTER    0x1F43B675

/* A variable-length number at `at`; returns its bytes, 0 at the end. An unknown size is -1. */
static int ebml_number(struct walk *walk, int64_t at, bool keep_marker, int64_t *value)
{
    uint8_t head[8];
    int length = 1;

    if (!reader_read_exactly(walk->reader, at, head, 1) || head[0] == 0) {
        return 0;
    }
    while ((head[0] & (0x80 >> (length - 1))) == 0) {
        length++;
    }
    if (!reader_read_exactly(walk->reader, at, head, (size_t)length)) {
        return 0;
    }
    *value = keep_marker ? head[0] : head[0] & (0x7f >> (length - 1));
    bool all_ones = !keep_marker && *value == (0x7f >> (length - 1));
    for (int i = 1; i < length; i++) {
        *value = *value << 8 | head[i];
        all_ones = all_ones && head[i] == 0xff;
    }
    if (all_ones) {
        *value = -1;
    }
    return length;
}

static bool walk_ebml(struct walk *walk, int64_t at, int64_t end, int depth)
{
    while (at < end) {
        int64_t id = 0, size = 0;
        const int id_bytes = ebml_number(walk, at, true, &id);
        const int size_bytes = id_bytes == 0 ? 0 : ebml_number(walk, at + id_bytes, false, &size);
        const int64_t body = at + id_bytes + size_bytes;
        int64_t stop;

        if (size_bytes == 0 || id == EBML_CLUSTER) {
            return true; /* tracks stand before the first cluster */
        }
        if (++walk->boxes > BOXES_MAX) {
            return refuse_file(walk, REASON_TOO_COMPLEX, "too many elements");
        }
        stop = size < 0 || size > end - body ? end : body + size;
        if (id == EBML_ENCRYPTION) {
            return refuse_file(walk, REASON_ENCRYPTED, "encrypted track");
        }
        if (id == EBML_TRACK && !check_track(walk, NULL)) {
            return false;
        }
        if ((id == EBML_SEGMENT || id == EBML_TRACKS || id == EBML_TRACK || id == EBML_ENCODINGS ||
             id == EBML_ENCODING) &&
            (depth > DEPTH_MAX || !walk_ebml(walk, body, stop, depth + 1))) {
            return depth > DEPTH_MAX ? refuse_file(walk, REASON_TOO_COMPLEX, "elements nest too deeply") : false;
        }
        at = stop;
    }
    return true;
}

static bool check_matroska(struct walk *walk)
{
    return walk_ebml(walk, 0, walk->reader->size_bytes, 0);
}

/* -- photos --------------------------------------------------------------------------------------------- */

static bool check_jpeg(struct walk *walk)
{
    int64_t at = 2;
    uint8_t head[9];

    for (int markers = 0; markers < 2000; markers++) {
        if (!reader_read_exactly(walk->reader, at, head, 4) || head[0] != 0xff) {
            break;
        }
        if (head[1] == 0xff) { /* fill byte */
            at++;
            continue;
        }
        if (head[1] >= 0xc0 && head[1] <= 0xcf && head[1] != 0xc4 && head[1] != 0xc8 && head[1] != 0xcc) {
            if (!reader_read_exactly(walk->reader, at, head, 9)) {
                break;
            }
            walk->structure->height = head[5] << 8 | head[6];
            walk->structure->width = head[7] << 8 | head[8];
            return true;
        }
        at += 2 + (head[2] << 8 | head[3]);
    }
    return refuse_file(walk, REASON_BROKEN_FILE, "no frame header");
}

static bool check_png(struct walk *walk)
{
    uint8_t head[24];

    if (!reader_read_exactly(walk->reader, 0, head, sizeof head) || be32(head + 12) != TYPE('I', 'H', 'D', 'R') ||
        be32(head + 16) > G_MAXINT || be32(head + 20) > G_MAXINT) {
        return refuse_file(walk, REASON_BROKEN_FILE, "no image header");
    }
    walk->structure->width = (int)be32(head + 16);
    walk->structure->height = (int)be32(head + 20);
    return true;
}

static bool check_webp(struct walk *walk)
{
    uint8_t head[30];
    struct structure *found = walk->structure;

    if (!reader_read_exactly(walk->reader, 0, head, sizeof head)) {
        return refuse_file(walk, REASON_TRUNCATED, "no image header");
    }
    switch (be32(head + 12)) {
    case TYPE('V', 'P', '8', 'X'):
        found->width = (int)le(head + 24, 3) + 1;
        found->height = (int)le(head + 27, 3) + 1;
        return true;
    case TYPE('V', 'P', '8', 'L'):
        found->width = (int)(le(head + 21, 4) & 0x3fff) + 1;
        found->height = (int)(le(head + 21, 4) >> 14 & 0x3fff) + 1;
        return true;
    case TYPE('V', 'P', '8', ' '):
        found->width = (int)(le(head + 26, 2) & 0x3fff);
        found->height = (int)(le(head + 28, 2) & 0x3fff);
        return true;
    default:
        return refuse_file(walk, REASON_BROKEN_FILE, "no image header");
    }
}

static bool (*const CHECKS[SNIFF_FAMILY_COUNT])(struct walk *walk) = {
    [SNIFF_MP4] = check_mp4, [SNIFF_MATROSKA] = check_matroska, [SNIFF_JPEG] = check_jpeg,
    [SNIFF_PNG] = check_png, [SNIFF_WEBP] = check_webp,         [SNIFF_HEIF] = check_heif,
};

bool structure_check(const struct reader *reader, enum sniff_family family, struct structure *structure, GError **error)
{
    struct walk walk = {.reader = reader, .structure = structure, .error = error};

    *structure = (struct structure){0};
    return CHECKS[family] == NULL || CHECKS[family](&walk);
}
