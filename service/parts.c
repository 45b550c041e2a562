#include "service/parts.h"

#include "common/failure.h"
#include "common/settings.h"
#include "service/branding.h"
#include "service/embed_counts.h"
#include "service/handlers/uploads.h"
#include "service/model/installation.h"
#include "service/model/job.h"
#include "service/model/migrate.h"
#include "service/model/otp.h"
#include "service/setup.h"
#include "service/site/page.h"
#include "service/sniffer.h"
#include "service/store/store.h"
#include "service/view_counts.h"
#include "service/wechat.h"

static bool open_schema(struct app *app, GError **error)
{
    const char *address = app->settings->database;
    g_autofree char *file = g_build_filename(app->data, "xuepai.db", NULL);
    g_autofree char *embedded = g_strconcat("sqlite:", file, NULL);
    const bool is_default = g_strcmp0(address, "sqlite:") == 0;

    app->database = database_open(is_default ? embedded : address, error);
    return app->database != NULL && migrate(app->database, g_get_real_time() / 1000, error);
}

static bool check_key(struct sql *sql, void *context, GError **error)
{
    const struct app *app = context;

    return installation_check_key(sql, app->secrets, error);
}

static bool open_database(struct app *app, GError **error)
{
    return open_schema(app, error) && database_transact(app->database, "installation.key", check_key, app, error);
}

static bool open_store(struct app *app, GError **error)
{
    g_autofree char *folder = g_build_filename(app->data, "store", NULL);

    const struct store_config config = {
        .address = app->settings->store[0] == '\0' ? folder : app->settings->store,
        .key = app->settings->store_key,
        .secret = app->settings->store_secret,
        .spool = app->data,
    };

    app->store = store_open(&config, error);
    if (app->store != NULL) {
        (void)store_check(app->store, NULL); /* it may come later: the watch logs it, /readyz says so until then */
    }
    return app->store != NULL;
}

/* What every page knows of the site. */
static json_t *site_facts_json(const struct app *app)
{
    const struct settings *settings = app->settings;
    const bool has_filing = settings->icp[0] != '\0' || settings->police[0] != '\0' || settings->site_code[0] != '\0';

    return json_pack("{s:s, s:s, s:[s,s], s:s, s:I, s:[s,s,s,s,s], s:s, s:s, s:s, s:s, s:b}", "name",
                     app->settings->site_name, "theme", "让学习成为一种生活方式", "theme_lines", "让学习成为",
                     "一种生活方式", "base_url", app->settings->base_url, "year", (json_int_t)app->rules->year,
                     "organisers", "中共山东省委宣传部", "山东省教育厅", "山东省民政厅", "山东省文化和旅游厅",
                     "山东省总工会", "phone", app->settings->help_phone, "icp", settings->icp, "police",
                     settings->police, "site_code", settings->site_code, "has_filing", (int)has_filing);
}

static bool open_site(struct app *app, GError **error)
{
    json_auto_t *facts = site_facts_json(app);

    app->web = setup_shared_folder(app->settings->web, "web");
    if (app->web == NULL) {
        g_set_error(error, SITE_ERROR, REASON_INPUT, "the folder web/ is nowhere to be found; set site.web");
        return false;
    }
    app->site = site_open(app->web, facts, error);
    return app->site != NULL;
}

static bool open_rules(struct app *app, GError **error)
{
    g_autofree char *folder = setup_shared_folder(app->settings->config, "config");

    app->rules = folder == NULL ? NULL : rules_load(folder, error);
    if (folder == NULL) {
        g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "the folder config/ is nowhere to be found; set site.config");
    }
    return app->rules != NULL;
}

/* A store that is away gets them when it is back (store_watch.c); jobs wait until then. */
static void keep_branding(struct app *app)
{
    g_autoptr(GError) error = NULL;

    if (!branding_keep(app->branding, app->store, app->data, &error)) {
        log_error(&app->log, "branding.keep", error);
    }
}

static bool open_branding(struct app *app, GError **error)
{
    app->branding = branding_open(app->rules, error);
    return app->branding != NULL;
}

bool parts_open_storage(struct app *app, GError **error)
{
    return open_rules(app, error) && open_schema(app, error) && open_store(app, error);
}

/* A boot clock may have begun anew. Other services of a shared database go on, and so do their workers. */
static bool void_all_leases(struct sql *sql, void *context, GError **error)
{
    const struct app *app = context;

    return database_is_shared(app->database) || job_void_leases(sql, G_MAXINT64, NULL, error);
}

/* xuepai-media lies beside this program. */
static void open_sniffer(struct app *app)
{
    g_autofree char *own = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = own == NULL ? g_strdup(".") : g_path_get_dirname(own);
    g_autofree char *beside = g_build_filename(folder, "xuepai-media", NULL);
    const char *set = app->settings->media_program;

    app->sniffer = sniffer_start(set[0] == '\0' ? beside : set, app->settings->sandbox_unsafe, &app->log);
    if (app->sniffer == NULL) {
        log_warning(&app->log, "sniffer.absent", "uploads go on unsniffed");
    }
}

bool parts_open(struct app *app, GError **error)
{
    app->node = setup_node(app->data, error);
    app->secrets = app->node == NULL ? NULL : secrets_open(app->data, app->settings->secret_key, error);
    if (app->secrets == NULL) {
        return false;
    }
    secrets_set_password_mib(app->secrets, app->settings->password_mib);
    if (!otp_init(error) || !open_rules(app, error) || !open_branding(app, error) || !open_database(app, error) ||
        !rules_mirror(app->rules, app->database, error) || !open_store(app, error) || !open_site(app, error)) {
        return false;
    }
    keep_branding(app);
    open_sniffer(app);
    app->embed_counts = embed_counts_new();
    app->view_counts = view_counts_new();
    app->worker_token = setup_worker_token(app->data, app->settings->worker_token, error);
    if (app->worker_token == NULL || !database_transact(app->database, "start", void_all_leases, app, error)) {
        return false;
    }
    app->wechat = wechat_open(app->settings);
    app->uploads = uploads_open(app, error);
    return app->uploads != NULL;
}

void parts_close(struct app *app)
{
    g_clear_pointer(&app->uploads, uploads_free);
    g_clear_pointer(&app->wechat, wechat_free);
    g_clear_pointer(&app->embed_counts, embed_counts_free);
    g_clear_pointer(&app->view_counts, view_counts_free);
    g_clear_pointer(&app->sniffer, sniffer_stop);
    g_clear_pointer(&app->site, site_free);
    g_clear_pointer(&app->store, store_free);
    g_clear_pointer(&app->database, database_free);
    g_clear_pointer(&app->rules, rules_free);
    g_clear_pointer(&app->branding, branding_free);
    g_clear_pointer(&app->secrets, secrets_free);
    g_clear_pointer(&app->worker_token, g_free);
    g_clear_pointer(&app->node, g_free);
    g_clear_pointer(&app->web, g_free);
}
