#include "worker/media/graph.h"

#include <string.h>

#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/pixdesc.h>

#include "worker/task.h"

struct graph {
    const struct source_format *format; /* of the present part; pictures only */
    struct graph_part own;              /* what it was made for */
    const struct graph_part *part;      /* the present one */
    const AVFrame *mark;                /* NULL: none */
    struct graph_output outputs[GRAPH_OUTPUTS_MAX];
    int count;
    bool is_audio;
    int chunk;
    bool measure;
    AVFilterGraph *filters; /* NULL until the first frame */
    AVFilterContext *input, *mark_input;
    AVFilterContext *sinks[GRAPH_OUTPUTS_MAX];
    int64_t next_sample;             /* sound: where the next frame begins, so that a new graph goes on there */
    AVFrame *shape;                  /* the format the graph was built for, without data */
    GQueue ready[GRAPH_OUTPUTS_MAX]; /* left over from a graph that was replaced */
};

static struct graph *graph_new(int count)
{
    struct graph *graph = g_new0(struct graph, 1);

    g_assert(count > 0 && count <= GRAPH_OUTPUTS_MAX);
    graph->count = count;
    graph->part = &graph->own;
    graph->shape = libav_frame_new();
    for (int i = 0; i < GRAPH_OUTPUTS_MAX; i++) {
        g_queue_init(&graph->ready[i]);
    }
    return graph;
}

void graph_fit_long(const struct source_format *format, int long_side, struct graph_output *output)
{
    const int longer = MAX(format->display_width, format->display_height);
    const int shorter = MIN(format->display_width, format->display_height);

    task_fit(format->display_width, format->display_height,
             longer <= long_side ? shorter : MAX((int)((int64_t)shorter * long_side / longer), 2), &output->width,
             &output->height);
}

struct graph *graph_video_new(const struct source_format *format, const struct graph_output *outputs, int count)
{
    struct graph *graph = graph_new(count);

    graph->format = graph->own.format = format;
    memcpy(graph->outputs, outputs, sizeof *outputs * (size_t)count);
    return graph;
}

void graph_set_watermark(struct graph *graph, const AVFrame *mark)
{
    graph->mark = mark;
}

struct graph *graph_audio_new(double gain_db, int chunk, bool measure)
{
    struct graph *graph = graph_new(1);

    graph->is_audio = true;
    graph->own.gain_db = gain_db;
    graph->chunk = chunk;
    graph->measure = measure;
    return graph;
}

static void held_free(gpointer frame)
{
    libav_frame_free(frame);
}

void graph_free(struct graph *graph)
{
    if (graph == NULL) {
        return;
    }
    for (int i = 0; i < GRAPH_OUTPUTS_MAX; i++) {
        g_queue_clear_full(&graph->ready[i], held_free);
    }
    avfilter_graph_free(&graph->filters);
    av_frame_free(&graph->shape);
    g_free(graph);
}

/* -- text of the graphs --------------------------------------------------------------------------------- */

/* The eight ways a display matrix can lie, by the signs of a b c d (x' = a x + c y, y' = b x + d y;
 * y down). */
static const char *orientation_of(const int32_t *matrix)
{
    const int a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];

    if (abs(b) > abs(a)) {
        return c < 0 ? (b > 0 ? ",transpose=clock" : ",transpose=clock_flip")
                     : (b < 0 ? ",transpose=cclock" : ",transpose=cclock_flip");
    }
    if (a < 0) {
        return d < 0 ? ",hflip,vflip" : ",hflip";
    }
    return d < 0 ? ",vflip" : "";
}

/* zscale wants a name for what the file leaves open. */
static const char *name_or(const char *name, const char *otherwise)
{
    return name == NULL || strcmp(name, "unknown") == 0 || strcmp(name, "reserved") == 0 ? otherwise : name;
}

/* Tone mapping. HLG is anchored at 203 cd/m² reference white (BT.2408), PQ at 250: most clips are
 * graded for 1000. */
