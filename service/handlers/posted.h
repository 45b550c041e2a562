/* A form of one of our pages, sent without script: its text fields, all at once, when the whole body is there. */
#pragma once

#include "service/handlers/fields.h"
#include "service/handlers/handlers.h"

/* Answers the form. Disk thread. */
typedef struct response *posted_answer(struct app *app, struct request *request, struct fields *fields, GError **error);

/* What a BODY_STREAM handler returns: reads the form and lets `answer` answer. */
struct response *posted_take(struct app *app, struct request *request, posted_answer *answer, GError **error);
