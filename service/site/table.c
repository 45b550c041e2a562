#include "service/site/table.h"

#include "service/site/table_driver.h"

struct table {
    const struct table_driver *driver;
    void *file;
};

static const struct table_driver *const DRIVERS[] = {[TABLE_XLSX] = &table_xlsx, [TABLE_PDF] = &table_pdf};

struct table *table_open(enum table_kind kind, const struct table_head *head, GError **error)
{
    g_assert(head->column_count >= 1 && head->column_count <= TABLE_COLUMNS_MOST);
    void *file = DRIVERS[kind]->open(head, error);
    if (file == NULL) {
        return NULL;
    }
    struct table *table = g_new0(struct table, 1);
    table->driver = DRIVERS[kind];
    table->file = file;
    return table;
}

void table_row(struct table *table, const char *const *cells)
{
    table->driver->row(table->file, cells);
}

GBytes *table_close(struct table *table, GError **error)
{
    GBytes *bytes = table->driver->close(table->file, error);

    g_free(table);
    return bytes;
}

const char *table_type(enum table_kind kind)
{
    return DRIVERS[kind]->type;
}
