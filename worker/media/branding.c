#include "worker/media/branding.h"

#include "worker/media/photo.h"
#include "worker/media/probe.h"
#include "worker/media/survey.h"

#define PICTURE_PIXELS_MAX (1920 * 1088) /* waiting pictures of a larger one would take more memory than a clip of 1080 lines */

static const char *const NAMES[TASK_BRANDING_COUNT] = {
    [TASK_INTRO] = "intro", [TASK_OUTRO] = "outro", [TASK_WATERMARK] = "watermark"};

/* One file of it, before anything is decoded. */
struct found {
    struct reader reader;
    struct structure structure;
    enum sniff_family family;
};

static bool find(const struct verb_context *context, enum task_branding part, struct found *found, GError **error)
{
    struct task_limits limits = context->task->limits;

    found->reader = (struct reader){.fd = task_branding_fd(context->task, part),
                                    .size_bytes = context->task->branding_bytes[part]};
    limits.video = part != TASK_WATERMARK;
    limits.photo = part == TASK_WATERMARK;
    return probe_input(context->sniffer, &found->reader, &limits, &found->family, &found->structure, error);
}

static bool measure(const struct found *found, const struct container_limits *limits, const struct source *source,
                    double *gain_db, GError **error)
{
    struct loudness *loudness = loudness_new();
    const struct survey survey = {
        .reader = &found->reader, .family = found->family, .limits = limits, .pictures = source, .loudness = loudness};
    const bool ok = survey_run(&survey, error);

    if (ok) {
        *gain_db = task_gain_db(loudness_integrated_lufs(loudness), loudness_peak_dbtp(loudness));
    }
    loudness_free(loudness);
    return ok;
}

static bool open_bumper(const struct verb_context *context, enum task_branding part, struct source **source,
                        double *gain_db, GError **error)
{
    const struct container_limits limits = {
        .max_ms = TASK_BUMPER_MS_MAX, .max_pixels = PICTURE_PIXELS_MAX, .threads = 1};
    struct found found;

    if (!find(context, part, &found, error)) {
        return false;
    }
    *source = source_open(&found.reader, found.family, &limits, error);
    return *source != NULL &&
           (!source_format_of(*source)->has_audio || measure(&found, &limits, *source, gain_db, error));
}

static bool open_part(struct branding *branding, const struct verb_context *context, enum task_branding part,
                      GError **error)
{
    struct found found;

    switch (part) {
    case TASK_INTRO:
        return open_bumper(context, part, &branding->intro, &branding->intro_gain_db, error);
    case TASK_OUTRO:
        return open_bumper(context, part, &branding->outro, &branding->outro_gain_db, error);
    default:
        branding->watermark = find(context, part, &found, error)
                                  ? photo_read_rgba(context->task, &found.reader, &found.structure, error)
                                  : NULL;
        return branding->watermark != NULL;
    }
}

bool branding_open(struct branding *branding, const struct verb_context *context, GError **error)
{
    *branding = (struct branding){0};
    for (int i = 0; i < TASK_BRANDING_COUNT; i++) {
        g_autoptr(GError) own = NULL;
        if (context->task->branding_bytes[i] > 0 && !open_part(branding, context, (enum task_branding)i, &own)) {
            g_set_error(error, MEDIA_ERROR, REASON_INFRASTRUCTURE, "the edition's %s: %s", NAMES[i], own->message);
            return false;
        }
    }
    return true;
}

bool branding_failed(GError *cause, GError **error)
{
    g_set_error(error, MEDIA_ERROR, REASON_INFRASTRUCTURE, "the edition's intro or outro: %s", cause->message);
    g_error_free(cause);
    return false;
}

void branding_clear(struct branding *branding)
{
    source_free(branding->intro);
    source_free(branding->outro);
    av_frame_free(&branding->watermark);
}
