#include "service/model/submission.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/captions.h"
#include "service/model/cover.h"
#include "service/model/edit_record.h"
#include "service/model/facts.h"
#include "service/model/job.h"
#include "service/model/outbox.h"
#include "service/model/pin.h"
#include "service/model/publication.h"
#include "service/model/policy.h"
#include "service/model/priority.h"
#include "service/model/quota.h"
#include "service/model/rendition.h"
#include "service/model/sample.h"
#include "service/model/text.h"
#include "service/model/work_file.h"

static const char LOCK[] = /* submission.lock: the work comes first in the order of locks */
    "SELECT id FROM submission WHERE id = $1 /*pg: FOR NO KEY UPDATE */";
static const char LOCK_CODE[] = /* submission.lock_code */
    "SELECT id FROM submission WHERE code = $1 /*pg: FOR NO KEY UPDATE */";
static const char LOCK_OF_UPLOAD[] = /* submission.lock_of_upload */
    "SELECT id FROM submission WHERE id = (SELECT submission FROM upload WHERE id = $1) /*pg: FOR NO KEY UPDATE */";
static const char GET[] = /* submission.get */
    "SELECT " SUBMISSION_FIELDS " WHERE s.id = $1";
static const char GET_CODE[] = /* submission.get_code */
    "SELECT " SUBMISSION_FIELDS " WHERE s.code = $1";
static const char GET_IDEMPOTENT[] = /* submission.get_idempotent */
    "SELECT " SUBMISSION_FIELDS " WHERE s.idempotency = $1";
static const char LIST_DEVICE[] = /* submission.list_device */
    "SELECT " SUBMISSION_FIELDS " WHERE s.device_digest = $1 ORDER BY s.created_ms DESC LIMIT 50";
static const char WAITING_FOR_UPLOAD[] = /* submission.waiting_for_upload */
    "SELECT " SUBMISSION_FIELDS " JOIN upload u ON u.submission = s.id AND u.revision = s.revision"
    " WHERE u.id = $1 AND s.state = 'uploading'";
static const char ADD[] = /* submission.add */
    "INSERT INTO submission (id, code, pin_digest, device_digest, idempotency, edition, track, region, city, state,"
    " revision, contact_name, contact_phone, ai, waiting_ms, due_ms, created_ms, updated_ms, unit)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'draft', 1, $10, $11, $12, $13, $13, $13, $13, $14)"
    " ON CONFLICT (idempotency) DO NOTHING";
static const char ADD_REVISION[] = /* revision.add */
    "INSERT INTO revision (submission, number, title, words, captions, created_ms) VALUES ($1, $2, $3, $4, $5, $6)";
static const char COPY_REVISION[] = /* revision.copy: the same files under new texts */
    "INSERT INTO revision (submission, number, title, words, captions, facts, flags, content_digest, created_ms, covers)"
    " SELECT submission, number + 1, $3, $4, $5, facts, flags, NULL, $6, $7 FROM revision"
    " WHERE submission = $1 AND number = $2";
static const char ADD_CONSENT[] = /* consent.add */
    "INSERT INTO consent (submission, revision, kind, version, scopes, given_ms, peer)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)";
static const char MOVE[] = /* submission.move */
    "UPDATE submission SET state = $3, stage = $4, failure = $5, version = version + 1, updated_ms = $6, waiting_ms = $8,"
    " due_ms = $9, week_ms = $10"
    " WHERE id = $1 AND state = $2 AND version = $7";
static const char SET_REVISION[] = /* submission.set_revision */
    "UPDATE submission SET revision = $2 WHERE id = $1 AND revision = $2 - 1";
static const char SET_FACTS[] = /* revision.set_facts */
    "UPDATE revision SET facts = $3, shown = $6, flags = $4, content_digest = $5 WHERE submission = $1 AND number = $2";
static const char VOID_DECISIONS[] = /* decision.void: no decision outlives what it decided on */
    "UPDATE decision SET state = 'void' WHERE submission = $1 AND state = 'pending'";
static const char DROP_LEASE[] = /* review_lease.drop */
    "DELETE FROM review_lease WHERE submission = $1";
