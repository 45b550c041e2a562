/* Fragmented MP4 in one file with sidx, and the HLS media playlist that names its fragments by byte range. The same
 * bytes play as a plain <video src>. Fragments begin with a keyframe and last about four seconds.
 *
 * The muxer writes moov and fragments; the index of them is known only at the end, so the file is shifted then by the
 * size of the index that is inserted before the first fragment.
 */
#include <string.h>
#include <unistd.h>

#include "worker/media/sink.h"

#define FRAGMENT_US   3900000 /* the keyframe at or after: every second one */
#define SHIFT_BYTES   (1 << 20)
#define SIDX_HEAD     32
#define SIDX_ENTRY    12
#define FRAGMENTS_MAX 65535
#define BOX_HEAD      8
#define MOOF_MOST     (16 << 20)
#define VIDEO_TRACK   1

struct fragment {
    int64_t offset, bytes; /* moof with its mdat */
    uint32_t pictures;
    int64_t start; /* earliest presentation, 1/90000 s */
};

struct sink {
    struct sink_muxer *muxer;
    struct sink_target target;
    char *name;
    GArray *pictures;   /* int64_t pts, in the order of writing */
    int64_t end;        /* of the pictures, 1/90000 s */
    int64_t bytes;      /* of packets */
    GArray *fragments;  /* struct fragment, found at the end */
    int64_t head_bytes; /* ftyp + moov */
};

static struct sink *hls_open(const struct sink_target *target, const struct encoder *video, const struct encoder *audio,
                             const char *label, GError **error)
{
    struct sink_muxer *muxer = sink_muxer_open(target->fd, "+frag_keyframe+delay_moov+default_base_moof+skip_trailer",
                                               FRAGMENT_US, video, audio, label, error);
    struct sink *sink;

    if (muxer == NULL) {
        return NULL;
    }
    sink = g_new0(struct sink, 1);
    sink->muxer = muxer;
    sink->target = *target;
    sink->name = g_strdup(target->name);
    sink->pictures = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sink->fragments = g_array_new(FALSE, FALSE, sizeof(struct fragment));
    return sink;
}

static void hls_free(struct sink *sink)
{
    if (sink == NULL) {
        return;
    }
    sink_muxer_free(sink->muxer);
    g_array_unref(sink->pictures);
    g_array_unref(sink->fragments);
    g_free(sink->name);
    g_free(sink);
}

static bool hls_write(struct sink *sink, enum sink_stream stream, AVPacket *packet, GError **error)
{
    if (stream == SINK_VIDEO) {
        g_array_append_val(sink->pictures, packet->pts);
        sink->end = MAX(sink->end, packet->pts + packet->duration);
    }
    return sink_muxer_write(sink->muxer, stream, packet, error);
}

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool bad_file(const char *what, GError **error)
{
    g_set_error(error, MEDIA_ERROR, REASON_INTERNAL, "own fragments: %s", what);
    return false;
}

/* The first box of that kind among those that fill `length` bytes; its content's length. NULL: there is none. */
static const uint8_t *box_in(const uint8_t *at, size_t length, const char *kind, size_t *content)
{
    while (length >= BOX_HEAD) {
        const size_t bytes = be32(at);

        if (bytes < BOX_HEAD || bytes > length) {
            return NULL;
        }
        if (memcmp(at + 4, kind, 4) == 0) {
            *content = bytes - BOX_HEAD;
            return at + BOX_HEAD;
        }
        at += bytes;
        length -= bytes;
    }
    return NULL;
}

/* How many pictures a moof names: the track of the pictures is the first, and the muxer writes one trun for each track. */
static uint32_t pictures_of(const uint8_t *moof, size_t length)
{
    size_t track = 0, head = 0, run = 0;
    const uint8_t *traf = box_in(moof + BOX_HEAD, length - BOX_HEAD, "traf", &track);
    const uint8_t *tfhd = traf == NULL ? NULL : box_in(traf, track, "tfhd", &head);
    const uint8_t *trun = traf == NULL ? NULL : box_in(traf, track, "trun", &run);

    return tfhd != NULL && trun != NULL && head >= 8 && run >= 8 && be32(tfhd + 4) == VIDEO_TRACK ? be32(trun + 4) : 0;
}

