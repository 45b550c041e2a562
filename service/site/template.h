/* Logic-less templates: {{name}} {{{raw}}} {{&raw}} {{#section}} {{^inverted}} {{/end}}
 * {{!comment}} {{>partial}}.
 *
 * A set is filled once, at the start, and only read afterwards, so any number of threads may render
 * from it at the same time. Data is borrowed and never changed. A name looks through the enclosing
 * sections from the inside out; `a.b.c` finds `a` so and follows the rest strictly; `.` is the
 * present item. What is missing renders as nothing. False are: missing, null, false, 0, "" and [].
 * Everything written by {{name}} is escaped for HTML.
 *
 * Not supported, and refused when compiled: other delimiters, functions.
 * Source: the mustache specification; its cases are run by tests/unit/service/site/template_test.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>
#include <jansson.h>

#define TEMPLATE_SOURCE_BYTES_MAX ((size_t)256 * 1024)
#define TEMPLATE_NAME_BYTES_MAX   128
#define TEMPLATE_SECTIONS_MAX     32                    /* open at one place of one template */
#define TEMPLATE_DEPTH_MAX        64                    /* sections and partials inside each other while rendering */
#define TEMPLATE_STEPS_MAX        ((size_t)1000 * 1000) /* nodes visited for one page */

struct template_set;

struct template_set *template_set_new(void);
void template_set_free(struct template_set *set);
typedef struct template_set TemplateSet;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TemplateSet, template_set_free)

/* Compiles one template. Templates may name partials that are added later. SITE_ERROR when it is
 * not well formed. */
bool template_set_add(struct template_set *set, const char *name, const char *source, GError **error);

/* Adds every .html file below `folder` by its path from there ("work.html"; a partial
 * "parts/head.html" is also what {{> parts/head}} means), and checks that each partial named
 * anywhere exists. */
bool template_set_load(struct template_set *set, const char *folder, GError **error);

/* Appends to `out`; on failure `out` is as it was. SITE_ERROR when the template is absent, the
 * result is longer than `bytes_max`, the nesting deeper than TEMPLATE_DEPTH_MAX or the work more
 * than TEMPLATE_STEPS_MAX. A partial that is absent renders as nothing. */
bool template_set_render(const struct template_set *set, const char *name, const json_t *data, size_t bytes_max,
                         GString *out, GError **error);