static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct submission, id),
    SQL_FIELD(struct submission, code),
    SQL_FIELD(struct submission, pin_digest),
    SQL_FIELD(struct submission, pin_failures),
    SQL_FIELD(struct submission, pin_slowed_until_ms),
    SQL_FIELD(struct submission, device_digest),
    SQL_FIELD(struct submission, edition),
    SQL_FIELD(struct submission, track),
    SQL_FIELD(struct submission, region),
    SQL_FIELD(struct submission, city),
    SQL_FIELD(struct submission, unit),
    SQL_FIELD(struct submission, state),
    SQL_FIELD(struct submission, stage),
    SQL_FIELD(struct submission, revision),
    SQL_FIELD(struct submission, version),
    SQL_FIELD(struct submission, failure),
    SQL_FIELD(struct submission, contact_name),
    SQL_FIELD(struct submission, contact_phone),
    SQL_FIELD(struct submission, ai),
    SQL_FIELD(struct submission, waiting_ms),
    SQL_FIELD(struct submission, due_ms),
    SQL_FIELD(struct submission, created_ms),
    SQL_FIELD(struct submission, updated_ms),
    SQL_FIELD(struct submission, title),
    SQL_FIELD(struct submission, words),
    SQL_FIELD(struct submission, captions),
    SQL_FIELD(struct submission, content_digest),
    SQL_FIELD(struct submission, facts),
    SQL_FIELD(struct submission, flags),
    SQL_FIELD(struct submission, covers),
};
const struct sql_map submission_map = SQL_MAP(struct submission, COLUMNS);

const struct doer DOER_SYSTEM = {ACTOR_SYSTEM, {"system", "system", ""}};
const struct doer DOER_WORKER = {ACTOR_WORKER, {"worker", "worker", ""}};

enum {
    ORIGINALS_MOST = 9,
};

void submission_clear(struct submission *submission)
{
    sql_row_clear(&submission_map, submission);
}

void submission_receipt_clear(struct submission_receipt *receipt)
{
    g_clear_pointer(&receipt->id, g_free);
    g_clear_pointer(&receipt->code, g_free);
    g_clear_pointer(&receipt->pin, g_free);
    g_clear_pointer(&receipt->state, g_free);
}

/* In a writing transaction the row is locked first and read after, by a statement of its own: one that locked and read
 * at once would see the rows it joins as they were before it waited. So a state seen here is still the state when the
 * transaction commits. */
static bool get_by(struct sql *sql, const char *const texts[2], const char *key, struct submission *submission,
                   GError **error)
{
    bool found = false;

    if (!sql_lock_row(sql, texts[0], SQL_VALUES(SQL_T(key)), error) ||
        !sql_row(sql, texts[1], SQL_VALUES(SQL_T(key)), &submission_map, submission, &found, error)) {
        return false;
    }
    return found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such work");
}

bool submission_get(struct sql *sql, const char *id, struct submission *submission, GError **error)
{
    static const char *const TEXTS[2] = {LOCK, GET};

    return get_by(sql, TEXTS, id, submission, error);
}

bool submission_get_held(struct sql *sql, const char *id, struct submission *submission, GError **error)
{
    bool found = false;

    return sql_row(sql, GET, SQL_VALUES(SQL_T(id)), &submission_map, submission, &found, error) &&
           (found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such work"));
}

bool submission_get_code(struct sql *sql, const char *code, struct submission *submission, GError **error)
{
    static const char *const TEXTS[2] = {LOCK_CODE, GET_CODE};
    g_autofree char *normal = secret_receipt_normalize(code);

    if (normal == NULL) {
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "the check character does not fit");
    }
    return get_by(sql, TEXTS, normal, submission, error);
}

struct sql_rows *submission_list_device(struct sql *sql, const char *device_digest, GError **error)
{
    return sql_rows(sql, LIST_DEVICE, SQL_VALUES(SQL_T(device_digest)), &submission_map, error);
}

/* What its submitter mends keeps its place in the queue; what was public waits from now on. */
static bool keeps_place(const struct submission *submission, enum state from, enum event event)
{
    switch (event) {
    case EVENT_RETURNED:
    case EVENT_REPLACED:
        return true;
    case EVENT_SENT_BACK:
    case EVENT_EDITED:
        return from != STATE_PUBLISHED;
    case EVENT_PASSED:
    case EVENT_ESCALATED:
        return false; /* another queue */
    default:
        return submission->revision > 1;
    }
}

