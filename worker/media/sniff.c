#include "worker/media/sniff.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <magic.h>

struct sniffer {
    magic_t magic;
};

static const struct sniff_row FAMILIES[SNIFF_FAMILY_COUNT] = {
    [SNIFF_MP4] = {"mp4", "mov", false},      [SNIFF_MATROSKA] = {"matroska", "matroska", false},
    [SNIFF_AVI] = {"avi", "avi", false},      [SNIFF_MPEGTS] = {"mpegts", "mpegts", false},
    [SNIFF_MPEGPS] = {"mpeg", "mpeg", false}, [SNIFF_OGG] = {"ogg", "ogg", false},
    [SNIFF_FLV] = {"flv", "flv", false},      [SNIFF_JPEG] = {"jpeg", NULL, true},
    [SNIFF_PNG] = {"png", NULL, true},        [SNIFF_WEBP] = {"webp", NULL, true},
    [SNIFF_HEIF] = {"heif", NULL, true},
};

/* Heads that are ours. `mask` is not needed: RIFF and ftyp carry their second word in `at4` and `at8`. */
static const struct {
    const char *at0, *at4, *at8;
    enum sniff_family family;
} SIGNATURES[] = {
    {"\x1a\x45\xdf\xa3", NULL, NULL, SNIFF_MATROSKA},
    {"RIFF", NULL, "AVI ", SNIFF_AVI},
    {"RIFF", NULL, "WEBP", SNIFF_WEBP},
    {"OggS", NULL, NULL, SNIFF_OGG},
    {"FLV\x01", NULL, NULL, SNIFF_FLV},
    {"\xff\xd8\xff", NULL, NULL, SNIFF_JPEG},
    {"\x89PNG", "\r\n\x1a\n", NULL, SNIFF_PNG},
    {NULL, "ftyp", "heic", SNIFF_HEIF},
    {NULL, "ftyp", "heix", SNIFF_HEIF},
    {NULL, "ftyp", "heim", SNIFF_HEIF},
    {NULL, "ftyp", "heis", SNIFF_HEIF},
    {NULL, "ftyp", "mif1", SNIFF_HEIF},
    {NULL, "ftyp", "mif2", SNIFF_HEIF},
    {NULL, "ftyp", "avif", SNIFF_HEIF},
    {NULL, "ftyp", NULL, SNIFF_MP4},
    {NULL, "moov", NULL, SNIFF_MP4},
    {NULL, "mdat", NULL, SNIFF_MP4},
    {NULL, "wide", NULL, SNIFF_MP4},
    {NULL, "free", NULL, SNIFF_MP4},
    {NULL, "skip", NULL, SNIFF_MP4},
    {NULL, "pnot", NULL, SNIFF_MP4},
    {NULL, "moof", NULL, SNIFF_MP4},
    {NULL, "styp", NULL, SNIFF_MP4},
    {NULL, "sidx", NULL, SNIFF_MP4},
};

/* Heads that are known and refused, so that the reason is the true one. */
static const struct {
    const char *text;
    enum reason reason;
} REFUSED[] = {
    {"#EXTM3U", REASON_PLAYLIST},
    {"ffconcat", REASON_PLAYLIST},
    {"[playlist]", REASON_PLAYLIST},
    {"<MPD", REASON_PLAYLIST},
    {"GIF8", REASON_UNSUPPORTED_CONTAINER},
    {"II*", REASON_UNSUPPORTED_CONTAINER},
    {"BM", REASON_UNSUPPORTED_CONTAINER},
    {"\x30\x26\xb2\x75", REASON_UNSUPPORTED_CONTAINER}, /* ASF: wmv */
    {".RMF", REASON_UNSUPPORTED_CONTAINER},
    {"PK\x03\x04", REASON_NOT_MEDIA},
    {"\x1f\x8b", REASON_NOT_MEDIA},
    {"%PDF", REASON_NOT_MEDIA},
    {"Rar!", REASON_NOT_MEDIA},
};

