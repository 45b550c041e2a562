/* Bytes in and out of one job: inputs from a shared disk, the store or the service, results likewise. */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "common/message.h"
#include "worker/client.h"
#include "worker/recipe.h"

/* Opens a file of an input for reading; downloads it into `folder` first where the disk is not shared. -1 on failure. */
int deliver_input(struct client *client, const struct offer_message *offer, const struct file_message *file,
                  const char *folder, GError **error);

/* Adds what a recipe made to the finish message; `prefix` ("" or "2-") keeps the names of several inputs apart. Files
 * of a folder that the service does not see are uploaded. */
bool deliver_outputs(struct client *client, const struct offer_message *offer, const char *folder, const char *prefix,
                     const struct recipe_result *result, struct finish_message *finish, GError **error);
