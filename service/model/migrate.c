#include "service/model/migrate.h"

#include <string.h>

#include "common/failure.h"

/* The scripts are part of the program, so that a binary can never meet another version's schema. C17 has no #embed;
 * the assembler has .incbin. Each text ends in NUL. */
#define EMBED(symbol, path)                                                                                            \
    __asm__(".section .rodata\n.global " #symbol "\n" #symbol ":\n.incbin \"" path "\"\n.byte 0\n.previous\n");        \
    extern const char symbol[]

EMBED(schema_0001_initial, "service/model/schema/0001_initial.sql");
EMBED(schema_0001_initial_postgres, "service/model/schema/0001_initial.postgres.sql");
EMBED(schema_0001_initial_sqlite, "service/model/schema/0001_initial.sqlite.sql");
EMBED(schema_0002_nodes, "service/model/schema/0002_nodes.sql");
EMBED(schema_0003_review, "service/model/schema/0003_review.sql");
EMBED(schema_0004_submit, "service/model/schema/0004_submit.sql");
EMBED(schema_0005_desk, "service/model/schema/0005_desk.sql");
EMBED(schema_0006_media, "service/model/schema/0006_media.sql");
EMBED(schema_0007_submitter, "service/model/schema/0007_submitter.sql");
EMBED(schema_0008_selection, "service/model/schema/0008_selection.sql");
EMBED(schema_0008_selection_postgres, "service/model/schema/0008_selection.postgres.sql");
EMBED(schema_0008_selection_sqlite, "service/model/schema/0008_selection.sqlite.sql");
EMBED(schema_0009_search, "service/model/schema/0009_search.sql");
EMBED(schema_0010_store, "service/model/schema/0010_store.sql");
EMBED(schema_0011_embed, "service/model/schema/0011_embed.sql");
EMBED(schema_0012_identity, "service/model/schema/0012_identity.sql");
EMBED(schema_0013_entry, "service/model/schema/0013_entry.sql");
EMBED(schema_0015_selection, "service/model/schema/0015_selection.sql");
EMBED(schema_0016_live, "service/model/schema/0016_live.sql");
EMBED(schema_0017_identity, "service/model/schema/0017_identity.sql");
EMBED(schema_0018_annex, "service/model/schema/0018_annex.sql");
EMBED(schema_0019_events, "service/model/schema/0019_events.sql");
EMBED(schema_0020_programme, "service/model/schema/0020_programme.sql");
EMBED(schema_0021_watching, "service/model/schema/0021_watching.sql");
EMBED(schema_0024_av1, "service/model/schema/0024_av1.sql");
EMBED(schema_0025_units, "service/model/schema/0025_units.sql");
EMBED(schema_0030_recusal, "service/model/schema/0030_recusal.sql");
EMBED(schema_0031_stamped, "service/model/schema/0031_stamped.sql");
EMBED(schema_0035_renditions, "service/model/schema/0035_renditions.sql");
EMBED(schema_0035_renditions_postgres, "service/model/schema/0035_renditions.postgres.sql");
EMBED(schema_0035_renditions_sqlite, "service/model/schema/0035_renditions.sqlite.sql");
EMBED(schema_0036_subtitles, "service/model/schema/0036_subtitles.sql");
EMBED(schema_0037_refused_files, "service/model/schema/0037_refused_files.sql");
EMBED(schema_0038_clip_subtitles, "service/model/schema/0038_clip_subtitles.sql");
EMBED(schema_0040_counted, "service/model/schema/0040_counted.sql");
EMBED(schema_0040_counted_postgres, "service/model/schema/0040_counted.postgres.sql");
EMBED(schema_0040_counted_sqlite, "service/model/schema/0040_counted.sqlite.sql");
EMBED(schema_0041_send_back, "service/model/schema/0041_send_back.sql");
EMBED(schema_0046_sandbox, "service/model/schema/0046_sandbox.sql");
EMBED(schema_0047_shown_facts, "service/model/schema/0047_shown_facts.sql");
EMBED(schema_0048_cover, "service/model/schema/0048_cover.sql");
EMBED(schema_0051_sample, "service/model/schema/0051_sample.sql");
EMBED(schema_0052_priority, "service/model/schema/0052_priority.sql");
EMBED(schema_0053_thumbnail, "service/model/schema/0053_thumbnail.sql");
EMBED(schema_0053_thumbnail_postgres, "service/model/schema/0053_thumbnail.postgres.sql");
EMBED(schema_0053_thumbnail_sqlite, "service/model/schema/0053_thumbnail.sqlite.sql");

static const struct {
    int64_t version;
    const char *common;
    const char *sqlite; /* run after it on this engine; NULL: nothing */
    const char *postgres;
} MIGRATIONS[] = {
    {1, schema_0001_initial, schema_0001_initial_sqlite, schema_0001_initial_postgres},
    {2, schema_0002_nodes, NULL, NULL},
    {3, schema_0003_review, NULL, NULL},
    {4, schema_0004_submit, NULL, NULL},
    {5, schema_0005_desk, NULL, NULL},
    {6, schema_0006_media, NULL, NULL},
    {7, schema_0007_submitter, NULL, NULL},
    {8, schema_0008_selection, schema_0008_selection_sqlite, schema_0008_selection_postgres},
    {9, schema_0009_search, NULL, NULL},
    {10, schema_0010_store, NULL, NULL},
    {11, schema_0011_embed, NULL, NULL},
    {12, schema_0012_identity, NULL, NULL},
    {13, schema_0013_entry, NULL, NULL},
    {15, schema_0015_selection, NULL, NULL},
    {16, schema_0016_live, NULL, NULL},
    {17, schema_0017_identity, NULL, NULL},
    {18, schema_0018_annex, NULL, NULL},
    {19, schema_0019_events, NULL, NULL},
    {20, schema_0020_programme, NULL, NULL},
    {21, schema_0021_watching, NULL, NULL},
    {24, schema_0024_av1, NULL, NULL},
    {25, schema_0025_units, NULL, NULL},
    {30, schema_0030_recusal, NULL, NULL},
    {31, schema_0031_stamped, NULL, NULL},
    {35, schema_0035_renditions, schema_0035_renditions_sqlite, schema_0035_renditions_postgres},
    {36, schema_0036_subtitles, NULL, NULL},
    {37, schema_0037_refused_files, NULL, NULL},
    {38, schema_0038_clip_subtitles, NULL, NULL},
    {40, schema_0040_counted, schema_0040_counted_sqlite, schema_0040_counted_postgres},
    {41, schema_0041_send_back, NULL, NULL},
    {46, schema_0046_sandbox, NULL, NULL},
    {47, schema_0047_shown_facts, NULL, NULL},
    {48, schema_0048_cover, NULL, NULL},
    {51, schema_0051_sample, NULL, NULL},
    {52, schema_0052_priority, NULL, NULL},
    {53, schema_0053_thumbnail, schema_0053_thumbnail_sqlite, schema_0053_thumbnail_postgres},
};

static const char MIGRATION_TABLE[] = /* migration.table */
    "CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY, digest TEXT NOT NULL, applied_ms INTEGER NOT NULL)";
static const char NEWEST[] = /* migration.newest */
    "SELECT version, digest FROM migration ORDER BY version DESC LIMIT 1";
static const char APPLIED[] = /* migration.applied */
    "INSERT INTO migration (version, digest, applied_ms) VALUES ($1, $2, $3)";

struct migration_row {
    int64_t version;
    char *digest;
};

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct migration_row, version),
    SQL_FIELD(struct migration_row, digest),
};
static const struct sql_map MAP = SQL_MAP(struct migration_row, COLUMNS);