/* A moof without pictures, which only the end can have, belongs to the fragment before it. */
static bool add_fragment(struct sink *sink, int64_t at, int64_t bytes, GError **error)
{
    g_autofree uint8_t *moof = bytes > MOOF_MOST ? NULL : g_try_malloc((size_t)bytes);

    if (moof == NULL || pread(sink->target.fd, moof, (size_t)bytes, at) != bytes) {
        return bad_file("moof", error);
    }
    const struct fragment fragment = {.offset = at, .bytes = bytes, .pictures = pictures_of(moof, (size_t)bytes)};
    if (fragment.pictures == 0 && sink->fragments->len > 0) {
        g_array_index(sink->fragments, struct fragment, sink->fragments->len - 1).bytes += bytes;
    } else {
        g_array_append_val(sink->fragments, fragment);
    }
    return true;
}

/* Reads back the boxes that the muxer wrote: a moof and its mdat make a fragment. */
static bool find_fragments(struct sink *sink, GError **error)
{
    const int64_t size = lseek(sink->target.fd, 0, SEEK_END);
    int64_t at = 0;

    while (at < size) {
        uint8_t head[BOX_HEAD];
        int64_t bytes;

        if (pread(sink->target.fd, head, sizeof head, at) != (ssize_t)sizeof head) {
            return bad_file("cannot be read", error);
        }
        bytes = be32(head);
        if (bytes < BOX_HEAD || bytes > size - at) {
            g_set_error(error, MEDIA_ERROR, REASON_INTERNAL,
                        "own fragments: box of %" PRId64 " bytes at %" PRId64 " of %" PRId64, bytes, at, size);
            return false;
        }
        if (memcmp(head + 4, "moof", 4) == 0) {
            if (!add_fragment(sink, at, bytes, error)) {
                return false;
            }
        } else if (sink->fragments->len > 0) {
            g_array_index(sink->fragments, struct fragment, sink->fragments->len - 1).bytes += bytes;
        } else {
            sink->head_bytes = at + bytes;
        }
        at += bytes;
    }
    return sink->fragments->len > 0 && sink->fragments->len <= FRAGMENTS_MAX ? true : bad_file("count", error);
}

/* Where each begins. The muxer cuts at the keyframe that lies FRAGMENT_US behind the last cut, but not before it has sound
 * too, so how many pictures it put into each is read and not foretold. */
static bool time_fragments(struct sink *sink, GError **error)
{
    guint first = 0;

    for (unsigned i = 0; i < sink->fragments->len; i++) {
        struct fragment *fragment = &g_array_index(sink->fragments, struct fragment, i);
        if (fragment->pictures == 0 || fragment->pictures > sink->pictures->len - first) {
            return bad_file("pictures", error);
        }
        fragment->start = g_array_index(sink->pictures, int64_t, first);
        first += fragment->pictures;
    }
    return first == sink->pictures->len ? true : bad_file("fewer pictures", error);
}

static int64_t duration_of(const struct sink *sink, unsigned index)
{
    const struct fragment *fragment = &g_array_index(sink->fragments, struct fragment, index);
    const int64_t next =
        index + 1 < sink->fragments->len ? g_array_index(sink->fragments, struct fragment, index + 1).start : sink->end;

    return MAX(next - fragment->start, 1);
}

static void append_be(GByteArray *bytes, uint64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        const uint8_t byte = (uint8_t)(value >> (8 * i));
        g_byte_array_append(bytes, &byte, 1);
    }
}

/* ISO/IEC 14496-12 8.16.3, version 0; every fragment starts with a stream access point of type 1. */
static GByteArray *make_sidx(const struct sink *sink)
{
    GByteArray *sidx = g_byte_array_new();
    const unsigned count = sink->fragments->len;

    append_be(sidx, SIDX_HEAD + SIDX_ENTRY * count, 4);
    g_byte_array_append(sidx, (const uint8_t *)"sidx", 4);
    append_be(sidx, 0, 4);              /* version and flags */
    append_be(sidx, 1, 4);              /* track of the pictures */
    append_be(sidx, LIBAV_VIDEO_HZ, 4); /* timescale */
    append_be(sidx, 0, 4);              /* earliest presentation time */
    append_be(sidx, 0, 4);              /* the first fragment follows at once */
    append_be(sidx, 0, 2);
    append_be(sidx, count, 2);
    for (unsigned i = 0; i < count; i++) {
        append_be(sidx, (uint64_t)g_array_index(sink->fragments, struct fragment, i).bytes, 4);
        append_be(sidx, (uint64_t)duration_of(sink, i), 4);
        append_be(sidx, 0x90000000u, 4);
    }
    return sidx;
}

