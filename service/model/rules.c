#include "service/model/rules.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/local_time.h"
#include "service/model/pinyin.h"
#include "service/model/review_reason.h"
#include "service/model/words.h"

static const char *const STAGE_NAMES[STAGE_RANKS] = {"first", "second", "final"};
static const char *const LEVELS[] = {NULL, "county", "city", "province"};

static const char ADD_REGION[] = /* region.put */
    "INSERT INTO region (code, name, level, parent) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level, parent = excluded.parent";
static const char OLD_EDITIONS[] = /* edition.none_current */
    "UPDATE edition SET is_current = 0 WHERE is_current = 1 AND key <> $1";
static const char ADD_EDITION[] = /* edition.put */
    "INSERT INTO edition (key, name, year, is_current) VALUES ($1, $2, $3, 1)"
    " ON CONFLICT (key) DO UPDATE SET name = excluded.name, year = excluded.year, is_current = 1";
static const char DROP_STAGES[] = /* stage.drop */
    "DELETE FROM stage WHERE edition = $1";
static const char ADD_STAGE[] = /* stage.add */
    "INSERT INTO stage (edition, position, name, level, people) VALUES ($1, $2, $3, $4, $5)";
static const char ADD_TRACK[] = /* track.put */
    "INSERT INTO track (edition, key, position, name, kind, min_ms, max_ms, max_bytes, max_files, takes_photos,"
    " is_public, opens_ms, closes_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    " ON CONFLICT (edition, key) DO UPDATE SET position = excluded.position, name = excluded.name,"
    " kind = excluded.kind, min_ms = excluded.min_ms, max_ms = excluded.max_ms, max_bytes = excluded.max_bytes,"
    " max_files = excluded.max_files, takes_photos = excluded.takes_photos, is_public = excluded.is_public, opens_ms = excluded.opens_ms,"
    " closes_ms = excluded.closes_ms";

static void track_free(gpointer data)
{
    struct track *track = data;

    g_free(track->key);
    g_free(track->name);
    g_free(track->kind);
    g_free(track);
}

static void region_free(gpointer data)
{
    struct region *region = data;

    g_free(region->code);
    g_free(region->name);
    g_free(region->level);
    g_free(region->parent);
    g_free(region);
}

void rules_free(struct rules *rules)
{
    if (rules == NULL) {
        return;
    }
    g_free(rules->edition);
    g_free(rules->edition_name);
    g_free(rules->consent);
    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        g_free(rules->branding[i]);
    }
    g_clear_pointer(&rules->stages, g_array_unref);
    g_clear_pointer(&rules->tracks, g_ptr_array_unref);
    g_clear_pointer(&rules->regions, g_ptr_array_unref);
    words_free(rules->words);
    pinyin_free(rules->pinyin);
    g_free(rules);
}

/* A date of the file, local time of China, as ms since 1970. */
static bool read_time(GKeyFile *file, const char *group, const char *key, int64_t *ms, GError **error)
{
    g_autofree char *text = g_key_file_get_string(file, group, key, error);
    g_autoptr(GTimeZone) zone = local_zone();

    if (text == NULL) {
        return false;
    }
    const bool midnight = g_str_has_suffix(text, "T24:00");
    g_autofree char *iso =
        midnight ? g_strdup_printf("%.*sT00:00:00", (int)(strlen(text) - 6), text) : g_strdup_printf("%s:00", text);
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, zone);
    if (time == NULL) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "[%s] %s: \"%s\" is no time", group, key, text);
        return false;
    }
    *ms = g_date_time_to_unix(time) * 1000 + (midnight ? INT64_C(86400000) : 0);
    return true;
}

static bool read_track(struct rules *rules, GKeyFile *file, const char *group, GError **error)
{
    struct track *track = g_new0(struct track, 1);
    const char *const numbers[] = {"min_seconds", "max_seconds", "max_bytes", "max_files"};
    int64_t values[G_N_ELEMENTS(numbers)];

    g_ptr_array_add(rules->tracks, track);
    track->key = g_strdup(group + strlen("track "));
    track->name = g_key_file_get_string(file, group, "name", error);
    track->kind = track->name == NULL ? NULL : g_key_file_get_string(file, group, "kind", error);
    if (track->kind == NULL) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(GError) cause = NULL;
        values[i] = g_key_file_get_int64(file, group, numbers[i], &cause);
        if (cause != NULL) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
    }
    track->min_ms = values[0] * 1000;
    track->max_ms = values[1] * 1000;
    track->max_bytes = values[2];
    track->max_files = values[3];
    track->takes_photos = strcmp(track->kind, "photo") == 0 || g_key_file_get_boolean(file, group, "photos", NULL);
    track->is_public = g_key_file_get_boolean(file, group, "public", NULL);
    return read_time(file, group, "opens", &track->opens_ms, error) &&
           read_time(file, group, "closes", &track->closes_ms, error);
}

