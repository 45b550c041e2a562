#include "worker/task.h"

#include <math.h>
#include <string.h>

#define LINE_MAX_BYTES   256
#define RESULT_MAX_BYTES 32768
#define ALL_MAX_BYTES    65536
#define LINES_PER_S      100

static const char *const VERBS[TASK_VERB_COUNT] = {
    [TASK_PREPARE] = "prepare",
    [TASK_WHOLE] = "whole",
    [TASK_LADDER] = "ladder",
    [TASK_COVER] = "cover",
    [TASK_VERIFY] = "verify",
};

static const char *const WAYS[TASK_WAY_COUNT] = {
    [TASK_ENCODE] = "encode",
    [TASK_COPY] = "copy",
    [TASK_MADE] = "made",
};

static const char *const CODECS[TASK_CODEC_COUNT] = {
    [TASK_H264] = "h264",
    [TASK_AV1] = "av1",
};

/* Nothing beyond 1,800 s; video as large as what upstream fuzzes, photos up to 64 megapixels (S3, S24). */
#define CEILING_MS           1800000
#define CEILING_PIXELS       (8192LL * 8192)
#define DEFAULT_PIXELS       (4096LL * 4096)
#define DEFAULT_PHOTO_PIXELS (64LL * 1000 * 1000)

static bool bad(GError **error, const char *what)
{
    g_set_error(error, WORKER_ERROR, REASON_JSON, "task: %s", what);
    return false;
}

void task_limits_init(struct task_limits *limits)
{
    *limits = (struct task_limits){
        .min_ms = 3000,
        .max_ms = 300000,
        .max_pixels = DEFAULT_PIXELS,
        .max_photo_pixels = DEFAULT_PHOTO_PIXELS,
        .video = true,
        .photo = true,
    };
}

static bool read_kinds(json_t *kinds, struct task_limits *limits)
{
    size_t i;
    json_t *kind;

    limits->video = limits->photo = false;
    json_array_foreach(kinds, i, kind) {
        const char *name = json_string_value(kind);
        limits->video |= name != NULL && strcmp(name, "video") == 0;
        limits->photo |= name != NULL && strcmp(name, "photo") == 0;
    }
    return limits->video || limits->photo;
}

bool task_limits_read(json_t *json, struct task_limits *limits, GError **error)
{
    json_t *kinds = NULL;
    json_error_t where;

    task_limits_init(limits);
    if (json == NULL) {
        return true;
    }
    if (json_unpack_ex(json, &where, 0, "{s?I, s?I, s?I, s?I, s?o}", "min_ms", &limits->min_ms, "max_ms",
                       &limits->max_ms, "max_pixels", &limits->max_pixels, "max_photo_pixels",
                       &limits->max_photo_pixels, "kinds", &kinds) != 0) {
        return bad(error, where.text);
    }
    if (kinds != NULL && !read_kinds(kinds, limits)) {
        return bad(error, "no kind allowed");
    }
    if (limits->min_ms < 0 || limits->max_ms <= 0 || limits->max_ms > CEILING_MS || limits->max_pixels <= 0 ||
        limits->max_pixels > CEILING_PIXELS || limits->max_photo_pixels <= 0 ||
        limits->max_photo_pixels > 4 * CEILING_PIXELS) {
        return bad(error, "limit out of range");
    }
    return true;
}

static json_t *limits_to_json(const struct task_limits *limits)
{
    json_t *kinds = json_array();

    if (limits->video) {
        json_array_append_new(kinds, json_string("video"));
    }
    if (limits->photo) {
        json_array_append_new(kinds, json_string("photo"));
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:o}", "min_ms", limits->min_ms, "max_ms", limits->max_ms, "max_pixels",
                     limits->max_pixels, "max_photo_pixels", limits->max_photo_pixels, "kinds", kinds);
}

static json_t *rung_to_json(const struct task_rung *rung)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:f, s:i, s:s, s:s, s:i, s:i, s:f, s:s}", "way", WAYS[rung->way],
                     "codec", CODECS[rung->codec], "short_side", rung->short_side, "width", rung->width, "height",
                     rung->height, "crf", rung->crf, "maxrate_bps", rung->maxrate_bps, "preset", rung->preset,
                     "options", rung->options, "bandwidth_bps", rung->bandwidth_bps, "average_bps", rung->average_bps,
                     "fps", rung->fps, "codecs", rung->codecs);
}

