#include "service/model/duplicate.h"

#include <string.h>

#include "common/failure.h"
#include "common/message.h"

enum {
    FRAMES_MOST = MESSAGE_FRAMES_MOST,
    FRAMES_INDEXED = 16, /* of them, those that differ */
    FRAME_DIGITS = MESSAGE_FRAME_DIGITS,
    FRAME_BANDS = 3,     /* 16 bits each: the slowest waves, which survive the most */
    FRAMES_DIFFER = 6,   /* bits by which two frames are two pictures */
    PICTURES_ALIKE = 30, /* percent of the shorter clip's frames; unrelated clips stay below 10 */
    ITEMS_MOST = 1024,   /* of Chromaprint */
    ITEMS_LEAST = 24,    /* three seconds */
    ITEM_DIGITS = 8,
    SOUND_ALIKE = 45, /* percent; unrelated sound stays below 15 */
    PICTURE_BANDS = 2 * FRAMES_INDEXED * FRAME_BANDS,
    SOUND_BANDS = 32,
    CHUNK = 32,      /* bands a statement */
    CANDIDATES = 12, /* of each kind and chunk, those with most bands in common */
};

#define SOUND_BAND (INT64_C(1) << 40) /* sound's bands lie behind the pictures' */
#define NO_BAND    (-1)

#define CHUNK_NUMBERS                                                                                                  \
    "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,"  \
    " $26, $27, $28, $29, $30, $31, $32, $33"

static const char GET[] = /* fingerprint.get */
    "SELECT f.submission AS submission, f.work AS work, f.pictures AS pictures, f.sound AS sound, s.code AS code"
    " FROM fingerprint f JOIN submission s ON s.id = f.submission WHERE f.submission = $1";
static const char GET_WORK[] = /* fingerprint.get_work */
    "SELECT f.submission AS submission, f.work AS work, f.pictures AS pictures, f.sound AS sound, s.code AS code"
    " FROM fingerprint f JOIN submission s ON s.id = f.submission WHERE f.work = $1";
static const char SET[] = /* fingerprint.set */
    "INSERT INTO fingerprint (submission, work, pictures, sound) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (submission) DO UPDATE SET pictures = excluded.pictures, sound = excluded.sound";
static const char ADD_BAND[] = /* fingerprint.add_band */
    "INSERT INTO fingerprint_band (band, work) VALUES ($1, $2)";
static const char REMOVE_BANDS[] = /* fingerprint.remove_bands */
    "DELETE FROM fingerprint_band WHERE work = $1 AND band IN (" CHUNK_NUMBERS ")";
static const char CANDIDATE[] = /* fingerprint.candidates */
    "SELECT work, COUNT(*) AS hits FROM fingerprint_band WHERE work <> $1 AND band IN (" CHUNK_NUMBERS ")"
    " GROUP BY work ORDER BY hits DESC, work LIMIT 12";
static const char SAME_FILE[] = /* duplicate.same_file */
    "SELECT s.id AS id, s.code AS code FROM submission s WHERE s.id <> $1 AND s.id IN"
    " (SELECT other.submission FROM original mine JOIN original other ON other.sha256 = mine.sha256"
    "  WHERE mine.submission = $1 AND mine.revision = $2) ORDER BY s.created_ms, s.id LIMIT 20";

struct fingerprint_row {
    char *submission;
    int64_t work;
    char *pictures;
    char *sound;
    char *code;
};
static const struct sql_column ROW_COLUMNS[] = {
    SQL_FIELD(struct fingerprint_row, submission), SQL_FIELD(struct fingerprint_row, work),
    SQL_FIELD(struct fingerprint_row, pictures),   SQL_FIELD(struct fingerprint_row, sound),
    SQL_FIELD(struct fingerprint_row, code),
};
static const struct sql_map ROW_MAP = SQL_MAP(struct fingerprint_row, ROW_COLUMNS);

struct candidate {
    int64_t work;
    int64_t hits;
};
static const struct sql_column CANDIDATE_COLUMNS[] = {
    SQL_FIELD(struct candidate, work),
    SQL_FIELD(struct candidate, hits),
};
static const struct sql_map CANDIDATE_MAP = SQL_MAP(struct candidate, CANDIDATE_COLUMNS);

