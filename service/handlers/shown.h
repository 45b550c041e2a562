/* What several page handlers show alike. */
#pragma once

#include <jansson.h>

#include "service/app.h"
#include "service/http/request.h"
#include "service/http/response.h"

/* The site's facts with base_url as this visitor sees it; the caller's. */
json_t *shown_facts(const struct app *app, const char *base);
/* Works sent with this phone's cookie: [{code, title, status_text}]; the caller's. */
json_t *shown_mine(struct app *app, struct request *request, GError **error);
/* The same for a digest that stands for a device or a unit; and for what that has shown. */
json_t *shown_works_of(struct app *app, const char *device, int64_t now_ms, GError **error);
/* Where a work stands, in a family's words. */
struct rules;
const char *shown_status_text(const char *state, int64_t stage, const struct rules *rules);
/* A work as its submitter sees it: the answer of GET /api/v1/submissions/{code}; the caller's. */
struct submission;
json_t *shown_submission(struct app *app, const struct request *request, struct submission *submission, GError **error);
/* The address at which its family may look at its way; the caller's. */
char *shown_family_path(const struct app *app, const struct submission *submission);
/* The page there. */
struct response *shown_way(struct app *app, struct request *request, const struct submission *submission,
                           GError **error);
/* Withdraws it for its submitter; *submission is then the row as it is now. */
bool shown_withdraw(struct app *app, struct request *request, struct submission *submission, GError **error);
/* What staff and submitter wrote each other, rows of remark_list: [{id, author, is_own, text, made_ms, made_text}]; the
 * caller's. */
struct sql_rows;
json_t *shown_messages(struct sql_rows *rows);
/* Writes to staff; as often as LIMIT_MESSAGES allows for one work. */
bool shown_send_message(struct app *app, struct request *request, const struct submission *submission, const char *text,
                        GError **error);
/* "2026年9月21日" in the province's time; the caller's. */
char *shown_day(int64_t ms);
/* What every page needs: title, description, address, and whether large print is on. `nav` is the lit entry; the caller's. */
json_t *shown_page(struct app *app, struct request *request, const char *title, const char *nav);
/* A page of works into data: works[], next_url, first_url. */
struct publication_query;
bool shown_works(struct app *app, struct request *request, json_t *data, const struct publication_query *query,
                 GError **error);
/* Fills a template and takes `data` over. */
struct response *shown_html(struct app *app, const char *template, json_t *data, int status, GError **error);
/* The page after submitting without script. `receipt` is borrowed. */
struct response *shown_receipt(struct app *app, struct request *request, json_t *receipt, GError **error);
/* For the form without script (simple.c): does the form keep the rules, apart from its files? */
bool submission_check_json(struct app *app, struct request *request, json_t *json, GError **error);
/* Makes the work of a form whose uploads are there, and answers with the receipt: as a page for who accepts one. */
struct response *submission_take_json(struct app *app, struct request *request, json_t *json, const char *key,
                                      GError **error);
/* The frame for other sites: a player, or a polite card with the sentence `card` when `work` is NULL. Both are borrowed. */
struct response *shown_embed(struct app *app, struct request *request, json_t *work, const char *card, int status,
                             GError **error);
