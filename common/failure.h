/* What can go wrong, once for all three programs.
 *
 * Every GError of the project carries a `enum reason` as its code; its domain says where it arose. A reason belongs
 * to a failure class, and the class alone decides HTTP status, retry and log level. What a person reads, the stable
 * `code` and the Chinese `detail`, stands in the reason's row. GError.message is English, for the log only, and is
 * never sent to anybody.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

/* Where an error arose. */
#define SETTINGS_ERROR (settings_error_quark())
#define MESSAGE_ERROR  (message_error_quark())
#define HTTP_ERROR     (http_error_quark())
#define MODEL_ERROR    (model_error_quark())
#define DATABASE_ERROR (database_error_quark())
#define STORE_ERROR    (store_error_quark())
#define SITE_ERROR     (site_error_quark())
#define WORKER_ERROR   (worker_error_quark())
#define MEDIA_ERROR    (media_error_quark())
GQuark settings_error_quark(void);
GQuark message_error_quark(void);
GQuark http_error_quark(void);
GQuark model_error_quark(void);
GQuark database_error_quark(void);
GQuark store_error_quark(void);
GQuark site_error_quark(void);
GQuark worker_error_quark(void);
GQuark media_error_quark(void);

/* What to do about it. */
enum failure {
    FAILURE_INPUT,
    FAILURE_NOT_FOUND,
    FAILURE_GONE,
    FAILURE_UNAUTHENTICATED,
    FAILURE_DENIED,
    FAILURE_METHOD,
    FAILURE_CONFLICT,
    FAILURE_LOCKED, /* passes by itself: 423, which tus clients try again; after another 4xx they begin at byte 0 */
    FAILURE_PRECONDITION,
    FAILURE_LIMIT,
    FAILURE_UNSUPPORTED,
    FAILURE_REFUSED, /* understood, well formed, and against a rule of the edition: 422 */
    FAILURE_RATE,
    FAILURE_BUSY,
    FAILURE_TIMEOUT,
    FAILURE_FULL,
    FAILURE_IO,
    FAILURE_UNKNOWN_OUTCOME, /* a write may or may not have happened; never repeat it blindly */
    FAILURE_INTERNAL,
    FAILURE_COUNT
};

enum retry {
    RETRY_NEVER,
    RETRY_LATER,
};

struct failure_rule {
    const char *name;
    int http_status;
    enum retry retry;
    GLogLevelFlags log_level;
};

/* Rows: one per reason; kept in the groups of the table in failure.c. */
enum reason {
    /* one for each failure class, where nothing better is known */
    REASON_INPUT,
    REASON_NOT_FOUND,
    REASON_GONE,
    REASON_UNAUTHENTICATED,
    REASON_DENIED,
    REASON_METHOD,
    REASON_CONFLICT,
    REASON_PRECONDITION,
    REASON_LIMIT,
    REASON_UNSUPPORTED,
    REASON_REFUSED,
    REASON_RATE,
    REASON_QUOTA, /* too many works from one source (model/quota) */
    REASON_BUSY,
    REASON_TIMEOUT,
    REASON_FULL,
    REASON_IO,
    REASON_UNKNOWN_OUTCOME,
    REASON_INTERNAL,
    REASON_DATABASE_DOWN, /* the server does not answer; nothing of the transaction remains */

    /* http and uploads */
    REASON_MALFORMED,
    REASON_BODY_TOO_LARGE,
    REASON_JSON,
    REASON_FORM_TOKEN,
    REASON_TUS_VERSION,
    REASON_UPLOAD_LENGTH,
    REASON_UPLOAD_METADATA,
    REASON_UPLOAD_OFFSET,
    REASON_UPLOAD_TYPE,
    REASON_UPLOAD_TOO_LARGE,
    REASON_UPLOAD_EXPIRED,
    REASON_UPLOAD_TAKEN_OVER,
    REASON_UPLOAD_CHECKSUM,
    REASON_UPLOAD_CHECKSUM_ALGORITHM,
    REASON_UPLOAD_INTERRUPTED,
    REASON_UPLOAD_UNFINISHED,
    REASON_UPLOAD_NONE,      /* a form without a file */
    REASON_UPLOAD_NOT_MEDIA, /* refused early by the sniffer */
    REASON_UPLOAD_CONCAT,    /* Upload-Concat, or what it names, is of no use */
    REASON_UPLOAD_FINAL,     /* bytes for an upload that is put together from others */
    REASON_UPLOAD_ELSEWHERE, /* its bytes lie on another node of this installation */
    REASON_WORKER_VERSION,   /* worker and service are of different releases */
    REASON_STORE,            /* the media store does not answer */
    REASON_OUTBOUND,         /* somebody else's server gave no answer */
    REASON_OUTBOUND_ADDRESS, /* no place where requests may go */
    REASON_RECEIVERS,        /* as many receivers of events as there may be */
    REASON_SUBTITLES,        /* no subtitles that can be read */
    REASON_DAYS,             /* days or hours of the programme that cannot be */