json_t *task_to_json(const struct task *task)
{
    json_t *rungs = json_array(), *outputs = json_array();

    for (int i = 0; i < task->rungs; i++) {
        json_array_append_new(rungs, rung_to_json(&task->rung[i]));
    }
    for (int i = 0; i < task->outputs; i++) {
        json_array_append_new(outputs, json_string(task->output[i]));
    }
    return json_pack("{s:s, s:s, s:I, s:I, s:[I, I, I], s:I, s:I, s:i, s:I, s:i, s:b, s:f, s:b, s:b, s:s, s:o, s:o, s:o}", "verb",
                     VERBS[task->verb], "prefix", task->prefix, "input_bytes", task->input_bytes, "sound_bytes",
                     task->sound_bytes, "branding_bytes", task->branding_bytes[0], task->branding_bytes[1],
                     task->branding_bytes[2], "intro_ms", task->intro_ms, "clip_ms", task->clip_ms, "patience_ms", task->patience_ms, "at_ms", task->at_ms, "threads",
                     task->threads, "unsafe", task->unsafe, "gain_db", task->gain_db, "encodes", task->encodes,
                     "source_keyframes", task->source_keyframes,
                     "picture_types", task->picture_types, "limits", limits_to_json(&task->limits), "rungs", rungs,
                     "outputs", outputs);
}

static bool read_word(const char *text, char *to, size_t size)
{
    return g_strlcpy(to, text, size) < size;
}

/* `count` when it is none of them. */
static int index_of(const char *const *words, int count, const char *word)
{
    int i = 0;

    while (i < count && strcmp(words[i], word) != 0) {
        i++;
    }
    return i;
}

static bool read_rung(json_t *row, struct task_rung *rung, GError **error)
{
    const char *way, *codec, *preset, *options, *codecs;
    json_error_t where;

    if (json_unpack_ex(row, &where, JSON_STRICT, "{s:s, s:s, s:i, s:i, s:i, s:F, s:i, s:s, s:s, s:i, s:i, s:F, s:s}",
                       "way", &way, "codec", &codec, "short_side", &rung->short_side, "width", &rung->width, "height",
                       &rung->height, "crf", &rung->crf, "maxrate_bps", &rung->maxrate_bps, "preset", &preset,
                       "options", &options, "bandwidth_bps", &rung->bandwidth_bps, "average_bps", &rung->average_bps,
                       "fps", &rung->fps, "codecs", &codecs) != 0) {
        return bad(error, where.text);
    }
    rung->way = (enum task_way)index_of(WAYS, TASK_WAY_COUNT, way);
    rung->codec = (enum task_codec)index_of(CODECS, TASK_CODEC_COUNT, codec);
    if (rung->way == TASK_WAY_COUNT || rung->codec == TASK_CODEC_COUNT ||
        !read_word(preset, rung->preset, sizeof rung->preset) ||
        !read_word(options, rung->options, sizeof rung->options) ||
        !read_word(codecs, rung->codecs, sizeof rung->codecs)) {
        return bad(error, "rung");
    }
    return true;
}

static bool read_rungs(json_t *rungs, struct task *task, GError **error)
{
    size_t i;
    json_t *row;

    if (json_array_size(rungs) > TASK_RUNGS_MAX) {
        return bad(error, "too many rungs");
    }
    json_array_foreach(rungs, i, row) {
        if (!read_rung(row, &task->rung[task->rungs], error)) {
            return false;
        }
        task->rungs++;
    }
    return true;
}

static bool read_outputs(json_t *outputs, struct task *task, GError **error)
{
    size_t i;
    json_t *name;

    if (json_array_size(outputs) > TASK_OUTPUTS_MAX) {
        return bad(error, "too many outputs");
    }
    json_array_foreach(outputs, i, name) {
        const char *text = json_string_value(name);
        if (text == NULL ||
            g_strlcpy(task->output[task->outputs], text, sizeof task->output[0]) >= sizeof task->output[0]) {
            return bad(error, "output name");
        }
        task->outputs++;
    }
    return true;
}

