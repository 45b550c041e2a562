/* The feed of any list of works: its page (24 of them) that the request's `after` names. */
#pragma once

#include "service/app.h"
#include "service/http/request.h"
#include "service/http/response.h"
#include "service/model/publication.h"

struct response *feed_answer_rss(struct app *app, struct request *request, const struct publication_query *query,
                                 const char *title, GError **error);