/* Moves everything behind `from` by `by` bytes, from the end to the front. */
static bool shift(int fd, int64_t from, int64_t by, GError **error)
{
    g_autofree uint8_t *block = g_malloc(SHIFT_BYTES);
    int64_t end = lseek(fd, 0, SEEK_END);

    while (end > from) {
        const int64_t length = MIN(end - from, SHIFT_BYTES);
        const int64_t at = end - length;

        if (pread(fd, block, (size_t)length, at) != length || lseek(fd, at + by, SEEK_SET) != at + by) {
            return bad_file("shift", error);
        }
        if (!sink_write_all(fd, block, (size_t)length, error)) {
            return false;
        }
        end = at;
    }
    return true;
}

static bool insert_index(struct sink *sink, GError **error)
{
    g_autoptr(GByteArray) sidx = make_sidx(sink);

    if (!shift(sink->target.fd, sink->head_bytes, sidx->len, error)) {
        return false;
    }
    for (unsigned i = 0; i < sink->fragments->len; i++) {
        g_array_index(sink->fragments, struct fragment, i).offset += sidx->len;
    }
    return lseek(sink->target.fd, sink->head_bytes, SEEK_SET) == sink->head_bytes
               ? sink_write_all(sink->target.fd, sidx->data, sidx->len, error)
               : bad_file("seek", error);
}

/* RFC 8216 4.3.2.2, 4.3.2.5: byte ranges into one file; EXT-X-MAP in a playlist without I-frames-only wants version 6. */
static bool write_playlist(struct sink *sink, GError **error)
{
    g_autoptr(GString) text = g_string_new("#EXTM3U\n#EXT-X-VERSION:7\n");
    int64_t longest = 0;

    for (unsigned i = 0; i < sink->fragments->len; i++) {
        longest = MAX(longest, duration_of(sink, i));
    }
    g_string_append_printf(text,
                           "#EXT-X-TARGETDURATION:%d\n#EXT-X-PLAYLIST-TYPE:VOD\n"
                           "#EXT-X-INDEPENDENT-SEGMENTS\n"
                           "#EXT-X-MAP:URI=\"%s\",BYTERANGE=\"%" PRId64 "@0\"\n",
                           (int)((longest + LIBAV_VIDEO_HZ / 2) / LIBAV_VIDEO_HZ), sink->name, sink->head_bytes);
    for (unsigned i = 0; i < sink->fragments->len; i++) {
        const struct fragment *fragment = &g_array_index(sink->fragments, struct fragment, i);
        g_string_append_printf(text, "#EXTINF:%.5f,\n#EXT-X-BYTERANGE:%" PRId64 "@%" PRId64 "\n%s\n",
                               (double)duration_of(sink, i) / LIBAV_VIDEO_HZ, fragment->bytes, fragment->offset,
                               sink->name);
    }
    g_string_append(text, "#EXT-X-ENDLIST\n");
    return sink_write_all(sink->target.playlist_fd, text->str, text->len, error);
}

static void add_rates(const struct sink *sink, json_t *facts)
{
    double peak = 0, bits = 0, seconds = 0;

    for (unsigned i = 0; i < sink->fragments->len; i++) {
        const double part_bits = 8.0 * (double)g_array_index(sink->fragments, struct fragment, i).bytes;
        const double part_seconds = (double)duration_of(sink, i) / LIBAV_VIDEO_HZ;
        bits += part_bits;
        seconds += part_seconds;
        /* RFC 8216: the peak over parts of 0.5 to 1.5 target durations; a short last one is not a measure. */
        if (part_seconds >= 2 || sink->fragments->len == 1) {
            peak = MAX(peak, part_bits / part_seconds);
        }
    }
    json_object_set_new(facts, "bandwidth_bps", json_integer((json_int_t)(MAX(peak, bits / seconds) + 0.5)));
    json_object_set_new(facts, "average_bps", json_integer((json_int_t)(bits / seconds + 0.5)));
}

static bool hls_finish(struct sink *sink, json_t *facts, GError **error)
{
    if (!sink_muxer_finish(sink->muxer, error) || !find_fragments(sink, error) || !time_fragments(sink, error) ||
        !insert_index(sink, error) || !write_playlist(sink, error)) {
        return false;
    }
    add_rates(sink, facts);
    return true;
}

const struct sink_driver SINK_HLS = {
    .open = hls_open,
    .write = hls_write,
    .finish = hls_finish,
    .free = hls_free,
};
