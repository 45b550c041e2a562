/* Anchors: the end of the ledger, written outside the database every few minutes, so that a cut tail or a chain that was
 * computed anew is found. One line each: milliseconds since 1970, number, hash. The file belongs on another machine
 * (a network folder that only takes appends, or what collects this machine's log: each anchor is logged too). */
#pragma once

#include "service/app.h"
#include "service/model/ledger.h"

/* Appends the ledger's end when it has grown since the file's last line, durably. */
bool anchor_write(struct app *app, int64_t now_ms, GError **error);
/* All anchors of the file, by rising number (struct ledger_anchor); empty when there is no file. A line that is none is
 * an error: the file was meddled with. */
GArray *anchors_read(const struct app *app, GError **error);
/* `xuepai-service --verify-ledger`: prints the verdict; true when the ledger is whole. Reads beside a running service. */
bool anchor_verify_command(struct app *app, bool *whole, GError **error);
