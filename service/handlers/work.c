#include "service/handlers/work.h"

#include <string.h>

#include "common/settings.h"
#include "service/handlers/ledger_words.h"
#include "service/handlers/work_files.h"
#include "service/http/request.h"
#include "service/model/cover.h"
#include "service/model/facts.h"
#include "service/model/local_time.h"
#include "service/model/text.h"
#include "service/model/words.h"

char *base_url(const struct app *app, const struct request *request)
{
    if (app->settings->base_url[0] != '\0') {
        return g_strdup(app->settings->base_url);
    }
    return g_strdup_printf("%s://%s", request_scheme(request), request_host(request));
}

/* "1:05" */
static char *duration_text(int64_t duration_ms)
{
    const int64_t seconds = (duration_ms + 500) / 1000;

    return g_strdup_printf("%" G_GINT64_FORMAT ":%02d", seconds / 60, (int)(seconds % 60));
}

char *time_text(int64_t ms)
{
    return local_text(ms, "%Y-%m-%dT%H:%M:%S%:z"); /* RFC 3339 */
}

static json_t *facts_of(const char *text)
{
    json_t *facts = text == NULL ? NULL : json_loads(text, 0, NULL);

    return facts == NULL ? json_object() : facts;
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *name_of_region(const struct app *app, const char *code)
{
    const struct region *region = rules_region_find(app->rules, code);

    return region == NULL ? "" : region->name;
}

static const char *name_of_track(const struct app *app, const char *key)
{
    const struct track *track = rules_track_find(app->rules, key);

    return track == NULL ? "" : track->name;
}

/* Kinds of renditions a work names by key, and those it lists as sources. */
static const struct {
    const char *kind;
    const char *type; /* NULL: whatever it is */
    const char *key;
} NAMED[] = {
    {"poster", NULL, "poster"},
    {"thumbnail", "image/jpeg", "thumbnail"},
    {"thumbnail", "image/webp", "thumbnail_webp"},
    {"share-card", NULL, "share_card"},
    {"preview", NULL, "preview"},
    {"master", NULL, "hls"},
    {"storyboard-vtt", NULL, "storyboard_vtt"},
    {"storyboard", NULL, "storyboard"},
};

static void add_named(json_t *work, const struct shown_file *file, const char *address)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NAMED); i++) {
        if (strcmp(NAMED[i].kind, file->kind) == 0 && (NAMED[i].type == NULL || strcmp(NAMED[i].type, file->type) == 0)) {
            json_object_set_new(work, NAMED[i].key, json_string(address));
        }
    }
}

static void set_if_none(json_t *work, const char *key, const char *address)
{
    if (json_is_null(json_object_get(work, key))) {
        json_object_set_new(work, key, json_string(address));
    }
}

/* A set's pictures are its first photo, the smallest copies (they come by size), for lists, shared links and feeds. */
static void add_photo_poster(json_t *work, const struct shown_file *file, const char *address)
{
    if (rendition_position(file->name) != 1) {
        return;
    }
    if (strcmp(file->type, "image/jpeg") == 0) {
        set_if_none(work, "poster", address);
        set_if_none(work, "thumbnail", address);
    } else {
        set_if_none(work, "thumbnail_webp", address);
    }
}

/* Clips that were prepared before there were small copies have their poster in lists. */
static void settle_thumbnail(json_t *work)
{
    if (json_is_null(json_object_get(work, "thumbnail"))) {
        json_object_set(work, "thumbnail", json_object_get(work, "poster"));
    }
}

/* The review copy is a source from the beginning, and stays one of the rungs when the ladder stands. `of` is the work, or
 * one of its clips. */
static void add_rendition(json_t *of, const struct shown_file *file, const char *address)
{
    add_named(of, file, address);
    if (strcmp(file->kind, "rung") == 0 || strcmp(file->kind, "review-mp4") == 0) {
        json_t *sources = json_object_get(of, "sources");
        if (sources == NULL) {
            json_object_set_new(of, "sources", json_array());
            sources = json_object_get(of, "sources");
        }
        json_array_append_new(sources, work_source_json(file, address));
    }
}