/* What libmagic may say of a family beside "application/octet-stream"; a prefix is enough. */
static const struct {
    enum sniff_family family;
    const char *mime;
} AGREED[] = {
    {SNIFF_MP4, "video/"},
    {SNIFF_MP4, "audio/"},
    {SNIFF_MP4, "application/mp4"},
    {SNIFF_MATROSKA, "video/"},
    {SNIFF_MATROSKA, "audio/"},
    {SNIFF_MATROSKA, "application/x-matroska"},
    {SNIFF_AVI, "video/"},
    {SNIFF_MPEGTS, "video/"},
    {SNIFF_MPEGPS, "video/"},
    {SNIFF_OGG, "video/"},
    {SNIFF_OGG, "audio/"},
    {SNIFF_OGG, "application/ogg"},
    {SNIFF_FLV, "video/"},
    {SNIFF_JPEG, "image/jpeg"},
    {SNIFF_PNG, "image/png"},
    {SNIFF_WEBP, "image/webp"},
    {SNIFF_HEIF, "image/"},
    {SNIFF_HEIF, "video/"},
    /* A transport stream of 188 zeroed bytes looks like other things; its sync bytes decide. */
    {SNIFF_MPEGTS, "image/x-tga"},
    {SNIFF_MPEGTS, "application/x-"},
};

const struct sniff_row *sniff_row_of(enum sniff_family family)
{
    g_assert(family < SNIFF_FAMILY_COUNT);
    return &FAMILIES[family];
}

static bool stands_at(const uint8_t *head, size_t length, size_t offset, const char *text)
{
    const size_t size = text == NULL ? 0 : strlen(text);

    return text == NULL || (length >= offset + size && memcmp(head + offset, text, size) == 0);
}

/* 188-byte packets, with or without the four bytes that cameras put before each. */
static bool is_transport_stream(const uint8_t *head, size_t length)
{
    static const struct {
        size_t first, step;
    } LAYOUTS[] = {{0, 188}, {4, 192}};

    for (size_t i = 0; i < G_N_ELEMENTS(LAYOUTS); i++) {
        size_t synced = 0, seen = 0;
        for (size_t at = LAYOUTS[i].first; at < length && seen < 8; at += LAYOUTS[i].step, seen++) {
            synced += head[at] == 0x47;
        }
        if (seen >= 3 && synced == seen) {
            return true;
        }
    }
    return false;
}

static bool is_program_stream(const uint8_t *head, size_t length)
{
    return length > 14 && memcmp(head, "\0\0\1\xba", 4) == 0;
}

/* Text begins after a byte order mark and white space. */
static bool refusal_of(const uint8_t *head, size_t length, enum reason *refusal)
{
    size_t start = length >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (start < length && g_ascii_isspace(head[start])) {
        start++;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
        if (stands_at(head, length, start, REFUSED[i].text)) {
            *refusal = REFUSED[i].reason;
            return true;
        }
    }
    return false;
}

bool sniff_signature(const uint8_t *head, size_t length, enum sniff_family *family, enum reason *refusal)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SIGNATURES); i++) {
        if (length >= 12 && stands_at(head, length, 0, SIGNATURES[i].at0) &&
            stands_at(head, length, 4, SIGNATURES[i].at4) && stands_at(head, length, 8, SIGNATURES[i].at8)) {
            *family = SIGNATURES[i].family;
            return true;
        }
    }
    if (is_transport_stream(head, length)) {
        *family = SNIFF_MPEGTS;
        return true;
    }
    if (is_program_stream(head, length)) {
        *family = SNIFF_MPEGPS;
        return true;
    }
    *refusal = length == 0 ? REASON_EMPTY_FILE : REASON_NOT_MEDIA;
    (void)refusal_of(head, length, refusal); /* keeps the general reason where no row fits */
    return false;
}

