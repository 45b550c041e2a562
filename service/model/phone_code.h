/* Codes that show a telephone number, six digits by SMS. What is asked too often is refused before anything is sent: 1 a
 * minute, 5 an hour, 10 a day for a number, 200 an hour for an address block. */
#pragma once

#include "service/database/database.h"
#include "service/model/secret.h"

#define PHONE_CODE_MINUTES 5

struct phone_asking {
    const char *phone; /* digits */
    const char *block; /* limits_block_of */
    int64_t now_ms;
};

/* Makes a code: *id and *code are the caller's. REASON_PHONE_CODE_SOON, REASON_PHONE_CODE_MANY. */
bool phone_code_add(struct sql *sql, const struct secrets *secrets, const struct phone_asking *asking, char **id,
                    char **code, GError **error);
/* It could not be sent: as if it had not been asked for. */
bool phone_code_remove(struct sql *sql, const char *id, GError **error);

struct phone_showing {
    const char *phone;
    const char *code;
    const char *by; /* who shows it: the same may show it again, because an answer may be lost */
    int64_t now_ms;
};

/* *right: the newest code of the number, at most five minutes old, fewer than five wrong tries. A wrong one is counted, so
 * the caller's transaction must not be undone by it. */
bool phone_code_show(struct sql *sql, const struct secrets *secrets, const struct phone_showing *showing, bool *right,
                     GError **error);
/* Those of more than a day ago. */
bool phone_code_sweep(struct sql *sql, int64_t now_ms, GError **error);
