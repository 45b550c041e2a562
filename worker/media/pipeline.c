#include "worker/media/pipeline.h"

#define FRAMES_QUEUED   3
#define FRAMES_AHEAD    16 /* where nothing is encoded: drawing stills takes long, once a second, and the decoder is what all wait for */
#define PICTURES_QUEUED 2
#define SOUNDS_QUEUED   64
#define PACKETS_QUEUED  256
#define CUT_LEAST       (LIBAV_VIDEO_HZ / 5) /* x264's least distance of keyframes: six pictures of thirty a second */

#include "worker/media/held.h"
#include "worker/media/queue.h"
#include "worker/media/scene.h"

struct parcel {
    int output; /* -1: sound, for every sink */
    AVPacket *packet;
};

struct run;

/* A thread that turns the frames of one queue into packets. Copied pictures and sound that is made already have no queue and
 * no thread of their own: the reader passes their packets on. */
struct station {
    struct run *run;
    int output; /* -1: sound */
    struct encoder *encoder;
    struct queue *frames;
    size_t passed; /* pictures put into `frames`; the filter's thread alone */
    GThread *thread;
};

struct run {
    struct pipeline *pipeline;
    struct queue *frames, *packets;
    struct station pictures[GRAPH_OUTPUTS_MAX]; /* encoder NULL where the output is a still */
    struct station sound;                       /* encoder NULL without sound */
    struct sink *sinks[GRAPH_OUTPUTS_MAX];
    struct scene *scene;
    int64_t last_key; /* pts; -1 at first */
    struct sequence sequence;
    struct sequence_view view; /* the filter's thread alone */
    int prompt, drawn; /* outputs of the picture graphs: those that wait for nothing; all but the copies */
    struct held *held; /* pictures for the outputs between the two; NULL: there are none */
    GThread *reader, *filter;
    gint encoding; /* stations at work, and the reader where it copies; atomic */
    gint permille; /* atomic */
    GMutex mutex;
    /* guarded by mutex */
    GError *error;
    /* end of guarded fields */
};

static void frame_free(gpointer frame)
{
    libav_frame_free(frame);
}

static void parcel_free(gpointer data)
{
    struct parcel *parcel = data;

    av_packet_free(&parcel->packet);
    g_free(parcel);
}

static void each_queue(struct run *run, void (*act)(struct queue *queue))
{
    act(run->frames);
    act(run->packets);
    for (int i = 0; i < run->pipeline->count; i++) {
        if (run->pictures[i].frames != NULL) {
            act(run->pictures[i].frames);
        }
    }
    if (run->sound.frames != NULL) {
        act(run->sound.frames);
    }
}

/* Keeps the first error, takes `error`, and stops everybody. */
static void fail(struct run *run, GError *error)
{
    g_mutex_lock(&run->mutex);
    if (run->error == NULL) {
        run->error = error;
    } else {
        g_error_free(error);
    }
    g_mutex_unlock(&run->mutex);
    each_queue(run, queue_cancel);
    if (run->held != NULL) {
        held_cancel(run->held);
    }
}

/* -- reading -------------------------------------------------------------------------------------------- */

static bool send_packet(struct run *run, int output, AVPacket *packet)
{
    struct parcel *parcel = g_new0(struct parcel, 1);

    *parcel = (struct parcel){.output = output, .packet = packet};
    return queue_push(run->packets, parcel);
}

static bool copy_packet(struct run *run, const AVPacket *packet, GError **error)
{
    for (int i = run->drawn; i < run->pipeline->count; i++) {
        AVPacket *copied = NULL;
        GError *own = NULL;

        if (encoder_copy(run->pictures[i].encoder, packet, &copied, &own)) {
            (void)send_packet(run, i, copied); /* cancelled: the error is known */
        } else if (own != NULL) {
            g_propagate_error(error, own);
            return false;
        }
    }
    return true;
}

/* Sound keeps step with the pictures: muxers hold what comes early, ten seconds of it at most. */
static bool copy_sound(struct run *run, int64_t until, GError **error)
{
    struct soundtrack *soundtrack = run->sound.encoder == NULL ? NULL : run->pipeline->soundtrack;
    AVPacket *packet = NULL;

    do {
        if (soundtrack != NULL && !soundtrack_read(soundtrack, until, &packet, error)) {
            return false;
        }
    } while (packet != NULL && send_packet(run, run->sound.output, packet));
    return true;
}

