/* Subtitles of a work's clips by language. What a submitter sends waits for a reviewer; what a reviewer writes or approves is
 * public with the work. Each step is in the ledger with the digest of the text. */
#pragma once

#include "service/model/submission.h"

#define SUBTITLES_MOST 8 /* of one clip */

/* Which of a work's subtitles: of the clip at this position of the present revision. */
struct subtitle_name {
    int64_t position;
    const char *language;
};

struct subtitle {
    char *submission;
    int64_t position;
    char *language;
    char *vtt; /* subtitle_get alone; "" in lists */
    char *digest;
    int64_t is_approved;
    int64_t changed_ms;
};
extern const struct sql_map subtitle_map;
void subtitle_clear(struct subtitle *subtitle);
typedef struct subtitle Subtitle;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Subtitle, subtitle_clear)

/* zh, zh-Hant, en, …: BCP 47, at most 12 letters. */
bool subtitle_is_language(const char *text);
/* How it is called in players: 中文, English, or the language itself. */
const char *subtitle_label(const char *language);
/* In the place of an older one; REASON_NOT_FOUND when the work has no such file. `vtt` is what webvtt_clean() wrote. Approved when `doer` is a reviewer. */
bool subtitle_set(struct sql *sql, const struct submission *submission, const struct subtitle_name *name,
                  const char *vtt, const struct doer *doer, int64_t now_ms, GError **error);
/* The text of this digest is approved; REASON_VERSION when it was changed meanwhile. */
bool subtitle_approve(struct sql *sql, const struct submission *submission, const struct subtitle_name *name,
                      const char *digest, const struct doer *doer, int64_t now_ms, GError **error);
bool subtitle_remove(struct sql *sql, const struct submission *submission, const struct subtitle_name *name,
                     const struct doer *doer, int64_t now_ms, GError **error);
/* By clip and language; `all`: also those that wait. */
struct sql_rows *subtitle_list(struct sql *sql, const char *submission, bool all, GError **error);
/* Those that wait for a reviewer, the oldest first, at most 100; of works in this city or county, "" for all. */
struct subtitle_waiting {
    char *submission;
    char *title;
    char *region;
    int64_t position;
    char *language;
    int64_t changed_ms;
};
struct sql_rows *subtitle_list_waiting(struct sql *sql, const char *scope, GError **error);
/* One, with its text; `all` as above, otherwise only while the work is public. */
bool subtitle_get(struct sql *sql, const char *submission, const struct subtitle_name *name, bool all,
                  struct subtitle *subtitle, GError **error);
