/* oEmbed 1.0 (oembed.com): how other sites show a work of ours. Photo sets answer as "rich", films
 * as "video". Functions are pure; `work` is an item of GET /api/v1/works with the fields of view.h,
 * `facts` those of site_open. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#define OEMBED_SIDE_PX_MAX 16384

struct oembed_size {
    int64_t width_px;
    int64_t height_px;
};

/* The largest size of the picture's own shape that is not larger than the picture and fits into
 * `most`, in which 0 means "any". Both sides shrink together; each is at least 1, so a very thin
 * box may bend the shape. */
struct oembed_size oembed_fit(struct oembed_size picture, struct oembed_size most);

/* Size of a work, 16:9 where it has none. */
struct oembed_size oembed_size_of(const json_t *work);

/* <iframe …></iframe> for other people's pages. The caller frees it. */
char *oembed_frame(const json_t *work, const json_t *facts, struct oembed_size size);

/* The whole answer; `most` from maxwidth and maxheight. The caller owns the text. */
GString *oembed_json(const json_t *work, const json_t *facts, struct oembed_size most);
GString *oembed_xml(const json_t *work, const json_t *facts, struct oembed_size most);
