/* Weeks and activities as JSON and as pages say them. */
#pragma once

#include <jansson.h>

#include "service/app.h"
#include "service/model/programme.h"

json_t *week_json(const struct app *app, const struct week *week);
json_t *activity_json(const struct app *app, const struct activity *activity);

/* The cities in their order, with what is known of their weeks: [{code, name, week_text, is_now, is_over, is_selected}].
 * `selected` may be NULL. The caller's; NULL with an error. */
json_t *shown_cities(struct app *app, int64_t now_ms, const char *selected, GError **error);
/* One city with its days: {code, name, week_text, is_now, words, contact, days[{day_text, is_today, activities[]}],
 * highlights[]}. Activities have time_text. The caller's. */
json_t *shown_city(struct app *app, const struct region *city, int64_t now_ms, GError **error);
/* What happens today, in all cities: [{city_name, city_code, …}]. The caller's. */
json_t *shown_today(struct app *app, int64_t now_ms, GError **error);
