/* THE table of states: every legal (state, event, actor) -> state. A test walks the whole cross product. */
#include <string.h>

#include "service/model/submission.h"

static const char *const STATES[STATE_COUNT] = {
    [STATE_DRAFT] = "draft",           [STATE_UPLOADING] = "uploading",   [STATE_RECEIVED] = "received",
    [STATE_PROCESSING] = "processing", [STATE_IN_REVIEW] = "in_review",   [STATE_APPROVED] = "approved",
    [STATE_PUBLISHED] = "published",   [STATE_RETURNED] = "returned",     [STATE_DECLINED] = "declined",
    [STATE_WITHDRAWN] = "withdrawn",   [STATE_TAKEN_DOWN] = "taken_down", [STATE_FAILED] = "failed",
};

static const char *const EVENTS[EVENT_COUNT] = {
    [EVENT_SUBMITTED] = "submission.submitted",   [EVENT_UPLOADED] = "submission.received",
    [EVENT_EXPIRED] = "submission.expired",       [EVENT_STARTED] = "submission.started",
    [EVENT_PREPARED] = "submission.prepared",     [EVENT_REFUSED] = "submission.refused",
    [EVENT_RETRIED] = "submission.retried",       [EVENT_PASSED] = "submission.passed",
    [EVENT_ESCALATED] = "submission.escalated",   [EVENT_SENT_BACK] = "submission.sent_back",
      [EVENT_APPROVED] = "submission.approved",
    [EVENT_RETURNED] = "submission.returned",     [EVENT_DECLINED] = "submission.declined",
    [EVENT_PUBLISHED] = "submission.published",   [EVENT_EDITED] = "submission.edited",
    [EVENT_REPLACED] = "submission.replaced",     [EVENT_WITHDRAWN] = "submission.withdrawn",
    [EVENT_TAKEN_DOWN] = "submission.taken_down",
};

struct transition {
    enum state from;
    enum event event;
    enum actor_kind by;
    enum state to;
};

