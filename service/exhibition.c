#include "service/exhibition.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/failure.h"
#include "common/message.h"
#include "common/settings.h"
#include "service/model/consent.h"
#include "service/model/notice.h"
#include "service/model/publication.h"
#include "service/setup.h"
#include "service/store/store.h"

enum {
    PAGE_WORKS = 100,
    PIECE_BYTES = 1 << 20,
};

struct gathered {
    struct app *app;
    const struct exhibition_choice *choice;
    char *after; /* NULL: the first page */
    bool is_last;
    json_t *works;
    GPtrArray *keys;  /* store keys … */
    GPtrArray *names; /* … and the files they become */
    int64_t bytes;
};

/* --- what goes in ---------------------------------------------------------------------------------------------- */

static const char *codecs_of(const json_t *facts)
{
    const char *codecs = json_string_value(json_object_get(facts, "codecs"));

    return codecs == NULL ? "" : codecs;
}

/* What every computer shows: H.264, JPEG. */
static bool is_for_all(const struct rendition *row)
{
    json_auto_t *facts = row->facts == NULL ? NULL : json_loads(row->facts, 0, NULL);
    const bool is_film = strcmp(row->kind, "rung") == 0 || strcmp(row->kind, "review-mp4") == 0;

    return is_film ? g_str_has_prefix(codecs_of(facts), "avc1")
                   : strcmp(row->kind, "photo") == 0 && strcmp(row->type, "image/jpeg") == 0;
}

/* Into the pack under a name of its own: "media/<work>-<name>". */
static json_t *take(struct gathered *gathered, const struct rendition *rendition)
{
    g_autofree char *name = g_strdup_printf("media/%s-%s", rendition->submission, rendition->name);

    g_ptr_array_add(gathered->keys, g_strdup(rendition->store_key));
    g_ptr_array_add(gathered->names, g_strdup(name));
    gathered->bytes += rendition->bytes;
    return json_string(name);
}

/* The largest copy of each of the work's clips and photos, in their order: [{src, is_clip}]. */
static json_t *files_of(struct gathered *gathered, const struct sql_rows *rows)
{
    const struct rendition *best[MESSAGE_INPUTS_MOST] = {0};
    json_t *files = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct rendition *row = sql_rows_at(rows, i);
        const size_t position = rendition_position(row->name);
        if (is_for_all(row) && position >= 1 &&
            (best[position - 1] == NULL || row->bytes > best[position - 1]->bytes)) {
            best[position - 1] = row;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(best); i++) {
        if (best[i] != NULL) {
            json_array_append_new(files, json_pack("{s:o, s:b}", "src", take(gathered, best[i]), "is_clip",
                                                   (int)(strcmp(best[i]->kind, "photo") != 0)));
        }
    }
    return files;
}

static bool add_files(struct sql *sql, struct gathered *gathered, const struct publication *work, GError **error)
{
    g_autoptr(SqlRows) rows = rendition_list(sql, work->submission, work->revision, error);
    const struct region *city = rules_region_find(gathered->app->rules, work->city);
    const struct region *region = rules_region_find(gathered->app->rules, work->region);

    if (rows == NULL) {
        return false;
    }
    json_array_append_new(gathered->works,
                          json_pack("{s:s, s:s, s:o, s:b, s:o}", "id", work->submission, "title", work->title, "place",
                                    json_sprintf("%s %s", city == NULL ? "" : city->name,
                                                 region == NULL || region == city ? "" : region->name),
                                    "is_ai", (int)publication_is_ai(work), "files", files_of(gathered, rows)));
    return true;
}

/* A list may hold what its submitter does not let be exhibited. */
static bool add_works(struct sql *sql, struct gathered *gathered, const struct sql_rows *rows, GError **error)
{
    for (size_t i = 0; i < rows->count && json_array_size(gathered->works) < EXHIBITION_WORKS_MOST; i++) {
        const struct publication *work = sql_rows_at(rows, i);
        g_autofree char *scopes = NULL;
        if (!consent_scopes(sql, work->submission, &scopes, error) ||
            (strstr(scopes, "\"exhibition\"") != NULL && !add_files(sql, gathered, work, error))) {
            return false;
        }
    }
    return true;
}

/* What the judges' points made stays inside until the notice begins. */
static struct sql_rows *list_round(struct sql *sql, const char *id, GError **error)
{
    g_auto(Selection) round = {0};

    return notice_get(sql, id, &round, error) ? notice_works(sql, id, error) : NULL;
}

