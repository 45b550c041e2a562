/* xuepai-service: start-up and shutdown, top to bottom. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include <glib.h>
#include <qrencode.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/uploads.h"
#include "service/housekeeping.h"
#include "service/http/parked.h"
#include "service/anchor.h"
#include "service/http/routes.h"
#include "service/http/server.h"
#include "service/model/installation.h"
#include "service/model/job.h"
#include "service/model/node.h"
#include "service/model/migrate.h"
#include "service/maintenance.h"
#include "service/model/otp.h"
#include "service/setup.h"
#include "service/sniffer.h"
#include "service/site/page.h"
#include "service/store/store.h"
#include "service/store_watch.h"

struct options {
    char *config;
    char **set;
    gboolean check_config;
    gboolean example_config;
    gboolean version;
    gboolean quiet;
    gboolean verify_ledger;
    char *migrate_from;
    char *import_media;
    char *export_media;
    gboolean check;
};

static void options_clear(struct options *options)
{
    g_free(options->config);
    g_strfreev(options->set);
    g_free(options->migrate_from);
    g_free(options->import_media);
    g_free(options->export_media);
}
typedef struct options Options;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static bool read_options(int *argc, char ***argv, struct options *options)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config, "key file with settings", "FILE"},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &options->set, "one setting; wins over file and environment",
         "KEY=VALUE"},
        {"check-config", 0, 0, G_OPTION_ARG_NONE, &options->check_config, "print every setting in force and end", NULL},
        {"example-config", 0, 0, G_OPTION_ARG_NONE, &options->example_config, "print an example key file and end",
         NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "print the version and end", NULL},
        {"migrate-from", 0, 0, G_OPTION_ARG_STRING, &options->migrate_from,
         "move the rows of another database into the empty one of the settings, and end", "sqlite:/PATH/xuepai.db"},
        {"import-media", 0, 0, G_OPTION_ARG_FILENAME, &options->import_media,
         "copy the media of a folder into the store of the settings, and end", "FOLDER"},
        {"export-media", 0, 0, G_OPTION_ARG_FILENAME, &options->export_media,
         "copy the media of the store into a folder, and end", "FOLDER"},
        {"check", 0, 0, G_OPTION_ARG_NONE, &options->check, "check the ledger, and every object of the store, and end",
         NULL},
        {"verify-ledger", 0, 0, G_OPTION_ARG_NONE, &options->verify_ledger,
         "recompute the ledger's chain, hold it against the anchors, and end; also beside a running service", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, "no QR code", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- the service of Xuepai");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        fprintf(stderr, "xuepai-service: %s\n", error->message);
        return false;
    }
    return true;
}

static int complain(const GError *error)
{
    fprintf(stderr, "xuepai-service: %s\n", error->message);
    switch (error_reason(error)) {
    case REASON_BUSY:
        return EX_TEMPFAIL;
    case REASON_INPUT:
        return EX_CONFIG;
    default:
        return EX_UNAVAILABLE;
    }
}

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
    return json_pack("{s:s, s:s, s:[s,s], s:s, s:I, s:[s,s,s,s,s], s:s, s:s}", "name", app->settings->site_name,
                     "theme", "让学习成为一种生活方式", "theme_lines", "让学习成为", "一种生活方式", "base_url",
                     app->settings->base_url, "year", (json_int_t)app->rules->year, "organisers", "中共山东省委宣传部",
                     "山东省教育厅", "山东省民政厅", "山东省文化和旅游厅", "山东省总工会", "phone",
                     app->settings->help_phone, "icp", app->settings->icp);
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

    app->sniffer = sniffer_start(set[0] == '\0' ? beside : set, &app->log);
    if (app->sniffer == NULL) {
        log_warning(&app->log, "sniffer.absent", "uploads go on unsniffed");
    }
}

/* Everything between the settings and the first request. */
static bool open_all(struct app *app, GError **error)
{
    app->node = setup_node(app->data, error);
    app->secrets = app->node == NULL ? NULL : secrets_open(app->data, app->settings->secret_key, error);
    if (app->secrets == NULL || !otp_init(error) || !open_rules(app, error) || !open_database(app, error) ||
        !rules_mirror(app->rules, app->database, error) || !open_store(app, error) || !open_site(app, error)) {
        return false;
    }
    open_sniffer(app);
    app->worker_token = setup_worker_token(app->data, app->settings->worker_token, error);
    if (app->worker_token == NULL || !database_transact(app->database, "start", void_all_leases, app, error)) {
        return false;
    }
    app->uploads = uploads_open(app, error);
    return app->uploads != NULL;
}