static void append_hdr(GString *text, const struct source_format *format)
{
    const bool is_hlg = format->hdr == SOURCE_HLG;
    const char *primaries = name_or(av_color_primaries_name(format->primaries), "bt2020");

    g_string_append_printf(text,
                           ",zscale=tin=%s:pin=%s:min=%s:rin=%s:t=linear:npl=%d,format=gbrpf32le,zscale=p=bt709,"
                           "tonemap=tonemap=%s:desat=0%s,zscale=t=bt709:m=bt709:r=tv,format=yuv420p",
                           is_hlg ? "arib-std-b67" : "smpte2084", primaries,
                           name_or(av_color_space_name(format->matrix_coefficients), "bt2020nc"),
                           format->full_range ? "pc" : "tv", is_hlg ? 203 : 250, "mobius", is_hlg ? ":peak=4" : "");
}

/* Rungs are scaled with care (measured: SSIM of the 360 rung 0.97 for 0.96 of bilinear), stills fast. */
static const char *scaler_of(const struct graph_output *output)
{
    return output->pixel == AV_PIX_FMT_YUV420P ? "bicubic" : "bilinear";
}

/* zimg makes the same picture as swscale's bicubic at half its cost; of 8 bits to 8 bits, in even sizes only. Chroma is where
 * swscale takes it to be. */
static void append_rung_size(GString *text, int width, int height)
{
    g_string_append_printf(text, ",zscale=%d:%d:filter=bicubic:param_a=0:param_b=0.6:cin=center:c=center", width,
                           height);
}

/* A size; the colours stay what they are. */
static void append_scale(GString *text, const struct graph *graph, const struct graph_output *output)
{
    const struct source_format *format = graph->format;
    const char *range = format->full_range ? "pc" : "tv";

    g_string_append_printf(text, ",scale=%d:%d:flags=%s:in_range=%s:out_range=%s",
                           format->is_swapped ? output->height : output->width,
                           format->is_swapped ? output->width : output->height, scaler_of(output), range, range);
}

/* RGB has no matrix yet: swscale gives it BT.709 limited at once. */
static void append_rgb(GString *text, int width, int height)
{
    g_string_append_printf(text, ",scale=%d:%d:flags=bilinear:out_color_matrix=bt709:out_range=tv,format=yuv420p",
                           width, height);
}

/* Another matrix or full range: by the colorspace filter, which has SIMD for it, where swscale goes
 * through RGB. Primaries are left as they are: BT.601's and BT.709's hardly differ. */
static void append_matrix(GString *text, const struct source_format *format)
{
    const char *matrix = "smpte170m";

    switch (format->matrix_coefficients) {
    case AVCOL_SPC_BT709:
        matrix = "bt709";
        break;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        matrix = "bt2020nc";
        break;
    case AVCOL_SPC_SMPTE240M:
        matrix = "smpte240m";
        break;
    case AVCOL_SPC_FCC:
        matrix = "fcc";
        break;
    default:
        break;
    }
    g_string_append_printf(text,
                           ",format=yuv420p,colorspace=ispace=%s:irange=%s:iprimaries=bt709:itrc="
                           "bt709:space=bt709:range=tv:"
                           "primaries=bt709:trc=bt709:format=yuv420p:fast=1",
                           matrix, format->full_range ? "pc" : "tv");
}

/* True when the colours are right already. */
static bool is_plain(const struct source_format *format)
{
    return format->matrix_coefficients == AVCOL_SPC_BT709 && !format->full_range;
}

/* Ends in yuv420p, BT.709, limited range, coded orientation. */
static void append_sdr(GString *text, const struct graph *graph, const struct graph_output *output)
{
    const AVFrame *shape = graph->shape;
    const int width = graph->format->is_swapped ? output->height : output->width;
    const int height = graph->format->is_swapped ? output->width : output->height;

    if ((av_pix_fmt_desc_get(shape->format)->flags & AV_PIX_FMT_FLAG_RGB) != 0) {
        append_rgb(text, width, height);
        return;
    }
    const bool is_sized = width == shape->width && height == shape->height;
    const bool is_even = shape->width % 2 == 0 && shape->height % 2 == 0;
    const bool is_rung = shape->format == AV_PIX_FMT_YUV420P && output->pixel == AV_PIX_FMT_YUV420P;

    if (is_rung && is_even && !is_sized) {
        append_rung_size(text, width, height);
    } else if (!is_sized || shape->format != AV_PIX_FMT_YUV420P) {
        append_scale(text, graph, output);
        g_string_append(text, ",format=yuv420p");
    }
    if (!is_plain(graph->format)) {
        append_matrix(text, graph->format);
    }
}

