#include "service/exhibition.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <jansson.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/model/publication.h"
#include "service/setup.h"
#include "service/store/store.h"

enum {
    WORKS_MOST = 300, /* hours of clips */
    PAGE_WORKS = 100,
    PHOTOS_MOST = 9, /* of one work */
    PIECE_BYTES = 1 << 20,
};

struct pack {
    struct app *app;
    char *region;
    char *folder;
    char *after; /* NULL: the first page */
    json_t *works;
    GPtrArray *keys;  /* store keys … */
    GPtrArray *names; /* … and the files they become */
    GString *sums;
    bool is_last;
};

static bool refuse(GError **error, enum reason reason, const char *what)
{
    g_set_error(error, SETTINGS_ERROR, (int)reason, "%s", what);
    return false;
}

/* --- what goes in ---------------------------------------------------------------------------------------------- */

static const char *codecs_of(const json_t *facts)
{
    const char *codecs = json_string_value(json_object_get(facts, "codecs"));

    return codecs == NULL ? "" : codecs;
}

static bool comes_before(const struct rendition *row, const struct rendition *best)
{
    const size_t position = rendition_position(row->name);
    const size_t other = best == NULL ? SIZE_MAX : rendition_position(best->name);

    return position < other || (position == other && row->bytes > best->bytes);
}

/* Of the first clip, the largest file that every computer plays; NULL for photos. */
static const struct rendition *film_of(const struct sql_rows *rows)
{
    const struct rendition *best = NULL;

    for (size_t i = 0; i < rows->count; i++) {
        const struct rendition *row = sql_rows_at(rows, i);
        json_auto_t *facts = row->facts == NULL ? NULL : json_loads(row->facts, 0, NULL);
        const bool is_film = strcmp(row->kind, "rung") == 0 || strcmp(row->kind, "review-mp4") == 0;
        if (is_film && g_str_has_prefix(codecs_of(facts), "avc1") && comes_before(row, best)) {
            best = row;
        }
    }
    return best;
}

/* Into the pack under a name of its own: "media/<work>-<name>". The caller frees it. */
static char *take(struct pack *pack, const struct rendition *rendition)
{
    char *name = g_strdup_printf("media/%s-%s", rendition->submission, rendition->name);

    g_ptr_array_add(pack->keys, g_strdup(rendition->store_key));
    g_ptr_array_add(pack->names, g_strdup(name));
    return name;
}

/* The largest JPEG of each photo, in their order: "photo-1920.jpg" is of the first, "2-photo-960.jpg" of the second. */
static json_t *photos_of(struct pack *pack, const struct sql_rows *rows)
{
    const struct rendition *best[PHOTOS_MOST] = {0};
    json_t *photos = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct rendition *row = sql_rows_at(rows, i);
        const size_t position = rendition_position(row->name);
        if (strcmp(row->kind, "photo") == 0 && strcmp(row->type, "image/jpeg") == 0 && position >= 1 &&
            position <= PHOTOS_MOST && (best[position - 1] == NULL || row->bytes > best[position - 1]->bytes)) {
            best[position - 1] = row;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(best); i++) {
        if (best[i] != NULL) {
            g_autofree char *name = take(pack, best[i]);
            json_array_append_new(photos, json_string(name));
        }
    }
    return photos;
}

static bool add_work(struct sql *sql, struct pack *pack, const struct publication *work, GError **error)
{
    g_autoptr(SqlRows) rows = rendition_list(sql, work->submission, work->revision, error);
    const struct region *city = rules_region_find(pack->app->rules, work->city);
    const struct region *region = rules_region_find(pack->app->rules, work->region);

    if (rows == NULL) {
        return false;
    }
    const struct rendition *film = film_of(rows);
    g_autofree char *video = film == NULL ? NULL : take(pack, film);
    json_array_append_new(pack->works, json_pack("{s:s, s:s, s:o, s:b, s:s?, s:o}", "id", work->submission, "title",
                                                 work->title, "place",
                                                 json_sprintf("%s %s", city == NULL ? "" : city->name,
                                                              region == NULL || region == city ? "" : region->name),
                                                 "is_ai", (int)(work->ai != 0), "video", video, "photos",
                                                 film == NULL ? photos_of(pack, rows) : json_array()));
    return true;
}

static bool add_page(struct sql *sql, void *context, GError **error)
{
    struct pack *pack = context;
    const struct publication_query query = {.region = pack->region,
                                            .after = pack->after,
                                            .limit = PAGE_WORKS,
                                            .is_exhibited = true};
    g_autofree char *next = NULL;
    g_autoptr(SqlRows) rows = publication_list(sql, &query, &next, error);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        if (!add_work(sql, pack, sql_rows_at(rows, i), error)) {
            return false;
        }
    }
    pack->is_last = next == NULL || json_array_size(pack->works) >= WORKS_MOST;
    g_free(pack->after);
    pack->after = g_steal_pointer(&next);
    return rows != NULL;
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static void add_sum(struct pack *pack, const char *name, GChecksum *sum)
{
    g_string_append_printf(pack->sums, "%s  %s\n", g_checksum_get_string(sum), name);
}

