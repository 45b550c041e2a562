/* Editions, stages, tracks and regions: read once from config/rules.conf and config/regions.tsv, kept in memory and
 * mirrored into the database, so that page, server and SQL judge by one table. Read-only after rules_load. */
#pragma once

#include <jansson.h>

#include "common/message.h"
#include "service/database/database.h"

struct stage {
    int position;      /* 1, 2, 3: place in the file, and what submission.stage says. Not the order of approval */
    const char *name;  /* first, second, final: this is the order */
    const char *level; /* lowest level whose people may decide: county, city, province */
    int64_t people;    /* different people who approve at it, unless a policy says otherwise; 0: not used */
};
enum { STAGE_RANKS = 3, PEOPLE_MOST = 5 };

struct track {
    char *key;
    char *name;
    char *kind;        /* video, photo */
    bool takes_photos; /* beside clips, in the same work */
    int64_t min_ms;
    int64_t max_ms;
    int64_t max_bytes; /* one file */
    int64_t max_files;
    bool is_public; /* offered on the public form */
    int64_t opens_ms;
    int64_t closes_ms;
};

struct region {
    char *code;
    char *name;
    char *level;  /* province, city, county */
    char *parent; /* NULL for the province */
};

struct rules {
    char *edition;
    char *edition_name;
    int64_t year;
    char *consent;         /* version of the consent texts */
    char *branding[MESSAGE_BRANDINGS]; /* paths of what stands in every clip, by MESSAGE_BRANDING_NAMES; NULL: nothing */
    GArray *stages;        /* struct stage */
    GPtrArray *tracks;     /* struct track * */
    struct words *words;   /* what reviewers should look at twice */
    struct pinyin *pinyin; /* for search; NULL: this machine has no table */
    GPtrArray *regions;    /* struct region *, province first, then each city followed by its counties */
};

enum {
    TITLE_CHARACTERS = 30,
    WORDS_CHARACTERS = 100,
    CAPTION_CHARACTERS = 40,
    NAME_CHARACTERS = 20,
};

struct rules *rules_load(const char *folder, GError **error);
void rules_free(struct rules *rules);
typedef struct rules Rules;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rules, rules_free)

/* Writes regions, the edition, its stages and tracks into the database. */
bool rules_mirror(const struct rules *rules, struct database *database, GError **error);

const struct track *rules_track_find(const struct rules *rules, const char *key);
const struct region *rules_region_find(const struct rules *rules, const char *code);
/* Code of the city that a region lies in; the province for itself. NULL for an unknown code. */
const char *rules_city_of(const struct rules *rules, const char *code);
/* True when `code` is `scope` or lies in it. */
bool rules_region_within(const struct rules *rules, const char *code, const char *scope);
/* The stage at a position; NULL past the last. */
const struct stage *rules_stage_at(const struct rules *rules, int64_t position);
const struct stage *rules_stage_find(const struct rules *rules, const char *name);
/* By order of approval: 0 first, 1 second, 2 final. NULL when the edition has no such stage. */
const struct stage *rules_stage_of_rank(const struct rules *rules, int rank);
int rules_stage_rank(const struct stage *stage);
/* The stage that nothing follows; works are escalated to it. */
const struct stage *rules_stage_last(const struct rules *rules);
/* 3 province, 2 city, 1 county. */
int rules_level_rank(const char *level);

/* Does it take files of this kind, "video" or "photo"? */
bool track_takes(const struct track *track, const char *kind);
bool track_is_open(const struct track *track, int64_t now_ms);
/* ["video", "photo"]: what it takes. */
json_t *track_kinds_json(const struct track *track);
/* The table as GET /api/v1/rules gives it. */
json_t *rules_json(const struct rules *rules, int64_t now_ms);
