/* The early "this is not a video": asks the resident, locked-down `xuepai-media --sniff` over a pipe, because no byte of
 * an upload is looked into outside that program. It may only refuse early; no answer means go on.
 *
 * One question at a time (measured: 0.1 ms); blocks up to the time-out, so disk threads only. The child is started with
 * the service and again at the next question after it died, at most once a second.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "common/failure.h"
#include "common/log.h"

#define SNIFFER_HEAD_BYTES 65536

struct sniffer;

/* NULL when there is no such program: uploads then go on unsniffed; so they do where nothing can lock it in, unless
 * `unsafe`. */
struct sniffer *sniffer_start(const char *program, bool unsafe, const struct log *log);
void sniffer_stop(struct sniffer *sniffer);

#define SNIFFER_LEVEL_BYTES 16
/* How far the running child has locked itself: "full", "strong", "basic", "none"; "off" when there is none. */
void sniffer_level(struct sniffer *sniffer, char level[SNIFFER_LEVEL_BYTES]);

/* True when the file that begins with `head` (1 … SNIFFER_HEAD_BYTES bytes) is refused; `total_bytes` 0: unknown. */
bool sniffer_refuses(struct sniffer *sniffer, const void *head, size_t length, int64_t total_bytes,
                     enum reason *reason);
