/* Finds cuts between shots, on the decoded pictures before they are scaled: a keyframe there costs nothing, since the
 * encoder would have to draw the picture anew anyway. The same pictures give the same cuts, so rungs that are made at
 * different times agree. No state but the previous picture's samples; one thread.
 */
#pragma once

#include <stdbool.h>

#include "worker/media/libav.h"

struct scene;

struct scene *scene_new(void);
void scene_free(struct scene *scene);

/* True when this picture begins another shot than the one before. The first picture does not. */
bool scene_is_cut(struct scene *scene, const AVFrame *frame);