static bool add_page(struct sql *sql, void *context, GError **error)
{
    struct gathered *gathered = context;
    const struct exhibition_choice *choice = gathered->choice;
    const struct publication_query query = {.region = choice->region,
                                            .collection = choice->collection,
                                            .after = gathered->after,
                                            .limit = PAGE_WORKS,
                                            .is_exhibited = choice->region != NULL};
    g_autofree char *next = NULL;
    g_autoptr(SqlRows) rows = choice->selection != NULL ? list_round(sql, choice->selection, error)
                                                        : publication_list(sql, &query, &next, error);

    if (rows == NULL || !add_works(sql, gathered, rows, error)) {
        return false;
    }
    gathered->is_last = next == NULL || json_array_size(gathered->works) >= EXHIBITION_WORKS_MOST;
    g_free(gathered->after);
    gathered->after = g_steal_pointer(&next);
    return true;
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static bool copy_pieces(struct store_reader *reader, struct pack *pack, GError **error)
{
    const int64_t size = store_reader_size(reader);
    g_autofree char *piece = g_malloc((gsize)PIECE_BYTES);

    for (int64_t at = 0; at < size; at += PIECE_BYTES) {
        const int64_t length = MIN((int64_t)PIECE_BYTES, size - at);
        if (!store_reader_read(reader, at, piece, (size_t)length, error) ||
            !pack_write(pack, piece, (size_t)length, error)) {
            return false;
        }
    }
    return true;
}

static bool copy_media(struct app *app, struct pack *pack, const char *key, const char *name, GError **error)
{
    g_autoptr(StoreReader) reader = store_open_read(app->store, key, error);

    return reader != NULL && pack_begin(pack, name, store_reader_size(reader), error) &&
           copy_pieces(reader, pack, error) && pack_end(pack, error);
}

static bool copy_player(struct app *app, struct pack *pack, GError **error)
{
    static const char *const FILES[] = {"index.html", "player.js", "style.css"};
    g_autofree char *web = setup_shared_folder(app->settings->web, "web");

    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autofree char *path = g_build_filename(web == NULL ? "" : web, "exhibition", FILES[i], NULL);
        g_autofree char *text = NULL;
        gsize length = 0;
        if (!g_file_get_contents(path, &text, &length, NULL)) {
            return refuse(error, SETTINGS_ERROR, REASON_IO, path);
        }
        if (!pack_add(pack, FILES[i], text, length, error)) {
            return false;
        }
    }
    return true;
}

static bool write_pack(const struct gathered *gathered, struct pack *pack, GError **error)
{
    g_autofree char *json = json_dumps(gathered->works, JSON_INDENT(1));
    g_autofree char *list = g_strconcat("window.XUEPAI_WORKS = ", json, ";\n", NULL);

    for (guint i = 0; i < gathered->keys->len; i++) {
        if (!copy_media(gathered->app, pack, g_ptr_array_index(gathered->keys, i),
                        g_ptr_array_index(gathered->names, i), error)) {
            return false;
        }
    }
    return pack_add(pack, "list.js", list, strlen(list), error) && copy_player(gathered->app, pack, error) &&
           pack_close(pack, error);
}

static bool gather(struct gathered *gathered, GError **error)
{
    const char *region = gathered->choice->region;

    if (region != NULL && rules_region_find(gathered->app->rules, region) == NULL) {
        return refuse(error, SETTINGS_ERROR, REASON_INPUT, "no such region");
    }
    while (!gathered->is_last) {
        if (!database_read(gathered->app->database, "exhibition", add_page, gathered, error)) {
            return false;
        }
    }
    return true;
}

bool exhibition_write(struct app *app, const struct exhibition_choice *choice, struct pack *pack, int64_t bytes_most,
                      size_t *works, GError **error)
{
    struct gathered gathered = {
        .app = app,
        .choice = choice,
        .works = json_array(),
        .keys = g_ptr_array_new_with_free_func(g_free),
        .names = g_ptr_array_new_with_free_func(g_free),
    };
    const bool good =
        gather(&gathered, error) &&
        (gathered.bytes <= bytes_most || refuse(error, SETTINGS_ERROR, REASON_LIMIT, "more than one pack may hold")) &&
        write_pack(&gathered, pack, error);

    if (good && works != NULL) {
        *works = json_array_size(gathered.works);
    }
    g_free(gathered.after);
    json_decref(gathered.works);
    g_ptr_array_unref(gathered.keys);
    g_ptr_array_unref(gathered.names);
    return good;
}

/* --- the command ----------------------------------------------------------------------------------------------- */

static struct exhibition_choice choice_of(const char *text)
{
    return g_str_has_prefix(text, "collection=")  ? (struct exhibition_choice){.collection = strchr(text, '=') + 1}
           : g_str_has_prefix(text, "selection=") ? (struct exhibition_choice){.selection = strchr(text, '=') + 1}
                                                  : (struct exhibition_choice){.region = text};
}

static bool pack_into(struct app *app, const struct exhibition_choice *choice, struct pack *pack, const char *path,
                      GError **error)
{
    g_autoptr(Pack) owned = pack;
    size_t works = 0;

    if (owned == NULL || !exhibition_write(app, choice, owned, G_MAXINT64, &works, error)) {
        return false;
    }
    printf("exhibition               %zu works in %s\n", works, path);
    return true;
}

bool exhibition_pack(struct app *app, const char *place, GError **error)
{
    const char *colon = strchr(place, ':');

    if (colon == NULL || colon[1] == '\0') {
        return refuse(error, SETTINGS_ERROR, REASON_INPUT, "CHOICE:FOLDER or CHOICE:FILE.zip");
    }
    g_autofree char *text = g_strndup(place, (gsize)(colon - place));
    const struct exhibition_choice choice = choice_of(text);
    if (!g_str_has_suffix(colon, ".zip")) {
        return pack_into(app, &choice, pack_folder(colon + 1, error), colon + 1, error);
    }
    const int fd = open(colon + 1, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return refuse(error, SETTINGS_ERROR, REASON_IO, colon + 1);
    }
    const bool good = pack_into(app, &choice, pack_zip(fd, error), colon + 1, error);
    return close(fd) == 0 ? good : good && refuse(error, SETTINGS_ERROR, REASON_IO, colon + 1);
}
