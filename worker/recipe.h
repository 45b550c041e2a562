/* THE table of job kinds: which tasks a kind runs, within which deadline, and what a failure means. A recipe runs one
 * locked child after the other, has what they made verified by a fresh one, and hashes it. Blocking; any thread, one
 * job each.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include <glib.h>
#include <jansson.h>

#include "common/failure.h"
#include "worker/task.h"

enum recipe_next {
    RECIPE_RETRY,      /* not the file's fault, or worth another try */
    RECIPE_REFUSE,     /* the file is refused: `reason` can be shown */
    RECIPE_QUARANTINE, /* it broke or attacked the child: for staff to look at */
};

struct recipe_job {
    const char *kind; /* of THE table */
    int input_fd;     /* O_RDONLY, borrowed */
    int64_t input_bytes;
    int review_fd;             /* for ladders: prepare's copy, O_RDONLY, borrowed; -1: none, the sound is encoded anew */
    int64_t review_bytes;
    int branding_fd[TASK_BRANDING_COUNT]; /* O_RDONLY, borrowed; where branding_bytes is 0 there is none */
    int64_t branding_bytes[TASK_BRANDING_COUNT];
    int patience_ms;           /* input_bytes are promised, the file still grows; 0: it is whole */
    const char *folder;        /* exists, is empty; outputs land here */
    const char *prefix;        /* the caller will put it in front of the outputs' names; NULL: nothing */
    json_t *limits;            /* of the track; NULL: of a new installation. Borrowed */
    json_t *facts;             /* from prepare, for the others; for covers with "cover_ms". Borrowed */
    const char *media_program; /* path of xuepai-media */
    int threads;
    bool unsafe; /* run even where no lock can be had */
};

struct recipe_output {
    char *name; /* "480p.mp4" */
    char *kind; /* poster share-card thumbnail storyboard storyboard-vtt sheet review-mp4 rung playlist master photo */
    char *type; /* MIME */
    int64_t bytes;
    char sha256[65]; /* hexadecimal */
    json_t *facts;   /* width, height, codecs, bandwidth_bps, average_bps, duration_ms as far as they apply */
};

struct recipe_result {
    GPtrArray *outputs; /* struct recipe_output */
    json_t *facts;      /* of the input */
    bool ok;
    enum reason reason;
    enum recipe_next next;
    char *words;         /* English, for the log */
    char *sandbox;       /* level line of the child */
    struct rusage usage; /* of all children */
};

typedef bool recipe_progress(void *context, int permille); /* false = cancel: the lease is lost */

/* True when the recipe ran; `result->ok` says how it ended. False with `error` when it could not run at all (unknown
 * kind, no child, disk): infrastructure, to be tried again. */
bool recipe_run(const struct recipe_job *job, recipe_progress *progress, void *context, struct recipe_result *result,
                GError **error);
void recipe_result_clear(struct recipe_result *result);
