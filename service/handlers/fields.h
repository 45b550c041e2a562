/* The text fields of an HTML form. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct fields;
struct form_piece;

struct fields *fields_new(void);
void fields_free(struct fields *fields);
/* Keeps a piece of a text field; values of one name are joined by a comma. False when there is too much of it. */
bool fields_take(struct fields *fields, const struct form_piece *piece);
/* The value, valid UTF-8, without the blanks around it; "" when absent. Borrowed; not to be mixed with fields_take. */
const char *fields_get(struct fields *fields, const char *name);
/* Is the value what a ticked box or a "yes" sends: "1"? */
bool fields_is_set(struct fields *fields, const char *name);