static void add_file(json_t *work, struct work_files *files, const struct shown_file *file, const char *address)
{
    json_t *clip = work_files_clip(files, file);

    if (strcmp(file->kind, "photo") == 0) {
        work_files_add_photo(files, file, address);
        add_photo_poster(work, file, address);
        return;
    }
    if (work_files_leads(files, file)) {
        add_rendition(work, file, address);
    }
    if (clip != NULL) {
        add_rendition(clip, file, address);
    }
}

static void add_renditions(json_t *json, const char *folder, const json_t *facts, const struct publication *work)
{
    g_autofree char *lines = g_strdup(work->renditions);
    g_autoptr(GArray) shown = work_files_cut(lines);
    struct work_files files;

    json_object_set_new(json, "sources", json_array());
    work_files_open(&files, facts, work->captions);
    for (guint i = 0; i < shown->len; i++) {
        const struct shown_file *file = &g_array_index(shown, struct shown_file, i);
        g_autofree char *address = g_strdup_printf("%s/%s", folder, file->name);
        add_file(json, &files, file, address);
    }
    work_files_close(&files, json);
}

static char *media_folder(const char *base, const struct publication *work)
{
    return g_strdup_printf("%s/media/%s/%" G_GINT64_FORMAT, base, work->submission, work->revision);
}

static void add_selected(json_t *json, const char *base, const struct publication *work)
{
    if (work->selected != NULL) {
        g_autofree char *list = g_strdup_printf("%s/notice/%s", base, work->selected);
        json_object_set_new(json, "selected", json_pack("{s:s, s:s}", "name", work->selected_name, "url", list));
    }
}

json_t *work_json(const struct app *app, const char *base, const struct publication *work)
{
    json_auto_t *facts = facts_of(work->facts);
    g_autofree char *folder = media_folder(base, work);
    g_autofree char *url = g_strdup_printf("%s/v/%s", base, work->submission);
    g_autofree char *embed = work->embeddable ? g_strdup_printf("%s/embed/%s", base, work->submission) : NULL;
    g_autofree char *published_at = time_text(work->published_ms);
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:n, s:n, s:n, s:n, s:n, s:n, s:s, s:s, s:s?, s:b,"
        " s:I, s:n}",
        "id", work->submission, "title", work->title, "words", work->words, "region", work->region, "region_name",
        name_of_region(app, work->region), "city_code", work->city, "city_name", name_of_region(app, work->city),
        "track", work->track, "track_name", name_of_track(app, work->track), "duration_ms",
        (json_int_t)facts_played_ms(facts), "width", number_of(facts, "width"), "height", number_of(facts, "height"),
        "poster", "thumbnail", "thumbnail_webp", "share_card", "preview", "hls", "published_at", published_at, "url", url, "embed_url", embed, "is_ai",
        (int)publication_is_ai(work), "views", (json_int_t)work->views,
        "selected");

    add_selected(json, base, work);
    add_renditions(json, folder, facts, work);
    settle_thumbnail(json);
    return json;
}

static void add_tile_picture(json_t *tile, const char *folder, const json_t *facts, const struct publication *work)
{
    g_autofree char *lines = g_strdup(work->renditions);
    g_autoptr(GArray) files = work_files_cut(lines);
    const size_t lead = work_files_lead(facts);
    bool has_clip = false, has_photo = false;

    for (guint i = 0; i < files->len; i++) {
        const struct shown_file *file = &g_array_index(files, struct shown_file, i);
        const bool is_photo = strcmp(file->kind, "photo") == 0;
        const bool is_poster = (strcmp(file->kind, "poster") == 0 || strcmp(file->kind, "thumbnail") == 0) &&
                               rendition_position(file->name) == lead;
        g_autofree char *address = is_photo || is_poster ? g_strdup_printf("%s/%s", folder, file->name) : NULL;

        has_clip = has_clip || is_poster;
        has_photo = has_photo || is_photo;
        if (is_photo) {
            add_photo_poster(tile, file, address);
        } else if (is_poster) {
            add_named(tile, file, address);
        }
    }
    json_object_set_new(tile, "is_photo", json_boolean(has_photo && !has_clip));
}

