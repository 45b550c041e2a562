/* Works (作品): rows, revisions, and THE table of states. Every transition writes one ledger record in the same
 * transaction and expects the state it starts from. */
#pragma once

#include "service/database/database.h"
#include "service/model/ledger.h"
#include "service/model/rules.h"
#include "service/model/secret.h"

enum state {
    STATE_DRAFT,
    STATE_UPLOADING,
    STATE_RECEIVED,
    STATE_PROCESSING,
    STATE_IN_REVIEW,
    STATE_APPROVED,
    STATE_PUBLISHED,
    STATE_RETURNED,
    STATE_DECLINED,
    STATE_WITHDRAWN,
    STATE_TAKEN_DOWN,
    STATE_FAILED,
    STATE_COUNT
};

enum event {
    EVENT_SUBMITTED, /* the form was sent; bytes may still be on their way */
    EVENT_UPLOADED,  /* every file is durable */
    EVENT_EXPIRED,   /* its upload never ended */
    EVENT_STARTED,   /* a worker took the prepare job */
    EVENT_PREPARED,
    EVENT_REFUSED, /* the media program says why */
    EVENT_RETRIED, /* staff let it run again */
    EVENT_PASSED,  /* approved at a stage that is not the last */
    EVENT_ESCALATED,
    EVENT_APPROVED,  /* by the last stage */
    EVENT_SENT_BACK, /* to the reviewers of the first stage: approvals since then are void */
    EVENT_RETURNED,
    EVENT_DECLINED,
    EVENT_PUBLISHED,
    EVENT_EDITED,   /* texts or cover changed: a new revision, every approval void */
    EVENT_REPLACED, /* another file: a new revision */
    EVENT_WITHDRAWN,
    EVENT_TAKEN_DOWN,
    EVENT_COUNT
};

enum actor_kind {
    ACTOR_SUBMITTER,
    ACTOR_WORKER,
    ACTOR_REVIEWER,
    ACTOR_ORGANISER,
    ACTOR_ADMINISTRATOR,
    ACTOR_SYSTEM,
    ACTOR_COUNT
};

const char *state_name(enum state state);
bool state_find(const char *name, enum state *state);
const char *event_name(enum event event);
/* The state after; false when the table has no such row. */
bool submission_next_state(enum state from, enum event event, enum actor_kind by, enum state *to);
/* True when some row lets `by` do `event` in `state`: what actions[] is made of. */
bool submission_allows(const char *state, enum event event, enum actor_kind by);

struct submission {
    char *id;
    char *code;
    char *pin_digest;
    int64_t pin_failures;
    int64_t pin_slowed_until_ms;
    char *device_digest;
    char *edition;
    char *track;
    char *region;
    char *city;
    char *unit; /* school or office it came from; "" */
    char *state;
    int64_t stage;
    int64_t revision;
    int64_t version;
    char *failure;
    char *contact_name;  /* sealed */
    char *contact_phone; /* sealed */
    int64_t ai;
    int64_t waiting_ms; /* since when */
    int64_t due_ms;     /* its place in the queue (priority.h) */
    int64_t created_ms;
    int64_t updated_ms;
    /* of the current revision */
    char *title;
    char *words;
    char *captions;       /* JSON array, one text a file; "[]" */
    char *content_digest; /* NULL until prepared */
    char *facts;          /* JSON; NULL until prepared */
    char *flags;          /* " black silent " */
    char *covers;         /* moments that were chosen, see cover.h */
};
extern const struct sql_map submission_map;
/* The columns of submission_map and where they come from; statements add their WHERE. */
#define SUBMISSION_COLUMNS                                                                                             \
    "s.id AS id, s.code AS code, s.pin_digest AS pin_digest, s.pin_failures AS pin_failures,"                          \
    " s.pin_slowed_until_ms AS pin_slowed_until_ms, s.device_digest AS device_digest, s.edition AS edition,"           \
    " s.track AS track, s.region AS region, s.city AS city, s.unit AS unit, s.state AS state, s.stage AS stage,"       \
    " s.revision AS revision, s.version AS version, s.failure AS failure, s.contact_name AS contact_name,"             \
    " s.contact_phone AS contact_phone, s.ai AS ai, s.waiting_ms AS waiting_ms, s.due_ms AS due_ms,"                   \
    " s.created_ms AS created_ms,"                                                                                     \
    " s.updated_ms AS updated_ms, r.title AS title, r.words AS words, r.captions AS captions,"                         \
    " r.content_digest AS content_digest, r.facts AS facts, r.flags AS flags, r.covers AS covers"
#define SUBMISSION_REVISION " JOIN revision r ON r.submission = s.id AND r.number = s.revision"
#define SUBMISSION_FIELDS   SUBMISSION_COLUMNS " FROM submission s" SUBMISSION_REVISION
void submission_clear(struct submission *submission);
typedef struct submission Submission;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Submission, submission_clear)

