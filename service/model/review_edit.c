#include "service/model/review_edit.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/permission.h"
#include "service/model/recusal.h"
#include "service/model/remark.h"
#include "service/model/review.h"
#include "service/model/text.h"

enum { HOLD_MS = 1 }; /* the new revision is nobody's */

/* The text where it is another than there is, else NULL; the caller's. */
static char *other_text(const char *text, const char *present)
{
    g_autofree char *clean = text == NULL ? NULL : text_clean(text);

    if (text != NULL && clean == NULL) {
        return g_strdup(text); /* not UTF-8: submission_edit says so */
    }
    return g_strcmp0(clean, present) == 0 ? NULL : g_steal_pointer(&clean);
}

static bool tell_submitter(struct sql *sql, const struct submission *submission, const struct actor *actor,
                           const struct submission_changes *texts, int64_t now_ms, GError **error)
{
    g_autofree char *title = g_strdup_printf("审核时把名称改成了“%s”%s，通过后就这样展示。", submission->title,
                                             texts->words == NULL ? "" : "，说明也改了");
    const struct remark_new message = {
        .kind = "message",
        .position_ms = -1,
        .text = texts->title == NULL ? "审核时改了作品的说明，通过后就这样展示。" : title,
    };

    return remark_add(sql, submission, actor, &message, now_ms, error);
}

bool review_edit(struct sql *sql, const struct rules *rules, const struct staff *staff, const struct actor *actor,
                 struct submission *submission, const struct submission_changes *changes, int64_t version,
                 int64_t now_ms, GError **error)
{
    const struct doer doer = {ACTOR_REVIEWER, *actor};
    struct submission_changes real = *changes;

    if (!may(rules, staff, PERMISSION_DECIDE, submission->region, error) ||
        !recusal_check_origin(sql, rules, staff, submission, error)) {
        return false;
    }
    if (version != submission->version) {
        return refuse(error, MODEL_ERROR, REASON_VERSION, "the work has changed");
    }
    g_autofree char *title = other_text(changes->title, submission->title);
    g_autofree char *words = other_text(changes->words, submission->words);
    const bool is_other_text = title != NULL || words != NULL;

    real.title = title;
    real.words = words;
    if (!is_other_text && changes->cover == NULL) {
        return true;
    }
    return review_hold(sql, staff, submission->id, false, now_ms, HOLD_MS, error) &&
           submission_edit(sql, rules, submission, &real, &doer, now_ms, error) &&
           (!is_other_text || tell_submitter(sql, submission, actor, &real, now_ms, error));
}