bool submission_move(struct sql *sql, struct submission *submission, const struct doer *doer, const struct move *move,
                     int64_t now_ms, GError **error)
{
    enum state from;
    enum state to;
    int64_t changed = 0;

    if (!state_find(submission->state, &from) || !submission_next_state(from, move->event, doer->kind, &to)) {
        g_set_error(error, MODEL_ERROR, REASON_STATE, "no %s in state %s", event_name(move->event), submission->state);
        return false;
    }
    const int64_t waiting_ms = keeps_place(submission, from, move->event) ? submission->waiting_ms : now_ms;
    struct priority priority = {.due_ms = waiting_ms};
    if (to == STATE_IN_REVIEW && !priority_of(sql, submission, move->event, waiting_ms, now_ms, &priority, error)) {
        return false;
    }
    if (!sql_run(sql, MOVE,
                 SQL_VALUES(SQL_T(submission->id), SQL_T(submission->state), SQL_T(state_name(to)), SQL_I(move->stage),
                            SQL_T(move->failure), SQL_I(now_ms), SQL_I(submission->version), SQL_I(waiting_ms),
                            SQL_I(priority.due_ms), SQL_I(priority.week_ms)),
                 &changed, error)) {
        return false;
    }
    if (changed != 1) {
        return refuse(error, MODEL_ERROR, REASON_STATE, "somebody was quicker");
    }
    const struct ledger_entry entry = {
        .action = event_name(move->event),
        .object = submission->id,
        .before = submission->state,
        .after = state_name(to),
        .detail = move->detail,
    };
    if (!ledger_add(sql, &doer->actor, &entry, now_ms, error) ||
        ((from == STATE_PUBLISHED || to == STATE_PUBLISHED) &&
         (!outbox_add_move(sql, move->event, submission, now_ms, error) || !sql_notify(sql, SQL_TOPIC_SITE, error)))) {
        return false;
    }
    g_free(submission->state);
    submission->state = g_strdup(state_name(to));
    submission->stage = move->stage;
    submission->version++;
    return true;
}

/* The texts of a form, cleaned; freed by form_texts_clear. */
struct form_texts {
    char *title;
    char *words;
    char *captions;
    char *covers;
    char *name;
    char *phone;
};

static void form_texts_clear(struct form_texts *texts)
{
    g_free(texts->title);
    g_free(texts->words);
    g_free(texts->captions);
    g_free(texts->covers);
    g_free(texts->name);
    g_free(texts->phone);
}
typedef struct form_texts FormTexts;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FormTexts, form_texts_clear)

static bool check_length(const char *text, glong most, enum reason missing, enum reason too_long, GError **error)
{
    const glong length = text == NULL ? 0 : g_utf8_strlen(text, -1);

    if (length == 0 && missing != REASON_COUNT) {
        return refuse(error, MODEL_ERROR, missing, "empty text");
    }
    if (length > most) {
        return refuse(error, MODEL_ERROR, too_long, "text too long");
    }
    return true;
}

static size_t count_of(const char *const *uploads)
{
    return uploads == NULL ? 0 : g_strv_length((char **)(uintptr_t)uploads);
}

static bool check_texts(const struct submission_form *form, struct form_texts *texts, GError **error)
{
    texts->title = text_clean(form->title);
    texts->words = text_clean(form->words == NULL ? "" : form->words);
    texts->name = text_clean(form->name);
    texts->phone = text_phone(form->phone);
    texts->captions = captions_take(form->captions, count_of(form->uploads), error);
    if (texts->captions == NULL) {
        return false;
    }
    if (texts->words == NULL) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "words are not UTF-8");
    }
    if (!check_length(texts->title, TITLE_CHARACTERS, REASON_TITLE_MISSING, REASON_TITLE_TOO_LONG, error) ||
        !check_length(texts->words, WORDS_CHARACTERS, REASON_COUNT, REASON_WORDS_TOO_LONG, error) ||
        !check_length(texts->name, NAME_CHARACTERS, REASON_NAME_MISSING, REASON_NAME_MISSING, error)) {
        return false;
    }
    return texts->phone != NULL || refuse(error, MODEL_ERROR, REASON_PHONE_INVALID, "no mobile number");
}