static bool read_stage(struct rules *rules, GKeyFile *file, const char *group, GError **error)
{
    const char *name = group + strlen("stage ");
    g_autofree char *level = g_key_file_get_string(file, group, "level", error);
    struct stage stage = {.position = (int)rules->stages->len + 1, .people = 1};

    for (size_t i = 0; i < G_N_ELEMENTS(STAGE_NAMES); i++) {
        stage.name = strcmp(STAGE_NAMES[i], name) == 0 ? STAGE_NAMES[i] : stage.name;
    }
    if (level != NULL && rules_level_rank(level) > 0) {
        stage.level = LEVELS[rules_level_rank(level)];
    }
    if (stage.name == NULL || stage.level == NULL) {
        if (level != NULL) {
            g_set_error(error, MODEL_ERROR, REASON_INPUT, "[%s]: no such stage or level", group);
        }
        return false;
    }
    if (g_key_file_has_key(file, group, "people", NULL)) {
        stage.people = g_key_file_get_int64(file, group, "people", NULL); /* a word is 0 */
    }
    if (stage.people < 0 || stage.people > PEOPLE_MOST) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "[%s] people: 0 to %d", group, PEOPLE_MOST);
        return false;
    }
    g_array_append_val(rules->stages, stage);
    return true;
}

/* Paths are those of files beside rules.conf. */
static void read_branding(struct rules *rules, GKeyFile *file, const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        g_autofree char *name = g_key_file_get_string(file, "branding", MESSAGE_BRANDING_NAMES[i], NULL);
        rules->branding[i] = name == NULL || name[0] == '\0' ? NULL
                             : g_path_is_absolute(name)      ? g_strdup(name)
                                                             : g_build_filename(folder, name, NULL);
    }
}

static bool read_rules(struct rules *rules, const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, error)) {
        return false;
    }
    rules->edition = g_key_file_get_string(file, "edition", "key", error);
    rules->edition_name = rules->edition == NULL ? NULL : g_key_file_get_string(file, "edition", "name", error);
    rules->consent = rules->edition_name == NULL ? NULL : g_key_file_get_string(file, "edition", "consent", error);
    rules->year = g_key_file_get_int64(file, "edition", "year", NULL);
    if (rules->consent == NULL) {
        return false;
    }
    read_branding(rules, file, path);
    int64_t people = 0;
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group != NULL; group++) {
        if ((g_str_has_prefix(*group, "track ") && !read_track(rules, file, *group, error)) ||
            (g_str_has_prefix(*group, "stage ") && !read_stage(rules, file, *group, error))) {
            return false;
        }
    }
    for (guint i = 0; i < rules->stages->len; i++) {
        people += g_array_index(rules->stages, struct stage, i).people;
    }
    if (people == 0) {
        g_set_error_literal(error, MODEL_ERROR, REASON_INPUT, "nobody approves at any stage");
    }
    return people > 0;
}

static bool read_regions(struct rules *rules, const char *path, GError **error)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, error)) {
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if ((*line)[0] == '#' || (*line)[0] == '\0') {
            continue;
        }
        g_auto(GStrv) cells = g_strsplit(*line, "\t", -1);
        if (g_strv_length(cells) != 4 || rules_level_rank(cells[2]) == 0) {
            g_set_error(error, MODEL_ERROR, REASON_INPUT, "%s: four cells expected: %s", path, *line);
            return false;
        }
        struct region *region = g_new0(struct region, 1);
        region->code = g_strdup(cells[0]);
        region->name = g_strdup(cells[1]);
        region->level = g_strdup(cells[2]);
        region->parent = strcmp(cells[3], "-") == 0 ? NULL : g_strdup(cells[3]);
        g_ptr_array_add(rules->regions, region);
    }
    return true;
}

struct rules *rules_load(const char *folder, GError **error)
{
    g_autoptr(Rules) rules = g_new0(struct rules, 1);
    g_autofree char *rules_path = g_build_filename(folder, "rules.conf", NULL);
    g_autofree char *regions_path = g_build_filename(folder, "regions.tsv", NULL);
    g_autoptr(GError) cause = NULL;