struct same_file {
    char *id;
    char *code;
};
static const struct sql_column SAME_COLUMNS[] = {SQL_FIELD(struct same_file, id), SQL_FIELD(struct same_file, code)};
static const struct sql_map SAME_MAP = SQL_MAP(struct same_file, SAME_COLUMNS);

/* -- reading the texts ------------------------------------------------------------------------------------- */

struct frame {
    uint64_t whole;
    uint64_t middle;
};

static uint64_t number_at(const char *text, int digits)
{
    uint64_t number = 0;

    for (int i = 0; i < digits; i++) {
        number = number << 4 | (uint64_t)g_ascii_xdigit_value(text[i]);
    }
    return number;
}

static int read_frames(const char *text, struct frame frames[FRAMES_MOST])
{
    const int count = (int)MIN(strlen(text) / FRAME_DIGITS, (size_t)FRAMES_MOST);

    for (int i = 0; i < count; i++) {
        const char *digits = text + (size_t)i * FRAME_DIGITS;
        frames[i] = (struct frame){number_at(digits, 16), number_at(digits + 16, 16)};
    }
    return count;
}

static int read_items(const char *text, uint32_t items[ITEMS_MOST])
{
    const int count = (int)MIN(strlen(text) / ITEM_DIGITS, (size_t)ITEMS_MOST);

    for (int i = 0; i < count; i++) {
        items[i] = (uint32_t)number_at(text + (size_t)i * ITEM_DIGITS, ITEM_DIGITS);
    }
    return count;
}

static bool is_good(const char *text, size_t digits, size_t most)
{
    const size_t length = text == NULL ? 0 : strlen(text);

    return text != NULL && length % digits == 0 && length / digits <= most &&
           strspn(text, "0123456789abcdef") == length;
}

/* -- comparing --------------------------------------------------------------------------------------------- */

static int distance(const struct frame *a, const struct frame *b)
{
    const int whole = __builtin_popcountll(a->whole ^ b->whole);
    const int cropped = __builtin_popcountll(a->whole ^ b->middle);
    const int crops = __builtin_popcountll(a->middle ^ b->whole);

    return MIN(whole, MIN(cropped, crops));
}

static bool has_frame(const struct frame *frames, int count, const struct frame *wanted, int most)
{
    for (int i = 0; i < count; i++) {
        if (distance(&frames[i], wanted) <= most) {
            return true;
        }
    }
    return false;
}

/* Bits by which two frames may differ and be one picture. A clip has many frames to be sure by; a photo has one. Twelve
 * is what a crop on one side alone leaves. */
static int bits_alike(int frames)
{
    return frames >= 6 ? 12 : frames >= 2 ? 10 : 6;
}

int duplicate_compare_pictures(const char *a, const char *b)
{
    const bool swapped = strlen(a) > strlen(b);
    struct frame shorter[FRAMES_MOST], longer[FRAMES_MOST];
    const int few = read_frames(swapped ? b : a, shorter), many = read_frames(swapped ? a : b, longer);
    int found = 0;

    for (int i = 0; i < few; i++) {
        found += has_frame(longer, many, &shorter[i], bits_alike(few));
    }
    return few > 0 && found * 100 >= few * PICTURES_ALIKE ? found * 100 / few : 0;
}

/* Where a stretch of sound stands; ordered by its coarser bits. */
struct place {
    uint32_t key;
    int at;
};

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;

    return a->key != b->key ? (a->key > b->key) - (a->key < b->key) : a->at - b->at;
}

/* How many different ones there are: silence and a hum have few, and are everybody's. */
static int places_of(const uint32_t *items, int count, struct place places[ITEMS_MOST])
{
    int different = 0;

    for (int i = 0; i < count; i++) {
        places[i] = (struct place){items[i] >> 12, i};
    }
    qsort(places, (size_t)count, sizeof *places, compare_places);
    for (int i = 0; i < count; i++) {
        different += i == 0 || places[i].key != places[i - 1].key;
    }
    return different;
}