    /* submissions */
    REASON_TRACK_UNKNOWN,
    REASON_TRACK_CLOSED,
    REASON_TRACK_UNITS,
    REASON_REGION_UNKNOWN,
    REASON_TITLE_MISSING,
    REASON_TITLE_TOO_LONG,
    REASON_WORDS_TOO_LONG,
    REASON_CAPTION_TOO_LONG,
    REASON_NAME_MISSING,
    REASON_PHONE_INVALID,
    REASON_CONSENT_LICENCE,
    REASON_CONSENT_GUARDIAN,
    REASON_CONSENT_SCOPE,
    REASON_CONSENT_EMBED, /* other sites may not show it */
    REASON_TOO_MANY_FILES,
    REASON_KIND_MISMATCH, /* a photo for a video track, or the other way round */
    REASON_PIN_WRONG,
    REASON_TAKEN_DOWN, /* it was public, and staff took it away */
    REASON_LINK_NAME,
    REASON_CONTACT_MISMATCH,
    REASON_BATCH_COLUMNS,
    REASON_BATCH_ROWS,
    REASON_BATCH_FILE,
    REASON_BATCH_CSV,
    REASON_SMS_OFF,
    REASON_PHONE_CODE,
    REASON_PHONE_CODE_WRONG,
    REASON_PHONE_CODE_SOON,
    REASON_PHONE_CODE_MANY,
    REASON_WECHAT,
    REASON_WECHAT_OFF,
    REASON_STATE, /* the work's state does not allow this */

    /* people and review */
    REASON_LOGIN,
    REASON_SIGN_ON,         /* by the identity provider: state, code or ID token are of no use */
    REASON_SIGN_ON_UNKNOWN, /* it vouches for somebody who was not invited */
    REASON_LOGIN_SLOWED,
    REASON_OTP,
    REASON_OTP_WRONG,
    REASON_OTP_SETUP,  /* one-time codes have to be set up before anything else */
    REASON_CONFIRM,    /* password and code have to be given again */
    REASON_INVITATION, /* used, expired or unknown */
    REASON_PASSWORD,
    REASON_RECUSED,
    REASON_OWN_WORK,
    REASON_SAME_PERSON,
    REASON_OUT_OF_SCOPE,
    REASON_LEASED,
    REASON_VERSION, /* If-Match names an old version */
    REASON_COVER,         /* no such clip, or no such moment of it */
    REASON_COVER_PENDING, /* the new cover is not made yet: nobody could have seen it */
    REASON_UNDO_CLOSED,
    REASON_REASON_MISSING,
    REASON_SELECTION_STATE,      /* the round has not come so far, or is past it */
    REASON_SELECTION_QUOTA,      /* the place has recommended as many works as it may */
    REASON_SELECTION_BELOW,      /* a round of the place itself did not choose the work */
    REASON_SELECTION_JUDGES,     /* a work is left without a judge */
    REASON_SELECTION_SCORES,     /* judges have not finished */
    REASON_SELECTION_NOTICE,     /* the time for objections is not over */
    REASON_SELECTION_OBJECTIONS, /* open ones freeze the list */
    REASON_ANNEX_SCAN,           /* no PDF, or a large one */
    REASON_ANNEX,                /* a form of the notice: too long, too many, or numbers that cannot be */
    REASON_STALE_TOKEN,          /* a worker came back after its lease was given away */

    /* media: what xuepai-media says of a file */
    REASON_EMPTY_FILE,
    REASON_NOT_MEDIA,
    REASON_UNSUPPORTED_CONTAINER,
    REASON_UNSUPPORTED_CODEC,
    REASON_DISGUISED, /* content, container and magic disagree */
    REASON_BROKEN_FILE,
    REASON_TRUNCATED,
    REASON_ENCRYPTED,
    REASON_EXTERNAL_REFERENCE,
    REASON_PLAYLIST,
    REASON_TOO_COMPLEX, /* too many tracks, boxes, samples */
    REASON_NO_PICTURE,
    REASON_TOO_SHORT,
    REASON_TOO_LONG,
    REASON_PICTURE_TOO_LARGE,
    REASON_PICTURE_TOO_SMALL,
    REASON_TOO_MANY_FRAMES,
    REASON_DECODE_ERRORS,
    REASON_RESOURCE_LIMIT,    /* memory, file size or CPU time of the locked-down process ran out */
    REASON_NO_PROGRESS,       /* killed after 15 s of silence */
    REASON_SANDBOX_VIOLATION, /* a forbidden system call: quarantined */
    REASON_CRASHED,           /* the child died by a signal: quarantined */
    REASON_INFRASTRUCTURE,    /* not the file's fault; tried again without counting */
    REASON_COUNT
};

struct reason_rule {
    const char *code; /* stable, in problem+json, job messages and the ledger */
    enum failure failure;
    const char *detail; /* Chinese, can be shown to a parent as it is */
};

const struct failure_rule *failure_rule_of(enum failure failure);
const struct reason_rule *reason_rule_of(enum reason reason);

/* The reason of an error of ours; REASON_INTERNAL for a foreign domain, so no library's code is ever misread. */
enum reason error_reason(const GError *error);

/* Sets the error, and gives false for the caller to give back: `return refuse(error, MODEL_ERROR, REASON_INPUT, "…")`.
 * `message` is English, for the log. */
bool refuse(GError **error, GQuark domain, enum reason reason, const char *message);

/* True when `code` is a reason's stable code. */
bool reason_find(const char *code, enum reason *reason);
