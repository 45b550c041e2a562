/* The worker's loop: claim, run, report; one thread a slot, and one beside it that renews the lease while bytes and
 * children move. A lease that is lost ends the child at once. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "common/log.h"

struct loop_config {
    const char *url; /* of the service */
    const char *token;
    const char *data;    /* the service's data folder where it is shared; "" */
    const char *scratch; /* folder for bytes of jobs without a shared disk */
    const char *media_program;
    const char *sandbox; /* level, as the self-test found it */
    int slots;
    int threads; /* of one child */
    bool unsafe; /* children run even where nothing locks them in */
};

struct loop;

struct loop *loop_start(const struct loop_config *config, const struct log *log, GError **error);
/* Running jobs are given back to the service; returns when every slot has ended. */
void loop_stop(struct loop *loop);
