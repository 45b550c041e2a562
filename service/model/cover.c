#include "service/model/cover.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/facts.h"
#include "service/model/rendition.h"

static const char FINISH[] = /* submission.cover_finish: whoever saw the old picture has not seen this one */
    "UPDATE submission SET version = version + 1 WHERE id = $1 AND revision = $2";
static const char FORGET[] = /* revision.cover_forget */
    "UPDATE revision SET covers = '{}' WHERE submission = $1 AND number = $2";

/* The facts of the file at this position; NULL where there is none. Borrowed. */
static const json_t *file_at(const json_t *facts, int64_t position)
{
    const json_t *each = json_object_get(facts, "each");

    if (each != NULL) {
        return position < 1 ? NULL : json_array_get(each, (size_t)position - 1);
    }
    return position == 1 ? facts : NULL;
}

char *cover_moments(const struct submission *submission, const struct cover *cover, GError **error)
{
    json_auto_t *facts = submission->facts == NULL ? NULL : json_loads(submission->facts, 0, NULL);
    json_auto_t *moments = json_loads(submission->covers, 0, NULL);
    const json_t *file = file_at(facts, cover->position);
    const bool is_clip = g_strcmp0(json_string_value(json_object_get(file, "kind")), "video") == 0;
    g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, cover->position);

    if (!is_clip || moments == NULL || cover->at_ms < 0 ||
        cover->at_ms > facts_played_ms(file)) {
        (void)refuse(error, MODEL_ERROR, REASON_COVER, "no such moment of a clip");
        return NULL;
    }
    json_object_set_new(moments, key, json_integer(cover->at_ms));
    return json_dumps(moments, JSON_COMPACT | JSON_SORT_KEYS);
}

bool cover_is_pending(const struct submission *submission)
{
    return strcmp(submission->state, "in_review") == 0 && submission->content_digest == NULL;
}

bool cover_finish(struct sql *sql, const struct submission *submission, GError **error)
{
    g_autofree char *digest = NULL;

    return rendition_content_digest(sql, submission, &digest, error) &&
           submission_set_facts(sql, submission, submission->facts, submission->flags, digest, error) &&
           sql_run(sql, FINISH, SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision)), NULL, error);
}

bool cover_give_up(struct sql *sql, const struct submission *submission, const char *reason, int64_t now_ms,
                   GError **error)
{
    json_auto_t *detail = json_pack("{s:s, s:I}", "reason", reason, "revision", (json_int_t)submission->revision);
    const struct ledger_entry entry = {.action = "cover.failed",
                                       .object = submission->id,
                                       .before = submission->state,
                                       .after = submission->state,
                                       .detail = detail};

    return sql_run(sql, FORGET, SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision)), NULL, error) &&
           cover_finish(sql, submission, error) && ledger_add(sql, &DOER_WORKER.actor, &entry, now_ms, error);
}
