/* Uploads under way: the rows that say how much of a file is durable. The bytes lie beside the database, in
 * <data>/uploads/<id>.part, and after completion in the store under upload_key(id). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "service/database/database.h"

#define UPLOAD_ID_LENGTH    26
#define UPLOAD_LENGTH_LATER INT64_C(-1)

struct upload {
    char *id;
    char *state;            /* open, complete, taken, refused, gone */
    int64_t length_bytes;   /* UPLOAD_LENGTH_LATER while deferred */
    int64_t offset_bytes;   /* durable */
    int64_t declared_bytes; /* RUFH: the length as told so far; -1: not told */
    char *metadata;         /* as given */
    char *track;
    char *fingerprint;
    char *concat;     /* Upload-Concat as given; "" for an upload by itself */
    char *media_kind; /* may be NULL */
    char *refusal;    /* reason code; may be NULL */
    char *node;       /* the service whose disk has the bytes; "": none yet */
    int64_t created_ms;
    int64_t updated_ms;
    int64_t expires_ms;
};

/* The columns of UPLOAD_MAP; statements add FROM upload and their WHERE. */
#define UPLOAD_FIELDS                                                                                                  \
    "id, state, COALESCE(length_bytes, -1) AS length_bytes,"                                                           \
    " COALESCE(declared_bytes, -1) AS declared_bytes, offset_bytes, metadata, track, fingerprint, concat,"             \
    " media_kind, refusal, node, created_ms, updated_ms, expires_ms"
extern const struct sql_map UPLOAD_MAP;
void upload_clear(struct upload *upload);

/* 26 characters of [a-z2-7]. Anything else is nobody's id. */
bool upload_id_is_valid(const char *id);
/* "original/<id>"; the caller's. */
char *upload_key(const char *id);
bool upload_is_state(const struct upload *upload, const char *state);

/* A part of a final upload: never a work's file by itself, and never looked into. */
bool upload_is_partial(const struct upload *upload);
/* Put together from others: takes no bytes. */
bool upload_is_final(const struct upload *upload);

/* `upload` in state open at offset 0. */
bool upload_add(struct sql *sql, const struct upload *upload, GError **error);
bool upload_find(struct sql *sql, const char *id, struct upload *upload, bool *found, GError **error);
/* An upload that was created since `since_ms`, has the same fingerprint, track and length, no byte and no work yet: the
 * answer to its creation may have been lost. */
bool upload_find_twin(struct sql *sql, const struct upload *wanted, int64_t since_ms, struct upload *upload,
                      bool *found, GError **error);

/* Forward only, only while open, and only by upload->node, whose it is from its first durable byte; *changed false
 * otherwise. */
bool upload_set_offset(struct sql *sql, const struct upload *upload, bool *changed, GError **error);
/* Once, while it is deferred. */
bool upload_set_length(struct sql *sql, const char *id, int64_t length_bytes, bool *changed, GError **error);
/* open -> complete at offset = length; the bytes are in the store by now. */
bool upload_complete(struct sql *sql, const char *id, int64_t length_bytes, int64_t now_ms, bool *changed,
                     GError **error);
/* complete -> taken, inside the caller's transaction; *changed false when it is not complete. */
bool upload_take(struct sql *sql, const char *id, bool *changed, GError **error);
bool upload_set_declared(struct sql *sql, const char *id, int64_t declared_bytes, GError **error);
bool upload_set_digest(struct sql *sql, const char *id, const char *sha256, GError **error);
/* open -> refused with a reason's code. */
bool upload_refuse(struct sql *sql, const char *id, const char *code, int64_t now_ms, bool *changed, GError **error);
/* open, complete, refused -> gone: never what a work was made of. */
bool upload_abandon_row(struct sql *sql, const char *id, int64_t now_ms, bool *changed, GError **error);

/* Bytes that open uploads may still bring to this node: its own, and those that no node has yet. */
bool upload_outstanding(struct sql *sql, const char *node, int64_t *bytes, GError **error);
/* Every open upload of this node, by id, after `after` ("" at first); at most 1000. */
struct sql_rows *upload_list_open(struct sql *sql, const char *node, const char *after, GError **error);
/* Files of this revision that are still on their way, in their order. */
struct sql_rows *upload_list_waiting(struct sql *sql, const char *submission, int64_t revision, GError **error);
/* Uploads without a work whose time is over; at most 200. */
struct sql_rows *upload_list_expired(struct sql *sql, int64_t now_ms, GError **error);

/* Row `position` of what a final upload is made of. */
bool upload_add_part(struct sql *sql, const char *final, int64_t position, const char *part, GError **error);
/* The parts of a final upload in their order, as uploads; at most 1000. */
struct sql_rows *upload_list_parts(struct sql *sql, const char *final, GError **error);
/* Open final uploads whose parts are all complete: those that `part` is in, or, with "", all; at most 200. */
struct sql_rows *upload_list_joinable(struct sql *sql, const char *part, GError **error);