bool task_from_json(json_t *json, struct task *task, GError **error)
{
    json_t *limits, *rungs, *outputs;
    json_error_t where;
    const char *verb, *prefix, *picture_types;
    int unsafe, encodes, source_keyframes;

    *task = (struct task){0};
    if (json_unpack_ex(json, &where, JSON_STRICT,
                       "{s:s, s:s, s:I, s:I, s:[I, I, I], s:I, s:I, s:i, s:I, s:i, s:b, s:F, s:b, s:b, s:s, s:o, s:o, s:o}", "verb", &verb,
                       "prefix", &prefix, "input_bytes", &task->input_bytes, "sound_bytes", &task->sound_bytes,
                       "branding_bytes", &task->branding_bytes[0], &task->branding_bytes[1], &task->branding_bytes[2],
                       "intro_ms", &task->intro_ms, "clip_ms", &task->clip_ms,
                       "patience_ms", &task->patience_ms, "at_ms", &task->at_ms, "threads", &task->threads, "unsafe",
                       &unsafe, "gain_db", &task->gain_db, "encodes", &encodes, "source_keyframes", &source_keyframes,
                       "picture_types", &picture_types, "limits", &limits, "rungs", &rungs, "outputs",
                       &outputs) != 0) {
        return bad(error, where.text);
    }
    if (!read_word(picture_types, task->picture_types, sizeof task->picture_types) ||
        !read_word(prefix, task->prefix, sizeof task->prefix)) {
        return bad(error, "picture_types or prefix");
    }
    task->unsafe = unsafe != 0;
    task->encodes = encodes != 0;
    task->source_keyframes = source_keyframes != 0;
    task->verb = (enum task_verb)index_of(VERBS, TASK_VERB_COUNT, verb);
    if (task->verb == TASK_VERB_COUNT) {
        return bad(error, "verb");
    }
    return task_limits_read(limits, &task->limits, error) && read_rungs(rungs, task, error) &&
           read_outputs(outputs, task, error);
}

char *task_rung_name(const struct task_rung *rung, const char *ending)
{
    return g_strdup_printf("%dp%s.%s", rung->short_side, rung->codec == TASK_AV1 ? "-av1" : "", ending);
}

int task_output_fd(const struct task *task, const char *name)
{
    for (int i = 0; i < task->outputs; i++) {
        if (strcmp(task->output[i], name) == 0) {
            return TASK_OUTPUT_FD + i;
        }
    }
    return -1;
}

int task_sound_fd(const struct task *task)
{
    return TASK_OUTPUT_FD + task->outputs;
}

int task_branding_fd(const struct task *task, enum task_branding part)
{
    int fd = task_sound_fd(task) + (task->sound_bytes > 0);

    for (int i = 0; i < (int)part; i++) {
        fd += task->branding_bytes[i] > 0;
    }
    return fd;
}

bool task_is_branded(const struct task *task)
{
    bool is_branded = false;

    for (int i = 0; i < TASK_BRANDING_COUNT; i++) {
        is_branded = is_branded || task->branding_bytes[i] > 0;
    }
    return is_branded;
}

static int even(double length)
{
    return MAX((int)(length / 2 + 0.5) * 2, 2);
}

void task_fit(int width, int height, int short_side, int *fitted_width, int *fitted_height)
{
    const double scale = MIN(1.0, (double)short_side / MIN(width, height));

    *fitted_width = even(width * scale);
    *fitted_height = even(height * scale);
}

#define CAP_LEAST  200000
#define CAP_ANEW   1.5
#define CAP_MODERN 1.6 /* HEVC, VP9 and AV1 against H.264 */

int task_content_cap(int maxrate_bps, double source_bps, const char *codec, double share)
{
    static const char *const MODERN[] = {"hevc", "vp9", "av1"};
    double worth = source_bps * CAP_ANEW * pow(MIN(share, 1.0), 0.75);

    for (size_t i = 0; codec != NULL && i < G_N_ELEMENTS(MODERN); i++) {
        worth *= strcmp(codec, MODERN[i]) == 0 ? CAP_MODERN : 1;
    }
    return source_bps <= 0 ? maxrate_bps : MAX((int)MIN(worth, maxrate_bps), MIN(CAP_LEAST, maxrate_bps));
}

#define TARGET_LUFS (-16.0)
#define TARGET_DBTP (-1.5)
#define GAIN_MAX_DB 20.0 /* beyond that it is noise that gets louder */
#define GAIN_MIN_DB (-40.0)

double task_gain_db(double integrated_lufs, double peak_dbtp)
{
    if (integrated_lufs <= TASK_SILENCE_LUFS + 0.1) {
        return 0;
    }
    return CLAMP(MIN(TARGET_LUFS - integrated_lufs, TARGET_DBTP - peak_dbtp), GAIN_MIN_DB, GAIN_MAX_DB);
}

/* -- lines that come back ---------------------------------------------------------------------------------- */

struct task_parser {
    GString *line; /* at most RESULT_MAX_BYTES */
    int64_t all_bytes;
    int64_t second_began_ms;
    int lines_this_second;
    struct task_reply reply;
};

