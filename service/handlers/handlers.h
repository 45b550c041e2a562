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
HANDLER(queue_show_next);
HANDLER(queue_show);
HANDLER(queue_hold);
HANDLER(queue_release);
HANDLER(queue_decide);
HANDLER(queue_patch);
HANDLER(queue_put_cover);
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

/* selections.c */
HANDLER(selection_index);
HANDLER(selection_post);
HANDLER(selection_show);
HANDLER(selection_put);
HANDLER(selection_post_step);
HANDLER(selection_delete_judge);
HANDLER(selection_put_entry);
HANDLER(selection_delete_entry);
HANDLER(selection_show_sheet);
HANDLER(objection_post_answer);
HANDLER(judge_index);

/* judging.c */
HANDLER(judging_index);
HANDLER(judging_put);
HANDLER(judging_delete);
HANDLER(judging_media);

/* notices.c */
HANDLER(page_notices);
HANDLER(page_notice);
HANDLER(page_notice_post);

/* ledger_sheets.c */
HANDLER(ledger_show_xlsx);
HANDLER(ledger_show_pdf);
HANDLER(public_key_show);

/* selection_sheets.c */
HANDLER(selection_show_xlsx);
HANDLER(selection_show_pdf);

/* annexes.c */
HANDLER(annex_index);
HANDLER(annex_put_form);
HANDLER(annex_show_xlsx);
HANDLER(annex_show_pdf);
HANDLER(annex_put_scan);
HANDLER(annex_show_scan);

/* works.c */
HANDLER(works_list);
HANDLER(works_show);

/* media.c */
HANDLER(media_public);
HANDLER(media_preview);
HANDLER(media_own);
HANDLER(media_own_storyboard);
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
HANDLER(me_put_phone);
HANDLER(me_sessions);
HANDLER(me_delete_session);
HANDLER(invitation_accept_post);

/* programme.c, programme_pages.c */
HANDLER(programme_show);
HANDLER(week_put);
HANDLER(exhibition_show);
HANDLER(activity_post);
HANDLER(activity_put);
HANDLER(activity_delete);
HANDLER(page_calendar);
HANDLER(calendar_show);
HANDLER(calendar_show_city);

/* collections.c, collection_pages.c */
HANDLER(collection_index);
HANDLER(collection_index_all);
HANDLER(collection_show_works);
HANDLER(collection_post);
HANDLER(collection_put);
HANDLER(collection_delete);
HANDLER(collection_post_work);
HANDLER(collection_put_works);
HANDLER(page_collections);
HANDLER(page_collection);
HANDLER(feed_show_collection);
HANDLER(page_track);
HANDLER(page_archive);
HANDLER(page_edition);

/* subtitles.c */
HANDLER(subtitle_show);
HANDLER(subtitle_index);
HANDLER(subtitle_index_waiting);
HANDLER(subtitle_show_waiting);
HANDLER(subtitle_put);
HANDLER(subtitle_delete);
HANDLER(subtitle_index_own);
HANDLER(subtitle_put_own);
HANDLER(subtitle_delete_own);

/* views.c */
HANDLER(view_post);
HANDLER(view_index);
HANDLER(view_show);

/* webhooks.c */
HANDLER(webhook_index);
HANDLER(webhook_post);
HANDLER(webhook_delete);
HANDLER(webhook_test);

/* events.c */
HANDLER(event_index);
HANDLER(event_ack);

/* staff.c */
HANDLER(staff_index);
HANDLER(staff_post);
HANDLER(staff_patch);
HANDLER(staff_delete_otp);
HANDLER(staff_delete_sessions);
HANDLER(invitation_post);
HANDLER(identity_put);
HANDLER(identity_delete);

/* sign_on.c */
HANDLER(sign_on_begin);
HANDLER(sign_on_return);

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
HANDLER(job_get_review);
HANDLER(job_get_branding);
HANDLER(job_put_output);

/* health.c */
HANDLER(health_live);
HANDLER(health_ready);
HANDLER(health_metrics);

/* openapi.c */
HANDLER(openapi_show);
