/* Text into markup: the one place of the site that escapes. Control characters that no XML may
 * carry are dropped; text is expected to be UTF-8. */
#pragma once

#include <stddef.h>

#include <glib.h>
#include <jansson.h>

/* For element text and quoted attributes, HTML and XML alike. */
void markup_escape(GString *out, const char *text);

/* <name>text</name> with the text escaped and a line break; nothing when `text` is NULL. `name` is
 * ours. */
void markup_element(GString *out, const char *name, const char *text);

/* JSON that may stand inside <script>: `<` `>` `&` and the two line separators as \u escapes. */
void markup_json(GString *out, const json_t *value);

/* A text of an object; NULL when it has none of this name. Borrowed. */
const char *markup_text(const json_t *object, const char *name);

/* `url` as it is when it has a scheme, otherwise behind `base_url`. The caller frees it. NULL for
 * NULL. */
char *markup_absolute(const char *base_url, const char *url);
