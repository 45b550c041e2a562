#include "worker/media/probe.h"

#include <math.h>

#include <libavutil/pixdesc.h>

#define SIDE_MIN 16 /* an encoder's macroblock; smaller is a tracking pixel, not a clip */

bool probe_input(struct sniffer *sniffer, const struct reader *reader, const struct task_limits *limits,
                 enum sniff_family *family, struct structure *structure, GError **error)
{
    g_autofree uint8_t *head = g_malloc(SNIFF_HEAD_BYTES);
    const int64_t length = reader_read(reader, 0, head, SNIFF_HEAD_BYTES);

    if (length < 0) {
        g_set_error(error, MEDIA_ERROR, REASON_INFRASTRUCTURE, "input cannot be read");
        return false;
    }
    if (!sniffer_family(sniffer, head, (size_t)length, family, error)) {
        return false;
    }
    if (sniff_row_of(*family)->is_photo ? !limits->photo : !limits->video) {
        g_set_error(error, MEDIA_ERROR, REASON_KIND_MISMATCH, "%s is not of a kind for this track",
                    sniff_row_of(*family)->name);
        return false;
    }
    return structure_check(reader, *family, structure, error);
}

bool probe_check_length(const struct source *source, const struct task_limits *limits, GError **error)
{
    const int64_t length_ms = source_measure_of(source).duration_ms;
    const struct source_format *format = source_format_of(source);

    if (MIN(format->display_width, format->display_height) < SIDE_MIN) {
        g_set_error(error, MEDIA_ERROR, REASON_PICTURE_TOO_SMALL, "%dx%d", format->display_width,
                    format->display_height);
        return false;
    }
    if (length_ms < limits->min_ms) {
        g_set_error(error, MEDIA_ERROR, REASON_TOO_SHORT, "%" PRId64 " ms", length_ms);
        return false;
    }
    return true;
}

static const char *hdr_name(const struct source_format *format)
{
    if (format->hdr == SOURCE_SDR) {
        return NULL;
    }
    return format->is_dolby_vision ? "dolby-vision" : format->hdr == SOURCE_HLG ? "hlg" : "pq";
}

static json_t *colour_facts(const struct source_format *format)
{
    return json_pack("{s:s?, s:s?, s:s?, s:s, s:s?}", "primaries", av_color_primaries_name(format->primaries),
                     "transfer", av_color_transfer_name(format->transfer), "matrix",
                     av_color_space_name(format->matrix_coefficients), "range", format->full_range ? "full" : "limited",
                     "hdr", hdr_name(format));
}

static json_t *sound_facts(const struct source_format *format, const struct loudness *loudness)
{
    json_t *facts;

    if (!format->has_audio) {
        return json_null();
    }
    facts = json_pack("{s:s, s:i, s:i}", "codec", format->audio_codec, "channels", format->channels, "rate_hz",
                      format->sample_hz);
    if (loudness != NULL) {
        json_object_set_new(facts, "loudness_lufs", json_real(round(loudness_integrated_lufs(loudness) * 10) / 10));
        json_object_set_new(facts, "true_peak_dbtp", json_real(round(loudness_peak_dbtp(loudness) * 10) / 10));
    }
    return facts;
}

const char *probe_label(const struct source *source, const struct structure *structure)
{
    const char *tag = source_format_of(source)->label;

    return tag != NULL ? tag : structure->label[0] != '\0' ? structure->label : NULL;
}

json_t *probe_facts(const struct source *source, enum sniff_family family, const struct structure *structure,
                    const struct loudness *loudness, int64_t input_bytes)
{
    const struct source_format *format = source_format_of(source);
    const struct source_measure measure = source_measure_of(source);
    const char *label = probe_label(source, structure);
    g_autofree char *sar = g_strdup_printf("%d:%d", format->sar_q.num, format->sar_q.den);
    json_t *facts =
        json_pack("{s:s, s:s, s:I, s:i, s:i, s:i, s:i, s:i, s:s, s:f, s:b, s:b, s:I, "
                  "s:I, s:I, s:b, s:b, s:b}",
                  "kind", "video", "container", sniff_row_of(family)->name, "duration_ms", measure.duration_ms, "width",
                  format->display_width, "height", format->display_height, "coded_width", format->width, "coded_height",
                  format->height, "rotation", format->rotation, "sar", sar, "fps", round(measure.fps * 1000) / 1000,
                  "vfr", measure.is_variable, "interlaced", format->interlaced, "bit_rate_bps",
                  input_bytes * 8000 / MAX(measure.duration_ms, 1), "frames", measure.kept_frames, "decode_errors",
                  measure.errors, "had_location", format->had_location, "had_device", format->had_device, "ai_label",
                  format->has_label || structure->has_label);

    json_object_set_new(facts, "colour", colour_facts(format));
    json_object_set_new(facts, "video",
                        json_pack("{s:s, s:s?, s:i}", "codec", format->video_codec, "profile", format->video_profile,
                                  "level", format->video_level));
    json_object_set_new(facts, "audio", sound_facts(format, loudness));
    json_object_set_new(facts, "audio_tracks", json_integer(format->audio_tracks));
    if (format->created != NULL) {
        json_object_set_new(facts, "created", json_string(format->created));
    }
    if (label != NULL) {
        json_object_set_new(facts, "ai_label_text", json_string(label));
    }
    return facts;
}