json_t *tile_json(const struct app *app, const char *base, const struct publication *work)
{
    json_auto_t *facts = facts_of(work->facts);
    g_autofree char *folder = media_folder(base, work);
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:n, s:n, s:n, s:n, s:o}", "id", work->submission, "title",
                  work->title, "region_name", name_of_region(app, work->region), "track_name",
                  name_of_track(app, work->track), "duration_ms", (json_int_t)facts_played_ms(facts), "width",
                  number_of(facts, "width"), "height", number_of(facts, "height"), "poster", "thumbnail",
                  "thumbnail_webp", "selected", "url", json_sprintf("%s/v/%s", base, work->submission));

    add_tile_picture(json, folder, facts, work);
    settle_thumbnail(json);
    add_selected(json, base, work);
    return json;
}

static char *preview_signature(const struct app *app, const struct login *login, const char *path, const char *until)
{
    g_autofree char *text = g_strjoin("|", path, login->digest, until, NULL);

    return secret_mac(app->secrets, "preview", text);
}

bool preview_is_signed(const struct app *app, const struct login *login, const char *path, const char *until,
                       const char *signature, int64_t now_ms)
{
    gint64 until_ms = 0;

    if (until == NULL || !g_ascii_string_to_signed(until, 10, 0, G_MAXINT64, &until_ms, NULL) || until_ms < now_ms) {
        return false;
    }
    g_autofree char *right = preview_signature(app, login, path, until);
    return secret_equal(right, signature);
}

static char *preview_url(const struct app *app, const struct login *login, const struct rendition *rendition,
                         int64_t until_ms)
{
    g_autofree char *path = g_strdup_printf("/preview/%s/%" G_GINT64_FORMAT "/%s", rendition->submission,
                                            rendition->revision, rendition->name);
    g_autofree char *until = g_strdup_printf("%" G_GINT64_FORMAT, until_ms);
    g_autofree char *signature = preview_signature(app, login, path, until);

    return g_strdup_printf("%s?until=%s&signature=%s", path, until, signature);
}

/* How the flags of a finished prepare read to a reviewer. */
static const struct {
    const char *flag;
    const char *level; /* "warn": to be looked at; "info": no fault */
    const char *text;
} FLAGS[] = {
    {"black", "warn", "有黑屏段落"},     {"frozen", "warn", "画面长时间不动"},
    {"silent", "warn", "没有声音"},      {"very-dark", "warn", "画面很暗"},
    {"very-quiet", "warn", "声音很小"},  {"portrait", "info", "竖屏"},
    {"hdr", "info", "HDR 已转换"},       {"aigc", "warn", "带有 AI 生成标识"},
    {"qr-code", "warn", "画面里有二维码"}, {"location", "info", "原文件带定位（已去除）"},
    {"duplicate", "warn", "和别的作品相似"},
};

static json_t *flags_json(const char *flags)
{
    json_t *list = json_array();
    g_auto(GStrv) words = g_strsplit(flags == NULL ? "" : flags, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        if ((*word)[0] != '\0') {
            json_array_append_new(list, json_string(*word));
        }
    }
    return list;
}

static void add_check(json_t *checks, const char *level, const char *text)
{
    json_array_append_new(checks, json_pack("{s:s, s:s}", "level", level, "text", text));
}

