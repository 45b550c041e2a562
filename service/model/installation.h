/* What all services of one database must agree on. */
#pragma once

#include "service/database/database.h"
#include "service/model/secret.h"

/* The first service leaves a keyed digest, the others compare: with another secret.key a service could open no contact, and
 * would hand out PINs and preview addresses that its neighbours refuse. REASON_CONFLICT then. */
bool installation_check_key(struct sql *sql, const struct secrets *secrets, GError **error);