/* The shift of b against a at which most items agree. */
static int best_shift(const struct place *a, int a_count, const struct place *b, int b_count)
{
    int votes[2 * ITEMS_MOST] = {0};
    int best = ITEMS_MOST;

    for (int i = 0, from = 0; i < a_count; i++) {
        while (from < b_count && b[from].key < a[i].key) {
            from++;
        }
        for (int k = from; k < b_count && b[k].key == a[i].key; k++) {
            votes[ITEMS_MOST + b[k].at - a[i].at]++;
        }
    }
    for (int i = 0; i < 2 * ITEMS_MOST; i++) {
        best = votes[i] > votes[best] ? i : best;
    }
    return best - ITEMS_MOST;
}

int duplicate_compare_sound(const char *a, const char *b)
{
    g_autofree uint32_t *one = g_new(uint32_t, ITEMS_MOST), *other = g_new(uint32_t, ITEMS_MOST);
    g_autofree struct place *places = g_new(struct place, 2 * ITEMS_MOST);
    const int one_count = read_items(a, one), other_count = read_items(b, other);
    int wrong = 0;

    if (places_of(one, one_count, places) < ITEMS_LEAST ||
        places_of(other, other_count, places + ITEMS_MOST) < ITEMS_LEAST) {
        return 0;
    }
    const int shift = best_shift(places, one_count, places + ITEMS_MOST, other_count);
    const int from = MAX(0, -shift), to = MIN(one_count, other_count - shift);
    for (int i = from; i < to; i++) {
        wrong += __builtin_popcount(one[i] ^ other[i + shift]);
    }
    /* Half of the bits agree by chance. */
    const int alike = to - from < ITEMS_LEAST ? 0 : 100 - 200 * wrong / (32 * (to - from));
    return alike >= SOUND_ALIKE ? alike : 0;
}

/* -- bands ------------------------------------------------------------------------------------------------- */

/* At most FRAMES_INDEXED frames that differ, over the whole length. */
static int different_frames(const struct frame *frames, int count, struct frame chosen[FRAMES_MOST])
{
    int kept = 0;

    for (int i = 0; i < count; i++) {
        if (!has_frame(chosen, kept, &frames[i], FRAMES_DIFFER)) {
            chosen[kept++] = frames[i];
        }
    }
    for (int i = 0; kept > FRAMES_INDEXED && i < FRAMES_INDEXED; i++) {
        chosen[i] = chosen[i * kept / FRAMES_INDEXED];
    }
    return MIN(kept, FRAMES_INDEXED);
}

static void add_band(GArray *bands, int64_t band)
{
    for (guint i = 0; i < bands->len; i++) {
        if (g_array_index(bands, int64_t, i) == band) {
            return;
        }
    }
    g_array_append_val(bands, band);
}

static GArray *picture_bands(const char *text)
{
    struct frame frames[FRAMES_MOST], chosen[FRAMES_MOST];
    const int count = different_frames(frames, read_frames(text, frames), chosen);
    GArray *bands = g_array_new(FALSE, FALSE, sizeof(int64_t));

    for (int i = 0; i < count; i++) {
        for (int b = 0; b < FRAME_BANDS; b++) {
            add_band(bands, (int64_t)b << 16 | (int64_t)(chosen[i].whole >> (16 * b) & 0xffff));
            add_band(bands, (int64_t)b << 16 | (int64_t)(chosen[i].middle >> (16 * b) & 0xffff));
        }
    }
    return bands;
}

/* Fibonacci hashing: an order of items that has nothing to do with sound. */
static int compare_lots(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left * 2654435769u, b = *(const uint32_t *)right * 2654435769u;

    return (a > b) - (a < b);
}

/* The SOUND_BANDS items that come first by lot: copies that share part of their items share part of these, wherever
 * they were cut (a bottom-k sketch). An item like the one before is silence or a hum. */
static GArray *sound_bands(const char *text)
{
    g_autofree uint32_t *items = g_new(uint32_t, ITEMS_MOST);
    const int count = read_items(text, items);
    GArray *bands = g_array_new(FALSE, FALSE, sizeof(int64_t));
    uint32_t before = 0;
    int kept = 0;

    for (int i = 0; i < count; i++) {
        const uint32_t item = items[i];
        if (i > 0 && item != before) {
            items[kept++] = item;
        }
        before = item;
    }
    qsort(items, (size_t)kept, sizeof *items, compare_lots);
    for (int i = 0; i < kept && bands->len < SOUND_BANDS; i++) {
        add_band(bands, SOUND_BAND | (int64_t)items[i]);
    }
    return bands;
}