static json_t *checks_json(const struct submission *submission, const json_t *facts)
{
    json_t *checks = json_array();
    g_autofree char *duration = duration_text(number_of(facts, "duration_ms"));
    g_autofree char *size = g_strdup_printf("时长 %s，%" JSON_INTEGER_FORMAT "×%" JSON_INTEGER_FORMAT, duration,
                                            number_of(facts, "width"), number_of(facts, "height"));
    bool warned = false;

    add_check(checks, "ok", size);
    for (size_t i = 0; i < G_N_ELEMENTS(FLAGS); i++) {
        g_autofree char *word = g_strdup_printf(" %s ", FLAGS[i].flag);
        if (submission->flags != NULL && strstr(submission->flags, word) != NULL) {
            add_check(checks, FLAGS[i].level, FLAGS[i].text);
            warned = warned || strcmp(FLAGS[i].level, "warn") == 0;
        }
    }
    if (!warned) {
        add_check(checks, "ok", "无黑屏、无静音、无定格");
    }
    if (submission->ai) {
        add_check(checks, "info", "提交人声明含 AI 生成内容");
    }
    return checks;
}

/* Words of the edition's lists in title, description and name: advice. */
void review_add_words(const struct app *app, json_t *json, const struct submission *submission, const struct words *own)
{
    const struct words *lists[] = {app->rules->words, own};
    g_autofree char *name = secret_open(app->secrets, submission->contact_name);
    json_t *checks = json_object_get(json, "checks");
    json_t *hits = json_array();
    size_t index;
    json_t *hit;

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        words_find(lists[i], "名称", submission->title, hits);
        words_find(lists[i], "介绍", submission->words, hits);
        words_find(lists[i], "姓名", name, hits);
        words_find(lists[i], "照片说明", submission->captions, hits);
    }
    json_array_foreach(hits, index, hit) {
        g_autofree char *text = g_strdup_printf("%s里有“%s”：%s", json_string_value(json_object_get(hit, "where")),
                                                json_string_value(json_object_get(hit, "word")),
                                                json_string_value(json_object_get(hit, "why")));
        add_check(checks, "warn", text);
    }
    json_object_set_new(json, "word_hits", hits);
}

static void add_contact(const struct app *app, json_t *json, const struct submission *submission)
{
    g_autofree char *name = secret_open(app->secrets, submission->contact_name);
    g_autofree char *phone = secret_open(app->secrets, submission->contact_phone);
    g_autofree char *masked_name = name == NULL ? g_strdup("") : text_name_masked(name);
    g_autofree char *masked_phone = phone == NULL ? g_strdup("") : text_phone_masked(phone);

    json_object_set_new(json, "contact", json_pack("{s:s, s:s}", "name", masked_name, "phone", masked_phone));
}

json_t *contact_json(const struct app *app, const struct submission *submission)
{
    g_autofree char *name = secret_open(app->secrets, submission->contact_name);
    g_autofree char *phone = secret_open(app->secrets, submission->contact_phone);

    return json_pack("{s:s?, s:s?}", "name", name, "phone", phone);
}

/* What reviewers see of the work, and of each clip where there are several. */
static void add_preview(json_t *json, struct work_files *files, const struct shown_file *file, const char *url)
{
    static const struct {
        const char *kind;
        const char *type;
        const char *key;
    } SHOWN[] = {{"poster", "image/jpeg", "poster"},
                 {"thumbnail", "image/jpeg", "thumbnail"},
                 {"storyboard", "image/jpeg", "storyboard"},
                 {"storyboard-vtt", "text/vtt; charset=utf-8", "storyboard_vtt"},
                 {"sheet", "image/jpeg", "contact_sheet"},
                 {"review-mp4", "video/mp4", "review_mp4"}};
    json_t *clip = work_files_clip(files, file);

    if (strcmp(file->kind, "photo") == 0) {
        work_files_add_photo(files, file, url);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(SHOWN); i++) {
        if (strcmp(SHOWN[i].kind, file->kind) != 0 || strcmp(SHOWN[i].type, file->type) != 0) {
            continue;
        }
        if (work_files_leads(files, file)) {
            json_object_set_new(json, SHOWN[i].key, json_string(url));
        }
        if (clip != NULL) {
            json_object_set_new(clip, SHOWN[i].key, json_string(url));
        }
    }
}