struct step {
    const char *engine;
    int64_t now_ms;
    bool more; /* out: another migration may wait */
};

static const char *own_part(size_t index, const char *engine)
{
    return strcmp(engine, "sqlite") == 0 ? MIGRATIONS[index].sqlite : MIGRATIONS[index].postgres;
}

static char *digest_of(size_t index)
{
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, MIGRATIONS[index].common, -1);
}

/* A released script that was edited would leave installations that differ: refuse. */
static bool check_newest(const struct migration_row *newest, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(MIGRATIONS); i++) {
        if (MIGRATIONS[i].version == newest->version) {
            g_autofree char *digest = digest_of(i);
            if (strcmp(digest, newest->digest) == 0) {
                return true;
            }
            g_set_error(error, DATABASE_ERROR, REASON_INTERNAL, "migration %" G_GINT64_FORMAT " was edited",
                        newest->version);
            return false;
        }
    }
    g_set_error(error, DATABASE_ERROR, REASON_INTERNAL,
                "the database has schema %" G_GINT64_FORMAT ", which this older program does not know",
                newest->version);
    return false;
}

static bool apply_next(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;
    struct migration_row newest = {0};
    bool found = false;

    step->more = false;
    /* services that start together come here one after the other, and all but the first find the work done */
    if (!sql_lock(sql, SQL_LOCK_SCHEMA, error) || !sql_script(sql, MIGRATION_TABLE, error) ||
        !sql_row(sql, NEWEST, SQL_NO_VALUES, &MAP, &newest, &found, error)) {
        return false;
    }
    const bool fits = !found || check_newest(&newest, error);
    const int64_t version = newest.version;
    sql_row_clear(&MAP, &newest);
    for (size_t i = 0; fits && i < G_N_ELEMENTS(MIGRATIONS); i++) {
        if (MIGRATIONS[i].version <= version) {
            continue;
        }
        g_autofree char *digest = digest_of(i);
        const char *own = own_part(i, step->engine);
        step->more = true;
        return sql_script(sql, MIGRATIONS[i].common, error) && (own == NULL || sql_script(sql, own, error)) &&
               sql_run(sql, APPLIED, SQL_VALUES(SQL_I(MIGRATIONS[i].version), SQL_T(digest), SQL_I(step->now_ms)), NULL,
                       error);
    }
    return fits;
}

bool migrate(struct database *database, int64_t now_ms, GError **error)
{
    struct step step = {.engine = database_engine(database), .now_ms = now_ms, .more = true};

    while (step.more) {
        if (!database_transact(database, "migrate", apply_next, &step, error)) {
            return false;
        }
    }
    return true;
}
