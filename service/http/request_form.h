/* Bodies of HTML forms (multipart/form-data and application/x-www-form-urlencoded) as they come, over the HTTP library's
 * own reader. Nothing is kept here: a piece is good only during the call. For BODY_STREAM handlers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;
struct request_form;

struct form_piece {
    const char *name;
    const char *filename; /* NULL: a text field */
    const char *bytes;
    size_t length;
    int64_t offset; /* of the bytes in the field's value; 0 begins a new value, also of the same name */
};

/* False stops the reading for good. Server thread. */
typedef bool form_visit(void *context, const struct form_piece *piece);

/* NULL when the Content-Type is no form's (and names no boundary). */
struct request_form *request_form_open(const struct request *request, form_visit *visit, void *context);
/* False: the visit stopped it, or it is no valid form. */
bool request_form_feed(struct request_form *form, const void *bytes, size_t length);
/* Frees it; false when the body ended inside a value. NULL is fine. */
bool request_form_close(struct request_form *form);