static bool check_rules(const struct rules *rules, const struct submission_form *form, int64_t now_ms, GError **error)
{
    const struct track *track = rules_track_find(rules, form->track);

    if (track == NULL) {
        return refuse(error, MODEL_ERROR, REASON_TRACK_UNKNOWN, "no such track");
    }
    if (!track->is_public && !form->opens_units) {
        return refuse(error, MODEL_ERROR, REASON_TRACK_UNITS, "a track of units");
    }
    if (!track_is_open(track, now_ms)) {
        return refuse(error, MODEL_ERROR, REASON_TRACK_CLOSED, "the track is closed");
    }
    if (rules_region_find(rules, form->region) == NULL) {
        return refuse(error, MODEL_ERROR, REASON_REGION_UNKNOWN, "no such region");
    }
    if ((int64_t)count_of(form->uploads) > track->max_files) {
        return refuse(error, MODEL_ERROR, REASON_TOO_MANY_FILES, "more files than the track takes");
    }
    if (!form->licence) {
        return refuse(error, MODEL_ERROR, REASON_CONSENT_LICENCE, "no licence");
    }
    if (form->children && !form->guardian) {
        return refuse(error, MODEL_ERROR, REASON_CONSENT_GUARDIAN, "no guardian's consent");
    }
    return true;
}

/* As many as the track takes, in the work. */
static bool take_uploads(struct sql *sql, const struct rules *rules, struct submission *submission,
                         const char *const *uploads, GError **error)
{
    const struct track *track = rules_track_find(rules, submission->track);
    const int64_t count = (int64_t)count_of(uploads);

    if (track == NULL || count < 1 || count > track->max_files) {
        return refuse(error, MODEL_ERROR, REASON_TOO_MANY_FILES, "number of files");
    }
    return work_file_take_uploads(sql, submission, uploads, NULL, error);
}

/* uploading -> received when nothing is open any more. */
static bool receive_when_complete(struct sql *sql, struct submission *submission, int64_t now_ms, GError **error)
{
    const struct move received = {.event = EVENT_UPLOADED};
    int64_t open = 0;

    if (!work_file_count_open(sql, submission, &open, error)) {
        return false;
    }
    return open > 0 || (work_file_add_originals(sql, submission, error) &&
                        submission_move(sql, submission, &DOER_SYSTEM, &received, now_ms, error) &&
                        job_add(sql, "prepare", submission->id, submission->revision, now_ms, error));
}

bool submission_upload_completed(struct sql *sql, const char *upload, int64_t now_ms, GError **error)
{
    g_auto(Submission) submission = {0};
    bool found = false;

    /* Two files of one work may end at the same moment: the second must see that the first is complete. */
    if (!sql_lock_row(sql, LOCK_OF_UPLOAD, SQL_VALUES(SQL_T(upload)), error) ||
        !sql_row(sql, WAITING_FOR_UPLOAD, SQL_VALUES(SQL_T(upload)), &submission_map, &submission, &found, error)) {
        return false;
    }
    return !found || receive_when_complete(sql, &submission, now_ms, error);
}

static void fill_receipt(const struct secrets *secrets, const struct submission *submission,
                         struct submission_receipt *receipt)
{
    submission_receipt_clear(receipt);
    receipt->id = g_strdup(submission->id);
    receipt->code = g_strdup(submission->code);
    receipt->pin = pin_of(secrets, submission->id);
    receipt->state = g_strdup(submission->state);
}

static bool add_consents(struct sql *sql, const struct rules *rules, const struct secrets *secrets,
                         const struct submission_form *form, const char *id, int64_t now_ms, GError **error)
{
    g_autofree char *peer = secret_seal(secrets, form->peer);
    const struct {
        const char *kind;
        bool given;
    } consents[] = {{"licence", form->licence}, {"guardian", form->guardian}};

    for (size_t i = 0; i < G_N_ELEMENTS(consents); i++) {
        if (consents[i].given &&
            !sql_run(sql, ADD_CONSENT,
                     SQL_VALUES(SQL_T(id), SQL_I(1), SQL_T(consents[i].kind), SQL_T(rules->consent),
                                SQL_T(form->scopes), SQL_I(now_ms), SQL_T(peer)),
                     NULL, error)) {
            return false;
        }
    }
    return true;
}

/* *added false: the same Idempotency-Key came on another line at this moment, and that work is *submission. */
static bool add_rows(struct sql *sql, const struct rules *rules, const struct secrets *secrets,
                     const struct submission_form *form, const struct form_texts *texts, int64_t now_ms,
                     struct submission *submission, bool *added, GError **error)
{
    int64_t changed = 0;
    g_autofree char *id = secret_id();
    g_autofree char *code = secret_receipt_code((int)rules->year);
    g_autofree char *pin = pin_of(secrets, id);
    g_autofree char *digest = pin_digest(secrets, id, pin);
    g_autofree char *name = secret_seal(secrets, texts->name);
    g_autofree char *phone = secret_seal(secrets, texts->phone);