/* Of the pictures, as the source reads it. */
static bool see_packet(void *context, const AVPacket *packet, GError **error)
{
    struct run *run = context;
    const int64_t since = packet->dts == AV_NOPTS_VALUE ? 0 : av_rescale(packet->dts, LIBAV_AUDIO_HZ, LIBAV_VIDEO_HZ);
    const int64_t now = since + run->sequence.offset_ms * (LIBAV_AUDIO_HZ / 1000);

    return copy_sound(run, now, error) && copy_packet(run, packet, error);
}

static void station_ends(struct run *run)
{
    if (g_atomic_int_dec_and_test(&run->encoding)) {
        queue_end(run->packets);
    }
}

static bool read_all(struct run *run, GError **error)
{
    for (;;) {
        enum source_kind kind;
        AVFrame *frame = NULL;

        if (!sequence_read(&run->sequence, &kind, &frame, error)) {
            return false;
        }
        g_atomic_int_set(&run->permille, sequence_permille(&run->sequence));
        if (kind == SOURCE_END) {
            queue_end(run->frames);
            return copy_sound(run, INT64_MAX, error);
        }
        if (!queue_push(run->frames, frame)) {
            return true;
        }
    }
}

static gpointer read_source(gpointer data)
{
    struct run *run = data;
    GError *error = NULL;

    if (!read_all(run, &error)) {
        fail(run, error);
    }
    station_ends(run);
    return NULL;
}

/* -- filtering ------------------------------------------------------------------------------------------ */

/* Decided on the picture as it was decoded, so that it is the same in every rung: the graph passes key_frame on. */
static void mark_keyframe(struct run *run, AVFrame *frame, bool is_first)
{
    const int64_t since = frame->pts - run->last_key;

    if (!run->pipeline->source_keyframes) {
        const bool is_cut = scene_is_cut(run->scene, frame);
        frame->key_frame = since >= PIPELINE_GOP_S * LIBAV_VIDEO_HZ || (is_cut && since >= CUT_LEAST);
    }
    if (is_first) {
        frame->key_frame = 1;
    }
    if (frame->key_frame) {
        run->last_key = frame->pts;
    }
}

static enum AVPictureType type_of(struct run *run, struct station *station, const AVFrame *frame)
{
    const struct picture_types *given = run->pipeline->given;
    const enum AVPictureType type = given == NULL ? frame->pict_type : picture_types_at(given, station->passed);

    station->passed++;
    return frame->key_frame ? AV_PICTURE_TYPE_I : type;
}

static void pass_still(struct run *run, int output, AVFrame *frame)
{
    if (sequence_view_clip(&run->view, frame)) {
        run->pipeline->still(run->pipeline->context, output, frame);
    }
}

/* The graph's outputs are the pipeline's from `from` to before `to`. */
static bool pass_pictures(struct run *run, struct graph *graph, int from, int to, GError **error)
{
    for (int i = from; i < to; i++) {
        AVFrame *frame = NULL;
        GError *own = NULL;

        while (graph_read(graph, i - from, &frame, &own)) {
            if (run->pictures[i].encoder == NULL) {
                pass_still(run, i, frame);
                libav_frame_free(frame);
                continue;
            }
            frame->pict_type = type_of(run, &run->pictures[i], frame);
            if (!queue_push(run->pictures[i].frames, frame)) {
                return true; /* cancelled: the error is known */
            }
        }
        if (own != NULL) {
            g_propagate_error(error, own);
            return false;
        }
    }
    return true;
}

static bool pass_sound(struct run *run, struct graph *graph, GError **error)
{
    AVFrame *frame = NULL;
    GError *own = NULL;

    while (graph_read(graph, 0, &frame, &own)) {
        if (!queue_push(run->sound.frames, frame)) {
            return true;
        }
    }
    if (own != NULL) {
        g_propagate_error(error, own);
    }
    return own == NULL;
}

struct filters {
    struct graph *prompt, *obeying, *sound; /* NULL where there is no such output */
    bool heard;
};

static bool draw_prompt(struct run *run, struct filters *filters, AVFrame *frame, GError **error)
{
    return graph_write(filters->prompt, frame, error) && pass_pictures(run, filters->prompt, 0, run->prompt, error);
}

static bool draw_obeying(struct run *run, struct filters *filters, AVFrame *frame, GError **error)
{
    return graph_write(filters->obeying, frame, error) &&
           pass_pictures(run, filters->obeying, run->prompt, run->drawn, error);
}