/* What a guest takes of the output's picture: all of it that has its own shape. */
static struct graph_output fitted(const struct graph *graph, const struct graph_output *output)
{
    const struct source_format *format = graph->format;
    struct graph_output inner = *output;
    const double fit = MIN((double)output->width / format->display_width, (double)output->height / format->display_height);

    if (graph->part->is_guest) {
        inner.width = CLAMP((int)(format->display_width * fit / 2 + 0.5) * 2, 2, output->width);
        inner.height = CLAMP((int)(format->display_height * fit / 2 + 0.5) * 2, 2, output->height);
    }
    return inner;
}

static bool has_mark(const struct graph *graph, int index)
{
    const struct graph_output *output = &graph->outputs[index];

    return graph->mark != NULL && !graph->part->is_guest && output->from == GRAPH_FROM_INPUT &&
           output->pixel == AV_PIX_FMT_YUV420P;
}

/* Outputs that are drawn from this one have it too. */
static void append_mark(GString *text, const struct graph *graph, int index)
{
    const struct graph_output *output = &graph->outputs[index];
    const int width = MAX((int)(GRAPH_MARK * MAX(output->width, output->height)), 2);
    const int margin = (int)(GRAPH_MARK_MARGIN * MIN(output->width, output->height));

    g_string_append_printf(text,
                           "[plain%d];[mark%d]scale=%d:-2:flags=bicubic:out_color_matrix=bt709:out_range=tv,format=yuva420p"
                           "[drawn%d];[plain%d][drawn%d]overlay=x=W-w-%d:y=%d:eof_action=repeat:format=yuv420,"
                           "setsar=1,format=yuv420p",
                           index, index, width, index, index, index, margin, margin);
}

static void append_output(GString *text, const struct graph *graph, int index)
{
    const struct graph_output *outer = &graph->outputs[index];
    const struct graph_output inner = fitted(graph, outer), *output = outer->from == GRAPH_FROM_INPUT ? &inner : outer;
    const struct source_format *format = graph->format;

    g_string_append(text, "null");
    if (output->every_s > 0) {
        g_string_append_printf(text, ",select='isnan(prev_selected_t)+gte(t-prev_selected_t\\,%.4f)'", output->every_s);
    }
    if (output->from != GRAPH_FROM_INPUT && output->pixel == AV_PIX_FMT_YUV420P) {
        append_rung_size(text, output->width, output->height);
    } else if (output->from != GRAPH_FROM_INPUT) {
        g_string_append_printf(text, ",scale=%d:%d:flags=bilinear:in_color_matrix=bt709:in_range=tv", output->width,
                               output->height);
    } else if (format->hdr != SOURCE_SDR) {
        append_scale(text, graph, output);
        append_hdr(text, format);
        g_string_append(text, orientation_of(format->matrix));
    } else {
        append_sdr(text, graph, output);
        g_string_append(text, orientation_of(format->matrix));
    }
    if (output->width != outer->width || output->height != outer->height) {
        g_string_append_printf(text, ",pad=%d:%d:(ow-iw)/2:(oh-ih)/2", outer->width, outer->height);
    }
    if (output->pixel == AV_PIX_FMT_RGB24 && output->from == GRAPH_FROM_INPUT) {
        g_string_append_printf(text, ",scale=%d:%d:in_color_matrix=bt709:in_range=tv", outer->width, outer->height);
    }
    g_string_append_printf(text, ",setsar=1,format=%s", av_get_pix_fmt_name(output->pixel));
    if (has_mark(graph, index)) {
        append_mark(text, graph, index);
    }
}

