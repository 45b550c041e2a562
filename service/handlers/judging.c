/* What a judge sees and does: works by number, without name, unit, place or id. The words of the submitter are left out,
 * because families name themselves in them; the title is part of the work. */
#include "service/model/judging.h"

#include <string.h>

#include "common/failure.h"
#include "common/message.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/stored.h"
#include "service/model/publication.h"

struct call {
    const struct request *request;
    json_t *json;
    int64_t number;
    json_t *points;
    const char *note;
    struct rendition rendition;
    bool found;
};

static bool read_number(const struct request *request, int64_t *number, GError **error)
{
    if (g_ascii_string_to_signed(request_param(request, "number"), 10, 1, SELECTION_ENTRIES_MOST, number, NULL)) {
        return true;
    }
    return refuse(error, HTTP_ERROR, REASON_NOT_FOUND, "no such number");
}

static bool add_criteria(struct sql *sql, json_t *rounds, const struct judging_task *task, GError **error)
{
    json_t *round = json_object_get(rounds, task->selection);

    if (round != NULL) {
        return true;
    }
    g_autoptr(SqlRows) rows = selection_criteria(sql, task->selection, error);
    if (rows == NULL) {
        return false;
    }
    json_t *criteria = json_array();
    for (size_t i = 0; i < rows->count; i++) {
        const struct selection_criterion *row = sql_rows_at(rows, i);
        json_array_append_new(criteria, json_pack("{s:s, s:I}", "name", row->name, "weight", (json_int_t)row->weight));
    }
    json_object_set_new(rounds, task->selection,
                        json_pack("{s:s, s:s, s:s, s:o, s:o}", "id", task->selection, "name", task->selection_name,
                                  "track", task->track, "criteria", criteria, "tasks", json_array()));
    return true;
}

/* Which of its files a judge may ask for. */
static const struct {
    const char *kind;
    const char *key;
} SHOWN[] = {{"poster", "poster"}, {"review-mp4", "clips"}, {"photo", "photos"}};

static const char *key_of(const char *kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SHOWN); i++) {
        if (strcmp(SHOWN[i].kind, kind) == 0) {
            return SHOWN[i].key;
        }
    }
    return NULL;
}

/* In the order of the work's files, which is not that of their names. */
static void add_files(json_t *json, const struct judging_task *task, const struct sql_rows *files)
{
    json_object_set_new(json, "clips", json_array());
    json_object_set_new(json, "photos", json_array());
    for (size_t i = 0; i < files->count * MESSAGE_INPUTS_MOST; i++) {
        const struct rendition *file = sql_rows_at(files, i % files->count);
        const char *key = key_of(file->kind);
        json_t *list = key == NULL ? NULL : json_object_get(json, key);
        g_autofree char *address =
            g_strdup_printf("/judging/%s/%" G_GINT64_FORMAT "/%s", task->selection, task->number, file->name);

        if (key == NULL || rendition_position(file->name) != i / files->count + 1) {
            continue;
        }
        if (!json_is_array(list)) {
            json_object_set_new(json, key, list == NULL ? json_string(address) : json_incref(list));
        } else if (strcmp(key, "clips") == 0 || g_str_has_suffix(file->name, "photo-960.jpg")) {
            json_array_append_new(list, json_string(address));
        }
    }
}

static bool add_task(struct sql *sql, json_t *rounds, const struct judging_task *task, GError **error)
{
    json_auto_t *facts = task->facts == NULL ? NULL : json_loads(task->facts, 0, NULL);
    g_autoptr(SqlRows) files = rendition_list(sql, task->submission, task->revision, error);

    if (files == NULL || !add_criteria(sql, rounds, task, error)) {
        return false;
    }
    json_t *points = json_loads(task->points, 0, NULL);
    json_t *json =
        json_pack("{s:I, s:s, s:s, s:o, s:s, s:I, s:I, s:I}", "number", (json_int_t)task->number, "title", task->title,
                  "state", task->state, "points", points == NULL ? json_array() : points, "note", task->note,
                  "duration_ms", json_integer_value(json_object_get(facts, "duration_ms")), "width",
                  json_integer_value(json_object_get(facts, "width")), "height",
                  json_integer_value(json_object_get(facts, "height")));
    add_files(json, task, files);
    json_array_append_new(json_object_get(json_object_get(rounds, task->selection), "tasks"), json);
    return true;
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    json_auto_t *rounds = json_object();
    const char *id;
    json_t *round;

    json_decref(call->json);
    call->json = NULL;
    g_autoptr(SqlRows) tasks = judging_tasks(sql, request_staff(call->request)->id, error);
    if (tasks == NULL) {
        return false;
    }
    for (size_t i = 0; i < tasks->count; i++) {
        if (!add_task(sql, rounds, sql_rows_at(tasks, i), error)) {
            return false;
        }
    }
    call->json = json_array();
    json_object_foreach(rounds, id, round) {
        json_array_append(call->json, round);
    }
    return true;
}

HANDLER(judging_index)
{
    struct call call = {.request = request};

    if (!database_read(app->database, "judging.list", list, &call, error)) {
        return NULL;
    }
    struct response *response = response_json(200, json_pack("{s:o}", "items", call.json));
    response_header(response, "Cache-Control", "no-store");
    return response;
}

static bool score(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return judging_score(sql, request_param(call->request, "selection"), call->number, call->points, call->note, &actor,
                         request_now_ms(call->request), error);
}

HANDLER(judging_put)
{
    struct call call = {.request = request, .note = ""};
    json_error_t cause;

    if (!read_number(request, &call.number, error)) {
        return NULL;
    }
    if (json_unpack_ex(request_json(request), &cause, 0, "{s:o, s?s}", "points", &call.points, "note", &call.note) !=
        0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    return database_transact(app->database, "judging.score", score, &call, error) ? response_empty(204) : NULL;
}

static bool stand_aside(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return judging_stand_aside(sql, request_param(call->request, "selection"), call->number, &actor,
                               request_now_ms(call->request), error);
}

HANDLER(judging_delete)
{
    struct call call = {.request = request};

    return read_number(request, &call.number, error) &&
                   database_transact(app->database, "judging.stand_aside", stand_aside, &call, error)
               ? response_empty(204)
               : NULL;
}

static bool look_media(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_auto(JudgingTask) task = {0};
    bool found = false;

    call->found = false;
    rendition_clear(&call->rendition);
    return judging_find(sql, request_staff(call->request)->id, request_param(call->request, "selection"), call->number,
                        &task, &found, error) &&
           (!found ||
            publication_find_rendition(sql, task.submission, task.revision, request_param(call->request, "name"),
                                       &call->rendition, &call->found, error));
}

HANDLER(judging_media)
{
    struct call call = {.request = request};
    struct response *response = NULL;

    if (stored_must_move(app, request)) {
        return request_transfer(request, judging_media);
    }
    if (!read_number(request, &call.number, error) ||
        !database_read(app->database, "judging.media", look_media, &call, error)) {
        return NULL;
    }
    if (call.found && key_of(call.rendition.kind) != NULL) {
        g_autofree char *etag = g_strdup_printf("\"%.32s\"", call.rendition.sha256);
        response = stored_answer(app, request, call.rendition.store_key, call.rendition.type, etag, error);
    } else {
        g_set_error_literal(error, HTTP_ERROR, REASON_NOT_FOUND, "not a file of this task");
    }
    if (response != NULL) {
        response_profile(response, PROFILE_MEDIA);
        response_header(response, "Cache-Control", "private, no-store");
    }
    rendition_clear(&call.rendition);
    return response;
}
