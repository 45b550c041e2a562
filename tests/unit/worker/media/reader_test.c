#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "worker/media/reader.h"

#define PIECES 20

static gpointer grow(gpointer data)
{
    const int fd = GPOINTER_TO_INT(data);

    for (int i = 0; i < PIECES; i++) {
        g_usleep(10000);
        g_assert_cmpint(write(fd, "0123456789", 10), ==, 10);
    }
    return NULL;
}

struct file {
    char *path;
    int writer, reader;
};

static struct file file_new(void)
{
    struct file file = {0};

    file.writer = g_file_open_tmp("xuepai-reader-XXXXXX", &file.path, NULL);
    file.reader = open(file.path, O_RDONLY | O_CLOEXEC);
    g_assert_true(file.writer >= 0 && file.reader >= 0);
    return file;
}

static void file_clear(struct file *file)
{
    (void)g_unlink(file->path);
    close(file->writer);
    close(file->reader);
    g_free(file->path);
}

static void test_waits(void)
{
    struct file file = file_new();
    const struct reader reader = {.fd = file.reader, .size_bytes = 10 * PIECES, .patience_ms = 5000};
    char bytes[10 * PIECES];
    GThread *thread = g_thread_new("grow", grow, GINT_TO_POINTER(file.writer));

    /* the last first, as an index behind the pictures is read */
    g_assert_cmpint(reader_read(&reader, 10 * PIECES - 5, bytes, sizeof bytes), ==, 5);
    g_assert_cmpmem(bytes, 5, "56789", 5);
    g_assert_cmpint(reader_read(&reader, 0, bytes, sizeof bytes), ==, 10 * PIECES);
    g_assert_cmpint(reader_read(&reader, 10 * PIECES, bytes, sizeof bytes), ==, 0);
    g_thread_join(thread);
    file_clear(&file);
}

static void test_gives_up(void)
{
    struct file file = file_new();
    const struct reader reader = {.fd = file.reader, .size_bytes = 100, .patience_ms = 60};
    char bytes[100];

    g_assert_cmpint(write(file.writer, "0123456789", 10), ==, 10);
    g_assert_cmpint(reader_read(&reader, 0, bytes, sizeof bytes), ==, 10);
    g_assert_false(reader_read_exactly(&reader, 5, bytes, 10));
    file_clear(&file);
}

/* A whole file is never waited for, even where it is shorter than it was. */
static void test_whole(void)
{
    struct file file = file_new();
    const struct reader reader = {.fd = file.reader, .size_bytes = 100};
    char bytes[100];

    g_assert_cmpint(reader_read(&reader, 0, bytes, sizeof bytes), ==, 0);
    file_clear(&file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reader/waits", test_waits);
    g_test_add_func("/reader/gives_up", test_gives_up);
    g_test_add_func("/reader/whole", test_whole);
    return g_test_run();
}
