/* What a file is: family by content, its structure, and the facts of a video as they are recorded. */
#pragma once

#include <jansson.h>

#include "worker/media/loudness.h"
#include "worker/media/source.h"
#include "worker/media/structure.h"
#include "worker/task.h"

/* Sniffs and walks the input; refuses kinds that the track does not take. */
bool probe_input(struct sniffer *sniffer, const struct reader *reader, const struct task_limits *limits,
                 enum sniff_family *family, struct structure *structure, GError **error);

/* What the clip says of having been generated (media/label.h), in a tag or a box of its own; NULL: nothing. Lives as long as both. */
const char *probe_label(const struct source *source, const struct structure *structure);

/* The facts of a video that has been read to its end; `loudness` may be NULL. */
json_t *probe_facts(const struct source *source, enum sniff_family family, const struct structure *structure,
                    const struct loudness *loudness, int64_t input_bytes);

/* The measured length against the track's. */
bool probe_check_length(const struct source *source, const struct task_limits *limits, GError **error);