/* clang-format off */
static const struct transition TRANSITIONS[] = {
    { STATE_DRAFT,      EVENT_SUBMITTED,  ACTOR_SUBMITTER,     STATE_UPLOADING  },
    { STATE_UPLOADING,  EVENT_UPLOADED,   ACTOR_SYSTEM,        STATE_RECEIVED   },
    { STATE_UPLOADING,  EVENT_EXPIRED,    ACTOR_SYSTEM,        STATE_FAILED     },
    { STATE_UPLOADING,  EVENT_REFUSED,    ACTOR_SYSTEM,        STATE_FAILED     },
    { STATE_RECEIVED,   EVENT_STARTED,    ACTOR_WORKER,        STATE_PROCESSING },
    { STATE_PROCESSING, EVENT_PREPARED,   ACTOR_WORKER,        STATE_IN_REVIEW  },
    { STATE_PROCESSING, EVENT_REFUSED,    ACTOR_WORKER,        STATE_FAILED     },
    { STATE_FAILED,     EVENT_RETRIED,    ACTOR_REVIEWER,      STATE_RECEIVED   },
    { STATE_FAILED,     EVENT_RETRIED,    ACTOR_ADMINISTRATOR, STATE_RECEIVED   },
    { STATE_IN_REVIEW,  EVENT_PASSED,     ACTOR_REVIEWER,      STATE_IN_REVIEW  },
    { STATE_IN_REVIEW,  EVENT_ESCALATED,  ACTOR_REVIEWER,      STATE_IN_REVIEW  },
    { STATE_IN_REVIEW,  EVENT_SENT_BACK,  ACTOR_REVIEWER,      STATE_IN_REVIEW  },
    { STATE_IN_REVIEW,  EVENT_APPROVED,   ACTOR_REVIEWER,      STATE_APPROVED   },
    { STATE_IN_REVIEW,  EVENT_RETURNED,   ACTOR_REVIEWER,      STATE_RETURNED   },
    { STATE_IN_REVIEW,  EVENT_DECLINED,   ACTOR_REVIEWER,      STATE_DECLINED   },
    { STATE_APPROVED,   EVENT_PUBLISHED,  ACTOR_SYSTEM,        STATE_PUBLISHED  },
    { STATE_PUBLISHED,  EVENT_SENT_BACK,  ACTOR_REVIEWER,      STATE_IN_REVIEW  },
    { STATE_PUBLISHED,  EVENT_TAKEN_DOWN, ACTOR_REVIEWER,      STATE_TAKEN_DOWN },
    { STATE_PUBLISHED,  EVENT_TAKEN_DOWN, ACTOR_ORGANISER,     STATE_TAKEN_DOWN },
    { STATE_PUBLISHED,  EVENT_TAKEN_DOWN, ACTOR_ADMINISTRATOR, STATE_TAKEN_DOWN },

    { STATE_IN_REVIEW,  EVENT_EDITED,     ACTOR_SUBMITTER,     STATE_IN_REVIEW  },
    { STATE_APPROVED,   EVENT_EDITED,     ACTOR_SUBMITTER,     STATE_IN_REVIEW  },
    { STATE_PUBLISHED,  EVENT_EDITED,     ACTOR_SUBMITTER,     STATE_IN_REVIEW  },
    { STATE_RETURNED,   EVENT_EDITED,     ACTOR_SUBMITTER,     STATE_IN_REVIEW  },
    { STATE_IN_REVIEW,  EVENT_EDITED,     ACTOR_REVIEWER,      STATE_IN_REVIEW  },
    { STATE_PUBLISHED,  EVENT_EDITED,     ACTOR_REVIEWER,      STATE_IN_REVIEW  },
    { STATE_UPLOADING,  EVENT_REPLACED,   ACTOR_SUBMITTER,     STATE_UPLOADING  },
    { STATE_IN_REVIEW,  EVENT_REPLACED,   ACTOR_SUBMITTER,     STATE_UPLOADING  },
    { STATE_RETURNED,   EVENT_REPLACED,   ACTOR_SUBMITTER,     STATE_UPLOADING  },
    { STATE_FAILED,     EVENT_REPLACED,   ACTOR_SUBMITTER,     STATE_UPLOADING  },

    { STATE_UPLOADING,  EVENT_WITHDRAWN,  ACTOR_SUBMITTER,     STATE_WITHDRAWN  },
    { STATE_RECEIVED,   EVENT_WITHDRAWN,  ACTOR_SUBMITTER,     STATE_WITHDRAWN  },
    { STATE_PROCESSING, EVENT_WITHDRAWN,  ACTOR_SUBMITTER,     STATE_WITHDRAWN  },
    { STATE_IN_REVIEW,  EVENT_WITHDRAWN,  ACTOR_SUBMITTER,     STATE_WITHDRAWN  },
    { STATE_APPROVED,   EVENT_WITHDRAWN,  ACTOR_SUBMITTER,     STATE_WITHDRAWN  },
    { STATE_PUBLISHED,  EVENT_WITHDRAWN,  ACTOR_SUBMITTER,     STATE_WITHDRAWN  },
    { STATE_RETURNED,   EVENT_WITHDRAWN,  ACTOR_SUBMITTER,     STATE_WITHDRAWN  },
    { STATE_DECLINED,   EVENT_WITHDRAWN,  ACTOR_SUBMITTER,     STATE_WITHDRAWN  },
    { STATE_FAILED,     EVENT_WITHDRAWN,  ACTOR_SUBMITTER,     STATE_WITHDRAWN  },
};
/* clang-format on */

const char *state_name(enum state state)
{
    return STATES[state];
}

bool state_find(const char *name, enum state *state)
{
    for (int i = 0; i < STATE_COUNT; i++) {
        if (strcmp(STATES[i], name) == 0) {
            *state = (enum state)i;
            return true;
        }
    }
    return false;
}

const char *event_name(enum event event)
{
    return EVENTS[event];
}

bool submission_next_state(enum state from, enum event event, enum actor_kind by, enum state *to)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TRANSITIONS); i++) {
        const struct transition *row = &TRANSITIONS[i];
        if (row->from == from && row->event == event && row->by == by) {
            *to = row->to;
            return true;
        }
    }
    return false;
}

bool submission_allows(const char *state, enum event event, enum actor_kind by)
{
    enum state from;
    enum state to;

    return state_find(state, &from) && submission_next_state(from, event, by, &to);
}