/* $1 the work, then CHUNK bands from `from` on. */
static void bind_chunk(struct sql_value values[CHUNK + 1], int64_t work, const GArray *bands, guint from)
{
    values[0] = (struct sql_value)SQL_I(work);
    for (guint i = 0; i < CHUNK; i++) {
        const int64_t band = from + i < bands->len ? g_array_index(bands, int64_t, from + i) : NO_BAND;
        values[i + 1] = (struct sql_value)SQL_I(band);
    }
}

/* -- keeping ----------------------------------------------------------------------------------------------- */

/* Row by row: of one statement for many SQLite would keep a journal, in case that it fails half-way. */
static bool add_bands(struct sql *sql, int64_t work, const GArray *bands, GError **error)
{
    for (guint i = 0; i < bands->len; i++) {
        if (!sql_later(sql, ADD_BAND, SQL_VALUES(SQL_I(g_array_index(bands, int64_t, i)), SQL_I(work)), error)) {
            return false;
        }
    }
    return true;
}

static bool remove_bands(struct sql *sql, int64_t work, const GArray *bands, GError **error)
{
    for (guint i = 0; i < bands->len; i += CHUNK) {
        struct sql_value values[CHUNK + 1];

        bind_chunk(values, work, bands, i);
        if (!sql_later(sql, REMOVE_BANDS, (struct sql_values){values, CHUNK + 1}, error)) {
            return false;
        }
    }
    return true;
}

typedef bool band_action(struct sql *sql, int64_t work, const GArray *bands, GError **error);

static bool each_bands(struct sql *sql, const struct fingerprint_row *row, band_action *act, GError **error)
{
    g_autoptr(GArray) pictures = picture_bands(row->pictures);
    g_autoptr(GArray) sound = sound_bands(row->sound);

    return act(sql, row->work, pictures, error) && act(sql, row->work, sound, error);
}

static int64_t draw_work(void)
{
    return (int64_t)g_random_int() << 31 | (int64_t)(g_random_int() >> 1);
}

bool duplicate_keep(struct sql *sql, const char *submission, const json_t *fingerprint, GError **error)
{
    const char *pictures = json_string_value(json_object_get(fingerprint, "pictures"));
    const char *sound = json_string_value(json_object_get(fingerprint, "sound"));
    struct fingerprint_row old = {0};
    bool found = false, good;

    if (!is_good(pictures, FRAME_DIGITS, FRAMES_MOST) || !is_good(sound, ITEM_DIGITS, ITEMS_MOST)) {
        return true;
    }
    if (!sql_row(sql, GET, SQL_VALUES(SQL_T(submission)), &ROW_MAP, &old, &found, error)) {
        return false;
    }
    const struct fingerprint_row row = {.work = found ? old.work : draw_work(),
                                        .pictures = (char *)(uintptr_t)pictures,
                                        .sound = (char *)(uintptr_t)sound};
    good = !found || each_bands(sql, &old, remove_bands, error);
    sql_row_clear(&ROW_MAP, &old);
    return good &&
           sql_run(sql, SET, SQL_VALUES(SQL_T(submission), SQL_I(row.work), SQL_T(pictures), SQL_T(sound)), NULL,
                   error) &&
           each_bands(sql, &row, add_bands, error);
}

/* -- finding ----------------------------------------------------------------------------------------------- */

static void duplicate_free(gpointer data)
{
    struct duplicate *duplicate = data;

    g_free(duplicate->submission);
    g_free(duplicate->code);
    g_free(duplicate);
}

static void add_duplicate(GPtrArray *list, const struct duplicate *like)
{
    struct duplicate *duplicate;

    for (guint i = 0; i < list->len; i++) {
        if (strcmp(((struct duplicate *)g_ptr_array_index(list, i))->submission, like->submission) == 0) {
            return;
        }
    }
    duplicate = g_new(struct duplicate, 1);
    *duplicate = *like;
    duplicate->submission = g_strdup(like->submission);
    duplicate->code = g_strdup(like->code);
    g_ptr_array_add(list, duplicate);
}

