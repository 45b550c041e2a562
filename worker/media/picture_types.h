/* Which pictures of a clip are B pictures: decided once, by the encoder of the review copy, and obeyed by the larger
 * rungs. Deciding takes a fifth of an encode at 1080 lines and comes out alike at 480 (measured), so it is done where it
 * is cheap. Not thread-safe. Where one run makes them all, held.h passes the decisions on instead.
 *
 * As text, which travels in the facts: for each picture that is none, in the order they are shown, how many B pictures
 * stand before it (0 to 3), three of these a character of base64's alphabet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libavcodec/packet.h>
#include <libavutil/avutil.h>

#define PICTURE_TYPES_TEXT_MAX 4096 /* characters: some eight minutes; pictures beyond are decided by each encoder */

struct picture_types;

struct picture_types *picture_types_new(void);
/* NULL or a text that is none of ours: no picture is decided. */
struct picture_types *picture_types_parse(const char *text);
void picture_types_free(struct picture_types *types);

/* Of a packet of the deciding encoder. */
bool picture_types_is_b(const AVPacket *packet);

/* A packet of the deciding encoder, in any order. */
void picture_types_see(struct picture_types *types, const AVPacket *packet);
/* NULL where the encoder's own choice went beyond what the text can say. */
char *picture_types_text(struct picture_types *types);

/* The `index`th picture shown: AV_PICTURE_TYPE_B, _P for any other, _NONE where nothing is decided. */
enum AVPictureType picture_types_at(const struct picture_types *types, size_t index);
