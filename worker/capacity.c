#include "worker/capacity.h"

#include <stdbool.h>
#include <string.h>

int capacity_slots(int cores, int64_t memory_bytes)
{
    const int64_t by_memory = memory_bytes / CAPACITY_BYTES;

    return (int)MAX(MIN(cores / CAPACITY_CORES, by_memory), 1);
}

/* The number behind `name` at the beginning of a line of `text`; -1 where there is none. */
static int64_t number_at(const char *text, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = NULL;
        guint64 number;

        if (!g_str_has_prefix(lines[i], name)) {
            continue;
        }
        words = g_strsplit(g_strstrip(lines[i] + strlen(name)), " ", 2);
        if (words[0] != NULL && g_ascii_string_to_unsigned(words[0], 10, 0, G_MAXINT64 / 1024, &number, NULL)) {
            return (int64_t)number;
        }
    }
    return -1;
}

static char *read_text(const char *root, const char *path)
{
    g_autofree char *whole = g_strconcat(root, path, NULL);
    char *text = NULL;

    return g_file_get_contents(whole, &text, NULL, NULL) ? text : NULL;
}

/* A group is no larger than those that it is in. "max" is no number, so no limit. */
static int64_t least_of_groups(const char *root, const char *group)
{
    g_autofree char *at = g_strdup(group);
    int64_t least = INT64_MAX;
    bool is_top;

    do {
        g_autofree char *path = g_strconcat("/sys/fs/cgroup", at, "/memory.max", NULL);
        g_autofree char *text = read_text(root, path);
        const int64_t limit = text == NULL ? -1 : number_at(text, "");
        char *last = strrchr(at, '/');

        least = limit < 0 ? least : MIN(least, limit);
        is_top = last == NULL;
        if (last != NULL) {
            *last = '\0';
        }
    } while (!is_top);
    return least;
}

int64_t capacity_memory(const char *root)
{
    g_autofree char *meminfo = read_text(root, "/proc/meminfo");
    g_autofree char *groups = read_text(root, "/proc/self/cgroup");
    const int64_t available_kib = meminfo == NULL ? -1 : number_at(meminfo, "MemAvailable:");
    const char *own = groups == NULL ? NULL : strstr(groups, "0::/"); /* the line of version 2 */
    g_autofree char *group = own == NULL ? NULL : g_strdup(own + strlen("0::"));
    int64_t memory = available_kib < 0 ? INT64_MAX : available_kib * 1024;

    if (group != NULL) {
        memory = MIN(memory, least_of_groups(root, g_strchomp(group)));
    }
    return memory;
}
