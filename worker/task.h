/* The message from the worker to one run of xuepai-media, and the lines that come back.
 *
 * Descriptors of the child: 0 the task (JSON, to its end), 1 the lines, 2 the null device, 3 the input (read only),
 * 4 … the outputs in the order of the task's names (read and write, empty), behind them the sound that is made already
 * (read only), if there is one, and what the edition puts into every clip (likewise), in the order of enum task_branding.
 *
 * Lines, in this order, each ending in a line feed:
 *   S <text>          locked; the text is the sandbox line of design S37
 *   P <permille>      0 … 1000, never going back, at least one a second while frames flow
 *   R <json>          success: {"facts": {…}, "outputs": [{"name": …, …}]}
 *   E <code> <words>  failure: a reason's stable code, then English for the log
 * What comes back is hostile input: lines of at most 256 bytes (R: 32 KiB), at most 100 a second, 64 KiB in all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "common/failure.h"

#define TASK_INPUT_FD     3
#define TASK_OUTPUT_FD    4
#define TASK_OUTPUTS_MAX  32
#define TASK_RUNGS_MAX    8
#define TASK_BYTES_MAX    65536
#define TASK_TYPES_MAX    4096
#define TASK_SANDBOX_EXIT 4 /* refused to run unlocked */

enum task_verb {
    TASK_PREPARE,
    TASK_WHOLE, /* prepare and ladder from one decode */
    TASK_LADDER,
    TASK_COVER,
    TASK_VERIFY,
    TASK_VERB_COUNT
};

/* What the track allows; judged on measured facts. */
struct task_limits {
    int64_t min_ms, max_ms;
    int64_t max_pixels; /* of one video picture */
    int64_t max_photo_pixels;
    bool video, photo; /* kinds */
};

/* How a rung comes about. */
enum task_way {
    TASK_ENCODE,
    TASK_COPY, /* the original's own packets, wrapped anew: prepare has done it when there is a ladder job */
    TASK_MADE, /* prepare made it: the master playlist names it, and that is all */
    TASK_WAY_COUNT,
};

enum task_codec {
    TASK_H264, /* what every phone plays */
    TASK_AV1,  /* the same in fewer bytes, for those that play it; made when there is nothing else to do */
    TASK_CODEC_COUNT,
};

/* What the edition puts into every clip. */
enum task_branding {
    TASK_INTRO,     /* a clip before it */
    TASK_OUTRO,     /* and behind it */
    TASK_WATERMARK, /* a picture in its upper right corner */
    TASK_BRANDING_COUNT,
};
#define TASK_BUMPER_MS_MAX 15000 /* of intro and outro, each */

/* One rung of the ladder, or the review copy; sizes are upright and even. */
struct task_rung {
    enum task_way way;
    enum task_codec codec;
    int short_side, width, height;
    double crf;
    int maxrate_bps;
    char preset[16];
    char options[128]; /* of the encoder beyond the preset: "aq-mode=2:subme=1", or "" */
    /* TASK_MADE: what the master playlist says of it */
    int bandwidth_bps, average_bps;
    double fps;
    char codecs[40];
};

struct task {
    enum task_verb verb;
    int64_t input_bytes;
    int64_t sound_bytes; /* of the review copy, of which the ladder takes the sound; 0: there is none */
    int64_t branding_bytes[TASK_BRANDING_COUNT]; /* 0: none */
    int64_t intro_ms, clip_ms; /* how long they were where the sound was made; 0: as long as they are found to be */
    int patience_ms; /* the input is still growing (media/reader.h); 0: it is whole */
    int64_t at_ms;   /* TASK_COVER: the moment, on the clip's clock */
    int threads;
    bool unsafe; /* run even where no lock can be had */
    char prefix[8]; /* in front of the names that playlists and cues say: the outputs will be called so ("2-480p.mp4") */
    double gain_db;
    bool encodes; /* the review copy, whatever the original is: it was wrapped before, and did not look as it should */
    bool source_keyframes; /* rungs have their keyframes where the original has them, else every two seconds */
    char picture_types[TASK_TYPES_MAX + 1]; /* as prepare's encoder decided (media/picture_types.h); "" is nothing */
    struct task_limits limits;
    int rungs;
    struct task_rung rung[TASK_RUNGS_MAX];
    int outputs;
    char output[TASK_OUTPUTS_MAX][32];
};

/* Limits of a new installation for family videos; json keys as the fields, `kinds` an array. */
void task_limits_init(struct task_limits *limits);
bool task_limits_read(json_t *json, struct task_limits *limits, GError **error);

json_t *task_to_json(const struct task *task);
bool task_from_json(json_t *json, struct task *task, GError **error);

/* "720p.mp4", "720p-av1.m3u8"; the caller's. */
char *task_rung_name(const struct task_rung *rung, const char *ending);

/* The descriptor of the output called `name`, or -1. */
int task_output_fd(const struct task *task, const char *name);

/* The descriptor of the sound that is made already; there is one if sound_bytes says so. */
int task_sound_fd(const struct task *task);

/* The descriptor of a part of the branding; there is one if branding_bytes says so. */
int task_branding_fd(const struct task *task, enum task_branding part);
bool task_is_branded(const struct task *task);

/* The size of a rung: the short side as wanted but never above the picture's own, the aspect kept, both sides even. */
void task_fit(int width, int height, int short_side, int *fitted_width, int *fitted_height);

/* The cap of a rung by what the original is worth: bits grow with area to the power of 3/4, half as many again go to
 * encoding anew, and more where the original's codec needs fewer than H.264. `share` is the rung's area of the
 * original's; `source_bps` 0 is not known. Never below 200 kbit/s. */
int task_content_cap(int maxrate_bps, double source_bps, const char *codec, double share);

/* Gain of the ladder's sound: to -16 LUFS, linearly, as far as -1.5 dBTP of true peak allows; 0 for silence. */
#define TASK_SILENCE_LUFS (-70.0) /* what EBU R128 says of silence */
double task_gain_db(double integrated_lufs, double peak_dbtp);

/* -- lines that come back ---------------------------------------------------------------------------------- */

struct task_reply {
    bool locked;   /* S seen */
    char *sandbox; /* its text */
    int permille;
    json_t *result; /* R */
    bool failed;    /* E */
    enum reason reason;
    char *words;
};

struct task_parser;

struct task_parser *task_parser_new(void);
void task_parser_free(struct task_parser *parser);

/* Takes bytes as they arrive; `now_ms` is any steady clock. False when the child breaks the contract above. */
bool task_parser_feed(struct task_parser *parser, const char *bytes, size_t length, int64_t now_ms, GError **error);
const struct task_reply *task_parser_reply(const struct task_parser *parser);
