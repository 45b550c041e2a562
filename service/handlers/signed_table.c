#include "service/handlers/signed_table.h"

#include "service/model/local_time.h"
#include "service/seal.h"

static const char *const SUFFIXES[] = {[TABLE_XLSX] = "xlsx", [TABLE_PDF] = "pdf"};

char *signed_table_time(int64_t ms)
{
    return local_text(ms, "%Y-%m-%d %H:%M:%S");
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