/* Those that wait no more. */
static bool draw_held(struct run *run, struct filters *filters, bool patient, GError **error)
{
    for (;;) {
        g_autoptr(AVFrame) frame = held_take(run->held, patient);

        if (frame == NULL) {
            return true;
        }
        if (!draw_obeying(run, filters, frame, error)) {
            return false;
        }
    }
}

static bool filter_picture(struct run *run, struct filters *filters, AVFrame *frame, GError **error)
{
    frame->pict_type = AV_PICTURE_TYPE_NONE; /* the original's is not ours */
    mark_keyframe(run, frame, sequence_view_enter(&run->view, frame));
    if (run->held == NULL) {
        return draw_prompt(run, filters, frame, error);
    }
    held_put(run->held, av_frame_clone(frame));
    return draw_prompt(run, filters, frame, error) && draw_held(run, filters, false, error);
}

static bool filter_frame(struct run *run, struct filters *filters, AVFrame *frame, GError **error)
{
    if (frame->width > 0) {
        return filter_picture(run, filters, frame, error);
    }
    filters->heard = true;
    return filters->sound == NULL ||
           (graph_write(filters->sound, frame, error) && pass_sound(run, filters->sound, error));
}

static bool end_pictures(struct run *run, struct filters *filters, GError **error)
{
    if (filters->prompt != NULL && !draw_prompt(run, filters, NULL, error)) {
        return false;
    }
    if (run->held == NULL) {
        return true;
    }
    queue_end(run->pictures[0].frames); /* so that the rest is decided */
    return draw_held(run, filters, true, error) && draw_obeying(run, filters, NULL, error);
}

static bool filter_end(struct run *run, struct filters *filters, GError **error)
{
    if (!end_pictures(run, filters, error)) {
        return false;
    }
    if (filters->sound == NULL) {
        return true;
    }
    return (filters->heard || graph_write_silence(filters->sound, error)) && graph_write(filters->sound, NULL, error) &&
           pass_sound(run, filters->sound, error);
}

static bool filter_all(struct run *run, struct filters *filters, GError **error)
{
    for (;;) {
        gpointer item = NULL;
        const enum queue_answer answer = queue_pop(run->frames, &item);
        g_autoptr(AVFrame) frame = item;

        if (answer == QUEUE_CANCELLED) {
            return true;
        }
        if (answer == QUEUE_END) {
            return filter_end(run, filters, error);
        }
        if (!filter_frame(run, filters, frame, error)) {
            return false;
        }
    }
}

/* A graph for the outputs from `from` to before `to`, which take from each other or from the input. */
static struct graph *open_pictures(const struct run *run, int from, int to)
{
    struct graph_output outputs[GRAPH_OUTPUTS_MAX];

    for (int i = from; i < to; i++) {
        outputs[i - from] = run->pipeline->outputs[i].picture;
        outputs[i - from].from -= outputs[i - from].from == GRAPH_FROM_INPUT ? 0 : from;
    }
    if (from == to) {
        return NULL;
    }
    struct graph *graph = graph_video_new(sequence_clip(&run->sequence)->format, outputs, to - from);
    graph_set_watermark(graph, run->pipeline->branding == NULL ? NULL : run->pipeline->branding->watermark);
    return graph;
}

static gpointer filter_frames(gpointer data)
{
    struct run *run = data;
    struct pipeline *pipeline = run->pipeline;
    struct filters filters = {.prompt = open_pictures(run, 0, run->prompt),
                              .obeying = open_pictures(run, run->prompt, run->drawn)};
    GError *error = NULL;

    if (run->sound.frames != NULL) {
        filters.sound = graph_audio_new(pipeline->gain_db, encoder_chunk(run->sound.encoder), false);
    }
    if (!filter_all(run, &filters, &error)) {
        fail(run, error);
    }
    graph_free(filters.prompt);
    graph_free(filters.obeying);
    graph_free(filters.sound);
    for (int i = 0; i < pipeline->count; i++) {
        if (run->pictures[i].frames != NULL) {
            queue_end(run->pictures[i].frames);
        }
    }
    if (run->sound.frames != NULL) {
        queue_end(run->sound.frames);
    }
    return NULL;
}

/* -- encoding ------------------------------------------------------------------------------------------- */

