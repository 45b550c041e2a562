#include "service/model/phone_code.h"

#include <string.h>

#include "common/failure.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

enum {
    DIGITS = 6,
    TRIES_MOST = 5,
    BLOCK_MOST = 200, /* an hour: a carrier's address stands for many people */
};

/* The n-th newest of a number must be older than this. */
static const struct pace {
    size_t nth;
    int64_t ms;
    enum reason reason;
} PACES[] = {
    {1, MINUTE_MS, REASON_PHONE_CODE_SOON},
    {5, HOUR_MS, REASON_PHONE_CODE_MANY},
    {10, DAY_MS, REASON_PHONE_CODE_MANY},
};

static const char NEWEST[] = /* phone_code.newest */
    "SELECT id, code, sent_ms, tries, used_by FROM phone_code WHERE phone = $1 ORDER BY sent_ms DESC LIMIT 10";
static const char COUNT_BLOCK[] = /* phone_code.count_block */
    "SELECT COUNT(*) AS codes FROM (SELECT 1 FROM phone_code WHERE block = $1 AND sent_ms > $2 LIMIT 200) recent";
static const char ADD[] = /* phone_code.add */
    "INSERT INTO phone_code (id, phone, block, code, sent_ms, tries, used_by) VALUES ($1, $2, $3, $4, $5, 0, '')"
    " ON CONFLICT DO NOTHING";
static const char REMOVE[] = /* phone_code.remove */
    "DELETE FROM phone_code WHERE id = $1";
static const char COUNT_TRY[] = /* phone_code.count_try */
    "UPDATE phone_code SET tries = tries + 1 WHERE id = $1 AND tries < $2";
static const char USE[] = /* phone_code.use */
    "UPDATE phone_code SET used_by = $2 WHERE id = $1 AND used_by IN ('', $2)";
static const char SWEEP[] = /* phone_code.sweep */
    "DELETE FROM phone_code WHERE sent_ms < $1";

struct code_row {
    char *id;
    char *code;
    int64_t sent_ms;
    int64_t tries;
    char *used_by;
};
static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct code_row, id),    SQL_FIELD(struct code_row, code),    SQL_FIELD(struct code_row, sent_ms),
    SQL_FIELD(struct code_row, tries), SQL_FIELD(struct code_row, used_by),
};
static const struct sql_map MAP = SQL_MAP(struct code_row, COLUMNS);

static char *digest_of(const struct secrets *secrets, const char *phone, const char *code)
{
    g_autofree char *both = g_strjoin("|", phone, code, NULL);

    return secret_mac(secrets, "phone-code", both);
}

static bool check_pace(struct sql *sql, const char *phone, int64_t now_ms, GError **error)
{
    g_autoptr(SqlRows) rows = sql_rows(sql, NEWEST, SQL_VALUES(SQL_T(phone)), &MAP, error);

    for (size_t i = 0; rows != NULL && i < G_N_ELEMENTS(PACES); i++) {
        const struct code_row *row = rows->count < PACES[i].nth ? NULL : sql_rows_at(rows, PACES[i].nth - 1);
        if (row != NULL && now_ms - row->sent_ms < PACES[i].ms) {
            return refuse(error, MODEL_ERROR, PACES[i].reason, "too many codes asked for");
        }
    }
    return rows != NULL;
}

static bool check_block(struct sql *sql, const char *block, int64_t now_ms, GError **error)
{
    int64_t codes = 0;

    return sql_number(sql, COUNT_BLOCK, SQL_VALUES(SQL_T(block), SQL_I(now_ms - HOUR_MS)), &codes, error) &&
           (codes < BLOCK_MOST || refuse(error, MODEL_ERROR, REASON_PHONE_CODE_MANY, "too many codes asked for"));
}

bool phone_code_add(struct sql *sql, const struct secrets *secrets, const struct phone_asking *asking, char **id,
                    char **code, GError **error)
{
    g_autofree char *phone = secret_mac(secrets, "quota", asking->phone);
    g_autofree char *block = secret_mac(secrets, "quota", asking->block);
    g_autofree char *digits = secret_digits(DIGITS);
    g_autofree char *digest = digest_of(secrets, asking->phone, digits);
    g_autofree char *made = secret_id();
    int64_t added = 0;

    if (!check_pace(sql, phone, asking->now_ms, error) || !check_block(sql, block, asking->now_ms, error) ||
        !sql_run(sql, ADD, SQL_VALUES(SQL_T(made), SQL_T(phone), SQL_T(block), SQL_T(digest), SQL_I(asking->now_ms)),
                 &added, error)) {
        return false;
    }
    if (added == 0) {
        return refuse(error, MODEL_ERROR, REASON_PHONE_CODE_SOON, "too many codes asked for");
    }
    g_free(*id); /* of a try that was begun again */
    g_free(*code);
    *id = g_steal_pointer(&made);
    *code = g_steal_pointer(&digits);
    return true;
}

bool phone_code_remove(struct sql *sql, const char *id, GError **error)
{
    return sql_run(sql, REMOVE, SQL_VALUES(SQL_T(id)), NULL, error);
}

/* Counts the try first, so that many at once are no more tries than one after the other. */
static bool show_row(struct sql *sql, const struct code_row *row, const char *digest, const char *by, bool *right,
                     GError **error)
{
    int64_t counted = 0;
    int64_t used = 0;

    if (!sql_run(sql, COUNT_TRY, SQL_VALUES(SQL_T(row->id), SQL_I(TRIES_MOST)), &counted, error)) {
        return false;
    }
    if (counted == 1 && secret_equal(digest, row->code) &&
        !sql_run(sql, USE, SQL_VALUES(SQL_T(row->id), SQL_T(by)), &used, error)) {
        return false;
    }
    *right = used == 1;
    return true;
}

bool phone_code_show(struct sql *sql, const struct secrets *secrets, const struct phone_showing *showing, bool *right,
                     GError **error)
{
    g_autofree char *phone = secret_mac(secrets, "quota", showing->phone);
    g_autofree char *digest = digest_of(secrets, showing->phone, showing->code);
    g_autofree char *by = secret_mac(secrets, "phone-code-by", showing->by);
    g_autoptr(SqlRows) rows = sql_rows(sql, NEWEST, SQL_VALUES(SQL_T(phone)), &MAP, error);

    if (rows == NULL) {
        return false;
    }
    *right = false;
    const struct code_row *row = rows->count == 0 ? NULL : sql_rows_at(rows, 0);
    return row == NULL || showing->now_ms - row->sent_ms > PHONE_CODE_MINUTES * MINUTE_MS ||
           show_row(sql, row, digest, by, right, error);
}

bool phone_code_sweep(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_run(sql, SWEEP, SQL_VALUES(SQL_I(now_ms - DAY_MS)), NULL, error);
}
