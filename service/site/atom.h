/* The Atom form of a feed (RFC 4287). `feed` and `facts` as in feed.h; pure. The caller owns the text. */
#pragma once

#include <glib.h>
#include <jansson.h>

GString *atom_feed(const json_t *feed, const json_t *facts);
