/* The little XML that an object store answers with, flat: each element with its parent's name and its text. Pure; what
 * is no XML, or is nested deeper than any answer, is an error. An empty <Message></Message> is none. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/* At the end of each element; `text` is what stood directly in it. False stops the reading, which then succeeds. */
typedef bool s3_xml_visit(void *context, const char *parent, const char *name, const char *text);
bool s3_xml_read(const char *text, size_t length, s3_xml_visit *visit, void *context, GError **error);

/* The text of the first PARENT/NAME; NULL when there is none or the answer is no XML. The caller's. */
char *s3_xml_find(const GString *answer, const char *parent, const char *name);

/* One page of ListObjectsV2 or ListMultipartUploads. */
struct s3_entry {
    char *key;
    char *upload;        /* of a multipart upload; else NULL */
    int64_t size;        /* bytes; 0 for a multipart upload */
    int64_t modified_ms; /* or begun */
};
struct s3_page {
    GPtrArray *entries; /* struct s3_entry */
    char *next;         /* continuation token or key marker; NULL: this was the last page */
    char *next_upload;  /* upload id marker */
};
/* Keys must have been asked for with encoding-type=url; an entry without a readable key, size or time is passed over. */
bool s3_page_read(const GString *answer, struct s3_page *page, GError **error);
void s3_page_clear(struct s3_page *page);
