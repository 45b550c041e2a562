/* THE route table: every endpoint, who may use it, and what body it takes, on one screen. /api/openapi.json is made from
 * it, and a test compares it with the contract. */
#include "service/http/routes.h"

#include "service/handlers/access.h"
#include "service/handlers/handlers.h"

/* clang-format off */
static const struct route ROUTES[] = {
    /* uploads */
    { "OPTIONS", "/files",                          ACCESS_PUBLIC,        BODY_NONE,   upload_options,   "what this tus server can do" },
    { "POST",    "/files",                          ACCESS_FORM,          BODY_STREAM, upload_create,    "start a resumable upload (tus 1.0.0)" },
    { "OPTIONS", "/files/:id",                      ACCESS_PUBLIC,        BODY_NONE,   upload_options,   "what this tus server can do" },
    { "HEAD",    "/files/:id",                      ACCESS_PUBLIC,        BODY_NONE,   upload_offset,    "how much of an upload is durable" },
    { "PATCH",   "/files/:id",                      ACCESS_FORM,          BODY_STREAM, upload_append,    "append at Upload-Offset" },
    { "POST",    "/files/:id",                      ACCESS_FORM,          BODY_STREAM, upload_append,    "the same, with X-HTTP-Method-Override" },
    { "DELETE",  "/files/:id",                      ACCESS_FORM,          BODY_NONE,   upload_abandon,   "give an upload up" },
    { "OPTIONS", "/uploads/:id",                    ACCESS_PUBLIC,        BODY_NONE,   rufh_options,     "limits of resumable uploads (RUFH)" },
    { "GET",     "/uploads/:id",                    ACCESS_PUBLIC,        BODY_NONE,   rufh_offset,      "how much of an upload is durable (RUFH)" },
    { "PATCH",   "/uploads/:id",                    ACCESS_FORM,          BODY_STREAM, rufh_append,      "append at Upload-Offset (RUFH)" },
    { "DELETE",  "/uploads/:id",                    ACCESS_FORM,          BODY_NONE,   rufh_cancel,      "give an upload up (RUFH)" },

    /* submitters */
    { "GET",     "/api/v1/rules",                   ACCESS_SHARED,        BODY_NONE,   rules_show,       "edition, tracks, limits, regions" },
    { "POST",    "/api/v1/submissions",             ACCESS_FORM,          BODY_JSON,   submission_post,  "submit uploads as a work; receipt code and PIN" },
    { "POST",    "/api/v1/submissions/simple",      ACCESS_FORM,          BODY_STREAM, submission_post_simple, "the form without script: texts and files in one post" },
    { "GET",     "/api/v1/submissions/:code",       ACCESS_SUBMITTER,     BODY_NONE,   submission_show,  "where a work stands" },
    { "PATCH",   "/api/v1/submissions/:code",       ACCESS_SUBMITTER,     BODY_JSON,   submission_patch, "change its texts: a new revision, approvals void" },
    { "DELETE",  "/api/v1/submissions/:code",       ACCESS_SUBMITTER,     BODY_NONE,   submission_delete, "withdraw it" },
    { "POST",    "/api/v1/submissions/:code/replace", ACCESS_SUBMITTER,   BODY_JSON,   submission_post_replace, "other files: a new revision" },
    { "PUT",     "/api/v1/submissions/:code/consents", ACCESS_SUBMITTER,  BODY_JSON,   submission_put_consents, "what it may be used for, from now on" },
    { "GET",     "/api/v1/submissions/:code/receipt.png", ACCESS_SUBMITTER, BODY_NONE, receipt_show,       "the receipt as a picture; its QR code signs in" },
    { "GET",     "/api/v1/submissions/:code/certificate.png", ACCESS_SUBMITTER, BODY_NONE, certificate_show_png, "certificate of a published work" },
    { "GET",     "/api/v1/submissions/:code/certificate.pdf", ACCESS_SUBMITTER, BODY_NONE, certificate_show_pdf, "the same for a printer" },
    { "GET",     "/api/v1/submissions/:code/messages", ACCESS_SUBMITTER,  BODY_NONE,   submission_show_messages, "what staff and submitter wrote each other" },
    { "POST",    "/api/v1/submissions/:code/messages", ACCESS_SUBMITTER,  BODY_JSON,   submission_post_message, "write to staff" },
    { "GET",     "/api/v1/submissions/:code/photos/:position", ACCESS_SUBMITTER, BODY_NONE, media_own,       "a photo of one's own, small" },
    { "GET",     "/api/v1/my",                      ACCESS_PUBLIC,        BODY_NONE,   submission_mine,  "works sent from this phone" },

    /* staff */
    { "POST",    "/api/v1/login",                   ACCESS_FORM,          BODY_JSON,   login_post,       "sign in" },
    { "POST",    "/api/v1/logout",                  ACCESS_SELF,          BODY_NONE,   logout_post,      "sign out" },
    { "GET",     "/api/v1/me",                      ACCESS_SELF,          BODY_NONE,   me_show,          "who is signed in" },
    { "GET",     "/api/v1/staff",                   ACCESS_PEOPLE,        BODY_NONE,   staff_index,      "people" },
    { "POST",    "/api/v1/staff",                   ACCESS_PEOPLE,        BODY_JSON,   staff_post,       "add a person" },
    { "PATCH",   "/api/v1/staff/:id",               ACCESS_PEOPLE,        BODY_JSON,   staff_patch,      "enable, disable, new password" },
    { "POST",    "/api/v1/staff/:id/invitation",    ACCESS_PEOPLE_SECRET, BODY_NONE,   invitation_post,  "a link by which a person chooses the password" },
    { "DELETE",  "/api/v1/staff/:id/otp",           ACCESS_PEOPLE_SECRET, BODY_NONE,   staff_delete_otp, "a lost phone: one-time codes are set up anew" },
    { "DELETE",  "/api/v1/staff/:id/sessions",      ACCESS_PEOPLE,        BODY_NONE,   staff_delete_sessions, "end all sessions of a person" },
    { "POST",    "/api/v1/invitations",             ACCESS_FORM,          BODY_JSON,   invitation_accept_post, "choose a password by an invitation" },
    { "POST",    "/api/v1/me/otp",                  ACCESS_SELF,          BODY_NONE,   me_post_otp,      "begin one-time codes: a secret" },
    { "POST",    "/api/v1/me/otp/confirm",          ACCESS_SELF,          BODY_JSON,   me_confirm_otp,   "its first code; recovery codes, told once" },
    { "POST",    "/api/v1/me/confirm",              ACCESS_STAFF,         BODY_JSON,   me_confirm,       "password and code again, before bulk, export, deletion" },
    { "GET",     "/api/v1/me/sessions",             ACCESS_STAFF,         BODY_NONE,   me_sessions,      "where I am signed in" },
    { "DELETE",  "/api/v1/me/sessions/:id",         ACCESS_STAFF,         BODY_NONE,   me_delete_session, "end one of them, at once" },
    { "GET",     "/api/v1/queue",                   ACCESS_SEE,           BODY_NONE,   queue_index,      "works waiting for this person" },
    { "GET",     "/api/v1/queue/counts",            ACCESS_SEE,           BODY_NONE,   queue_show_counts, "how many wait, by stage, city and track" },
    { "GET",     "/api/v1/queue/:id",               ACCESS_SEE,           BODY_NONE,   queue_show,       "one work with everything a decision needs" },
    { "POST",    "/api/v1/queue/:id/lease",         ACCESS_SEE,           BODY_JSON,   queue_hold,       "hold it, or say that one still does" },
    { "DELETE",  "/api/v1/queue/:id/lease",         ACCESS_SEE,           BODY_NONE,   queue_release,    "let it go" },
    { "POST",    "/api/v1/queue/:id/decision",      ACCESS_DECIDE,        BODY_JSON,   queue_decide,     "approve, return, decline, escalate" },
    { "POST",    "/api/v1/queue/:id/remarks",       ACCESS_SEE,           BODY_JSON,   queue_post_remark, "a note among staff, at a moment of the clip; a message to the submitter" },
    { "GET",     "/api/v1/live",                    ACCESS_STAFF,         BODY_NONE,   live_show,        "server-sent events: something moved" },
    { "GET",     "/api/v1/reports",                 ACCESS_TAKE_DOWN,     BODY_NONE,   report_index,     "visitors' open reports" },
    { "POST",    "/api/v1/works/:id/reports",       ACCESS_FORM,          BODY_JSON,   report_post,      "a visitor reports a published work" },
    { "DELETE",  "/api/v1/works/:id/reports",       ACCESS_TAKE_DOWN,     BODY_NONE,   report_delete,    "looked at; the work stays" },
    { "POST",    "/api/v1/queue/:id/contact",       ACCESS_SEE,           BODY_NONE,   queue_contact,    "the submitter's name and telephone; recorded" },
    { "POST",    "/api/v1/queue/bulk",              ACCESS_BULK,          BODY_JSON,   queue_bulk,       "one decision for up to 50; what was skipped, and why" },
    { "DELETE",  "/api/v1/decisions/:id",           ACCESS_DECIDE,        BODY_NONE,   decision_undo,    "take a decision back inside its window" },
    { "GET",     "/api/v1/reasons",                 ACCESS_STAFF,         BODY_NONE,   reasons_show,     "reasons a reviewer may give" },
    { "GET",     "/api/v1/figures",                 ACCESS_FIGURES,       BODY_NONE,   figures_show,     "how the desk is doing: waiting, time to an answer, people, reasons, cities" },
    { "PUT",     "/api/v1/reasons",                 ACCESS_RULES,         BODY_JSON,   reasons_put,      "the edition's reasons, in their order" },
    { "GET",     "/api/v1/words",                   ACCESS_RULES,         BODY_NONE,   words_show,       "words a reviewer is pointed to" },
    { "PUT",     "/api/v1/words",                   ACCESS_RULES,         BODY_JSON,   words_put,        "the administrator's list of them" },
    { "GET",     "/api/v1/policies",                ACCESS_RULES,         BODY_NONE,   policy_index,     "who approves at which stage, for the edition and for each city" },
    { "PUT",     "/api/v1/policies/:region",        ACCESS_RULES,         BODY_JSON,   policy_put,       "set it for a city, or for all by the province's code" },
    { "GET",     "/api/v1/embed-sites",             ACCESS_RULES,         BODY_NONE,   embed_site_index, "sites that show works in frames, and how often" },
    { "POST",    "/api/v1/embed-sites",             ACCESS_RULES,         BODY_JSON,   embed_site_post,  "a key for a site" },
    { "DELETE",  "/api/v1/embed-sites/:id",         ACCESS_RULES,         BODY_NONE,   embed_site_delete, "revoke it: its frames show a card from now on" },
    { "GET",     "/api/v1/webhooks",                ACCESS_RULES,         BODY_NONE,   webhook_index,    "systems that hear of published works, and what they are owed" },
    { "POST",    "/api/v1/webhooks",                ACCESS_RULES,         BODY_JSON,   webhook_post,     "one more: with a url it is called, without it asks; its secret is told once" },
    { "DELETE",  "/api/v1/webhooks/:id",            ACCESS_RULES,         BODY_NONE,   webhook_delete,   "it hears nothing more" },
    { "POST",    "/api/v1/webhooks/:id/test",       ACCESS_RULES,         BODY_NONE,   webhook_test,     "call it now with an event that never happened" },
    { "DELETE",  "/api/v1/policies/:region",        ACCESS_RULES,         BODY_NONE,   policy_delete,    "back to what holds for all" },
    { "POST",    "/api/v1/works/:id/take-down",     ACCESS_TAKE_DOWN,     BODY_JSON,   work_take_down,   "take a published work down" },
    { "GET",     "/api/v1/ledger",                  ACCESS_LEDGER,        BODY_NONE,   ledger_show,      "the audit chain" },
    { "POST",    "/api/v1/ledger/verify",           ACCESS_LEDGER,        BODY_NONE,   ledger_check,     "recompute the chain" },
    { "GET",     "/preview/:id/:revision/:name",    ACCESS_SEE,           BODY_NONE,   media_preview,    "unpublished media, by signed address of this login" },

    /* everybody */
    { "GET",     "/api/v1/works",                   ACCESS_SHARED,        BODY_NONE,   works_list,       "published works" },
    { "GET",     "/api/v1/works/:id",               ACCESS_SHARED,        BODY_NONE,   works_show,       "one of them" },
    { "GET",     "/media/:id/:revision/:name",      ACCESS_PUBLIC,        BODY_NONE,   media_public,     "renditions of a published work, by range" },
    { "OPTIONS", "/media/:id/:revision/:name",      ACCESS_PUBLIC,        BODY_NONE,   media_options,    "cross-origin players" },
    { "GET",     "/",                               ACCESS_SHARED,        BODY_NONE,   page_home,        "home page" },
    { "GET",     "/works",                          ACCESS_SHARED,        BODY_NONE,   page_works,       "all works" },
    { "GET",     "/v/:id",                          ACCESS_SHARED,        BODY_NONE,   page_work,        "a work's page" },
    { "GET",     "/city/:region",                   ACCESS_SHARED,        BODY_NONE,   page_city,        "a city's page" },
    { "GET",     "/search",                         ACCESS_SHARED,        BODY_NONE,   page_search,      "search" },
    { "GET",     "/submit",                         ACCESS_PUBLIC,        BODY_NONE,   page_submit,      "upload page" },
    { "GET",     "/status",                         ACCESS_PUBLIC,        BODY_NONE,   page_status_form, "ask where a work stands" },
    { "POST",    "/status",                         ACCESS_FORM,          BODY_STREAM, page_status_post, "the same by code and PIN, without script" },
    { "GET",     "/status/:code",                   ACCESS_PUBLIC,        BODY_NONE,   page_status,      "where a work stands" },
    { "GET",     "/c/:code",                        ACCESS_PUBLIC,        BODY_NONE,   page_certificate, "is this certificate real?" },
    { "GET",     "/console",                        ACCESS_PUBLIC,        BODY_NONE,   page_console,     "the reviewers' desk" },
    { "GET",     "/console/*rest",                  ACCESS_PUBLIC,        BODY_NONE,   page_console,     "the reviewers' desk" },
    { "GET",     "/help",                           ACCESS_SHARED,        BODY_NONE,   page_text,        "help" },
    { "GET",     "/privacy",                        ACCESS_SHARED,        BODY_NONE,   page_text,        "privacy" },
    { "GET",     "/licence",                        ACCESS_SHARED,        BODY_NONE,   page_text,        "licence of sent-in works" },
    { "GET",     "/elder",                          ACCESS_PUBLIC,        BODY_NONE,   page_elder,       "large print on or off" },
    { "GET",     "/embed/:id",                      ACCESS_PUBLIC,        BODY_NONE,   embed_show,       "player for other sites' frames" },
    { "GET",     "/embed.js",                       ACCESS_PUBLIC,        BODY_NONE,   embed_script,     "the xuepai-video element" },
    { "GET",     "/kiosk/:region",                  ACCESS_SHARED,        BODY_NONE,   page_kiosk,       "works in a loop, for a screen in a hall" },
    { "GET",     "/kiosk/:region/playlist",         ACCESS_SHARED,        BODY_NONE,   kiosk_playlist,   "what it shows" },
    { "GET",     "/kiosk/:region/qr.svg",           ACCESS_SHARED,        BODY_NONE,   kiosk_qr,         "where to send works to, for phones in the hall" },
    { "GET",     "/kiosk-worker.js",                ACCESS_PUBLIC,        BODY_NONE,   kiosk_script,     "keeps the screen's page for a day without a network" },
    { "GET",     "/oembed",                         ACCESS_SHARED,        BODY_NONE,   oembed_show,      "oEmbed 1.0" },
    { "GET",     "/feed.xml",                       ACCESS_SHARED,        BODY_NONE,   feed_show_rss,        "RSS with Media RSS" },
    { "GET",     "/feed.json",                      ACCESS_SHARED,        BODY_NONE,   feed_show_json,       "JSON Feed 1.1" },
    { "GET",     "/feed.atom",                      ACCESS_SHARED,        BODY_NONE,   feed_show_atom,   "the same as Atom (RFC 4287)" },
    { "GET",     "/city/:region/feed.xml",          ACCESS_SHARED,        BODY_NONE,   feed_show_city,       "RSS of a city" },
    { "GET",     "/sitemap.xml",                    ACCESS_SHARED,        BODY_NONE,   sitemap_show,     "sitemap" },
    { "GET",     "/assets/:name",                   ACCESS_PUBLIC,        BODY_NONE,   asset_show,       "built scripts and styles" },

    /* other systems */
    { "GET",     "/api/v1/events",                  ACCESS_RECEIVER,      BODY_NONE,   event_index,      "what happened since the last ack, or after a number" },
    { "POST",    "/api/v1/events/ack",              ACCESS_RECEIVER,      BODY_JSON,   event_ack,        "everything up to this number has arrived" },

    /* workers */
    { "GET",     "/api/v1/workers",                 ACCESS_MACHINES,      BODY_NONE,   worker_index,     "machines that were heard of, their tokens, and the services" },
    { "POST",    "/api/v1/workers",                 ACCESS_MACHINES,      BODY_JSON,   worker_post,      "a token for one machine, told once" },
    { "DELETE",  "/api/v1/workers/:id",             ACCESS_MACHINES,      BODY_NONE,   worker_delete,    "revoke it" },
    { "POST",    "/api/v1/jobs/claim",              ACCESS_WORKER,        BODY_JSON,   job_post_claim,   "next job, by long poll" },
    { "POST",    "/api/v1/jobs/:job/renew",         ACCESS_WORKER,        BODY_JSON,   job_post_renew,   "keep the lease, report progress" },
    { "POST",    "/api/v1/jobs/:job/finish",        ACCESS_WORKER,        BODY_JSON,   job_post_finish,  "deliver results" },
    { "POST",    "/api/v1/jobs/:job/outputs",       ACCESS_WORKER,        BODY_JSON,   job_post_outputs, "where to write one result" },
    { "POST",    "/api/v1/jobs/:job/fail",          ACCESS_WORKER,        BODY_JSON,   job_post_fail,    "give a job back with its reason" },
    { "GET",     "/api/v1/jobs/:job/input/:position", ACCESS_WORKER,      BODY_NONE,   job_get_input,    "an original, for workers without this disk" },
    { "PUT",     "/api/v1/jobs/:job/output/:name",  ACCESS_WORKER,        BODY_STREAM, job_put_output,   "a result, likewise" },

    /* operation */
    { "GET",     "/healthz",                        ACCESS_PUBLIC,        BODY_NONE,   health_live,      "alive" },
    { "GET",     "/readyz",                         ACCESS_PUBLIC,        BODY_NONE,   health_ready,     "ready" },
    { "GET",     "/metrics",                        ACCESS_PUBLIC,        BODY_NONE,   health_metrics,   "Prometheus text" },
    { "GET",     "/api/openapi.json",               ACCESS_SHARED,        BODY_NONE,   openapi_show,     "this table" },
};
/* clang-format on */

const struct route *routes(size_t *count)
{
    *count = G_N_ELEMENTS(ROUTES);
    return ROUTES;
}
