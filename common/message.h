/* Job messages between worker and service, as both sides see them: JSON in, struct out, and back. The HTTP around them
 * is the callers'. Texts of parsed messages are owned by the struct. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

enum {
    MESSAGE_PROTOCOL = 6, /* changes with every message that the other side would misread */
    MESSAGE_INPUTS_MOST = 9,
    MESSAGE_OUTPUTS_MOST = 160,
    MESSAGE_FRAME_DIGITS = 32, /* of one frame in a fingerprint: whole and middle */
    MESSAGE_FRAMES_MOST = 96,
    CLAIM_WAIT_MS = 25000, /* longest wait of one claim */
};

/* worker -> service: POST /api/v1/jobs/claim */
struct claim_message {
    char *worker;     /* name of the machine and process */
    char *version;    /* of the program, for people */
    int64_t protocol; /* MESSAGE_PROTOCOL of the sender */
    char *sandbox;    /* level of its media program */
    char *disk;       /* message_disk_id of its data folder; "" when it has none */
    int64_t wait_ms;
};
json_t *claim_message_json(const struct claim_message *claim);
bool claim_message_read(json_t *json, struct claim_message *claim, GError **error);
void claim_message_clear(struct claim_message *claim);

struct file_message {
    int64_t bytes;
    char *path; /* on a shared disk; "" when `url` is to be used */
    char *url;  /* path below the service's address, or a whole address that needs no token */
};

void file_message_clear(struct file_message *file);

struct input_message {
    int64_t position;           /* 1… */
    bool done;                  /* for ladders: what the job makes of it is there already */
    struct file_message file;   /* the original */
    struct file_message review; /* for ladders: the review copy, whose sound the rungs get; `url` NULL: there is none */
};

/* What the edition puts into every clip; of a ladder, what prepare has put into it. */
enum { MESSAGE_BRANDINGS = 3 };
extern const char *const MESSAGE_BRANDING_NAMES[MESSAGE_BRANDINGS]; /* intro, outro, watermark: as enum task_branding */
struct branding_message {
    char *key; /* of the store; NULL: there is none */
    struct file_message file;
};

/* service -> worker: the answer to a claim */
struct offer_message {
    char *job;
    int64_t token;
    char *kind; /* prepare, whole (prepare and ladder at once), ladder, av1, cover */
    int64_t lease_ms;
    json_t *limits; /* {kind, min_ms, max_ms, max_bytes}; borrowed by readers, owned here */
    json_t *facts;  /* of prepare; NULL for prepare itself */
    char *folder;   /* where results go on a shared disk; "" when they are PUT */
    struct input_message inputs[MESSAGE_INPUTS_MOST];
    size_t input_count;
    struct branding_message branding[MESSAGE_BRANDINGS];
};
json_t *offer_message_json(const struct offer_message *offer);
bool offer_message_read(json_t *json, struct offer_message *offer, GError **error);
void offer_message_clear(struct offer_message *offer);

/* worker -> service: POST /api/v1/jobs/{job}/outputs, for each result that does not go to a shared folder */
struct place_message {
    int64_t token;
    char *name;
    char *sha256; /* hex: the place takes these bytes and no others */
};
json_t *place_message_json(const struct place_message *place);
bool place_message_read(json_t *json, struct place_message *place, GError **error);
void place_message_clear(struct place_message *place);

/* service -> worker: its answer */
struct placed_message {
    char *url;      /* path below the service's address, or a whole address that needs no token */
    char **headers; /* "Name: value", NULL-ended, to be sent with the PUT; NULL: none */
};
json_t *placed_message_json(const struct placed_message *placed);
bool placed_message_read(json_t *json, struct placed_message *placed, GError **error);
void placed_message_clear(struct placed_message *placed);

struct output_message {
    char *name;
    char *kind;
    char *type;
    int64_t bytes;
    char *sha256;
    json_t *facts;
};

/* worker -> service: POST /api/v1/jobs/{job}/finish */
struct finish_message {
    int64_t token;
    json_t *facts;            /* of the whole work */
    GPtrArray *input_digests; /* char *, by position */
    GPtrArray *outputs;       /* struct output_message * */
    struct claim_message
        *next; /* the worker would take another job, at once or not at all: the answer is then the offer,
                                   as of a claim; NULL: none wanted */
};
json_t *finish_message_json(const struct finish_message *finish);
bool finish_message_read(json_t *json, struct finish_message *finish, GError **error);
void finish_message_clear(struct finish_message *finish);
/* An empty list that frees its struct output_message. */
GPtrArray *finish_message_outputs_new(void);
struct output_message *output_message_new(const char *name, const char *kind, const char *type);

/* worker -> service: POST /api/v1/jobs/{job}/fail */
enum fail_next {
    FAIL_RETRY,          /* counts against the file */
    FAIL_REFUSE,         /* the file's fault: final */
    FAIL_QUARANTINE,     /* final, and somebody should look */
    FAIL_INFRASTRUCTURE, /* nobody's fault: again, without counting */
    FAIL_COUNT
};
struct refused_input {
    int64_t position;
    char *reason; /* code of enum reason */
};
struct fail_message {
    int64_t token;
    char *reason; /* code of enum reason */
    enum fail_next next;
    int64_t position;                                /* of the input it is about; 0: not said */
    struct refused_input others[MESSAGE_INPUTS_MOST]; /* refused like it: their fault, final */
    size_t other_count;
};
json_t *fail_message_json(const struct fail_message *fail);
bool fail_message_read(json_t *json, struct fail_message *fail, GError **error);
/* One more of `others`; `reason` is a code. */
void fail_message_add(struct fail_message *fail, int64_t position, const char *reason);
void fail_message_clear(struct fail_message *fail);

/* Names the disk a folder lies on, the same for two processes that see the same folder: boot id, device, inode. "" when
 * it cannot be told. The caller's. */
char *message_disk_id(const char *folder);
