#include "service/store/s3_xml.h"

#include <string.h>

#include "common/failure.h"

#define DEPTH_MOST 16
#define TEXT_MOST  4096 /* of one element: a key has 1024 bytes, three times that when escaped */

struct reading {
    s3_xml_visit *visit;
    void *context;
    GPtrArray *texts; /* GString *, one for each open element */
    bool is_over;
};

static void on_start(GMarkupParseContext *context, const char *name, const char **names, const char **values,
                     gpointer data, GError **error)
{
    struct reading *reading = data;

    (void)context;
    (void)name;
    (void)names;
    (void)values; /* xmlns and nothing else */
    if (reading->texts->len >= DEPTH_MOST) {
        g_set_error_literal(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "nested too deeply");
        return;
    }
    g_ptr_array_add(reading->texts, g_string_new(NULL));
}

static void on_text(GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
    const struct reading *reading = data;

    (void)context;
    if (reading->texts->len == 0) {
        return; /* white space around the root */
    }
    GString *into = g_ptr_array_index(reading->texts, reading->texts->len - 1);
    if (into->len + length > TEXT_MOST) {
        g_set_error_literal(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "a text is too long");
        return;
    }
    g_string_append_len(into, text, (gssize)length);
}

static void on_end(GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
    struct reading *reading = data;
    const GSList *open = g_markup_parse_context_get_element_stack(context);
    const char *parent = open != NULL && open->next != NULL ? open->next->data : "";
    const GString *text = g_ptr_array_index(reading->texts, reading->texts->len - 1);

    (void)error;
    if (!reading->is_over) {
        reading->is_over = !reading->visit(reading->context, parent, name, text->str);
    }
    g_ptr_array_set_size(reading->texts, (gint)reading->texts->len - 1);
}

static void text_free(gpointer text)
{
    g_string_free(text, TRUE);
}

bool s3_xml_read(const char *text, size_t length, s3_xml_visit *visit, void *context, GError **error)
{
    static const GMarkupParser PARSER = {.start_element = on_start, .end_element = on_end, .text = on_text};
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(text_free);
    g_autoptr(GError) cause = NULL;
    struct reading reading = {.visit = visit, .context = context, .texts = texts};
    g_autoptr(GMarkupParseContext) parser =
        g_markup_parse_context_new(&PARSER, G_MARKUP_TREAT_CDATA_AS_TEXT, &reading, NULL);

    if (!g_markup_parse_context_parse(parser, text, (gssize)length, &cause) ||
        !g_markup_parse_context_end_parse(parser, &cause)) {
        /* the cause may quote the answer: not for the log */
        g_set_error(error, STORE_ERROR, REASON_STORE, "the store's answer is no XML (%d)", cause->code);
        return false;
    }
    return true;
}

struct wanted {
    const char *parent;
    const char *name;
    char *text;
};

static bool look(void *context, const char *parent, const char *name, const char *text)
{
    struct wanted *wanted = context;

    if (strcmp(parent, wanted->parent) != 0 || strcmp(name, wanted->name) != 0) {
        return true;
    }
    wanted->text = g_strdup(text);
    return false;
}

char *s3_xml_find(const GString *answer, const char *parent, const char *name)
{
    struct wanted wanted = {parent, name, NULL};

    if (!s3_xml_read(answer->str, answer->len, look, &wanted, NULL)) {
        g_clear_pointer(&wanted.text, g_free); /* what comes before the break is not to be trusted */
    }
    return wanted.text;
}

/* --- listings -------------------------------------------------------------------------------------------------- */

static void entry_free(gpointer data)
{
    struct s3_entry *entry = data;

    g_free(entry->key);
    g_free(entry->upload);
    g_free(entry);
}

struct listing {
    struct s3_page *page;
    struct s3_entry entry; /* the one that is open */
    bool is_truncated;
};

static void entry_drop(struct s3_entry *entry)
{
    g_free(entry->key);
    g_free(entry->upload);
    *entry = (struct s3_entry){.modified_ms = -1};
}

/* "2026-11-24T00:00:00.000Z"; -1 when it is none. */
static int64_t time_of(const char *text)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);

    return time == NULL ? -1 : g_date_time_to_unix(time) * 1000 + g_date_time_get_microsecond(time) / 1000;
}

static void replace(char **slot, char *text)
{
    g_free(*slot);
    *slot = text;
}

static void take_field(struct s3_entry *entry, const char *name, const char *text)
{
    gint64 size;

    if (strcmp(name, "Key") == 0) {
        replace(&entry->key, g_uri_unescape_string(text, NULL));
    } else if (strcmp(name, "UploadId") == 0) {
        replace(&entry->upload, g_strdup(text));
    } else if (strcmp(name, "Size") == 0) {
        entry->size = g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &size, NULL) ? size : 0;
    } else if (strcmp(name, "LastModified") == 0 || strcmp(name, "Initiated") == 0) {
        entry->modified_ms = time_of(text);
    }
}

static void end_entry(struct listing *listing)
{
    struct s3_entry *entry = &listing->entry;

    if (entry->key != NULL && entry->modified_ms >= 0) {
        struct s3_entry *kept = g_new(struct s3_entry, 1);
        *kept = *entry;
        g_ptr_array_add(listing->page->entries, kept);
        *entry = (struct s3_entry){.modified_ms = -1};
    } else {
        entry_drop(entry);
    }
}

static bool take_element(void *context, const char *parent, const char *name, const char *text)
{
    struct listing *listing = context;
    struct s3_page *page = listing->page;
    const bool in_uploads = strcmp(parent, "ListMultipartUploadsResult") == 0;

    if (strcmp(parent, "Contents") == 0 || strcmp(parent, "Upload") == 0) {
        take_field(&listing->entry, name, text);
    } else if (!in_uploads && strcmp(parent, "ListBucketResult") != 0) {
        return true; /* Owner, Initiator */
    } else if (strcmp(name, "Contents") == 0 || strcmp(name, "Upload") == 0) {
        end_entry(listing);
    } else if (strcmp(name, "IsTruncated") == 0) {
        listing->is_truncated = strcmp(text, "true") == 0;
    } else if (strcmp(name, "NextContinuationToken") == 0) {
        replace(&page->next, g_strdup(text));
    } else if (strcmp(name, "NextKeyMarker") == 0) {
        replace(&page->next, g_uri_unescape_string(text, NULL));
    } else if (strcmp(name, "NextUploadIdMarker") == 0) {
        replace(&page->next_upload, g_strdup(text));
    }
    return true;
}

bool s3_page_read(const GString *answer, struct s3_page *page, GError **error)
{
    struct s3_page read = {.entries = g_ptr_array_new_with_free_func(entry_free)};
    struct listing listing = {.page = &read, .entry = {.modified_ms = -1}};
    const bool good = s3_xml_read(answer->str, answer->len, take_element, &listing, error);

    entry_drop(&listing.entry);
    if (!good) {
        s3_page_clear(&read);
        return false;
    }
    if (!listing.is_truncated || (read.next != NULL && read.next[0] == '\0')) {
        g_clear_pointer(&read.next, g_free);
    }
    *page = read;
    return true;
}

void s3_page_clear(struct s3_page *page)
{
    g_clear_pointer(&page->entries, g_ptr_array_unref);
    g_clear_pointer(&page->next, g_free);
    g_clear_pointer(&page->next_upload, g_free);
}
