#include "service/handlers/signed_table.h"

#include "service/seal.h"

static const char *const SUFFIXES[] = {[TABLE_XLSX] = "xlsx", [TABLE_PDF] = "pdf"};

char *signed_table_time(int64_t ms)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_offset(8 * 3600);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(ms / 1000);
    g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);

    return g_date_time_format(local, "%Y-%m-%d %H:%M:%S");
}

struct response *signed_table_answer(const struct app *app, struct table *table, enum table_kind kind, const char *name,
                                     GError **error)
{
    GBytes *bytes = table_close(table, error);

    if (bytes == NULL) {
        return NULL;
    }
    struct response *response = response_bytes(200, table_type(kind), seal_add(app->secrets, bytes));
    response_header(response, "Cache-Control", "private, no-store");
    response_headerf(response, "Content-Disposition", "attachment; filename=\"%s.%s\"", name, SUFFIXES[kind]);
    return response;
}