static bool start_server(struct app *app, GError **error)
{
    g_autofree char *host = NULL;
    int port = 0;
    size_t route_count;
    const struct route *table = routes(&route_count);

    if (!settings_listen(app->settings, &host, &port, error)) {
        return false;
    }
    const struct server_config config = {
        .host = host,
        .port = port,
        .disk_threads = (int)app->settings->disk_threads,
        .transfer_threads = (int)app->settings->store_threads,
        .trusted_proxies = app->settings->trusted_proxies,
        .base_url = app->settings->base_url,
        .problem = page_problem,
    };
    app->server = server_start(&config, table, route_count, access_gate, app, error);
    return app->server != NULL;
}

static void close_all(struct app *app)
{
    g_clear_pointer(&app->uploads, uploads_free);
    g_clear_pointer(&app->sniffer, sniffer_stop);
    g_clear_pointer(&app->site, site_free);
    g_clear_pointer(&app->store, store_free);
    g_clear_pointer(&app->database, database_free);
    g_clear_pointer(&app->rules, rules_free);
    g_clear_pointer(&app->secrets, secrets_free);
    g_clear_pointer(&app->worker_token, g_free);
    g_clear_pointer(&app->node, g_free);
    g_clear_pointer(&app->web, g_free);
}

/* Two lines of modules a text line, by half blocks. */
static void print_qr(const char *text)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);

    if (code == NULL) {
        return;
    }
    for (int y = -2; y < code->width + 2; y += 2) {
        printf("    ");
        for (int x = -2; x < code->width + 2; x++) {
            const bool inside = x >= 0 && x < code->width;
            const bool top = inside && y >= 0 && y < code->width && (code->data[y * code->width + x] & 1) != 0;
            const bool low =
                inside && y + 1 >= 0 && y + 1 < code->width && (code->data[(y + 1) * code->width + x] & 1) != 0;
            printf("%s", top ? (low ? " " : "▄") : (low ? "▀" : "█"));
        }
        printf("\n");
    }
    QRcode_free(code);
}

static void print_ready(const struct app *app, const char *password, bool quiet)
{
    g_autofree char *host = NULL;
    int port = 0;

    (void)settings_listen(app->settings, &host, &port, NULL); /* it was good at the start */
    const char *base = app->settings->base_url;
    const int real_port = server_port(app->server);
    g_autofree char *address =
        base[0] != '\0' ? g_strdup(base)
                        : g_strdup_printf("http://%s:%d", setup_is_any(host) ? "127.0.0.1" : host, real_port);
    g_autofree char *reachable = setup_reachable_host(host);
    g_autofree char *submit =
        base[0] != '\0' ? g_strconcat(base, "/submit", NULL)
                        : g_strdup_printf("http://%s:%d/submit", reachable == NULL ? host : reachable, real_port);
    if (password != NULL) {
        printf("administrator: admin  password (shown once): %s\n", password);
    }
    if (!quiet) {
        if (base[0] == '\0' && reachable == NULL) {
            printf("upload: %s (from this machine alone; for phones: XUEPAI_LISTEN=0.0.0.0:%d make run)\n", submit,
                   real_port);
        } else {
            printf("upload from a phone: %s\n", submit);
        }
        print_qr(submit);
        printf("review: %s/console\n", address);
    }
    printf("ready %s/\n", address);
    fflush(stdout);
}

/* Until told to stop, or the database cannot be trusted any more. */
static int serve(struct app *app, const sigset_t *signals)
{
    const struct timespec half_second = {.tv_nsec = 500000000};

    for (;;) {
        if (sigtimedwait(signals, NULL, &half_second) > 0) {
            return EXIT_SUCCESS;
        }
        if (!database_is_healthy(app->database)) {
            log_critical(&app->log, "database.failed", "the last commit's outcome is unknown; ending for recovery");
            return EX_IOERR;
        }
    }
}

/* A job was queued, here or by another service of the database. */
static void wake_claims(void *context)
{
    server_wake(context, "jobs");
}

static bool leave(struct sql *sql, void *context, GError **error)
{
    const struct app *app = context;

    return node_left(sql, app->node, error);
}