    rules->stages = g_array_new(FALSE, TRUE, sizeof(struct stage));
    rules->tracks = g_ptr_array_new_with_free_func(track_free);
    rules->regions = g_ptr_array_new_with_free_func(region_free);
    rules->pinyin = pinyin_new();
    rules->words = words_load(folder, &cause);
    if (rules->words == NULL || !read_rules(rules, rules_path, &cause) || !read_regions(rules, regions_path, &cause)) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "%s: %s", folder, cause->message);
        return NULL;
    }
    if (rules->stages->len == 0 || rules->tracks->len == 0 || rules->regions->len == 0) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "%s: no stage, track or region", folder);
        return NULL;
    }
    return g_steal_pointer(&rules);
}

static bool mirror_tracks(struct sql *sql, const struct rules *rules, GError **error)
{
    for (guint i = 0; i < rules->tracks->len; i++) {
        const struct track *track = g_ptr_array_index(rules->tracks, i);
        if (!sql_run(sql, ADD_TRACK,
                     SQL_VALUES(SQL_T(rules->edition), SQL_T(track->key), SQL_I((int64_t)i), SQL_T(track->name),
                                SQL_T(track->kind), SQL_I(track->min_ms), SQL_I(track->max_ms), SQL_I(track->max_bytes),
                                SQL_I(track->max_files), SQL_I(track->takes_photos), SQL_I(track->is_public),
                                SQL_I(track->opens_ms), SQL_I(track->closes_ms)),
                     NULL, error)) {
            return false;
        }
    }
    return true;
}

static bool mirror(struct sql *sql, void *context, GError **error)
{
    const struct rules *rules = context;

    /* services that start together would be in each other's way */
    if (!sql_lock(sql, SQL_LOCK_SCHEMA, error)) {
        return false;
    }
    for (guint i = 0; i < rules->regions->len; i++) {
        const struct region *region = g_ptr_array_index(rules->regions, i);
        if (!sql_run(sql, ADD_REGION,
                     SQL_VALUES(SQL_T(region->code), SQL_T(region->name), SQL_T(region->level), SQL_T(region->parent)),
                     NULL, error)) {
            return false;
        }
    }
    if (!sql_run(sql, OLD_EDITIONS, SQL_VALUES(SQL_T(rules->edition)), NULL, error) ||
        !sql_run(sql, ADD_EDITION, SQL_VALUES(SQL_T(rules->edition), SQL_T(rules->edition_name), SQL_I(rules->year)),
                 NULL, error) ||
        !sql_run(sql, DROP_STAGES, SQL_VALUES(SQL_T(rules->edition)), NULL, error)) {
        return false;
    }
    for (guint i = 0; i < rules->stages->len; i++) {
        const struct stage *stage = &g_array_index(rules->stages, struct stage, i);
        if (!sql_run(sql, ADD_STAGE,
                     SQL_VALUES(SQL_T(rules->edition), SQL_I(stage->position), SQL_T(stage->name), SQL_T(stage->level),
                                SQL_I(stage->people)),
                     NULL, error)) {
            return false;
        }
    }
    return mirror_tracks(sql, rules, error) && review_reason_mirror(sql, rules->edition, error);
}

bool rules_mirror(const struct rules *rules, struct database *database, GError **error)
{
    return database_transact(database, "rules.mirror", mirror, (void *)(uintptr_t)rules, error);
}

const struct track *rules_track_find(const struct rules *rules, const char *key)
{
    for (guint i = 0; key != NULL && i < rules->tracks->len; i++) {
        const struct track *track = g_ptr_array_index(rules->tracks, i);
        if (strcmp(track->key, key) == 0) {
            return track;
        }
    }
    return NULL;
}

const struct region *rules_region_find(const struct rules *rules, const char *code)
{
    for (guint i = 0; code != NULL && i < rules->regions->len; i++) {
        const struct region *region = g_ptr_array_index(rules->regions, i);
        if (strcmp(region->code, code) == 0) {
            return region;
        }
    }
    return NULL;
}

const char *rules_city_of(const struct rules *rules, const char *code)
{
    const struct region *region = rules_region_find(rules, code);

    if (region == NULL) {
        return NULL;
    }
    return strcmp(region->level, "county") == 0 ? region->parent : region->code;
}

