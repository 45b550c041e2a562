/* The feed of any list of works. */
#pragma once

#include "service/app.h"
#include "service/http/request.h"
#include "service/http/response.h"
#include "service/model/publication.h"

struct response *feed_answer_rss(struct app *app, struct request *request, const struct publication_query *query,
                                 const char *title, GError **error);