struct task_parser *task_parser_new(void)
{
    struct task_parser *parser = g_new0(struct task_parser, 1);

    parser->line = g_string_new(NULL);
    parser->reply.reason = REASON_INTERNAL;
    return parser;
}

void task_parser_free(struct task_parser *parser)
{
    if (parser == NULL) {
        return;
    }
    g_string_free(parser->line, TRUE);
    g_free(parser->reply.sandbox);
    g_free(parser->reply.words);
    json_decref(parser->reply.result);
    g_free(parser);
}

const struct task_reply *task_parser_reply(const struct task_parser *parser)
{
    return &parser->reply;
}

static bool broken(GError **error, const char *what)
{
    g_set_error(error, WORKER_ERROR, REASON_CRASHED, "child's lines: %s", what);
    return false;
}

typedef bool line_read(struct task_reply *reply, const char *text, size_t length, GError **error);

static char *printable(const char *text)
{
    char *copy = g_utf8_make_valid(text, -1);

    for (char *at = copy; *at != '\0'; at++) {
        *at = g_ascii_iscntrl(*at) ? ' ' : *at;
    }
    return copy;
}

static bool read_locked(struct task_reply *reply, const char *text, size_t length, GError **error)
{
    (void)length;
    if (reply->locked) {
        return broken(error, "locked twice");
    }
    reply->locked = true;
    reply->sandbox = printable(text);
    return true;
}

static bool read_progress(struct task_reply *reply, const char *text, size_t length, GError **error)
{
    guint64 permille;

    (void)length;
    if (!g_ascii_string_to_unsigned(text, 10, (guint64)reply->permille, 1000, &permille, NULL)) {
        return broken(error, "progress");
    }
    reply->permille = (int)permille;
    return true;
}

static bool read_result(struct task_reply *reply, const char *text, size_t length, GError **error)
{
    json_auto_t *result = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);

    if (reply->result != NULL || !json_is_object(json_object_get(result, "facts")) ||
        !json_is_array(json_object_get(result, "outputs"))) {
        return broken(error, "result");
    }
    reply->result = g_steal_pointer(&result);
    return true;
}

static bool read_failure(struct task_reply *reply, const char *text, size_t length, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, " ", 2);

    (void)length;
    if (reply->failed || parts[0] == NULL || !reason_find(parts[0], &reply->reason)) {
        return broken(error, "failure");
    }
    reply->failed = true;
    reply->words = printable(parts[1] == NULL ? "" : parts[1]);
    return true;
}

static const struct {
    char letter;
    size_t bytes_max;
    line_read *read;
} LINES[] = {
    {'S', LINE_MAX_BYTES, read_locked},
    {'P', LINE_MAX_BYTES, read_progress},
    {'R', RESULT_MAX_BYTES, read_result},
    {'E', LINE_MAX_BYTES, read_failure},
};

static bool take_line(struct task_parser *parser, GError **error)
{
    const GString *line = parser->line;

    if (line->len < 3 || line->str[1] != ' ' || strlen(line->str) != line->len) {
        return broken(error, "line");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(LINES); i++) {
        if (LINES[i].letter != line->str[0]) {
            continue;
        }
        if (line->len > LINES[i].bytes_max ||
            (!parser->reply.locked && LINES[i].letter != 'S' && LINES[i].letter != 'E')) {
            return broken(error, "too long, or before the lock");
        }
        return LINES[i].read(&parser->reply, line->str + 2, line->len - 2, error);
    }
    return broken(error, "unknown line");
}

static bool count_line(struct task_parser *parser, int64_t now_ms, GError **error)
{
    if (now_ms - parser->second_began_ms >= 1000) {
        parser->second_began_ms = now_ms;
        parser->lines_this_second = 0;
    }
    return ++parser->lines_this_second <= LINES_PER_S ? true : broken(error, "too many lines");
}

bool task_parser_feed(struct task_parser *parser, const char *bytes, size_t length, int64_t now_ms, GError **error)
{
    parser->all_bytes += (int64_t)length;
    if (parser->all_bytes > ALL_MAX_BYTES) {
        return broken(error, "too many bytes");
    }
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != '\n') {
            if (parser->line->len >= RESULT_MAX_BYTES) {
                return broken(error, "endless line");
            }
            g_string_append_c(parser->line, bytes[i]);
            continue;
        }
        if (!count_line(parser, now_ms, error) || !take_line(parser, error)) {
            return false;
        }
        g_string_truncate(parser->line, 0);
    }
    return true;
}