/* Outputs that take from `from`, as link labels; returns how many. */
static int append_split(GString *text, const struct graph *graph, int from)
{
    int count = 0;

    for (int i = 0; i < graph->count; i++) {
        count += graph->outputs[i].from == from;
    }
    if (from != GRAPH_FROM_INPUT) {
        count++;
    }
    g_string_append_printf(text, "%ssplit=%d", from == GRAPH_FROM_INPUT ? "" : ",", count);
    if (from != GRAPH_FROM_INPUT) {
        g_string_append_printf(text, "[out%d]", from);
    }
    for (int i = 0; i < graph->count; i++) {
        if (graph->outputs[i].from == from) {
            g_string_append_printf(text, "[link%d]", i);
        }
    }
    return count;
}

/* The watermark for each output that shows it. */
static void append_marks(GString *text, const struct graph *graph)
{
    g_autoptr(GString) links = g_string_new(NULL);
    int count = 0;

    for (int i = 0; i < graph->count; i++) {
        if (has_mark(graph, i)) {
            g_string_append_printf(links, "[mark%d]", i);
            count++;
        }
    }
    if (count > 0) {
        g_string_append_printf(text, "[mark]split=%d%s;", count, links->str);
    }
}

static char *video_text(const struct graph *graph)
{
    GString *text = g_string_new(NULL);

    append_marks(text, graph);
    g_string_append(text, "[in]");
    if (graph->format->interlaced) {
        g_string_append(text, "bwdif=mode=send_frame:deint=all,");
    }
    (void)append_split(text, graph, GRAPH_FROM_INPUT);
    for (int i = 0; i < graph->count; i++) {
        g_string_append_printf(text, ";[link%d]", i);
        append_output(text, graph, i);
        (void)append_split(text, graph, i);
    }
    return g_string_free(text, FALSE);
}

/* Gaps and overlaps above 40 ms are filled and cut; less is left alone, so that a jittery clock
 * makes no clicks. */
static char *audio_text(const struct graph *graph)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "[in]aresample=48000:async=1:min_hard_comp=0.04:first_pts=%" PRId64,
                           graph->next_sample);

    g_string_append(text, ",aformat=sample_fmts=fltp:channel_layouts=stereo:sample_rates=48000");
    if (graph->part->gain_db != 0) {
        g_string_append_printf(text, ",volume=%.2fdB:precision=float", graph->part->gain_db);
    }
    if (graph->measure) {
        g_string_append(text, ",ebur128=metadata=1:peak=true,aformat=sample_fmts=fltp");
    }
    g_string_append(text, "[out0]");
    return g_string_free(text, FALSE);
}

/* -- building ------------------------------------------------------------------------------------------- */

static bool make_input(struct graph *graph, const AVFrame *frame, GError **error)
{
    const AVFilter *filter = avfilter_get_by_name(graph->is_audio ? "abuffer" : "buffer");
    AVBufferSrcParameters *parameters = av_buffersrc_parameters_alloc();
    int code;

    graph->input = avfilter_graph_alloc_filter(graph->filters, filter, "in");
    g_assert(graph->input != NULL && parameters != NULL);
    parameters->format = frame->format;
    if (graph->is_audio) {
        parameters->time_base = (AVRational){1, LIBAV_AUDIO_HZ};
        parameters->sample_rate = frame->sample_rate;
        (void)av_channel_layout_copy(&parameters->ch_layout, &graph->shape->ch_layout); /* small */
    } else {
        parameters->time_base = (AVRational){1, LIBAV_VIDEO_HZ};
        parameters->width = frame->width;
        parameters->height = frame->height;
        parameters->sample_aspect_ratio = (AVRational){1, 1};
    }
    code = av_buffersrc_parameters_set(graph->input, parameters);
    av_channel_layout_uninit(&parameters->ch_layout);
    av_free(parameters);
    if (code >= 0) {
        code = avfilter_init_str(graph->input, NULL);
    }
    return libav_check(code, REASON_BROKEN_FILE, "graph input", error);
}

/* The watermark is one picture, which stands from the beginning on. */
static bool make_mark(struct graph *graph, GError **error)
{
    g_autofree char *settings = g_strdup_printf("video_size=%dx%d:pix_fmt=%d:time_base=1/%d:pixel_aspect=1/1",
                                                graph->mark->width, graph->mark->height, graph->mark->format,
                                                LIBAV_VIDEO_HZ);

    return libav_check(avfilter_graph_create_filter(&graph->mark_input, avfilter_get_by_name("buffer"), "mark", settings,
                                                    NULL, graph->filters),
                       REASON_INTERNAL, "watermark", error);
}

