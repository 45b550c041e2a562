/* Who comes from WeChat, as other handlers ask for it. */
#pragma once

#include "service/handlers/handlers.h"

/* A redirect to WeChat and back, for who stands in WeChat's browser and is not known by openid; NULL: show the page. */
struct response *wechat_ask(struct app *app, struct request *request);
