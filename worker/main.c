/* xuepai-worker: runs xuepai-media on untrusted files and hands over what comes out. */
#include <stdio.h>
#include <unistd.h>

#include <glib.h>

#include "worker/child.h"
#include "worker/once.h"

/* xuepai-media lies beside this program. */
static char *media_program(void)
{
    g_autofree char *own = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = own == NULL ? g_strdup(".") : g_path_get_dirname(own);

    return g_build_filename(folder, "xuepai-media", NULL);
}

static int run_self_test(const char *program)
{
    g_autofree char *line = NULL;
    g_autoptr(GError) error = NULL;

    if (!child_self_test(program, &line, &error)) {
        (void)fprintf(stderr, "xuepai-worker: %s\n", error->message);
        return 1;
    }
    printf("%s\n", line);
    return 0;
}

int main(int argc, char **argv)
{
    gboolean version = FALSE, self_test = FALSE, once = FALSE;
    g_autofree char *facts = NULL, *limits = NULL;
    g_autofree char *media = media_program();
    int threads = (int)g_get_num_processors();
    const GOptionEntry options[] = {
        {"once", 0, 0, G_OPTION_ARG_NONE, &once, "run one recipe: KIND FILE FOLDER", NULL},
        {"facts", 0, 0, G_OPTION_ARG_FILENAME, &facts, "facts that prepare gave, for ladder", "FILE"},
        {"limits", 0, 0, G_OPTION_ARG_STRING, &limits, "limits of the track", "JSON"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "threads of one job", "N"},
        {"self-test", 0, 0, G_OPTION_ARG_NONE, &self_test, "try what the sandbox forbids", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("[KIND FILE FOLDER]");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        (void)fprintf(stderr, "xuepai-worker: %s\n", error->message);
        return 2;
    }
    if (version) {
        printf("xuepai-worker %s\n", XUEPAI_VERSION);
        return 0;
    }
    if (self_test) {
        return run_self_test(media);
    }
    if (once && argc == 4) {
        return once_run(&(struct once){.kind = argv[1],
                                       .file = argv[2],
                                       .folder = argv[3],
                                       .facts_file = facts,
                                       .limits = limits,
                                       .media_program = media,
                                       .threads = threads});
    }
    (void)fprintf(stderr, "usage: xuepai-worker --once KIND FILE FOLDER | --self-test | --version\n");
    return 2;
}
