/* Every handler, grouped by file. One function serves one row of http/routes.c; see http/router.h for the contract. */
#pragma once

#include "service/app.h"
#include "service/http/request.h"
#include "service/http/response.h"
#include "service/http/router.h"

#define HANDLER(name) struct response *name(struct app *app, struct request *request, GError **error)

/* uploads.c: tus 1.0.0 */
void upload_greet(struct request *request, const char *path);
HANDLER(upload_options);
HANDLER(upload_create);
HANDLER(upload_offset);
HANDLER(upload_append);
HANDLER(upload_abandon);

/* rufh.c: Resumable Uploads for HTTP */
HANDLER(rufh_options);
HANDLER(rufh_offset);
HANDLER(rufh_append);
HANDLER(rufh_cancel);

/* rules.c */
HANDLER(rules_show);

/* entry_links.c */
HANDLER(entry_link_index);
HANDLER(entry_link_post);
HANDLER(entry_link_delete);
HANDLER(entry_link_png);
HANDLER(entry_link_pdf);
HANDLER(entry_link_follow);

/* receipts.c */
HANDLER(receipt_post);
HANDLER(page_family);

/* batches.c */
HANDLER(batch_post);
HANDLER(batch_works);

/* wechat.c */
HANDLER(wechat_back);
HANDLER(wechat_sign);

/* phone.c */
HANDLER(phone_post_code);
HANDLER(phone_post_session);
HANDLER(page_phone);
HANDLER(page_phone_post);

/* submissions.c */
HANDLER(submission_post);
/* simple.c */
HANDLER(submission_post_simple);
/* submissions.c */
HANDLER(submission_show);
HANDLER(submission_patch);
HANDLER(submission_delete);
HANDLER(submission_post_replace);
HANDLER(submission_put_consents);
HANDLER(submission_mine);

/* reviews.c */
HANDLER(queue_index);
HANDLER(queue_show_counts);
HANDLER(queue_show);
HANDLER(queue_hold);
HANDLER(queue_release);
HANDLER(queue_decide);
HANDLER(queue_bulk);
HANDLER(queue_contact);
HANDLER(decision_undo);
HANDLER(work_take_down);

/* policies.c */
HANDLER(policy_index);
HANDLER(policy_put);
HANDLER(policy_delete);

/* figures.c */
HANDLER(figures_show);

/* kiosk.c */
HANDLER(page_kiosk);
HANDLER(kiosk_playlist);
HANDLER(kiosk_qr);
HANDLER(kiosk_script);

/* embed_sites.c */
HANDLER(embed_site_index);
HANDLER(embed_site_post);
HANDLER(embed_site_delete);

/* edition_texts.c */
HANDLER(reasons_show);
HANDLER(reasons_put);
HANDLER(words_show);
HANDLER(words_put);

/* desk.c */
HANDLER(queue_post_remark);
HANDLER(submission_show_messages);
HANDLER(submission_post_message);
HANDLER(live_show);

/* reports.c */
HANDLER(report_post);
HANDLER(report_index);
HANDLER(report_delete);

/* ledger.c */
HANDLER(ledger_show);
HANDLER(ledger_check);

/* works.c */
HANDLER(works_list);
HANDLER(works_show);

/* media.c */
HANDLER(media_public);
HANDLER(media_preview);
HANDLER(media_own);
HANDLER(media_options);
HANDLER(asset_show);

/* pages.c */
HANDLER(page_home);
HANDLER(page_works);
HANDLER(page_work);
HANDLER(page_city);
HANDLER(page_search);
HANDLER(page_submit);
HANDLER(page_status);
HANDLER(page_status_form);
HANDLER(page_status_post);
HANDLER(page_console);
HANDLER(page_text);
HANDLER(page_elder);
/* How an error looks to a browser that asked for a page; NULL: as problem+json. */
struct response *page_problem(struct app *app, struct request *request, const GError *error);

/* embeds.c */
HANDLER(embed_show);
HANDLER(embed_script);
HANDLER(oembed_show);

/* sheets.c */
HANDLER(receipt_show);
HANDLER(certificate_show_png);
HANDLER(certificate_show_pdf);
HANDLER(page_certificate);

/* feeds.c */
HANDLER(feed_show_rss);
HANDLER(feed_show_json);
HANDLER(feed_show_atom);
HANDLER(feed_show_city);
HANDLER(sitemap_show);

/* account.c */
HANDLER(login_post);
HANDLER(logout_post);
HANDLER(me_show);
HANDLER(me_post_otp);
HANDLER(me_confirm_otp);
HANDLER(me_confirm);
HANDLER(me_sessions);
HANDLER(me_delete_session);
HANDLER(invitation_accept_post);

/* staff.c */
HANDLER(staff_index);
HANDLER(staff_post);
HANDLER(staff_patch);
HANDLER(staff_delete_otp);
HANDLER(staff_delete_sessions);
HANDLER(invitation_post);

/* jobs.c */
HANDLER(worker_index);
HANDLER(worker_post);
HANDLER(worker_delete);
HANDLER(job_post_claim);
HANDLER(job_post_renew);
HANDLER(job_post_finish);
HANDLER(job_post_fail);
HANDLER(job_post_outputs);
HANDLER(job_get_input);
HANDLER(job_put_output);

/* health.c */
HANDLER(health_live);
HANDLER(health_ready);
HANDLER(health_metrics);
HANDLER(openapi_show);
