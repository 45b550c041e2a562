/* What a reviewer should know beforehand: black, frozen, silent, very dark, very quiet, with times. One thread. */
#pragma once

#include <jansson.h>

#include "worker/media/loudness.h"
#include "worker/media/picture.h"

struct checks;

struct checks *checks_new(void);
void checks_free(struct checks *checks);

/* Takes the stills in order; `at` in 1/90000 s. */
void checks_add(struct checks *checks, int64_t at, const struct picture *picture);

/* [{"flag": "black", "from_ms": …, "to_ms": …}, …]; `loudness` NULL: no sound at all. */
json_t *checks_flags(struct checks *checks, const struct loudness *loudness, int64_t end);