    if (!sql_run(sql, ADD,
                 SQL_VALUES(SQL_T(id), SQL_T(code), SQL_T(digest), SQL_T(form->device_digest), SQL_T(form->idempotency),
                            SQL_T(rules->edition), SQL_T(form->track), SQL_T(form->region),
                            SQL_T(rules_city_of(rules, form->region)), SQL_T(name), SQL_T(phone), SQL_I(form->ai),
                            SQL_I(now_ms), SQL_T(form->unit == NULL ? "" : form->unit)),
                 &changed, error)) {
        return false;
    }
    *added = changed == 1;
    if (!*added) {
        bool found = false;
        return sql_row(sql, GET_IDEMPOTENT, SQL_VALUES(SQL_T(form->idempotency)), &submission_map, submission, &found,
                       error);
    }
    return sql_run(sql, ADD_REVISION,
                   SQL_VALUES(SQL_T(id), SQL_I(1), SQL_T(texts->title), SQL_T(texts->words), SQL_T(texts->captions),
                              SQL_I(now_ms)),
                   NULL, error) &&
           add_consents(sql, rules, secrets, form, id, now_ms, error) && submission_get(sql, id, submission, error);
}

bool submission_check(const struct rules *rules, const struct submission_form *form, int64_t now_ms, GError **error)
{
    g_auto(FormTexts) texts = {0};

    return check_rules(rules, form, now_ms, error) && check_texts(form, &texts, error);
}

/* After all else, in the order of locks; a work that was there already takes nothing. */
static bool take_quota(struct sql *sql, const struct secrets *secrets, const struct submission_form *form,
                       const struct form_texts *texts, int64_t now_ms, GError **error)
{
    const struct quota_source source = {.device = form->device_digest,
                                        .phone = texts->phone,
                                        .block = form->block,
                                        .link = form->link};

    return quota_take(sql, secrets, &source, form->quota_percent, now_ms, error);
}

bool submission_create(struct sql *sql, const struct rules *rules, const struct secrets *secrets,
                       const struct submission_form *form, int64_t now_ms, struct submission_receipt *receipt,
                       GError **error)
{
    const struct doer submitter = {ACTOR_SUBMITTER, {"submitter", "submitter", form->peer}};
    const struct move submitted = {.event = EVENT_SUBMITTED};
    g_auto(Submission) submission = {0};
    g_auto(FormTexts) texts = {0};
    bool found = false;
    bool added = false;

    if (form->idempotency != NULL && !sql_row(sql, GET_IDEMPOTENT, SQL_VALUES(SQL_T(form->idempotency)),
                                              &submission_map, &submission, &found, error)) {
        return false;
    }
    if (!found) {
        if (!check_rules(rules, form, now_ms, error) || !check_texts(form, &texts, error) ||
            !add_rows(sql, rules, secrets, form, &texts, now_ms, &submission, &added, error)) {
            return false;
        }
    }
    if (added && (!take_uploads(sql, rules, &submission, form->uploads, error) ||
                  !submission_move(sql, &submission, &submitter, &submitted, now_ms, error) ||
                  !receive_when_complete(sql, &submission, now_ms, error) ||
                  !take_quota(sql, secrets, form, &texts, now_ms, error))) {
        return false;
    }
    fill_receipt(secrets, &submission, receipt);
    return true;
}

/* Whatever was decided, published or running for the old revision ends. */
static bool void_current(struct sql *sql, struct submission *submission, int64_t now_ms, GError **error)
{
    const struct sql_values id = SQL_VALUES(SQL_T(submission->id));

    return publication_remove(sql, submission->id, error) && sql_run(sql, VOID_DECISIONS, id, NULL, error) &&
           sql_run(sql, DROP_LEASE, id, NULL, error) && job_cancel(sql, submission->id, now_ms, error) &&
           sample_close(sql, submission->id, "gone", now_ms, error);
}

static bool next_revision(struct sql *sql, struct submission *submission, GError **error)
{
    int64_t changed = 0;

    if (!sql_run(sql, SET_REVISION, SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision + 1)), &changed,
                 error)) {
        return false;
    }
    if (changed != 1) {
        return refuse(error, MODEL_ERROR, REASON_STATE, "somebody was quicker");
    }
    submission->revision++;
    return true;
}

