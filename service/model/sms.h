/* What is to be told by SMS about a work: read from the ledger behind a cursor that all services share, kept as rows until
 * it was sent or given up. */
#pragma once

#include "service/database/database.h"

struct sms_message {
    char *id;
    char *submission;
    char *template; /* returned, published */
    int64_t due_ms;
    int64_t tries;
};
extern const struct sql_map sms_message_map;

/* Moves the cursor on and keeps what is to be told; *count of new ones. The first call of an installation starts at the
 * ledger's end: nobody is told of what was long ago. */
bool sms_collect(struct sql *sql, int64_t now_ms, int64_t *count, GError **error);
/* Those that are due, oldest first; at most 20. */
struct sql_rows *sms_list_due(struct sql *sql, int64_t now_ms, GError **error);
/* Takes one for sending: it is due again later, should this service end; *taken false when another service has it. */
bool sms_take(struct sql *sql, const struct sms_message *message, int64_t again_ms, bool *taken, GError **error);
bool sms_remove(struct sql *sql, const char *id, GError **error);
