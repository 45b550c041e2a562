/* xuepai-worker: claims jobs from the service and runs xuepai-media on one untrusted file at a time. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <curl/curl.h>
#include <glib.h>

#include "common/failure.h"
#include "common/log.h"
#include "common/settings.h"
#include "worker/capacity.h"
#include "worker/child.h"
#include "worker/loop.h"
#include "worker/once.h"

enum {
    TOKEN_WAIT_S = 60, /* the service may still be making its token */
    EX_NO_SANDBOX = 78, /* EX_CONFIG: nothing here locks the media program in */
};

struct options {
    char *config;
    char **set;
    gboolean once;
    char *facts, *review;
    char *branding[TASK_BRANDING_COUNT];
    char *limits;
    int threads;
    gint64 growing_bytes;
    gboolean self_test;
    gboolean check_config;
    gboolean version;
};

static void options_clear(struct options *options)
{
    g_free(options->config);
    g_strfreev(options->set);
    g_free(options->facts);
    g_free(options->review);
    g_free(options->limits);
    for (int i = 0; i < TASK_BRANDING_COUNT; i++) {
        g_free(options->branding[i]);
    }
}
typedef struct options Options;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static bool read_options(int *argc, char ***argv, struct options *options)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config, "key file with settings", "FILE"},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &options->set, "one setting; wins over file and environment",
         "KEY=VALUE"},
        {"once", 0, 0, G_OPTION_ARG_NONE, &options->once, "run one recipe without a service: KIND FILE FOLDER", NULL},
        {"facts", 0, 0, G_OPTION_ARG_FILENAME, &options->facts, "with --once: facts that prepare gave, for ladder",
         "FILE"},
        {"review", 0, 0, G_OPTION_ARG_FILENAME, &options->review,
         "with --once: prepare's copy, of which a ladder takes the sound", "FILE"},
        {"intro", 0, 0, G_OPTION_ARG_FILENAME, &options->branding[TASK_INTRO],
         "with --once: a clip that stands before it", "FILE"},
        {"outro", 0, 0, G_OPTION_ARG_FILENAME, &options->branding[TASK_OUTRO],
         "with --once: a clip that stands behind it", "FILE"},
        {"watermark", 0, 0, G_OPTION_ARG_FILENAME, &options->branding[TASK_WATERMARK],
         "with --once: a picture in its upper right corner", "FILE"},
        {"limits", 0, 0, G_OPTION_ARG_STRING, &options->limits, "with --once: limits of the track", "JSON"},
        {"growing", 0, 0, G_OPTION_ARG_INT64, &options->growing_bytes,
         "with --once: FILE is still growing and will have so many bytes", "BYTES"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options->threads, "with --once: threads of the job", "N"},
        {"self-test", 0, 0, G_OPTION_ARG_NONE, &options->self_test, "try what the sandbox forbids", NULL},
        {"check-config", 0, 0, G_OPTION_ARG_NONE, &options->check_config, "print every setting in force and end", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "print the version", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("[KIND FILE FOLDER]");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        fprintf(stderr, "xuepai-worker: %s\n", error->message);
        return false;
    }
    return true;
}

/* xuepai-media lies beside this program. */
static char *media_program(const struct settings *settings)
{
    g_autofree char *own = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = own == NULL ? g_strdup(".") : g_path_get_dirname(own);

    return settings->media_program[0] != '\0' ? g_strdup(settings->media_program)
                                              : g_build_filename(folder, "xuepai-media", NULL);
}

/* "… level=full …" -> "full"; the caller's. */
static char *level_of(const char *line)
{
    const char *at = strstr(line, "level=");

    return at == NULL ? g_strdup("none") : g_strndup(at + strlen("level="), strcspn(at + strlen("level="), " "));
}

static char *service_url(const struct settings *settings, GError **error)
{
    g_autofree char *host = NULL;
    int port = 0;

    if (settings->service_url[0] != '\0') {
        g_autofree char *url = g_strdup(settings->service_url);
        if (g_str_has_suffix(url, "/")) {
            url[strlen(url) - 1] = '\0';
        }
        return g_steal_pointer(&url);
    }
    if (!settings_listen(settings, &host, &port, error)) {
        return NULL;
    }
    const char *name = strcmp(host, "0.0.0.0") == 0 ? "127.0.0.1" : strcmp(host, "::") == 0 ? "::1" : host;
    return strchr(name, ':') == NULL ? g_strdup_printf("http://%s:%d", name, port)
                                     : g_strdup_printf("http://[%s]:%d", name, port);
}

static char *worker_token(const struct settings *settings, GError **error)
{
    g_autofree char *path = g_build_filename(settings->data, "worker.token", NULL);

    if (settings->worker_token[0] != '\0') {
        return g_strdup(settings->worker_token);
    }
    for (int i = 0; i < TOKEN_WAIT_S * 10; i++) {
        char *token = NULL;
        if (g_file_get_contents(path, &token, NULL, NULL)) {
            return g_strstrip(token);
        }
        g_usleep(100000);
    }
    g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "%s is not there; start the service first, or set worker_token",
                path);
    return NULL;
}

