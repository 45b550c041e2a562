/* xuepai-service: start-up and shutdown, top to bottom. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include <glib.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/anchor.h"
#include "service/anchor_post.h"
#include "service/announce.h"
#include "service/embed_counts.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/housekeeping.h"
#include "service/http/parked.h"
#include "service/http/routes.h"
#include "service/http/server.h"
#include "service/maintenance.h"
#include "service/model/node.h"
#include "service/model/sandbox.h"
#include "service/outbound/outbound.h"
#include "service/parts.h"
#include "service/seal.h"
#include "service/setup.h"
#include "service/site/page.h"
#include "service/sms.h"
#include "service/store_watch.h"
#include "service/view_counts.h"
#include "service/webhooks.h"

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
    char *verify_sheet;
    char *public_key;
    char *exhibition;
    gboolean check;
};

static void options_clear(struct options *options)
{
    g_free(options->config);
    g_strfreev(options->set);
    g_free(options->migrate_from);
    g_free(options->import_media);
    g_free(options->export_media);
    g_free(options->verify_sheet);
    g_free(options->public_key);
    g_free(options->exhibition);
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
        {"exhibition", 0, 0, G_OPTION_ARG_STRING, &options->exhibition,
         "make a pack for a screen without a network of a region's works that may be exhibited, and end",
         "370100:FOLDER"},
        {"check", 0, 0, G_OPTION_ARG_NONE, &options->check, "check the ledger, and every object of the store, and end",
         NULL},
        {"verify-ledger", 0, 0, G_OPTION_ARG_NONE, &options->verify_ledger,
         "recompute the ledger's chain, hold it against the anchors, and end; also beside a running service", NULL},
        {"verify-sheet", 0, 0, G_OPTION_ARG_FILENAME, &options->verify_sheet,
         "is this PDF or XLSX as the installation signed it? and end", "FILE"},
        {"public-key", 0, 0, G_OPTION_ARG_STRING, &options->public_key,
         "of another installation, for --verify-sheet (GET /api/v1/public-key)", "HEX"},
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
        .greet = upload_greet,
        .shared_access = ACCESS_SHARED,
    };
    app->server = server_start(&config, table, route_count, access_gate, app, error);
    return app->server != NULL;
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

/* Here, or by another service of the database. */
static void on_topic(void *context, enum sql_topic topic)
{
    const struct app *app = context;

    switch (topic) {
    case SQL_TOPIC_JOBS:
        server_wake(app->server, "jobs");
        break;
    case SQL_TOPIC_SITE:
        server_site_changed(app->server);
        webhooks_wake(app->webhooks);
        break;
    default:
        break;
    }
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

    if (!outbound_start(&error) || !parts_open(app, &error) || !setup_administrator(app, &password, &error) ||
        !start_server(app, &error)) {
        const int code = complain(error);
        parts_close(app);
        outbound_stop();
        return code;
    }
    app->webhooks = webhooks_start(app);
    database_listen(app->database, on_topic, app);
    struct housekeeping *housekeeping = housekeeping_start(app);
    struct store_watch *store_watch = store_watch_start(app);
    struct anchor_post *anchor_post = anchor_post_start(app);
    struct ticker *sms = sms_start(app);
    announce_ready(app, password, quiet);
    const int code = serve(app, signals);
    log_info(&app->log, "service.stopping", "code=%d", code);
    ticker_stop(sms);
    anchor_post_stop(anchor_post);
    store_watch_stop(store_watch);
    database_unlisten(app->database);
    webhooks_stop(app->webhooks);
    housekeeping_stop(housekeeping); /* it wakes long polls of the server */
    server_stop(app->server);
    (void)view_counts_write(app->view_counts, app->database, g_get_real_time() / 1000, NULL);   /* likewise */
    (void)embed_counts_write(app->embed_counts, app->database, g_get_real_time() / 1000, NULL); /* else they are lost */
    (void)database_transact(app->database, "node.left", leave, app, NULL); /* else it is forgotten in half a minute */
    parts_close(app);
    outbound_stop();
    return code;
}

static enum maintenance maintenance_of(const struct options *options, const char **place)
{
    const struct {
        const char *place; /* NULL: not asked for */
        enum maintenance what;
    } asked[] = {
        {options->import_media, MAINTENANCE_IMPORT_MEDIA}, {options->migrate_from, MAINTENANCE_MOVE_ROWS},
        {options->export_media, MAINTENANCE_EXPORT_MEDIA}, {options->exhibition, MAINTENANCE_EXHIBITION},
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
    if ((writes && lock < 0) || !parts_open_storage(app, &error) || !maintenance_run(app, what, place, &error)) {
        code = complain(error);
    }
    parts_close(app);
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

static int verify_sheet(struct app *app, const char *path, const char *public_key)
{
    g_autoptr(GError) error = NULL;
    bool right = false;

    app->data = g_canonicalize_filename(app->settings->data, NULL);
    const bool done = seal_verify_command(app, path, public_key, &right, &error);
    g_clear_pointer(&app->data, g_free);
    return !done ? complain(error) : right ? EXIT_SUCCESS : EX_DATAERR;
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
    struct app app = {.log = log_named("service"), .settings = &settings, .sandbox = SANDBOX_FULL};
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
    if (options.verify_sheet != NULL) {
        return verify_sheet(&app, options.verify_sheet, options.public_key);
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