static bool feed_mark(struct graph *graph, GError **error)
{
    g_autoptr(AVFrame) mark = av_frame_clone(graph->mark);
    int code;

    g_assert(mark != NULL);
    mark->pts = 0;
    code = av_buffersrc_add_frame(graph->mark_input, mark);
    return libav_check(code < 0 ? code : av_buffersrc_add_frame(graph->mark_input, NULL), REASON_INTERNAL, "watermark",
                       error);
}

static bool shows_mark(const struct graph *graph)
{
    bool shows = false;

    for (int i = 0; i < graph->count; i++) {
        shows = shows || has_mark(graph, i);
    }
    return shows;
}

static bool make_sinks(struct graph *graph, AVFilterInOut **ends, GError **error)
{
    const AVFilter *filter = avfilter_get_by_name(graph->is_audio ? "abuffersink" : "buffersink");

    for (int i = graph->count - 1; i >= 0; i--) {
        g_autofree char *name = g_strdup_printf("out%d", i);
        AVFilterInOut *end = avfilter_inout_alloc();
        const int code = avfilter_graph_create_filter(&graph->sinks[i], filter, name, NULL, NULL, graph->filters);

        g_assert(end != NULL);
        if (!libav_check(code, REASON_INTERNAL, "graph output", error)) {
            avfilter_inout_free(&end);
            return false;
        }
        *end = (AVFilterInOut){.name = av_strdup(name), .filter_ctx = graph->sinks[i], .next = *ends};
        *ends = end;
    }
    return true;
}

static bool connect(struct graph *graph, AVFilterInOut **sinks, GError **error)
{
    g_autofree char *text = graph->is_audio ? audio_text(graph) : video_text(graph);
    AVFilterInOut *source = avfilter_inout_alloc();
    int code;

    g_assert(source != NULL);
    *source = (AVFilterInOut){.name = av_strdup("in"), .filter_ctx = graph->input};
    if (graph->mark_input != NULL) {
        source->next = avfilter_inout_alloc();
        g_assert(source->next != NULL);
        *source->next = (AVFilterInOut){.name = av_strdup("mark"), .filter_ctx = graph->mark_input};
    }
    code = avfilter_graph_parse_ptr(graph->filters, text, sinks, &source, NULL);
    avfilter_inout_free(&source);
    if (code >= 0) {
        code = avfilter_graph_config(graph->filters, NULL);
    }
    g_debug("graph: %s", text);
    return libav_check(code, REASON_BROKEN_FILE, text, error);
}

static void remember_shape(struct graph *graph, const AVFrame *frame)
{
    AVFrame *shape = graph->shape;

    av_frame_unref(shape);
    shape->width = frame->width;
    shape->height = frame->height;
    shape->format = frame->format;
    shape->sample_rate = frame->sample_rate;
    if (graph->is_audio && frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
        av_channel_layout_default(&shape->ch_layout, frame->ch_layout.nb_channels);
    } else {
        (void)av_channel_layout_copy(&shape->ch_layout, &frame->ch_layout); /* small */
    }
}

static const struct graph_part *part_of(const struct graph *graph, const AVFrame *frame)
{
    return frame->opaque == NULL ? &graph->own : frame->opaque;
}

static bool build(struct graph *graph, const AVFrame *frame, GError **error)
{
    AVFilterInOut *ends = NULL;
    bool ok;

    remember_shape(graph, frame);
    graph->part = part_of(graph, frame);
    graph->format = graph->part->format;
    graph->mark_input = NULL;
    graph->filters = avfilter_graph_alloc();
    g_assert(graph->filters != NULL);
    graph->filters->nb_threads = 1; /* the threads are the pipeline's */
    ok = make_input(graph, frame, error) && (!shows_mark(graph) || make_mark(graph, error)) &&
         make_sinks(graph, &ends, error) && connect(graph, &ends, error) &&
         (graph->mark_input == NULL || feed_mark(graph, error));
    avfilter_inout_free(&ends);
    if (ok && graph->chunk > 0) {
        av_buffersink_set_frame_size(graph->sinks[0], (unsigned)graph->chunk);
    }
    return ok;
}