bool rules_region_within(const struct rules *rules, const char *code, const char *scope)
{
    for (const struct region *region = rules_region_find(rules, code); region != NULL;
         region = rules_region_find(rules, region->parent)) {
        if (strcmp(region->code, scope) == 0) {
            return true;
        }
    }
    return false;
}

const struct stage *rules_stage_at(const struct rules *rules, int64_t position)
{
    if (position < 1 || position > rules->stages->len) {
        return NULL;
    }
    return &g_array_index(rules->stages, struct stage, (guint)position - 1);
}

const struct stage *rules_stage_find(const struct rules *rules, const char *name)
{
    for (guint i = 0; name != NULL && i < rules->stages->len; i++) {
        const struct stage *stage = &g_array_index(rules->stages, struct stage, i);
        if (strcmp(stage->name, name) == 0) {
            return stage;
        }
    }
    return NULL;
}

const struct stage *rules_stage_of_rank(const struct rules *rules, int rank)
{
    return rank < 0 || rank >= STAGE_RANKS ? NULL : rules_stage_find(rules, STAGE_NAMES[rank]);
}

int rules_stage_rank(const struct stage *stage)
{
    int rank = 0;

    while (rank + 1 < STAGE_RANKS && strcmp(STAGE_NAMES[rank], stage->name) != 0) {
        rank++;
    }
    return rank;
}

const struct stage *rules_stage_last(const struct rules *rules)
{
    const struct stage *last = NULL;

    for (int rank = STAGE_RANKS - 1; last == NULL && rank >= 0; rank--) {
        last = rules_stage_of_rank(rules, rank);
    }
    return last;
}

int rules_level_rank(const char *level)
{
    for (int i = 1; i < (int)G_N_ELEMENTS(LEVELS); i++) {
        if (strcmp(LEVELS[i], level) == 0) {
            return i;
        }
    }
    return 0;
}

bool track_takes(const struct track *track, const char *kind)
{
    return strcmp(track->kind, kind) == 0 || (track->takes_photos && strcmp(kind, "photo") == 0);
}

bool track_is_open(const struct track *track, int64_t now_ms)
{
    return now_ms >= track->opens_ms && now_ms < track->closes_ms;
}

json_t *track_kinds_json(const struct track *track)
{
    static const char *const KINDS[] = {"video", "photo"};
    json_t *kinds = json_array();

    for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        if (track_takes(track, KINDS[i])) {
            json_array_append_new(kinds, json_string(KINDS[i]));
        }
    }
    return kinds;
}

static json_t *track_json(const struct track *track, int64_t now_ms)
{
    g_autoptr(GDateTime) opens = g_date_time_new_from_unix_utc(track->opens_ms / 1000);
    g_autoptr(GDateTime) closes = g_date_time_new_from_unix_utc(track->closes_ms / 1000);
    g_autofree char *opens_at = g_date_time_format_iso8601(opens);
    g_autofree char *closes_at = g_date_time_format_iso8601(closes);

    return json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:b, s:b, s:s, s:s}", "key", track->key, "name",
                     track->name, "kinds", track_kinds_json(track), "min_seconds", (json_int_t)(track->min_ms / 1000),
                     "max_seconds", (json_int_t)(track->max_ms / 1000), "max_bytes", (json_int_t)track->max_bytes,
                     "max_files", (json_int_t)track->max_files, "public", track->is_public, "open",
                     track_is_open(track, now_ms), "opens_at", opens_at, "closes_at", closes_at);
}

json_t *rules_json(const struct rules *rules, int64_t now_ms)
{
    json_t *tracks = json_array();
    json_t *regions = json_array();

    for (guint i = 0; i < rules->tracks->len; i++) {
        json_array_append_new(tracks, track_json(g_ptr_array_index(rules->tracks, i), now_ms));
    }
    for (guint i = 0; i < rules->regions->len; i++) {
        const struct region *region = g_ptr_array_index(rules->regions, i);
        json_array_append_new(regions, json_pack("{s:s, s:s, s:s, s:s?}", "code", region->code, "name", region->name,
                                                 "level", region->level, "parent", region->parent));
    }
    return json_pack("{s:{s:s, s:s, s:I}, s:o, s:o, s:{s:i, s:i}, s:s}", "edition", "key", rules->edition, "name",
                     rules->edition_name, "year", (json_int_t)rules->year, "tracks", tracks, "regions", regions,
                     "limits", "title_chars", TITLE_CHARACTERS, "words_chars", WORDS_CHARACTERS, "consent_version",
                     rules->consent);
}
