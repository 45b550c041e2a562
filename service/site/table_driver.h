/* What a kind of table is made of. */
#pragma once

#include "service/site/table.h"

struct table_driver {
    const char *type;
    void *(*open)(const struct table_head *head, GError **error);
    void (*row)(void *file, const char *const *cells);
    GBytes *(*close)(void *file, GError **error); /* frees it */
};
extern const struct table_driver table_xlsx;
extern const struct table_driver table_pdf;
