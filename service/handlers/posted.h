/* A form of a page that works without script: its text fields are read, then the answer is made, where it may wait for
 * the network. */
#pragma once

#include "service/handlers/fields.h"
#include "service/handlers/handlers.h"

/* Transfer threads. */
typedef struct response *posted_answer(struct app *app, struct request *request, struct fields *fields, GError **error);

/* For BODY_STREAM handlers: returns what they return. */
struct response *posted_read(struct app *app, struct request *request, posted_answer *answer, GError **error);