static bool write_text(struct pack *pack, const char *name, const char *text, gsize length, GError **error)
{
    g_autofree char *path = g_build_filename(pack->folder, name, NULL);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GError) cause = NULL;

    g_checksum_update(sum, (const guchar *)text, (gssize)length);
    add_sum(pack, name, sum);
    return g_file_set_contents(path, text, (gssize)length, &cause) || refuse(error, REASON_IO, cause->message);
}

static bool copy_pieces(struct store_reader *reader, int fd, GChecksum *sum, GError **error)
{
    const int64_t size = store_reader_size(reader);
    g_autofree char *piece = g_malloc((gsize)PIECE_BYTES);

    for (int64_t at = 0; at < size; at += PIECE_BYTES) {
        const int64_t length = MIN((int64_t)PIECE_BYTES, size - at);
        if (!store_reader_read(reader, at, piece, (size_t)length, error)) {
            return false;
        }
        if (write(fd, piece, (size_t)length) != length) {
            return refuse(error, REASON_IO, "the pack cannot be written");
        }
        g_checksum_update(sum, (const guchar *)piece, (gssize)length);
    }
    return true;
}

static bool copy_media(struct pack *pack, const char *key, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(pack->folder, name, NULL);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(StoreReader) reader = store_open_read(pack->app->store, key, error);
    const int fd = reader == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (reader == NULL || fd < 0) {
        return reader != NULL && refuse(error, REASON_IO, path);
    }
    const bool good = copy_pieces(reader, fd, sum, error);
    close(fd);
    add_sum(pack, name, sum);
    return good;
}

static bool copy_player(struct pack *pack, GError **error)
{
    static const char *const FILES[] = {"index.html", "player.js", "style.css"};
    g_autofree char *web = setup_shared_folder(pack->app->settings->web, "web");

    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autofree char *path = g_build_filename(web == NULL ? "" : web, "exhibition", FILES[i], NULL);
        g_autofree char *text = NULL;
        gsize length = 0;
        if (!g_file_get_contents(path, &text, &length, NULL)) {
            return refuse(error, REASON_IO, path);
        }
        if (!write_text(pack, FILES[i], text, length, error)) {
            return false;
        }
    }
    return true;
}

static bool write_pack(struct pack *pack, GError **error)
{
    g_autofree char *media = g_build_filename(pack->folder, "media", NULL);
    g_autofree char *sums = g_build_filename(pack->folder, "SHA256SUMS", NULL);
    g_autofree char *json = json_dumps(pack->works, JSON_INDENT(1));
    g_autofree char *list = g_strconcat("window.XUEPAI_WORKS = ", json, ";\n", NULL);

    if (g_mkdir_with_parents(pack->folder, 0755) != 0 || g_mkdir(media, 0755) != 0) {
        return refuse(error, REASON_IO, "the folder must be absent or empty");
    }
    for (guint i = 0; i < pack->keys->len; i++) {
        if (!copy_media(pack, g_ptr_array_index(pack->keys, i), g_ptr_array_index(pack->names, i), error)) {
            return false;
        }
    }
    return write_text(pack, "list.js", list, strlen(list), error) && copy_player(pack, error) &&
           (g_file_set_contents(sums, pack->sums->str, -1, NULL) || refuse(error, REASON_IO, sums));
}

static bool fill(struct pack *pack, GError **error)
{
    if (rules_region_find(pack->app->rules, pack->region) == NULL) {
        return refuse(error, REASON_INPUT, "no such region");
    }
    while (!pack->is_last) {
        if (!database_read(pack->app->database, "exhibition", add_page, pack, error)) {
            return false;
        }
    }
    return write_pack(pack, error);
}

bool exhibition_pack(struct app *app, const char *place, GError **error)
{
    const char *colon = strchr(place, ':');
    struct pack pack = {.app = app};

    if (colon == NULL || colon[1] == '\0') {
        return refuse(error, REASON_INPUT, "REGION:FOLDER");
    }
    pack.region = g_strndup(place, (gsize)(colon - place));
    pack.folder = g_strdup(colon + 1);
    pack.works = json_array();
    pack.keys = g_ptr_array_new_with_free_func(g_free);
    pack.names = g_ptr_array_new_with_free_func(g_free);
    pack.sums = g_string_new(NULL);
    const bool good = fill(&pack, error);
    if (good) {
        printf("exhibition               %zu works, %u files in %s\n", json_array_size(pack.works), pack.keys->len,
               pack.folder);
    }
    g_free(pack.region);
    g_free(pack.folder);
    g_free(pack.after);
    json_decref(pack.works);
    g_ptr_array_unref(pack.keys);
    g_ptr_array_unref(pack.names);
    g_string_free(pack.sums, TRUE);
    return good;
}