/* What the first output's encoder has decided. */
static void note_type(struct run *run, const AVPacket *packet)
{
    if (run->pipeline->decided != NULL) {
        picture_types_see(run->pipeline->decided, packet);
    }
    if (run->held != NULL) {
        held_decide(run->held, packet);
    }
}

static bool pass_packets(struct station *station, GError **error)
{
    AVPacket *packet = NULL;
    GError *own = NULL;

    while (encoder_read(station->encoder, &packet, &own)) {
        if (station->output == 0) {
            note_type(station->run, packet);
        }
        if (!send_packet(station->run, station->output, packet)) {
            return true;
        }
    }
    if (own != NULL) {
        g_propagate_error(error, own);
    }
    return own == NULL;
}

static bool encode_all(struct station *station, GError **error)
{
    for (;;) {
        gpointer item = NULL;
        const enum queue_answer answer = queue_pop(station->frames, &item);
        g_autoptr(AVFrame) frame = item;

        if (answer == QUEUE_CANCELLED) {
            return true;
        }
        if (!encoder_write(station->encoder, frame, error) || !pass_packets(station, error)) {
            return false;
        }
        if (answer == QUEUE_END) {
            return true;
        }
    }
}

static gpointer encode_frames(gpointer data)
{
    struct station *station = data;
    GError *error = NULL;

    if (!encode_all(station, &error)) {
        fail(station->run, error);
    }
    if (station->output == 0 && station->run->held != NULL) {
        held_end(station->run->held);
    }
    station_ends(station->run);
    return NULL;
}

/* -- writing -------------------------------------------------------------------------------------------- */

static bool write_parcel(struct run *run, const struct parcel *parcel, GError **error)
{
    for (int i = 0; i < run->pipeline->count; i++) {
        const struct pipeline_output *output = &run->pipeline->outputs[i];
        g_autoptr(AVPacket) packet = NULL;

        if (run->sinks[i] == NULL || (parcel->output >= 0 && parcel->output != i)) {
            continue;
        }
        packet = av_packet_clone(parcel->packet);
        g_assert(packet != NULL);
        if (!output->sink->write(run->sinks[i], parcel->output < 0 ? SINK_AUDIO : SINK_VIDEO, packet, error)) {
            return false;
        }
    }
    return true;
}

static bool write_packets(struct run *run, GError **error)
{
    for (;;) {
        gpointer item = NULL;
        const enum queue_answer answer = queue_pop(run->packets, &item);
        bool ok;

        if (answer != QUEUE_ITEM) {
            return true;
        }
        ok = write_parcel(run, item, error);
        parcel_free(item);
        if (!ok) {
            return false;
        }
        run->pipeline->progress(run->pipeline->context, g_atomic_int_get(&run->permille));
    }
}

static bool finish_sinks(struct run *run, GError **error)
{
    for (int i = 0; i < run->pipeline->count; i++) {
        const struct pipeline_output *output = &run->pipeline->outputs[i];

        if (run->sinks[i] != NULL && !output->sink->finish(run->sinks[i], output->facts, error)) {
            return false;
        }
    }
    return true;
}

/* -- the whole ------------------------------------------------------------------------------------------ */

static void add_codecs(const struct run *run, int index)
{
    g_autofree char *video = encoder_codecs(run->pictures[index].encoder);
    g_autofree char *audio = run->sound.encoder == NULL ? NULL : encoder_codecs(run->sound.encoder);
    g_autofree char *both = audio == NULL ? g_strdup(video) : g_strdup_printf("%s,%s", video, audio);

    json_object_set_new(run->pipeline->outputs[index].facts, "codecs", json_string(both));
}

static bool open_output(struct run *run, int index, GError **error)
{
    const struct pipeline_output *output = &run->pipeline->outputs[index];
    struct station *station = &run->pictures[index];

    *station = (struct station){.run = run, .output = index};
    if (output->video == NULL && !output->copy) {
        return true;
    }
    station->encoder =
        output->copy ? encoder_copy_new(run->pipeline->source, error) : encoder_video_new(output->video, error);
    if (station->encoder == NULL) {
        return false;
    }
    if (!output->copy) {
        station->frames = queue_new(PICTURES_QUEUED, frame_free);
        run->encoding++;
    }
    run->sinks[index] = output->sink->open(&output->target, station->encoder, run->sound.encoder,
                                           run->pipeline->label, error);
    if (run->sinks[index] == NULL) {
        return false;
    }
    add_codecs(run, index);
    return true;
}

