/* What a data folder needs before the service can serve: lock, worker token, first administrator. */
#pragma once

#include <stdbool.h>

#include "service/app.h"

/* Makes the folder when missing and takes its lock; the descriptor is held for the program's life. -1 with REASON_BUSY
 * when another service has it. *path is absolute, the caller's. */
int setup_data_folder(const char *folder, char **path, GError **error);
/* <data>/node: what this data folder is called among the services of one database, made at the first start; the
 * caller's. */
char *setup_node(const char *data, GError **error);
/* <data>/worker.token, mode 0600, made at the first start; the caller's. */
char *setup_worker_token(const char *data, const char *configured, GError **error);
/* Makes the administrator `admin` where there is no staff. *password is what must be told once, NULL otherwise. */
bool setup_administrator(struct app *app, char **password, GError **error);
/* Every address of the machine: "0.0.0.0" or "::". */
bool setup_is_any(const char *host);
/* The address under which others in the network reach a service that listens on `host`: of every address the first that
 * is no loopback; NULL when only this machine can. The caller's. */
char *setup_reachable_host(const char *host);
/* Folder `name` (config, web) as installed beside the programs, or in the source tree; the caller's. NULL when neither
 * is there. */
char *setup_shared_folder(const char *configured, const char *name);
