/* A recipe around a stand-in for xuepai-media, which is this program: what it makes of a clip and what it sees of that when it
 * looks again is said by the clip's one byte. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>

#include "worker/recipe.h"
#include "worker/task.h"

enum clip {
    CLIP_SOUND = 's',   /* the copy is as it was said to be */
    CLIP_WRAPPED = 'w', /* where it is the original, wrapped anew, it is not */
    CLIP_BOTH = 'b',    /* and where it is encoded neither */
};

/* -- the stand-in ------------------------------------------------------------------------------------------ */

static char byte_at(int fd)
{
    char byte = 0;

    g_assert_cmpint(pread(fd, &byte, 1, 0), ==, 1);
    return byte;
}

static json_t *look(const struct task *task)
{
    json_t *outputs = json_array();

    for (int i = 0; i < task->outputs; i++) {
        const char clip = byte_at(TASK_OUTPUT_FD + i);
        const bool is_wrapped = strcmp(task->output[i], "720p.mp4") == 0;
        const bool is_other = clip == CLIP_BOTH || (clip == CLIP_WRAPPED && is_wrapped);
        json_array_append_new(outputs, json_pack("{s:s, s:i, s:i, s:i, s:f, s:i, s:{s:s}}", "name", task->output[i],
                                                 "width", is_other ? 34 : 32, "height", 18, "duration_ms", 1000, "fps",
                                                 30.0, "decode_errors", 0, "video", "codec", "h264"));
    }
    return json_pack("{s:{}, s:o}", "facts", "outputs", outputs);
}

static json_t *make(const struct task *task)
{
    const char *name = task->encodes ? "480p.mp4" : "720p.mp4";
    const char clip = byte_at(TASK_INPUT_FD);

    g_assert_cmpint(pwrite(task_output_fd(task, name), &clip, 1, 0), ==, 1);
    return json_pack("{s:{s:{s:s}, s:b}, s:[{s:s, s:i, s:i, s:i}]}", "facts", "review", "name", name,
                     "source_keyframes", !task->encodes, "outputs", "name", name, "width", 32, "height", 18,
                     "duration_ms", 1000);
}

static int stand_in(void)
{
    json_auto_t *json = json_loadf(stdin, 0, NULL);
    json_auto_t *result = NULL;
    struct task task;

    g_assert_true(task_from_json(json, &task, NULL));
    result = task.verb == TASK_VERIFY ? look(&task) : make(&task);
    g_autofree char *text = json_dumps(result, JSON_COMPACT);
    printf("S level=none\nP 500\nR %s\n", text);
    return 0;
}

/* -- tests ------------------------------------------------------------------------------------------------- */

static bool goes_on(void *context, int permille)
{
    int *told = context;

    g_assert_cmpint(permille, >=, *told);
    *told = permille;
    return true;
}

static void prepare(enum clip clip, struct recipe_result *result, const char **left)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_dir_make_tmp("xuepai-recipe-XXXXXX", NULL);
    g_autofree char *input = g_build_filename(folder, "clip", NULL), *made = g_build_filename(folder, "made", NULL);
    const char byte = (char)clip;
    int told = 0;

    g_assert_true(g_file_set_contents(input, &byte, 1, NULL));
    g_assert_cmpint(g_mkdir(made, 0700), ==, 0);
    const int fd = open(input, O_RDONLY | O_CLOEXEC);
    const struct recipe_job job = {.kind = "prepare",
                                   .input_fd = fd,
                                   .input_bytes = 1,
                                   .review_fd = -1,
                                   .folder = made,
                                   .media_program = program,
                                   .threads = 1,
                                   .unsafe = true};

    g_assert_true(recipe_run(&job, goes_on, &told, result, NULL));
    *left = NULL;
    for (size_t i = 0; i < 2; i++) {
        static const char *const NAMES[] = {"480p.mp4", "720p.mp4"};
        g_autofree char *path = g_build_filename(made, NAMES[i], NULL);
        if (g_unlink(path) == 0) {
            g_assert_null(*left); /* one of them, if any */
            *left = NAMES[i];
        }
    }
    g_assert_cmpint(g_rmdir(made), ==, 0); /* nothing else was there */
    g_assert_cmpint(g_unlink(input) + g_rmdir(folder), ==, 0);
    g_assert_cmpint(close(fd), ==, 0);
}

static void test_copy_is_encoded_where_wrapping_went_wrong(void)
{
    const struct {
        enum clip clip;
        const char *name; /* of the copy; NULL: none */
    } rows[] = {{CLIP_SOUND, "720p.mp4"}, {CLIP_WRAPPED, "480p.mp4"}, {CLIP_BOTH, NULL}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct recipe_result result;
        const char *left;

        prepare(rows[i].clip, &result, &left);
        g_assert_cmpstr(left, ==, rows[i].name);
        g_assert_cmpint(result.ok, ==, rows[i].name != NULL);
        if (result.ok) {
            const struct recipe_output *output = g_ptr_array_index(result.outputs, 0);
            g_assert_cmpint(result.outputs->len, ==, 1);
            g_assert_cmpstr(output->name, ==, rows[i].name);
            g_assert_cmpstr(output->kind, ==, "review-mp4");
        } else {
            g_assert_cmpint(result.next, ==, RECIPE_QUARANTINE);
            g_assert_cmpstr(result.words, ==, "verify 480p.mp4: not as reported");
        }
        recipe_result_clear(&result);
    }
}

int main(int argc, char **argv)
{
    if (strcmp(argv[0], "xuepai-media") == 0) { /* started in its place */
        return stand_in();
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recipe/copy_is_encoded_where_wrapping_went_wrong", test_copy_is_encoded_where_wrapping_went_wrong);
    return g_test_run();
}