static bool take_files(struct sql *sql, const struct rules *rules, struct submission *submission,
                       const struct submission_files *files, GError **error)
{
    if (files->positions != NULL) {
        return work_file_take_uploads(sql, submission, files->uploads, files->positions, error) &&
               work_file_keep_others(sql, submission, files->positions, error);
    }
    return files->uploads != NULL ? take_uploads(sql, rules, submission, files->uploads, error)
                                  : work_file_take_before(sql, submission, files->photos, error);
}

/* Another file that was refused too has to be replaced as well; else the work goes its way. */
static bool receive_or_fail(struct sql *sql, struct submission *submission, int64_t now_ms, GError **error)
{
    g_autoptr(SqlRows) refused = work_file_list_refused(sql, submission, error);

    if (refused == NULL) {
        return false;
    }
    if (refused->count == 0) {
        return receive_when_complete(sql, submission, now_ms, error);
    }
    const struct refused_file *first = sql_rows_at(refused, 0);
    const struct move failed = {.event = EVENT_REFUSED, .failure = first->reason};
    return submission_move(sql, submission, &DOER_SYSTEM, &failed, now_ms, error);
}

/* The captions of a new revision; where single files change, those that stand there are kept. The caller's. */
static char *next_captions(const struct submission *submission, const struct submission_files *files, GError **error)
{
    const size_t count = files->positions != NULL ? ORIGINALS_MOST
                         : files->uploads != NULL ? count_of(files->uploads)
                                                  : json_array_size(files->photos);

    return files->positions != NULL && files->captions == NULL ? g_strdup(submission->captions)
                                                               : captions_take(files->captions, count, error);
}

bool submission_replace(struct sql *sql, const struct rules *rules, struct submission *submission,
                        const struct submission_files *files, const char *peer, int64_t now_ms, GError **error)
{
    const struct doer submitter = {ACTOR_SUBMITTER, {"submitter", "submitter", peer}};
    const struct move replaced = {.event = EVENT_REPLACED};
    g_autofree char *captions = next_captions(submission, files, error);

    return captions != NULL && void_current(sql, submission, now_ms, error) &&
           submission_move(sql, submission, &submitter, &replaced, now_ms, error) &&
           sql_run(sql, ADD_REVISION,
                   SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision + 1), SQL_T(submission->title),
                              SQL_T(submission->words), SQL_T(captions), SQL_I(now_ms)),
                   NULL, error) &&
           next_revision(sql, submission, error) && take_files(sql, rules, submission, files, error) &&
           receive_or_fail(sql, submission, now_ms, error);
}

/* What there is with the changes in their place; freed by form_texts_clear. */
static bool merge(const struct submission *submission, const struct submission_changes *new, struct form_texts *texts,
                  GError **error)
{
    texts->title = text_clean(new->title == NULL ? submission->title : new->title);
    texts->words = text_clean(new->words == NULL ? submission->words : new->words);
    texts->captions =
        new->captions == NULL ? g_strdup(submission->captions) : captions_take(new->captions, ORIGINALS_MOST, error);
    if (texts->captions == NULL) {
        return false;
    }
    texts->covers =
        new->cover == NULL ? g_strdup(submission->covers) : cover_moments(submission, new->cover, error);
    return texts->covers != NULL &&
           check_length(texts->title, TITLE_CHARACTERS, REASON_TITLE_MISSING, REASON_TITLE_TOO_LONG, error) &&
           (texts->words != NULL || refuse(error, MODEL_ERROR, REASON_INPUT, "words are not UTF-8")) &&
           check_length(texts->words, WORDS_CHARACTERS, REASON_COUNT, REASON_WORDS_TOO_LONG, error);
}

/* A cover that was asked for and not made before the next change is asked for again. Its work has no digest until then, so
 * that nobody can decide on it. */
static bool pin_or_draw(struct sql *sql, const struct submission *submission, const char *digest, int64_t now_ms,
                        GError **error)
{
    return (digest != NULL || job_add(sql, "cover", submission->id, submission->revision, now_ms, error)) &&
           submission_set_facts(sql, submission, submission->facts, submission->flags, digest, error);
}

/* The work with these texts over the present files; borrows all of it. */
static struct submission with_texts(const struct submission *submission, const struct form_texts *texts)
{
    struct submission next = *submission;

    next.title = texts->title;
    next.words = texts->words;
    next.captions = texts->captions;
    next.covers = texts->covers;
    return next;
}