static int run(struct app *app, bool quiet, const sigset_t *signals)
{
    g_autofree char *password = NULL;
    g_autoptr(GError) error = NULL;

    if (!open_all(app, &error) || !setup_administrator(app, &password, &error) || !start_server(app, &error)) {
        const int code = complain(error);
        close_all(app);
        return code;
    }
    database_listen(app->database, wake_claims, app->server);
    struct housekeeping *housekeeping = housekeeping_start(app);
    struct store_watch *store_watch = store_watch_start(app);
    print_ready(app, password, quiet);
    const int code = serve(app, signals);
    log_info(&app->log, "service.stopping", "code=%d", code);
    store_watch_stop(store_watch);
    database_unlisten(app->database);
    housekeeping_stop(housekeeping); /* it wakes long polls of the server */
    server_stop(app->server);
    (void)database_transact(app->database, "node.left", leave, app, NULL); /* else it is forgotten in half a minute */
    close_all(app);
    return code;
}

static enum maintenance maintenance_of(const struct options *options, const char **place)
{
    const struct {
        const char *place; /* NULL: not asked for */
        enum maintenance what;
    } asked[] = {
        {options->import_media, MAINTENANCE_IMPORT_MEDIA},
        {options->migrate_from, MAINTENANCE_MOVE_ROWS},
        {options->export_media, MAINTENANCE_EXPORT_MEDIA},
        {options->check ? "" : NULL, MAINTENANCE_CHECK},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        if (asked[i].place != NULL) {
            *place = asked[i].place;
            return asked[i].what;
        }
    }
    return MAINTENANCE_NONE;
}

/* What writes takes the data folder's lock, so no service runs there; what only reads goes on beside one. */
static int maintain(struct app *app, enum maintenance what, const char *place)
{
    const bool writes = what == MAINTENANCE_MOVE_ROWS || what == MAINTENANCE_IMPORT_MEDIA;
    g_autoptr(GError) error = NULL;
    int code = EXIT_SUCCESS;
    const int lock = writes ? setup_data_folder(app->settings->data, &app->data, &error) : -1;

    if (!writes) {
        app->data = g_canonicalize_filename(app->settings->data, NULL);
    }
    if ((writes && lock < 0) || !open_schema(app, &error) || !open_store(app, &error) ||
        !maintenance_run(app, what, place, &error)) {
        code = complain(error);
    }
    close_all(app);
    g_free(app->data);
    if (lock >= 0) {
        close(lock);
    }
    return code;
}

/* Needs no lock on the data folder: it reads alone. */
static int verify_ledger(struct app *app)
{
    g_autoptr(GError) error = NULL;
    bool whole = false;

    app->data = g_canonicalize_filename(app->settings->data, NULL);
    const bool done = anchor_verify_command(app, &whole, &error);
    g_clear_pointer(&app->data, g_free);
    return !done ? complain(error) : whole ? EXIT_SUCCESS : EX_DATAERR;
}

/* Sockets and files of a busy day need more than the usual 1024. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)65536);
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* the old limit works too */
    }
}

int main(int argc, char **argv)
{
    g_auto(Options) options = {0};
    g_auto(Settings) settings = {0};
    struct app app = {.log = log_named("service"), .settings = &settings};
    sigset_t signals;
    g_autoptr(GError) error = NULL;

    (void)setlocale(LC_ALL, "C.UTF-8"); /* without it texts are still UTF-8 inside */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!read_options(&argc, &argv, &options)) {
        return EX_USAGE;
    }
    if (options.version || options.example_config) {
        g_autofree char *example = settings_example();
        printf("%s", options.version ? "xuepai-service " XUEPAI_VERSION "\n" : example);
        return EXIT_SUCCESS;
    }
    if (!settings_read(&settings, options.config, (const char *const *)options.set, &error)) {
        return complain(error);
    }
    if (options.check_config) {
        g_autofree char *text = settings_describe(&settings);
        printf("%s", text);
        return EXIT_SUCCESS;
    }
    if (!log_set_level(settings.log_level)) {
        fprintf(stderr, "xuepai-service: log_level: debug, info, message or warning\n");
        return EX_CONFIG;
    }
    if (options.verify_ledger) {
        return verify_ledger(&app);
    }
    const char *place = NULL;
    const enum maintenance what = maintenance_of(&options, &place);
    if (what != MAINTENANCE_NONE) {
        return maintain(&app, what, place);
    }
    raise_file_limit();
    const int lock = setup_data_folder(settings.data, &app.data, &error);
    if (lock < 0) {
        return complain(error);
    }
    const int code = run(&app, options.quiet != FALSE, &signals);
    close(lock);
    g_free(app.data);
    return code;
}
