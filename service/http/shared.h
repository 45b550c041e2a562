/* Shared answers: what is the same for everybody is made once and kept for a moment in memory.
 *
 * A route of the access that server_config.shared_access names answers from its path, the arguments that its row names, the
 * host, large print and the published works alone. Other arguments (utm_source, WeChat's from and isappinstalled, whatever
 * comes to somebody's mind) are taken away before its handler sees them, so they make no other answer. Its 200 answers get
 * an ETag, are compressed once, and are kept until the site changes (server_site_changed(), called before whoever changed it
 * hears that it is done) or for SHARED_MS, whichever comes first. SHARED_MS is therefore how long a service may go on
 * showing a work that another service of the database withdrew while the notification between them was cut; with it, a few
 * milliseconds.
 *
 * An answer made from rows read before a change is never kept past it: it carries the count of changes from before the
 * read. What comes from memory is one and the same object for all who ask, down to the library's, so it has no X-Request-ID;
 * no line of the log would have it. Any thread.
 */
#pragma once

#include <stddef.h>

#include "service/http/exchange.h"

#define SHARED_MS        1000
#define SHARED_RENEW_MS  800 /* from then on one request makes it anew while the others still get the old one */
#define SHARED_BYTES_MAX ((size_t)32 * 1024 * 1024) /* of bodies; beyond it, all are dropped */

struct shared_answers;

struct shared_answers *shared_new(void);
void shared_free(struct shared_answers *shared);

/* The site is another one from now on. */
void shared_drop(struct shared_answers *shared);

/* A copy of the kept answer that fits, complete for this request; NULL: none. Notes in the request what is needed to
 * keep the answer that is made instead. */
struct response *shared_find(struct shared_answers *shared, struct request *request);
/* Keeps a copy when it is a 200 with a text; gives it an ETag and compresses it. Before response_complete(). */
void shared_keep(struct shared_answers *shared, const struct request *request, struct response *response);
