/* A recipe on a local file, without any service: `xuepai-worker --once KIND FILE FOLDER`. Prints the result as JSON. */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "worker/task.h"

struct once {
    const char *kind, *file, *folder; /* the folder is made when missing */
    const char *facts_file;           /* JSON; NULL: none */
    const char *review_file;          /* prepare's copy: a ladder takes its sound; NULL: it is encoded anew */
    const char *branding[TASK_BRANDING_COUNT]; /* files; NULL: none */
    const char *limits;               /* JSON; NULL: of a new installation */
    const char *media_program;
    int64_t growing_bytes; /* the file is still growing up to here; 0: it is whole */
    int threads;
    bool unsafe; /* run even where no lock can be had */
};

/* Exit code: 0 ok, 3 refused or quarantined, 4 infrastructure: try again. */
int once_run(const struct once *once);
