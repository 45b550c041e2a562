/* What a file says of having been generated (GB 45438-2025, appendix E): a JSON object under the name AIGC, wherever its
 * maker has put it: a tag, XMP, EXIF, a comment, a text chunk. It may not be deleted, so whatever is made of the file says it
 * too, and says nothing else of the file's metadata. A label is one line of UTF-8, LABEL_BYTES_MAX at most, and otherwise as
 * it was found; a longer one is none. No state, any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#define LABEL_NAME      "AIGC"
#define LABEL_BYTES_MAX 4096

/* The label somewhere in metadata of any kind: an object that has the member "Label", shortly behind the name; else the
 * XMP property of that name. The caller's; NULL without one. */
char *label_find(const void *bytes, size_t length);

/* The text of a tag or property of that name, if it can be a label. The caller's, or NULL. */
char *label_of_text(const char *text);

/* Whether the name stands there at all: who wrote it means something by it, even where no label is found. */
bool label_is_named(const void *bytes, size_t length);

/* An XMP packet that says it (property AIGC of the namespace that TC260 gives it); the caller's. */
char *label_to_xmp(const char *label);

/* Puts that packet into a JPEG (XMP specification part 3, 1.1.3: an APP1 segment), behind the JFIF header. *bytes is of
 * g_malloc and becomes longer. */
void label_into_jpeg(void **bytes, size_t *length, const char *label);
