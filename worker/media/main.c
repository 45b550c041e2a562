/* xuepai-media: one untrusted file, in a process that can do nothing but compute. Reads its task,
 * loads what loads lazily, locks itself, and only then touches the first byte of input. Descriptors
 * and lines: worker/task.h.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vips/vips.h>

#include "worker/media/libav.h"
#include "worker/media/photo.h"
#include "worker/media/sandbox.h"
#include "worker/media/sink.h"
#include "worker/media/verb.h"

#define EXIT_MEDIA    3
#define ALLOC_MAX     (128 << 20)
#define PROGRESS_US   200000
#define PROGRESS_STEP 10
#define WORDS_MAX     180
#define ARENAS_MAX    2 /* glibc reserves 64 MB of address space for each, one a thread: too much under RLIMIT_AS */

#ifdef XUEPAI_SANITIZE
/* A leak check at the end would stop all threads by ptrace, which the lock forbids. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

struct reporter {
    int permille;
    int64_t said_us;
};

static verb_run *const VERBS[TASK_VERB_COUNT] = {
    [TASK_PREPARE] = verb_prepare,
    [TASK_WHOLE] = verb_prepare,
    [TASK_LADDER] = verb_ladder,
    [TASK_COVER] = verb_cover,
    [TASK_VERIFY] = verb_verify,
};

static void say(const char *line)
{
    g_autofree char *whole = g_strconcat(line, "\n", NULL);

    (void)sink_write_all(STDOUT_FILENO, whole, strlen(whole), NULL); /* the worker is gone: so are we soon */
}

/* At most five lines a second, and one at least, also when the number stands still: it says that
 * frames flow. */
static void report(void *data, int permille)
{
    struct reporter *reporter = data;
    const int64_t now_us = g_get_monotonic_time();
    char line[32];

    if (now_us - reporter->said_us < PROGRESS_US ||
        (permille - reporter->permille < PROGRESS_STEP && now_us - reporter->said_us < 900000)) {
        return;
    }
    reporter->permille = MAX(reporter->permille, permille);
    reporter->said_us = now_us;
    g_snprintf(line, sizeof line, "P %d", reporter->permille);
    say(line);
}

static int say_failure(const GError *error)
{
    g_autofree char *words = g_strndup(error->message, WORDS_MAX);
    g_autofree char *valid = g_utf8_make_valid(words, -1);
    g_autofree char *line = NULL;

    g_strdelimit(valid, "\r\n\t", ' ');
    line = g_strdup_printf("E %s %s", reason_rule_of(error_reason(error))->code, valid);
    say(line);
    return error_reason(error) == REASON_INFRASTRUCTURE || error_reason(error) == REASON_INTERNAL ? 1 : EXIT_MEDIA;
}

static bool read_task(struct task *task, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    json_auto_t *json = NULL;
    char block[4096];
    ssize_t got;

    while ((got = read(STDIN_FILENO, block, sizeof block)) != 0) {
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 || text->len + (size_t)got > TASK_BYTES_MAX) {
            g_set_error(error, MEDIA_ERROR, REASON_INFRASTRUCTURE, "task cannot be read");
            return false;
        }
        g_string_append_len(text, block, got);
    }
    json = json_loadb(text->str, text->len, JSON_REJECT_DUPLICATES, NULL);
    return task_from_json(json, task, error);
}

/* GLib's own writer asks what kind of socket stderr is, which the lock punishes; libraries warn,
 * nobody reads it. */
static void swallow(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data)
{
    (void)domain, (void)level, (void)message, (void)data;
}

/* What these libraries find out or load at their first use. */
static bool warm_up(const struct task *task, struct sniffer **sniffer, GError **error)
{
    (void)mallopt(M_ARENA_MAX, ARENAS_MAX); /* a larger footprint then, nothing else */
    (void)g_log_set_default_handler(swallow, NULL);
    av_log_set_level(AV_LOG_QUIET);
    av_max_alloc(ALLOC_MAX);
    (void)av_get_cpu_flags();
    (void)g_get_num_processors();
    *sniffer = sniffer_open(error);
    if (*sniffer == NULL) {
        return false;
    }
    /* Stills of any clip are written by libvips; rungs and videos to verify have none. */
    const bool draws = task->verb == TASK_PREPARE || task->verb == TASK_WHOLE || task->verb == TASK_COVER ||
                       task->limits.photo || task->branding_bytes[TASK_WATERMARK] > 0;
    const bool profiles = (task->limits.photo && task->verb != TASK_VERIFY) || /* what we made has none */
                          task->branding_bytes[TASK_WATERMARK] > 0;
    return !draws || photo_prepare_library(profiles, error);
}