static bool fits(const struct graph *graph, const AVFrame *frame)
{
    const AVFrame *shape = graph->shape;

    return frame->width == shape->width && frame->height == shape->height && frame->format == shape->format &&
           frame->sample_rate == shape->sample_rate && frame->ch_layout.nb_channels == shape->ch_layout.nb_channels &&
           part_of(graph, frame) == graph->part;
}

/* -- frames --------------------------------------------------------------------------------------------- */

/* To our clock: bwdif halves the time base. */
static void settle(struct graph *graph, int index, AVFrame *frame)
{
    const AVRational base_q = av_buffersink_get_time_base(graph->sinks[index]);
    const AVRational ours_q = {1, graph->is_audio ? LIBAV_AUDIO_HZ : LIBAV_VIDEO_HZ};

    frame->pts = av_rescale_q(frame->pts, base_q, ours_q);
    frame->pkt_duration = av_rescale_q(frame->pkt_duration, base_q, ours_q);
    if (graph->is_audio) {
        graph->next_sample = frame->pts + frame->nb_samples;
    }
}

/* Ends the present graph and keeps what it still gives. */
static bool drain(struct graph *graph, GError **error)
{
    int code = av_buffersrc_add_frame(graph->input, NULL);

    for (int i = 0; i < graph->count && code >= 0; i++) {
        AVFrame *frame = libav_frame_new();
        while ((code = av_buffersink_get_frame(graph->sinks[i], frame)) >= 0) {
            settle(graph, i, frame);
            g_queue_push_tail(&graph->ready[i], frame);
            frame = libav_frame_new();
        }
        av_frame_free(&frame);
        code = code == AVERROR_EOF || code == AVERROR(EAGAIN) ? 0 : code;
    }
    avfilter_graph_free(&graph->filters);
    return libav_check(code, REASON_BROKEN_FILE, "graph drain", error);
}

bool graph_write(struct graph *graph, AVFrame *frame, GError **error)
{
    if (frame == NULL) {
        return graph->filters == NULL || drain(graph, error);
    }
    if (graph->is_audio && frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
        av_channel_layout_default(&frame->ch_layout, frame->ch_layout.nb_channels);
    }
    if (graph->filters != NULL && !fits(graph, frame) && !drain(graph, error)) {
        return false;
    }
    if (graph->filters == NULL && !build(graph, frame, error)) {
        return false;
    }
    frame->sample_aspect_ratio = (AVRational){1, 1};
    return libav_check(av_buffersrc_add_frame(graph->input, frame), REASON_BROKEN_FILE, "graph", error);
}

bool graph_write_silence(struct graph *graph, GError **error)
{
    g_autoptr(AVFrame) frame = libav_frame_new();

    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = LIBAV_AUDIO_HZ;
    frame->nb_samples = 1024;
    frame->pts = 0;
    av_channel_layout_default(&frame->ch_layout, 2);
    if (!libav_check(av_frame_get_buffer(frame, 0), REASON_RESOURCE_LIMIT, "silence", error)) {
        return false;
    }
    av_samples_set_silence(frame->extended_data, 0, 1024, 2, AV_SAMPLE_FMT_FLTP);
    return graph_write(graph, frame, error);
}

bool graph_read(struct graph *graph, int index, AVFrame **out, GError **error)
{
    g_autoptr(AVFrame) frame = NULL;
    int code;

    g_assert(index < graph->count);
    *out = g_queue_pop_head(&graph->ready[index]);
    if (*out != NULL) {
        return true;
    }
    if (graph->filters == NULL) {
        return false;
    }
    frame = libav_frame_new();
    code = av_buffersink_get_frame(graph->sinks[index], frame);
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) {
        return false;
    }
    if (!libav_check(code, REASON_BROKEN_FILE, "graph output", error)) {
        return false;
    }
    settle(graph, index, frame);
    *out = g_steal_pointer(&frame);
    return true;
}