json_t *review_json(const struct app *app, const struct login *login, const struct submission *submission,
                    struct sql_rows *renditions, int64_t now_ms)
{
    json_auto_t *facts = facts_of(submission->facts);
    const struct stage *stage = rules_stage_at(app->rules, submission->stage);
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:n, s:n, s:n, s:n, s:n, s:o,"
        " s:I, s:b, s:s, s:s, s:s?, s:s}",
        "id", submission->id, "code", submission->code, "title", submission->title, "words", submission->words, "track",
        submission->track, "track_name", name_of_track(app, submission->track), "region", submission->region,
        "region_name", name_of_region(app, submission->region), "city_name", name_of_region(app, submission->city),
        "revision", (json_int_t)submission->revision, "version", (json_int_t)submission->version, "duration_ms",
        (json_int_t)facts_played_ms(facts), "width", number_of(facts, "width"), "height", number_of(facts, "height"),
        "flags", flags_json(submission->flags), "poster", "storyboard", "storyboard_vtt", "contact_sheet", "review_mp4",
        "checks", checks_json(submission, facts), "waiting_since_ms", (json_int_t)submission->waiting_ms, "ai",
        (int)(submission->ai != 0), "state", submission->state, "stage", stage == NULL ? "" : stage->name,
        "content_digest", submission->content_digest, "unit", submission->unit);

    struct work_files files;
    work_files_open(&files, facts, submission->captions);
    for (size_t i = 0; i < renditions->count; i++) {
        struct rendition *rendition = sql_rows_at(renditions, i);
        g_autofree char *url = preview_url(app, login, rendition, now_ms + app->settings->preview_seconds * 1000);
        struct shown_file file = {rendition->kind, rendition->name, rendition->type, rendition->bytes, 0, 0, ""};
        shown_file_read_facts(&file, rendition->facts);
        add_preview(json, &files, &file, url);
    }
    work_files_close(&files, json);
    json_object_set_new(json, "facts", json_incref(facts));
    add_contact(app, json, submission);
    return json;
}

json_t *cover_json(const struct submission *submission)
{
    json_auto_t *facts = facts_of(submission->facts);
    const bool is_photo = json_object_get(facts, "each") == NULL &&
                          g_strcmp0(json_string_value(json_object_get(facts, "kind")), "video") != 0;
    json_auto_t *clips = is_photo ? json_array() : work_files_clips(facts);

    return json_array_size(clips) == 0
               ? json_null()
               : json_pack("{s:O, s:o, s:b}", "clips", clips, "moments", json_loads(submission->covers, 0, NULL),
                           "pending", (int)cover_is_pending(submission));
}

json_t *history_json(const struct app *app, struct sql_rows *history, const struct sql_rows *reasons)
{
    json_t *list = json_array();

    for (size_t i = 0; i < history->count; i++) {
        const struct decision_row *row = sql_rows_at(history, i);
        const struct stage *stage = rules_stage_at(app->rules, row->stage);
        json_t *codes = json_loads(row->reasons, 0, NULL);
        json_auto_t *detail =
            json_pack("{s:o, s:s}", "reasons", codes == NULL ? json_array() : codes, "note", row->note);
        g_autofree char *why = ledger_why(detail, reasons);
        json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:s, s:s, s:O, s:s, s:s, s:s, s:I}", "decision", row->id,
                                              "at_ms", (json_int_t)row->made_ms, "actor", row->staff_name, "stage",
                                              stage == NULL ? "" : stage->name, "action", row->action, "reasons",
                                              json_object_get(detail, "reasons"), "note", row->note, "why", why,
                                              "state", row->state, "revision", (json_int_t)row->revision));
    }
    return list;
}
