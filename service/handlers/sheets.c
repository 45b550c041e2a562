/* What a submitter keeps: the receipt as a picture whose QR code signs in, and, once published, the certificate with its
 * public page. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/handlers/work.h"
#include "service/model/pin.h"
#include "service/model/publication.h"
#include "service/model/rules.h"
#include "service/model/secret.h"
#include "service/site/sheet.h"

static struct response *answer(const struct sheet *sheet, bool is_pdf, GError **error)
{
    GBytes *bytes = is_pdf ? sheet_pdf(sheet, error) : sheet_png(sheet, error);

    if (bytes == NULL) {
        return NULL;
    }
    struct response *response = response_bytes(200, is_pdf ? "application/pdf" : "image/png", bytes);
    response_header(response, "Cache-Control", "private, no-store");
    return response;
}

HANDLER(receipt_show)
{
    const struct submission *submission = request_submission(request);
    g_autofree char *base = base_url(app, request);
    g_autofree char *pin = pin_of(app->secrets, submission->id);
    g_autofree char *pin_text = g_strdup_printf("查询密码 %s", pin);
    g_autofree char *title = g_strdup_printf("《%s》", submission->title);
    g_autofree char *address = g_strdup_printf("%s/status/%s#%s", base, submission->code, pin);
    const struct sheet_line lines[] = {{"作品受理回执", 30, true},
                                       {title, 20, false},
                                       {"受理编号", 14, false},
                                       {submission->code, 32, true},
                                       {pin_text, 22, true}};
    const struct sheet sheet = {.lines = lines,
                                .count = G_N_ELEMENTS(lines),
                                .address = address,
                                .caption = "扫一扫，直接看进度"};

    return answer(&sheet, false, error);
}

static bool check_published(const struct submission *submission, GError **error)
{
    if (strcmp(submission->state, "published") == 0) {
        return true;
    }
    return refuse(error, MODEL_ERROR, REASON_STATE, "no certificate before publication");
}

struct mark {
    const char *id;
    struct publication work;
};

static bool look_mark(struct sql *sql, void *context, GError **error)
{
    struct mark *mark = context;
    bool found = false;

    return publication_find(sql, mark->id, &mark->work, &found, error);
}

/* "入选《…》" when a selection chose it, else what every published work is told; the caller's. */
static char *honour_of(struct app *app, const struct submission *submission, GError **error)
{
    struct mark mark = {.id = submission->id};
    char *text = NULL;

    if (database_read(app->database, "submission.mark", look_mark, &mark, error)) {
        text = mark.work.selected_name == NULL ? g_strdup("入选展播，感谢您的参与")
                                               : g_strdup_printf("入选“%s”", mark.work.selected_name);
    }
    publication_clear(&mark.work);
    return text;
}

static struct response *certificate(struct app *app, struct request *request, bool is_pdf, GError **error)
{
    const struct submission *submission = request_submission(request);
    const struct region *region = rules_region_find(app->rules, submission->region);
    const struct track *track = rules_track_find(app->rules, submission->track);
    g_autofree char *name = secret_open(app->secrets, submission->contact_name);
    g_autofree char *base = base_url(app, request);
    g_autofree char *address = g_strdup_printf("%s/c/%s", base, submission->code);
    g_autofree char *title = g_strdup_printf("《%s》", submission->title);
    g_autofree char *code = g_strdup_printf("编号 %s", submission->code);

    if (!check_published(submission, error)) {
        return NULL;
    }
    g_autofree char *honour = honour_of(app, submission, error);
    if (honour == NULL) {
        return NULL;
    }
    const struct sheet_line lines[] = {{"作品展播证书", 34, true},
                                       {name == NULL ? "" : name, 24, true},
                                       {title, 22, true},
                                       {track == NULL ? "" : track->name, 14, false},
                                       {region == NULL ? "" : region->name, 14, false},
                                       {honour, 18, false},
                                       {app->rules->edition_name, 14, false},
                                       {code, 14, false}};
    const struct sheet sheet = {.lines = lines,
                                .count = G_N_ELEMENTS(lines),
                                .address = address,
                                .caption = "扫码核验"};
    return answer(&sheet, is_pdf, error);
}

HANDLER(certificate_show_png)
{
    return certificate(app, request, false, error);
}

HANDLER(certificate_show_pdf)
{
    return certificate(app, request, true, error);
}

struct look {
    const char *code;
    struct submission submission;
    struct publication work;
};

static bool look(struct sql *sql, void *context, GError **error)
{
    struct look *look = context;

    bool found = false;

    return submission_get_code(sql, look->code, &look->submission, error) &&
           publication_find(sql, look->submission.id, &look->work, &found, error);
}

/* Public: only that this certificate is real, and of which work; 404 once the work is gone. */
HANDLER(page_certificate)
{
    g_autofree char *code = secret_receipt_normalize(request_param(request, "code"));
    struct look asked = {.code = code == NULL ? "" : code};
    struct response *response = NULL;

    if (database_read(app->database, "submission.certificate", look, &asked, error)) {
        const struct submission *submission = &asked.submission;
        if (strcmp(submission->state, "published") == 0) {
            const struct region *region = rules_region_find(app->rules, submission->region);
            g_autofree char *url = g_strconcat("/v/", submission->id, NULL);
            json_t *data = shown_page(app, request, "证书核验", "works");
            json_object_set_new(data, "certificate",
                                json_pack("{s:s, s:s, s:s, s:s, s:s?}", "code", submission->code, "title",
                                          submission->title, "region", region == NULL ? "" : region->name, "url", url,
                                          "selected_name", asked.work.selected_name));
            response = shown_html(app, "certificate.html", data, 200, error);
        } else {
            g_set_error_literal(error, HTTP_ERROR, REASON_NOT_FOUND, "not published");
        }
    }
    submission_clear(&asked.submission);
    publication_clear(&asked.work);
    return response;
}
