/* What machines read on a work's page: schema.org data, and the `page` object from which
 * parts/head.html and parts/social.html write title, description and picture. Pure; `work` and
 * `facts` as in oembed.h. */
#pragma once

#include <glib.h>
#include <jansson.h>

/* JSON-LD (VideoObject, ImageGallery for photos), safe inside <script>. The caller owns the text.
 */
GString *structured_data(const json_t *work, const json_t *facts);

/* {title, description, url, path, image{url, width, height}}: the template's `page`. The caller
 * owns it. */
json_t *structured_page(const json_t *work, const json_t *facts);