static bool run_verb(const struct task *task, struct sniffer *sniffer, GError **error)
{
    struct reporter reporter = {.permille = 0};
    struct verb_context context = {
        .task = task, .sniffer = sniffer, .progress = report, .data = &reporter, .outputs = json_array()};
    const bool ok = VERBS[task->verb](&context, error);

    if (ok) {
        json_auto_t *result = json_pack("{s:O, s:O}", "facts", context.facts, "outputs", context.outputs);
        g_autofree char *text = json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(6));
        g_autofree char *line = g_strconcat("R ", text, NULL);
        say("P 1000");
        say(line);
    }
    json_decref(context.facts);
    json_decref(context.outputs);
    return ok;
}

static int run_task(struct sandbox *sandbox)
{
    g_autoptr(GError) error = NULL;
    struct sniffer *sniffer = NULL;
    g_autofree char *line = NULL;
    g_autofree char *text = NULL;
    struct task task;
    int code = 0;

    if (!read_task(&task, &error) || !warm_up(&task, &sniffer, &error)) {
        return say_failure(error);
    }
    if (!sandbox_lock(sandbox, task.unsafe, &error)) {
        (void)say_failure(error);
        return TASK_SANDBOX_EXIT;
    }
    line = sandbox_line(sandbox);
    text = g_strconcat("S ", line, NULL);
    say(text);
    if (!run_verb(&task, sniffer, &error)) {
        code = say_failure(error);
    }
    sniffer_free(sniffer);
    return code;
}

static int serve_sniffer(struct sandbox *sandbox, bool unsafe)
{
    g_autoptr(GError) error = NULL;
    struct sniffer *sniffer = sniffer_open(&error);
    g_autofree char *line = NULL;
    int code;

    if (sniffer == NULL || !sandbox_lock(sandbox, unsafe, &error)) {
        (void)fprintf(stderr, "xuepai-media: %s\n", error->message);
        sniffer_free(sniffer);
        return TASK_SANDBOX_EXIT;
    }
    line = sandbox_line(sandbox);
    code = sniffer_serve(sniffer, line, STDIN_FILENO, STDOUT_FILENO);
    sniffer_free(sniffer);
    return code;
}

static int print_version(void)
{
    printf("xuepai-media %s\nlibavformat %u.%u.%u\nlibavcodec %u.%u.%u\nlibvips %s\n", XUEPAI_VERSION,
           AV_VERSION_MAJOR(avformat_version()), AV_VERSION_MINOR(avformat_version()),
           AV_VERSION_MICRO(avformat_version()), AV_VERSION_MAJOR(avcodec_version()),
           AV_VERSION_MINOR(avcodec_version()), AV_VERSION_MICRO(avcodec_version()), vips_version_string());
    return 0;
}

int main(int argc, char **argv)
{
    gboolean sniff = FALSE, self_test = FALSE, version = FALSE, unsafe = FALSE, userns = FALSE;
    gboolean netns = FALSE;
    const GOptionEntry options[] = {
        {"sniff", 0, 0, G_OPTION_ARG_NONE, &sniff, "answer questions about heads of files", NULL},
        {"self-test", 0, 0, G_OPTION_ARG_NONE, &self_test, "try what the sandbox forbids", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, "print versions", NULL},
        {"unsafe", 0, 0, G_OPTION_ARG_NONE, &unsafe, "sniff even where no sandbox can be had", NULL},
        {"userns", 0, 0, G_OPTION_ARG_NONE, &userns, "the caller gave an own user namespace", NULL},
        {"netns", 0, 0, G_OPTION_ARG_NONE, &netns, "the caller gave an own network", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- media work in a locked process");
    g_autoptr(GError) error = NULL;
    struct sandbox sandbox = {.uid = getuid()};

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        (void)fprintf(stderr, "xuepai-media: %s\n", error->message);
        return 2;
    }
    sandbox.has_userns = userns;
    sandbox.has_netns = netns;
    if (version) {
        return print_version();
    }
    if (self_test) {
        return sandbox_self_test(&sandbox);
    }
    return sniff ? serve_sniffer(&sandbox, unsafe) : run_task(&sandbox);
}
