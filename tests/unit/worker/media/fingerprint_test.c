#include "worker/media/fingerprint.h"

#include <math.h>
#include <string.h>

#include <glib.h>

/* A picture of slow waves, another one for each seed, drawn at any size: what scaling leaves as it is. */
static struct picture *waves(int width, int height, int seed)
{
    struct picture *picture = picture_new(width, height, 0);
    GRand *random = g_rand_new_with_seed((guint32)seed);
    double across[6], down[6], phase[6];

    for (int i = 0; i < 6; i++) {
        across[i] = g_rand_double_range(random, 0, 5);
        down[i] = g_rand_double_range(random, 0, 5);
        phase[i] = g_rand_double_range(random, 0, 2 * G_PI);
    }
    g_rand_free(random);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            double value = 128;

            for (int i = 0; i < 6; i++) {
                value += 20 * cos(G_PI * (across[i] * (x + 0.5) / width + down[i] * (y + 0.5) / height) + phase[i]);
            }
            memset(picture->rgb + (y * width + x) * 3, (int)CLAMP(value, 0, 255), 3);
        }
    }
    return picture;
}

static int distance(const struct picture *a, const struct picture *b)
{
    return __builtin_popcountll(fingerprint_hash(a, 0) ^ fingerprint_hash(b, 0));
}

static void test_scaling_leaves_the_hash(void)
{
    for (int seed = 1; seed <= 20; seed++) {
        g_autoptr(Picture) large = waves(320, 180, seed);
        g_autoptr(Picture) small = waves(96, 54, seed);
        g_autoptr(Picture) other = waves(320, 180, 1000 + seed);

        g_assert_cmpint(distance(large, small), <=, 6);
        g_assert_cmpint(distance(large, other), >, 12); /* what the service takes for a copy */
    }
}

static void test_flat_pictures_say_nothing(void)
{
    struct fingerprint *fingerprint = fingerprint_new();
    g_autoptr(Picture) grey = picture_new(320, 180, 77);
    json_t *made;

    g_assert_cmpuint(fingerprint_hash(grey, 0), ==, 0);
    for (int i = 0; i < 10; i++) {
        fingerprint_add(fingerprint, i * (LIBAV_VIDEO_HZ / 2), grey);
    }
    made = fingerprint_json(fingerprint);
    g_assert_cmpstr(json_string_value(json_object_get(made, "pictures")), ==, "");
    g_assert_cmpstr(json_string_value(json_object_get(made, "sound")), ==, "");
    json_decref(made);
    fingerprint_free(fingerprint);
}

/* However long the clip is, and from its whole length. */
static void test_frames_are_bounded(void)
{
    struct fingerprint *fingerprint = fingerprint_new();
    g_autofree char *last = NULL;
    const char *pictures;
    json_t *made;

    for (int i = 0; i < 1000; i++) {
        g_autoptr(Picture) picture = waves(64, 36, i);

        fingerprint_add(fingerprint, (int64_t)i * LIBAV_VIDEO_HZ / 2, picture);
        if (i >= 992) {
            g_autofree char *sum = last;
            last =
                g_strdup_printf("%s%016" G_GINT64_MODIFIER "x ", sum == NULL ? "" : sum, fingerprint_hash(picture, 0));
        }
    }
    made = fingerprint_json(fingerprint);
    pictures = json_string_value(json_object_get(made, "pictures"));
    g_assert_cmpint(strlen(pictures) / 32, <=, FINGERPRINT_FRAMES_MAX);
    g_assert_cmpint(strlen(pictures) / 32, >, FINGERPRINT_FRAMES_MAX / 3);
    {
        g_autofree char *end = g_strndup(pictures + strlen(pictures) - 32, 16);
        g_assert_nonnull(strstr(last, end)); /* of the last slot of sixteen halves of a second */
    }
    json_decref(made);
    fingerprint_free(fingerprint);
}

static AVFrame *tone(int64_t from, double loud)
{
    AVFrame *frame = av_frame_alloc();

    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->nb_samples = 4800;
    frame->sample_rate = LIBAV_AUDIO_HZ;
    av_channel_layout_default(&frame->ch_layout, 2);
    g_assert_cmpint(av_frame_get_buffer(frame, 0), ==, 0);
    for (int i = 0; i < 4800; i++) {
        const double second = (double)(from + i) / LIBAV_AUDIO_HZ, hz = 220 * pow(2, floor(second * 2) / 12);
        const float value = (float)(loud * sin(2 * G_PI * hz * second));

        ((float *)(void *)frame->extended_data[0])[i] = value;
        ((float *)(void *)frame->extended_data[1])[i] = value;
    }
    return frame;
}

/* The items of ten seconds of a scale, heard so loud. */
static char *heard(double loud)
{
    struct fingerprint *fingerprint = fingerprint_new();
    json_t *made;
    char *sound;

    for (int64_t from = 0; from < 10 * LIBAV_AUDIO_HZ; from += 4800) {
        AVFrame *frame = tone(from, loud);
        fingerprint_hear(fingerprint, frame);
        av_frame_free(&frame);
    }
    made = fingerprint_json(fingerprint);
    sound = g_strdup(json_string_value(json_object_get(made, "sound")));
    json_decref(made);
    fingerprint_free(fingerprint);
    return sound;
}

static void test_sound_is_heard_whatever_its_loudness(void)
{
    g_autofree char *loud = heard(0.5), *quiet = heard(0.1);
    int differ = 0;

    g_assert_cmpint(strlen(loud), >, 8 * 40); /* eight items a second, less its windows' width */
    g_assert_cmpint(strlen(loud), ==, strlen(quiet));
    for (size_t i = 0; loud[i] != '\0'; i++) {
        differ += __builtin_popcount((unsigned)(g_ascii_xdigit_value(loud[i]) ^ g_ascii_xdigit_value(quiet[i])));
    }
    g_assert_cmpint(differ, <, (int)strlen(loud) * 4 / 10); /* of its bits a tenth at most */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fingerprint/scaling_leaves_the_hash", test_scaling_leaves_the_hash);
    g_test_add_func("/fingerprint/flat_pictures_say_nothing", test_flat_pictures_say_nothing);
    g_test_add_func("/fingerprint/frames_are_bounded", test_frames_are_bounded);
    g_test_add_func("/fingerprint/sound_is_heard_whatever_its_loudness", test_sound_is_heard_whatever_its_loudness);
    return g_test_run();
}