/* REASON_NOT_FOUND when absent. */
bool submission_get(struct sql *sql, const char *id, struct submission *submission, GError **error);
/* The same for who holds the work's lock already: its job was taken or finished in this transaction. */
bool submission_get_held(struct sql *sql, const char *id, struct submission *submission, GError **error);
bool submission_get_code(struct sql *sql, const char *code, struct submission *submission, GError **error);
/* Newest works made with one device cookie, at most 50. */
struct sql_rows *submission_list_device(struct sql *sql, const char *device_digest, GError **error);

/* Who acts, for the table and for the ledger. */
struct doer {
    enum actor_kind kind;
    struct actor actor;
};
extern const struct doer DOER_SYSTEM;
extern const struct doer DOER_WORKER;

struct move {
    enum event event;
    int64_t stage;       /* the stage afterwards; 0 outside review */
    const char *failure; /* reason code; NULL */
    json_t *detail;      /* borrowed; NULL */
};
/* One step of the table; *submission then shows the new state and version. REASON_STATE when the table has no row or
 * somebody was quicker. */
bool submission_move(struct sql *sql, struct submission *submission, const struct doer *doer, const struct move *move,
                     int64_t now_ms, GError **error);

/* What the form sends; texts as typed. */
struct submission_form {
    const char *track;
    const char *region;
    const char *title;
    const char *words;
    const char *name;
    const char *phone;
    bool ai;
    bool children; /* a child is in the picture */
    bool licence;
    bool guardian;
    const char *scopes;         /* JSON array */
    const char *const *uploads; /* ids, NULL-ended */
    const json_t *captions;     /* array of texts, in the order of the uploads; NULL: none */
    const char *device_digest;
    const char *block;       /* of the peer's address, for the quotas */
    const char *link;        /* token of the link it came by; NULL: none */
    const char *unit;        /* school or office of that link or of the account that sends; NULL: none */
    bool opens_units;        /* a unit sends it, or its link was made for the track: tracks that are not public */
    int64_t quota_percent;   /* 0: no quotas */
    const char *idempotency; /* digest; NULL when the client sent no key */
    const char *peer;
};

struct submission_receipt {
    char *id;
    char *code;
    char *pin;
    char *state;
};
void submission_receipt_clear(struct submission_receipt *receipt);

/* Checks the form against the rules, makes the work with its first revision and takes the uploads; those already
 * complete make it `received` at once. The same idempotency gives the same receipt. */
bool submission_create(struct sql *sql, const struct rules *rules, const struct secrets *secrets,
                       const struct submission_form *form, int64_t now_ms, struct submission_receipt *receipt,
                       GError **error);
/* The rules that need no files: track, opening time, region, consents, texts. */
bool submission_check(const struct rules *rules, const struct submission_form *form, int64_t now_ms, GError **error);
/* What a new revision is made of: uploads, or files of the present revision by position, in the order to be shown. */
struct submission_files {
    const char *const *uploads; /* ids, NULL-ended; NULL: `photos` */
    const json_t *positions;    /* of single files that the uploads stand for, the others stay; NULL: they are all */
    const json_t *photos;       /* array of positions, each once */
    const json_t *captions;     /* array of texts in the same order; NULL: none */
};
/* Other files, or another order: a new revision of the same work, prepared anew; failed at once while another file of it
 * is refused. */
bool submission_replace(struct sql *sql, const struct rules *rules, struct submission *submission,
                        const struct submission_files *files, const char *peer, int64_t now_ms, GError **error);
/* New texts, another cover: a new revision over the same files and renditions, back at the first stage of its city's policy.
 * NULL keeps what there is. A cover is made by a job; what is the cover already is not made again. */
struct cover;
struct submission_changes {
    const char *title;
    const char *words;
    const json_t *captions; /* array of texts, by position */
    const struct cover *cover;
};
bool submission_edit(struct sql *sql, const struct rules *rules, struct submission *submission,
                     const struct submission_changes *changes, const struct doer *doer, int64_t now_ms, GError **error);
/* By the submitter: unpublished, its jobs cancelled, its pending decision void. */
bool submission_withdraw(struct sql *sql, struct submission *submission, const char *peer, int64_t now_ms,
                         GError **error);
/* By staff: out of the public. */
bool submission_take_down(struct sql *sql, struct submission *submission, const struct doer *doer, const char *reason,
                          int64_t now_ms, GError **error);
/* To the reviewers of stage `move->stage`, EVENT_SENT_BACK; out of the public, where it was. */
bool submission_send_back(struct sql *sql, struct submission *submission, const struct doer *doer,
                          const struct move *move, int64_t now_ms, GError **error);
/* An upload became complete: when its work waits for no other, the work is received and its prepare job queued. */
bool submission_upload_completed(struct sql *sql, const char *upload, int64_t now_ms, GError **error);

/* Every current revision's facts after prepare. */
bool submission_set_facts(struct sql *sql, const struct submission *submission, const char *facts, const char *flags,
                          const char *content_digest, GError **error);
/* SHA-256 over files, texts, cover and consents (JSON): what a decision is pinned to. */
char *submission_content_digest(const char *const *file_digests, const struct submission *submission,
                                const char *cover_digest, const char *consents);
