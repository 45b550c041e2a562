/* The files of a work's revision: uploads that were named in it, files of the revision before, and which of them were
 * refused. Rows only; the caller holds the work's lock. */
#pragma once

#include "service/model/submission.h"

/* Names uploads in the current revision: as its files 1, 2, …, or at `positions` (array of numbers, as many as uploads).
 * They are nobody's yet, or of the revision before and not refused; else REASON_UPLOAD_UNFINISHED. */
bool work_file_take_uploads(struct sql *sql, const struct submission *submission, const char *const *uploads,
                            const json_t *positions, GError **error);
/* Files of the revision before, each once, in the order given. */
bool work_file_take_before(struct sql *sql, const struct submission *submission, const json_t *positions,
                           GError **error);
/* Every file of the revision before at its place, but those at `positions`, which are each a file of it; those under
 * way go on. */
bool work_file_keep_others(struct sql *sql, const struct submission *submission, const json_t *positions,
                           GError **error);
/* How many uploads of the current revision are still under way. */
bool work_file_count_open(struct sql *sql, const struct submission *submission, int64_t *count, GError **error);
/* Those that are complete become its originals. */
bool work_file_add_originals(struct sql *sql, const struct submission *submission, GError **error);
/* The current revision's files in the next one, under other texts. */
bool work_file_copy_all(struct sql *sql, const struct submission *submission, GError **error);

struct refused_file {
    int64_t position;
    char *reason;   /* code */
    char *metadata; /* of its upload, as given */
};
/* Files of the current revision that were refused, on their way or later, or never came; in their order. */
struct sql_rows *work_file_list_refused(struct sql *sql, const struct submission *submission, GError **error);
/* The file at `position` could not be prepared. */
bool work_file_refuse(struct sql *sql, const struct submission *submission, int64_t position, const char *reason,
                      GError **error);
