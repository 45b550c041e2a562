/* Figures of the desk over the last days, within a person's region: how long works waited for their answer, what each
 * person decided, why works went back, how much each city has done. How many wait now is queue_counts. */
#pragma once

#include "service/database/database.h"
#include "service/model/rules.h"
#include "service/model/staff.h"

struct figures_hours { /* revisions whose review ended after so many whole hours since they were sent */
    int64_t hours;
    int64_t works;
};
struct figures_person {
    char *name;
    int64_t decisions;
    int64_t hours; /* different hours of the clock in which at least one was made */
};
struct figures_reasons {
    char *reasons; /* JSON array of codes, as decisions have it */
    int64_t decisions;
};
struct figures_city {
    char *city;
    int64_t works; /* whose review ended */
};

struct figures_later { /* decisions of the stages after the first; one row */
    int64_t decisions;
    int64_t overturned; /* those that were no approval: what was approved before them did not stand */
};

struct figures_sample { /* works drawn for the province's sample; one row */
    int64_t drawn;
    int64_t looked_at;
    int64_t overturned; /* of those: sent back or taken down */
};

struct figures {
    struct sql_rows *hours;   /* struct figures_hours, rising */
    struct sql_rows *people;  /* struct figures_person, most decisions first, at most 200 */
    struct sql_rows *reasons; /* struct figures_reasons, at most 1000 combinations */
    struct sql_rows *cities;  /* struct figures_city */
    struct sql_rows *later;   /* struct figures_later */
    struct sql_rows *sample;  /* struct figures_sample */
};
void figures_clear(struct figures *figures);
typedef struct figures Figures;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Figures, figures_clear)

/* Of decisions that took effect since `since_ms`. */
bool figures_read(struct sql *sql, const struct rules *rules, const struct staff *staff, int64_t since_ms,
                  struct figures *figures, GError **error);