static bool copy_revision(struct sql *sql, struct submission *submission, const struct form_texts *texts,
                          int64_t now_ms, GError **error)
{
    return sql_run(sql, COPY_REVISION,
                   SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision), SQL_T(texts->title),
                              SQL_T(texts->words), SQL_T(texts->captions), SQL_I(now_ms), SQL_T(texts->covers)),
                   NULL, error) &&
           work_file_copy_all(sql, submission, error) &&
           rendition_copy(sql, submission->id, submission->revision, error) && next_revision(sql, submission, error) &&
           submission_get(sql, submission->id, submission, error);
}

bool submission_edit(struct sql *sql, const struct rules *rules, struct submission *submission,
                     const struct submission_changes *changes, const struct doer *doer, int64_t now_ms, GError **error)
{
    const bool is_cover_alone = changes->title == NULL && changes->words == NULL && changes->captions == NULL;
    g_autofree char *digest = NULL;
    g_auto(FormTexts) texts = {0};

    if (!merge(submission, changes, &texts, error)) {
        return false;
    }
    const bool is_other = strcmp(texts.covers, submission->covers) != 0;
    const bool draws = is_other || cover_is_pending(submission);
    if (changes->cover != NULL && is_cover_alone && !is_other) {
        return true;
    }
    const struct submission next = with_texts(submission, &texts);
    if (!draws && !rendition_content_digest(sql, &next, &digest, error)) {
        return false;
    }
    json_auto_t *detail = edit_record(submission, &next, changes->cover, digest);
    struct move edited = {.event = EVENT_EDITED, .detail = detail};
    return policy_first_stage(sql, rules, submission->city, &edited.stage, error) &&
           void_current(sql, submission, now_ms, error) &&
           submission_move(sql, submission, doer, &edited, now_ms, error) &&
           copy_revision(sql, submission, &texts, now_ms, error) && pin_or_draw(sql, submission, digest, now_ms, error);
}

bool submission_withdraw(struct sql *sql, struct submission *submission, const char *peer, int64_t now_ms,
                         GError **error)
{
    const struct doer submitter = {ACTOR_SUBMITTER, {"submitter", "submitter", peer}};
    const struct move withdrawn = {.event = EVENT_WITHDRAWN};

    return void_current(sql, submission, now_ms, error) &&
           submission_move(sql, submission, &submitter, &withdrawn, now_ms, error);
}

bool submission_take_down(struct sql *sql, struct submission *submission, const struct doer *doer, const char *reason,
                          int64_t now_ms, GError **error)
{
    json_auto_t *detail = json_pack("{s:s}", "reason", reason);
    const struct move taken_down = {.event = EVENT_TAKEN_DOWN, .detail = detail};

    return void_current(sql, submission, now_ms, error) &&
           submission_move(sql, submission, doer, &taken_down, now_ms, error);
}

bool submission_send_back(struct sql *sql, struct submission *submission, const struct doer *doer,
                          const struct move *move, int64_t now_ms, GError **error)
{
    const bool is_public = strcmp(submission->state, state_name(STATE_PUBLISHED)) == 0;

    return (!is_public || void_current(sql, submission, now_ms, error)) &&
           submission_move(sql, submission, doer, move, now_ms, error);
}

bool submission_set_facts(struct sql *sql, const struct submission *submission, const char *facts, const char *flags,
                          const char *content_digest, GError **error)
{
    g_autofree char *shown = facts_shown(facts);

    return sql_run(sql, SET_FACTS,
                   SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision), SQL_T(facts), SQL_T(flags),
                              SQL_T(content_digest), SQL_T(shown)),
                   NULL, error);
}

char *submission_content_digest(const char *const *file_digests, const struct submission *submission,
                                const char *cover_digest, const char *consents)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    const char *const texts[] = {submission->title, submission->words, cover_digest, submission->captions, consents};

    for (size_t i = 0; file_digests[i] != NULL; i++) {
        g_checksum_update(checksum, (const guchar *)file_digests[i], -1);
        g_checksum_update(checksum, (const guchar *)"\n", 1);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *prefix = g_strdup_printf("%zu:", strlen(texts[i]));
        g_checksum_update(checksum, (const guchar *)prefix, -1);
        g_checksum_update(checksum, (const guchar *)texts[i], -1);
    }
    return g_strdup(g_checksum_get_string(checksum));
}
