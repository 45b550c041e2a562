/* Who writes which upload, and the folder of their bytes. See uploads.c for the protocol, writer.c for durability. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "service/app.h"
#include "service/model/upload.h"

struct request;
struct uploads;

/* Makes <data>/uploads, cuts every open upload's file back to its durable offset, finishes completions that a crash
 * interrupted, and removes files without a row. */
struct uploads *uploads_open(struct app *app, GError **error);
void uploads_free(struct uploads *uploads);
/* Ends uploads that were idle too long; called once a minute. Blocks on the disk. */
void uploads_sweep(struct uploads *uploads, int64_t now_ms);

/* Tries again to complete the uploads of this node whose bytes are all here. Blocks on disk and network. */
void uploads_retry(struct uploads *uploads, int64_t now_ms);

/* Removes files of uploads that ended, or went on, on another node; called once an hour. */
void uploads_sweep_strays(struct uploads *uploads, int64_t now_ms);

/* The rest is for uploads.c and writer.c. */
int uploads_folder(const struct uploads *uploads);
struct app *uploads_app(const struct uploads *uploads);
char *uploads_part_name(const char *id);
/* The largest file that a track ("": any) takes. */
int64_t uploads_limit(const struct app *app, const char *track);
/* Is there room for a file of `length` beside the reserve and what is under way? REASON_FULL: no. */
bool uploads_has_space(struct app *app, int64_t length, GError **error);
/* Makes the upload's empty part file, with room for its length where it is known; durable. */
bool uploads_create_file(const struct uploads *uploads, const struct upload *upload, GError **error);
/* Does this node have the first `length` bytes? */
bool uploads_is_here(const struct uploads *uploads, const char *id, int64_t length);
/* The whole path, for store_put_file. */
char *uploads_part_path(const struct uploads *uploads, const char *id);

enum hold {
    HOLD_TAKEN,   /* the caller is the one writer now */
    HOLD_WAIT,    /* an older request was told to stop; park on uploads_topic(id) */
    HOLD_REFUSED, /* a newer request is there */
};

/* One request at a time works on an upload, and the newest wins: the socket of an older one that `writes` is shut at
 * once; one that does not is over in a moment anyway. */
enum hold uploads_hold(struct uploads *uploads, const char *id, struct request *request, bool writes);
void uploads_release(struct uploads *uploads, const char *id, const struct request *request);
char *uploads_topic(const char *id);

/* One run of appending (writer.c): from `offset` of the part file to at most `length` (UPLOAD_LENGTH_LATER: `limit`). */
struct writing {
    const char *id;
    int64_t offset;
    int64_t length;
    int64_t limit;
    bool is_partial;      /* no whole file: not looked into */
    bool names_track;     /* it is meant for a track, as our pages say at creation */
    bool awaits_checksum; /* it was announced to follow the body */
    bool is_rufh;         /* rufh.c: other headers, and only `completes` completes */
    bool tells_progress; /* RUFH: by interim answers, where the client takes them */
    bool completes;
    int64_t declared; /* RUFH: the length as told; -1: not told */
    int status;       /* of the answer when all is well: 204, or 201 for a creation with bytes */
};

struct tus_checksum;

/* Opens the part file and attaches the stream to the request, which must hold the upload; the stream lets it go. */
bool writer_attach(struct uploads *uploads, struct request *request, const struct writing *writing,
                   const struct tus_checksum *checksum, GError **error);

/* open -> complete: the file, durable by now, gets its place in the store, then the row and, in the same transaction,
 * the work that waits for it. May be called again at any time, also by two threads; REASON_NOT_FOUND when the bytes are
 * neither here nor in the store. */
bool uploads_complete(struct uploads *uploads, const char *id, int64_t length, int64_t now_ms, GError **error);

/* concatenation.c: makes the row `final`, whose parts are `ids`, and puts it together at once when they are complete. */
bool concatenation_create(struct uploads *uploads, const struct upload *final, char *const *ids, GError **error);
/* An open final upload whose parts are all complete becomes complete; otherwise nothing happens. *length: the sum of the
 * parts, UPLOAD_LENGTH_LATER while one of them is not known. */
bool concatenation_try(struct uploads *uploads, const struct upload *final, int64_t now_ms, int64_t *length,
                       GError **error);
/* Puts together what waits for `part` ("": for whatever) and can be. What fails is logged and tried again by the clock. */
void concatenation_sweep(struct uploads *uploads, const char *part, int64_t now_ms);
