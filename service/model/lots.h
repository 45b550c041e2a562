/* The lots of a selection: which works, which judges, who stands aside from what, and the memory that the draw stands on.
 * What went into a draw is kept as JSON in the round's row, {works: [id], judges: [id], aside: [[work, judge]]}, because
 * people and works change later. */
#pragma once

#include <jansson.h>

#include "service/model/draw.h"
#include "service/model/selection.h"

struct lots {
    struct draw draw;
    GPtrArray *works; /* ids, owned */
    GPtrArray *judges;
    bool *aside;
    size_t *numbers; /* filled by draw_run */
    bool *tasks;
};
void lots_clear(struct lots *lots);
typedef struct lots Lots;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lots, lots_clear)

/* As people and works are now; `seed` stays borrowed. A judge stands aside from works of the own city, of the regions named
 * for him, of the own unit (recusal.h), and from what came from his telephone. */
bool lots_take(struct sql *sql, const struct rules *rules, const struct selection *selection, const char *seed,
               struct lots *lots, GError **error);
/* Of a round that was drawn, out of its row. REASON_SELECTION_STATE before. */
bool lots_read(struct lots *lots, const struct selection *selection, GError **error);
/* ids->len when it is not among them. */
size_t lots_index(const GPtrArray *ids, const char *id);
json_t *lots_ids_json(const GPtrArray *ids);
json_t *lots_aside_json(const struct draw *draw);
