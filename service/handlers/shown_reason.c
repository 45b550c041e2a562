#include "service/handlers/shown_reason.h"

#include <string.h>

#include "common/failure.h"
#include "service/handlers/tus.h"
#include "service/model/review.h"
#include "service/model/review_reason.h"
#include "service/model/text.h"
#include "service/model/work_file.h"

/* One decision's reasons, each with how to mend it, and the reviewer's own words. */
static json_t *decision_json(const struct decision_row *row, const struct sql_rows *reasons)
{
    json_auto_t *codes = json_loads(row->reasons, 0, NULL);
    g_autoptr(GString) text = g_string_new(NULL); /* all of them, one sentence after the other */
    json_t *all = json_array();
    const json_t *code;
    size_t index;

    json_array_foreach(codes, index, code) {
        const struct review_reason *found = review_reason_find(reasons, json_string_value(code), false);
        g_string_append(text, found == NULL ? "" : found->detail);
        json_array_append_new(all,
                              json_pack("{s:O, s:s, s:s}", "code", code, "label", found == NULL ? "" : found->label,
                                        "text", found == NULL ? "" : found->detail));
    }
    const json_t *first = json_array_get(all, 0);
    return json_pack("{s:s, s:s, s:s, s:o}", "code",
                     first == NULL ? "" : json_string_value(json_object_get(first, "code")), "text", text->str, "note",
                     row->note, "all", all);
}

static bool is_failed(const struct submission *submission)
{
    return strcmp(submission->state, "failed") == 0 && submission->failure != NULL;
}

static const char *sentence_of(const char *code)
{
    enum reason reason = REASON_INTERNAL;

    (void)reason_find(code, &reason); /* the codes are ours */
    return reason_rule_of(reason)->detail;
}

static json_t *refused_json(const struct refused_file *file)
{
    g_autofree char *given = tus_metadata_find(file->metadata, "filename");
    g_autofree char *name = given == NULL ? NULL : text_clean(given);
    g_autofree char *known = name == NULL || name[0] == '\0' ? g_strdup("") : g_strdup_printf("（%s）", name);

    return json_pack("{s:I, s:s, s:s, s:o, s:s}", "position", (json_int_t)file->position, "name",
                     name == NULL ? "" : name, "code", file->reason, "label",
                     json_sprintf("第 %" G_GINT64_FORMAT " 个文件没能处理%s", file->position, known), "text",
                     sentence_of(file->reason));
}

json_t *shown_refused(const struct rules *rules, const struct submission *submission, const struct sql_rows *refused)
{
    const struct track *track = rules_track_find(rules, submission->track);
    json_t *files = json_array();

    for (size_t i = 0; track != NULL && track->max_files > 1 && is_failed(submission) && i < refused->count; i++) {
        json_array_append_new(files, refused_json(sql_rows_at(refused, i)));
    }
    return files;
}

static json_t *failure_json(const struct submission *submission, const json_t *refused)
{
    const char *text = sentence_of(submission->failure);
    json_t *all = json_array_size(refused) > 0 ? json_deep_copy(refused)
                                               : json_pack("[{s:s, s:s, s:s}]", "code", submission->failure, "label",
                                                           "文件没能处理", "text", text);

    return json_pack("{s:s, s:s, s:o}", "code", submission->failure, "text", text, "all", all);
}

json_t *shown_reason(const struct submission *submission, const struct shown_decisions *decisions,
                     const json_t *refused)
{
    if (is_failed(submission)) {
        return failure_json(submission, refused);
    }
    for (size_t i = decisions->history->count; i > 0; i--) {
        const struct decision_row *row = sql_rows_at(decisions->history, i - 1);
        /* what goes to colleagues is not the submitter's to read */
        const bool is_theirs = strcmp(row->action, "return") == 0 || strcmp(row->action, "decline") == 0;
        if (is_theirs && strcmp(row->state, "effective") == 0 && row->revision == submission->revision) {
            return decision_json(row, decisions->reasons);
        }
    }
    return NULL;
}