static int complain(const GError *error)
{
    fprintf(stderr, "xuepai-worker: %s\n", error->message);
    return error_reason(error) == REASON_INPUT ? EX_CONFIG : EX_UNAVAILABLE;
}

static int run_loop(const struct settings *settings, const char *media, const char *level, const sigset_t *signals)
{
    const struct log log = log_named("worker");
    g_autoptr(GError) error = NULL;
    g_autofree char *url = service_url(settings, &error);
    g_autofree char *token = url == NULL ? NULL : worker_token(settings, &error);
    g_autofree char *scratch = g_strdup_printf("%s/xuepai-worker-%d", g_get_tmp_dir(), (int)getpid());
    const int cores = (int)g_get_num_processors();
    const int slots = settings->worker_slots > 0 ? (int)settings->worker_slots : capacity_slots(cores, capacity_memory(""));
    int signal_number = 0;

    if (token == NULL) {
        return complain(error);
    }
    const struct loop_config config = {
        .url = url,
        .token = token,
        .data = settings->data,
        .scratch = scratch,
        .media_program = media,
        .sandbox = level,
        .slots = slots,
        .threads = MAX(1, cores / slots),
        .unsafe = settings->sandbox_unsafe,
    };
    struct loop *loop = loop_start(&config, &log, &error);
    if (loop == NULL) {
        return complain(error);
    }
    printf("ready worker of %s with %d slots, sandbox %s\n", url, slots, level);
    fflush(stdout);
    (void)sigwait(signals, &signal_number); /* the set is valid */
    log_info(&log, "worker.stopping", "signal=%d", signal_number);
    loop_stop(loop);
    (void)rmdir(scratch); /* not empty only after a crash of a child */
    return EXIT_SUCCESS;
}

/* The self-test decides whether this machine may touch untrusted files at all. */
static int run_worker(const struct settings *settings, const sigset_t *signals)
{
    g_autofree char *media = media_program(settings);
    g_autofree char *line = NULL;
    g_autoptr(GError) error = NULL;

    if (!child_self_test(media, &line, &error) && !settings->sandbox_unsafe) {
        fprintf(stderr, "xuepai-worker: %s\n", error->message);
        return EX_NO_SANDBOX;
    }
    printf("%s\n", line == NULL ? "sandbox: level=none" : line);
    g_autofree char *level = level_of(line == NULL ? "" : line);
    return run_loop(settings, media, level, signals);
}

static int run_once(const struct options *options, const struct settings *settings, char **argv)
{
    g_autofree char *media = media_program(settings);

    return once_run(&(struct once){
        .kind = argv[1],
        .file = argv[2],
        .folder = argv[3],
        .facts_file = options->facts,
        .review_file = options->review,
        .branding = {options->branding[TASK_INTRO], options->branding[TASK_OUTRO], options->branding[TASK_WATERMARK]},
        .limits = options->limits,
        .media_program = media,
        .growing_bytes = options->growing_bytes,
        .unsafe = settings->sandbox_unsafe,
        .threads = options->threads > 0 ? options->threads : (int)g_get_num_processors(),
    });
}

static int run_self_test(const struct settings *settings)
{
    g_autofree char *media = media_program(settings);
    g_autofree char *line = NULL;
    g_autoptr(GError) error = NULL;

    if (!child_self_test(media, &line, &error)) {
        fprintf(stderr, "xuepai-worker: %s\n", error->message);
        return EXIT_FAILURE;
    }
    printf("%s\n", line);
    return EXIT_SUCCESS;
}

static int run(const struct options *options, const struct settings *settings, int argc, char **argv,
               const sigset_t *signals)
{
    if (options->check_config) {
        g_autofree char *text = settings_describe(settings);
        printf("%s", text);
        return EXIT_SUCCESS;
    }
    if (options->self_test) {
        return run_self_test(settings);
    }
    if (options->once) {
        if (argc != 4) {
            fprintf(stderr, "usage: xuepai-worker --once KIND FILE FOLDER\n");
            return EX_USAGE;
        }
        return run_once(options, settings, argv);
    }
    if (!log_set_level(settings->log_level)) {
        fprintf(stderr, "xuepai-worker: log_level: debug, info, message or warning\n");
        return EX_CONFIG;
    }
    return run_worker(settings, signals);
}

int main(int argc, char **argv)
{
    g_auto(Options) options = {0};
    g_auto(Settings) settings = {0};
    sigset_t signals;
    g_autoptr(GError) error = NULL;

    (void)setlocale(LC_ALL, "C.UTF-8"); /* without it texts are still UTF-8 inside */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    if (!read_options(&argc, &argv, &options)) {
        return EX_USAGE;
    }
    if (options.version) {
        printf("xuepai-worker %s\n", XUEPAI_VERSION);
        return EXIT_SUCCESS;
    }
    if (!settings_read(&settings, options.config, (const char *const *)options.set, &error)) {
        return complain(error);
    }
    if (!options.once && !options.self_test) {
        sigprocmask(SIG_BLOCK, &signals, NULL);
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const int code = run(&options, &settings, argc, argv, &signals);
    curl_global_cleanup();
    return code;
}
