#include "worker/media/branding.h"

#include "worker/media/photo.h"
#include "worker/media/probe.h"
#include "worker/media/survey.h"

static const char *const NAMES[TASK_BRANDING_COUNT] = {
    [TASK_INTRO] = "intro", [TASK_OUTRO] = "outro", [TASK_WATERMARK] = "watermark"};

/* Waiting pictures of a larger one would take more memory than a clip of 1080 lines. */
static const struct container_limits LIMITS = {
    .max_ms = TASK_BUMPER_MS_MAX, .max_pixels = 1920 * 1088, .threads = 1};

static bool find(const struct verb_context *context, enum task_branding part, struct bumper *found,
                 struct structure *structure, GError **error)
{
    struct task_limits limits = context->task->limits;

    found->reader = (struct reader){.fd = task_branding_fd(context->task, part),
                                    .size_bytes = context->task->branding_bytes[part]};
    limits.video = part != TASK_WATERMARK;
    limits.photo = part == TASK_WATERMARK;
    return probe_input(context->sniffer, &found->reader, &limits, &found->family, structure, error);
}

static bool measure(struct bumper *bumper, const struct source *source, GError **error)
{
    struct loudness *loudness = loudness_new();
    const struct survey survey = {.reader = &bumper->reader,
                                  .family = bumper->family,
                                  .limits = &LIMITS,
                                  .pictures = source,
                                  .loudness = loudness};
    const bool ok = survey_run(&survey, error);

    if (ok) {
        bumper->gain_db = task_gain_db(loudness_integrated_lufs(loudness), loudness_peak_dbtp(loudness));
    }
    loudness_free(loudness);
    return ok;
}

static bool look_at_bumper(const struct verb_context *context, enum task_branding part, struct bumper *bumper,
                           GError **error)
{
    struct structure structure;
    struct source *source;
    bool ok;

    if (!find(context, part, bumper, &structure, error)) {
        return false;
    }
    source = source_open(&bumper->reader, bumper->family, &LIMITS, error);
    bumper->is_there = source != NULL;
    bumper->has_audio = source != NULL && source_format_of(source)->has_audio;
    ok = source != NULL && (!bumper->has_audio || measure(bumper, source, error));
    source_free(source);
    return ok;
}

static bool open_watermark(const struct verb_context *context, AVFrame **watermark, GError **error)
{
    struct structure structure;
    struct bumper found;

    *watermark = find(context, TASK_WATERMARK, &found, &structure, error)
                     ? photo_read_rgba(context->task, &found.reader, &structure, error)
                     : NULL;
    return *watermark != NULL;
}

static bool open_part(struct branding *branding, const struct verb_context *context, enum task_branding part,
                      GError **error)
{
    return part == TASK_INTRO   ? look_at_bumper(context, part, &branding->intro, error)
           : part == TASK_OUTRO ? look_at_bumper(context, part, &branding->outro, error)
                                : open_watermark(context, &branding->watermark, error);
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

void branding_clear(struct branding *branding)
{
    av_frame_free(&branding->watermark);
}

bool bumper_failed(GError *cause, GError **error)
{
    g_set_error(error, MEDIA_ERROR, REASON_INFRASTRUCTURE, "the edition's intro or outro: %s", cause->message);
    g_error_free(cause);
    return false;
}

struct source *bumper_open(const struct bumper *bumper, GError **error)
{
    GError *own = NULL;
    struct source *source = source_open(&bumper->reader, bumper->family, &LIMITS, &own);

    if (source == NULL) {
        (void)bumper_failed(own, error); /* NULL says it */
    }
    return source;
}