struct sniffer *sniffer_open(GError **error)
{
    const int flags = MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_ELF |
                      MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_APPTYPE | MAGIC_NO_CHECK_CSV |
                      MAGIC_NO_CHECK_JSON;
    struct sniffer *sniffer = g_new0(struct sniffer, 1);

    sniffer->magic = magic_open(flags);
    if (sniffer->magic == NULL || magic_load(sniffer->magic, NULL) != 0) {
        g_set_error(error, MEDIA_ERROR, REASON_INFRASTRUCTURE, "libmagic: %s",
                    sniffer->magic == NULL ? "no handle" : magic_error(sniffer->magic));
        sniffer_free(sniffer);
        return NULL;
    }
    return sniffer;
}

void sniffer_free(struct sniffer *sniffer)
{
    if (sniffer == NULL) {
        return;
    }
    g_clear_pointer(&sniffer->magic, magic_close);
    g_free(sniffer);
}

static bool agrees(enum sniff_family family, const char *mime)
{
    if (strcmp(mime, "application/octet-stream") == 0) {
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(AGREED); i++) {
        if (AGREED[i].family == family && g_str_has_prefix(mime, AGREED[i].mime)) {
            return true;
        }
    }
    return false;
}

bool sniffer_family(struct sniffer *sniffer, const uint8_t *head, size_t length, enum sniff_family *family,
                    GError **error)
{
    enum sniff_family found = SNIFF_MP4;
    enum reason refusal = REASON_NOT_MEDIA;
    const char *mime;

    if (!sniff_signature(head, length, &found, &refusal)) {
        g_set_error(error, MEDIA_ERROR, (int)refusal, "no signature of ours");
        return false;
    }
    mime = magic_buffer(sniffer->magic, head, MIN(length, (size_t)SNIFF_HEAD_BYTES));
    if (mime != NULL && !agrees(found, mime)) {
        g_set_error(error, MEDIA_ERROR, REASON_DISGUISED, "signature says %s, magic says %s", FAMILIES[found].name,
                    mime);
        return false;
    }
    *family = found;
    return true;
}

static bool read_fully(int fd, void *to, size_t length)
{
    size_t done = 0;

    while (done < length) {
        const ssize_t got = read(fd, (char *)to + done, length - done);
        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            return false;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool say(int answer_fd, const char answer[SNIFF_ANSWER_BYTES])
{
    return write(answer_fd, answer, SNIFF_ANSWER_BYTES) == SNIFF_ANSWER_BYTES;
}

int sniffer_serve(struct sniffer *sniffer, const char *lock, int question_fd, int answer_fd)
{
    char first[SNIFF_ANSWER_BYTES] = "";
    g_autofree uint8_t *head = g_malloc(SNIFF_HEAD_BYTES);
    uint32_t length;
    uint64_t whole;

    (void)g_strlcpy(first, lock, sizeof first); /* cut off: the level comes first */
    if (!say(answer_fd, first)) {
        return 1;
    }
    while (read_fully(question_fd, &length, sizeof length)) {
        char answer[SNIFF_ANSWER_BYTES] = "unknown";
        enum sniff_family family;
        g_autoptr(GError) refusal = NULL;

        length = GUINT32_FROM_BE(length);
        if (length == 0 || length > SNIFF_HEAD_BYTES || !read_fully(question_fd, &whole, sizeof whole) ||
            !read_fully(question_fd, head, length)) {
            return 1;
        }
        /* Fewer than 512 bytes of a longer file are too few to refuse by. */
        if ((length >= 512 || GUINT64_FROM_BE(whole) == length) &&
            !sniffer_family(sniffer, head, length, &family, &refusal)) {
            g_snprintf(answer, sizeof answer, "refuse %s", reason_rule_of(error_reason(refusal))->code);
        }
        if (!say(answer_fd, answer)) {
            return 1;
        }
    }
    return 0;
}
