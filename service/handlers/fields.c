#include "service/handlers/fields.h"

#include <string.h>

#include <glib.h>

#include "service/http/request_form.h"

#define BYTES_MAX  32768 /* of all values together */
#define FIELDS_MAX 64

struct fields {
    GHashTable *values; /* name -> GString */
    size_t bytes;
};

static void free_value(gpointer data)
{
    g_string_free(data, TRUE);
}

struct fields *fields_new(void)
{
    struct fields *fields = g_new0(struct fields, 1);

    fields->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_value);
    return fields;
}

void fields_free(struct fields *fields)
{
    if (fields != NULL) {
        g_hash_table_unref(fields->values);
        g_free(fields);
    }
}

bool fields_take(struct fields *fields, const struct form_piece *piece)
{
    GString *value = g_hash_table_lookup(fields->values, piece->name);

    fields->bytes += piece->length + 1;
    if (fields->bytes > BYTES_MAX || (value == NULL && g_hash_table_size(fields->values) >= FIELDS_MAX)) {
        return false;
    }
    if (value == NULL) {
        value = g_string_new(NULL);
        (void)g_hash_table_insert(fields->values, g_strdup(piece->name), value); /* was absent */
    } else if (piece->offset == 0 && piece->length > 0 && value->len > 0) {
        /* the reader may give an empty piece first, where a packet ends between a field's head and its value */
        g_string_append_c(value, ',');
    }
    g_string_append_len(value, piece->bytes, (gssize)piece->length);
    return true;
}

const char *fields_get(struct fields *fields, const char *name)
{
    GString *value = g_hash_table_lookup(fields->values, name);

    if (value == NULL || strlen(value->str) != value->len || !g_utf8_validate(value->str, -1, NULL)) {
        return "";
    }
    return g_strstrip(value->str);
}

bool fields_is_set(struct fields *fields, const char *name)
{
    return strcmp(fields_get(fields, name), "1") == 0;
}
