#include "worker/media/preview.h"

#include "worker/media/sink.h"

#define PICTURES_MAX 12
#define SHOWN_MS     250 /* 12 make three seconds; a shorter clip runs at its own speed */
#define BYTES_MAX    300000

/* All pictures below each other, which is how libvips takes an animation. */
static struct picture *strip_of(const GArray *stills, int count)
{
    const struct picture *first = g_array_index(stills, struct still, 0).picture;
    struct picture *strip = picture_new(first->width, first->height * count, 0);

    for (int i = 0; i < count; i++) {
        const unsigned index = (unsigned)((int64_t)i * stills->len / count);
        picture_draw(strip, g_array_index(stills, struct still, index).picture, 0, i * first->height);
    }
    return strip;
}

bool preview_write(const struct storyboard *storyboard, const char *label, int fd, GError **error)
{
    static const int QUALITIES[] = {60, 35, 10}; /* noise that moves is all that ever needs the second one */
    const GArray *stills = storyboard_stills(storyboard);
    const int count = (int)MIN(stills->len, PICTURES_MAX);
    const struct picture_animation animation = {.count = count, .shown_ms = SHOWN_MS};
    g_autoptr(Picture) strip = strip_of(stills, count);
    g_autoptr(GBytes) bytes = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(QUALITIES); i++) {
        g_clear_pointer(&bytes, g_bytes_unref);
        bytes = picture_to_webp(strip, &animation, QUALITIES[i], label, error);
        if (bytes == NULL) {
            return false;
        }
        if (g_bytes_get_size(bytes) <= BYTES_MAX) {
            break;
        }
    }
    return sink_write_all(fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
}