static bool open_sound(struct run *run, GError **error)
{
    const struct soundtrack *made = run->pipeline->soundtrack;

    run->sound.encoder = made != NULL ? encoder_made_new(soundtrack_format(made), error) : encoder_audio_new(error);
    if (run->sound.encoder == NULL) {
        return false;
    }
    if (made == NULL) {
        run->sound.frames = queue_new(SOUNDS_QUEUED, frame_free);
        run->encoding++;
    } else {
        sequence_skip_sound(&run->sequence);
    }
    return true;
}

/* Pictures of 1080 lines at most are copied (rewrap.c): 50 MB of frames. */
static size_t frames_queued(const struct pipeline *pipeline)
{
    bool encodes = false;

    for (int i = 0; i < pipeline->count; i++) {
        encodes = encodes || pipeline->outputs[i].video != NULL;
    }
    return encodes ? FRAMES_QUEUED : FRAMES_AHEAD;
}

static bool open_all(struct run *run, GError **error)
{
    run->frames = queue_new(frames_queued(run->pipeline), frame_free);
    run->packets = queue_new(PACKETS_QUEUED, parcel_free);
    run->sound = (struct station){.run = run, .output = -1};
    run->encoding = 1; /* the reader */
    while (run->drawn < run->pipeline->count && !run->pipeline->outputs[run->drawn].copy) {
        run->prompt += !run->pipeline->outputs[run->drawn].obeys;
        run->drawn++;
    }
    run->held = run->prompt < run->drawn ? held_new() : NULL;
    if (sequence_has_audio(&run->sequence) && !open_sound(run, error)) {
        return false;
    }
    for (int i = 0; i < run->pipeline->count; i++) {
        if (!open_output(run, i, error)) {
            return false;
        }
    }
    return true;
}

static void start_threads(struct run *run)
{
    source_tap(run->pipeline->source, see_packet, run);
    run->reader = g_thread_new("read", read_source, run);
    run->filter = g_thread_new("filter", filter_frames, run);
    for (int i = 0; i < run->pipeline->count; i++) {
        if (run->pictures[i].frames != NULL) {
            run->pictures[i].thread = g_thread_new("encode", encode_frames, &run->pictures[i]);
        }
    }
    if (run->sound.frames != NULL) {
        run->sound.thread = g_thread_new("encode", encode_frames, &run->sound);
    }
}

static void join_threads(struct run *run)
{
    GThread *threads[GRAPH_OUTPUTS_MAX + 3] = {run->reader, run->filter, run->sound.thread};

    for (int i = 0; i < run->pipeline->count; i++) {
        threads[i + 3] = run->pictures[i].thread;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        if (threads[i] != NULL) {
            g_thread_join(threads[i]);
        }
    }
}

static void close_all(struct run *run)
{
    for (int i = 0; i < run->pipeline->count; i++) {
        if (run->sinks[i] != NULL) {
            run->pipeline->outputs[i].sink->free(run->sinks[i]);
        }
        encoder_free(run->pictures[i].encoder);
        queue_free(run->pictures[i].frames);
    }
    encoder_free(run->sound.encoder);
    queue_free(run->sound.frames);
    queue_free(run->frames);
    queue_free(run->packets);
    held_free(run->held);
    scene_free(run->scene);
    g_mutex_clear(&run->mutex);
}

struct source_measure pipeline_measure(const struct pipeline *pipeline)
{
    struct source_measure measure = source_measure_of(pipeline->source);

    measure.duration_ms = pipeline->lengths.before_ms + pipeline->lengths.clip_ms + pipeline->lengths.after_ms;
    return measure;
}

bool pipeline_run(struct pipeline *pipeline, GError **error)
{
    struct run run = {.pipeline = pipeline, .scene = scene_new(), .last_key = -1};
    GError *own = NULL;

    g_mutex_init(&run.mutex);
    sequence_open(&run.sequence, pipeline->source, pipeline->gain_db, pipeline->branding, &pipeline->lengths);
    if (open_all(&run, &own)) {
        start_threads(&run);
        if (!write_packets(&run, &own)) {
            fail(&run, g_steal_pointer(&own));
        }
        join_threads(&run);
        own = g_steal_pointer(&run.error);
        if (own == NULL) {
            (void)finish_sinks(&run, &own); /* reported through `own` */
        }
    }
    close_all(&run);
    sequence_close(&run.sequence);
    if (own != NULL) {
        g_propagate_error(error, own);
        return false;
    }
    return true;
}