static bool add_same_files(struct sql *sql, const char *submission, int64_t revision, GPtrArray *list, GError **error)
{
    g_autoptr(SqlRows) rows =
        sql_rows(sql, SAME_FILE, SQL_VALUES(SQL_T(submission), SQL_I(revision)), &SAME_MAP, error);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const struct same_file *row = sql_rows_at(rows, i);
        add_duplicate(list, &(struct duplicate){row->id, row->code, "exact", 100});
    }
    return rows != NULL;
}

static bool compare_with(struct sql *sql, const struct fingerprint_row *mine, int64_t work, GPtrArray *list,
                         GError **error)
{
    struct fingerprint_row other = {0};
    bool found = false;

    if (!sql_row(sql, GET_WORK, SQL_VALUES(SQL_I(work)), &ROW_MAP, &other, &found, error)) {
        return false;
    }
    if (found) {
        const int near = duplicate_compare_pictures(mine->pictures, other.pictures);
        const int sound = duplicate_compare_sound(mine->sound, other.sound);
        if (near > 0 || sound > 0) {
            add_duplicate(list, &(struct duplicate){other.submission, other.code, near > 0 ? "near" : "sound",
                                                    near > 0 ? near : sound});
        }
    }
    sql_row_clear(&ROW_MAP, &other);
    return true;
}

/* The works with most bands in common, in `works`: a set of their numbers. */
static bool add_candidates(struct sql *sql, int64_t work, const GArray *bands, GHashTable *works, GError **error)
{
    for (guint from = 0; from < bands->len; from += CHUNK) {
        struct sql_value values[CHUNK + 1];

        bind_chunk(values, work, bands, from);
        g_autoptr(SqlRows) rows =
            sql_rows(sql, CANDIDATE, (struct sql_values){values, CHUNK + 1}, &CANDIDATE_MAP, error);
        if (rows == NULL) {
            return false;
        }
        for (size_t i = 0; i < rows->count; i++) {
            const struct candidate *row = sql_rows_at(rows, i);
            int64_t *key = g_new(int64_t, 1);
            *key = row->work;
            g_hash_table_add(works, key);
        }
    }
    return true;
}

static bool add_likes(struct sql *sql, const struct fingerprint_row *mine, GPtrArray *list, GError **error)
{
    g_autoptr(GHashTable) works = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GArray) pictures = picture_bands(mine->pictures);
    g_autoptr(GArray) sound = sound_bands(mine->sound);
    GHashTableIter iterator;
    gpointer key;

    if (!add_candidates(sql, mine->work, pictures, works, error) ||
        !add_candidates(sql, mine->work, sound, works, error)) {
        return false;
    }
    g_hash_table_iter_init(&iterator, works);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        if (!compare_with(sql, mine, *(int64_t *)key, list, error)) {
            return false;
        }
    }
    return true;
}

/* "exact", "near", "sound" is their alphabetical order too. */
static gint compare_duplicates(gconstpointer left, gconstpointer right)
{
    const struct duplicate *a = *(const struct duplicate *const *)left, *b = *(const struct duplicate *const *)right;
    const int kind = strcmp(a->kind, b->kind);

    return kind != 0 ? kind : a->score != b->score ? b->score - a->score : strcmp(a->submission, b->submission);
}

GPtrArray *duplicate_list(struct sql *sql, const char *submission, int64_t revision, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(duplicate_free);
    struct fingerprint_row mine = {0};
    bool found = false;
    bool good = add_same_files(sql, submission, revision, list, error) &&
                sql_row(sql, GET, SQL_VALUES(SQL_T(submission)), &ROW_MAP, &mine, &found, error) &&
                (!found || add_likes(sql, &mine, list, error));

    sql_row_clear(&ROW_MAP, &mine);
    if (!good) {
        return NULL;
    }
    g_ptr_array_sort(list, compare_duplicates);
    if (list->len > DUPLICATES_MOST) {
        g_ptr_array_set_size(list, DUPLICATES_MOST);
    }
    return g_steal_pointer(&list);
}

json_t *duplicate_json(const GPtrArray *duplicates)
{
    json_t *json = json_array();

    for (guint i = 0; i < duplicates->len; i++) {
        const struct duplicate *duplicate = g_ptr_array_index(duplicates, i);
        json_array_append_new(json, json_pack("{s:s, s:i, s:s}", "code", duplicate->code, "score", duplicate->score,
                                              "kind", duplicate->kind));
    }
    return json;
}
