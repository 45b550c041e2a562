#include "service/model/installation.h"

#include "common/failure.h"

static const char LEAVE[] = /* installation.leave */
    "INSERT INTO installation (key, value) VALUES ('key', $1) ON CONFLICT (key) DO NOTHING";
static const char GET[] = /* installation.get */
    "SELECT value FROM installation WHERE key = 'key'";

struct left {
    char *value;
};
static const struct sql_column COLUMNS[] = {SQL_FIELD(struct left, value)};
static const struct sql_map MAP = SQL_MAP(struct left, COLUMNS);

bool installation_check_key(struct sql *sql, const struct secrets *secrets, GError **error)
{
    g_autofree char *mac = secret_mac(secrets, "installation", "key");
    struct left left = {0};
    bool found = false;

    if (!sql_run(sql, LEAVE, SQL_VALUES(SQL_T(mac)), NULL, error) ||
        !sql_row(sql, GET, SQL_NO_VALUES, &MAP, &left, &found, error)) {
        return false;
    }
    const bool fits = found && secret_equal(mac, left.value);
    sql_row_clear(&MAP, &left);
    if (!fits) {
        g_set_error_literal(
            error, MODEL_ERROR, REASON_CONFLICT,
            "the database belongs to an installation with another secret.key; copy the key of its first "
            "service, or set secret_key");
    }
    return fits;
}
