#include "worker/capacity.h"

#include <glib/gstdio.h>

#define GB (1000LL * 1000 * 1000)

static void test_slots(void)
{
    static const struct {
        int cores;
        int64_t memory_bytes;
        int slots;
    } ROWS[] = {
        {1, 64 * GB, 1}, {2, 64 * GB, 1}, {4, 64 * GB, 2}, {32, 64 * GB, 16}, {32, 8 * GB, 6},
        {32, 2 * GB, 1}, {4, GB / 2, 1},  {4, 0, 1},       {8, INT64_MAX, 4},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_assert_cmpint(capacity_slots(ROWS[i].cores, ROWS[i].memory_bytes), ==, ROWS[i].slots);
    }
}

static void put(const char *root, const char *path, const char *text)
{
    g_autofree char *whole = g_strconcat(root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(whole);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(whole, text, -1, NULL));
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);

    for (const char *name; folder != NULL && (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *inside = g_build_filename(path, name, NULL);
        remove_tree(inside);
    }
    (void)g_remove(path); /* a test's own */
}

static void test_memory(void)
{
    g_autofree char *root = g_dir_make_tmp("xuepai-capacity-XXXXXX", NULL);

    g_assert_cmpint(capacity_memory(root), ==, INT64_MAX); /* nothing says anything */
    put(root, "/proc/meminfo", "MemTotal:       8000000 kB\nMemFree:         100000 kB\nMemAvailable:    4000000 kB\n");
    g_assert_cmpint(capacity_memory(root), ==, 4000000LL * 1024);
    put(root, "/proc/self/cgroup", "0::/system.slice/xuepai-worker.service\n");
    put(root, "/sys/fs/cgroup/system.slice/xuepai-worker.service/memory.max", "max\n");
    g_assert_cmpint(capacity_memory(root), ==, 4000000LL * 1024);
    put(root, "/sys/fs/cgroup/system.slice/memory.max", "2500000000\n"); /* of the group around it */
    g_assert_cmpint(capacity_memory(root), ==, 2500000000LL);
    put(root, "/sys/fs/cgroup/system.slice/xuepai-worker.service/memory.max", "1300000000\n");
    g_assert_cmpint(capacity_memory(root), ==, 1300000000LL);
    put(root, "/sys/fs/cgroup/system.slice/xuepai-worker.service/memory.max", "9000000000\n");
    g_assert_cmpint(capacity_memory(root), ==, 2500000000LL);
    put(root, "/proc/self/cgroup", "1:memory:/old\n0::/\n"); /* a container's own root */
    put(root, "/sys/fs/cgroup/memory.max", "700000000\n");
    g_assert_cmpint(capacity_memory(root), ==, 700000000LL);
    put(root, "/proc/meminfo", "MemAvailable: much\n");
    g_assert_cmpint(capacity_memory(root), ==, 700000000LL);
    remove_tree(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/capacity/slots", test_slots);
    g_test_add_func("/capacity/memory", test_memory);
    return g_test_run();
}
