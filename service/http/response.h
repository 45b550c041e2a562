/* What a handler answers. The server adds the headers that every answer carries (nosniff, CSP …; X-Request-ID but for
 * those from memory, shared.h). A response belongs to whoever holds it until the server sends it; response_free(NULL) is fine. */
#pragma once

#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "service/http/coding.h"

struct request;
struct response;

/* Which security headers an answer carries: rows of the table in response.c. */
enum profile {
    PROFILE_API,  /* JSON, problems, uploads; the default */
    PROFILE_PAGE, /* HTML of ours: strict CSP, never framed */
    PROFILE_EMBED, /* the same, but every site may frame it; response_header(…, "Content-Security-Policy", …) narrows */
    PROFILE_MEDIA, /* sent-in bytes and playlists: sandboxed, readable by every site */
    PROFILE_ASSET, /* scripts, styles, pictures of ours */
    PROFILE_COUNT
};

/* Takes over `body`. */
struct response *response_json(int status, json_t *body);
/* Takes over `text`; UTF-8; sent in a content coding where the client allows and it is worth it. */
struct response *response_text(int status, const char *type, GString *text);
struct response *response_bytes(int status, const char *type, GBytes *bytes);
struct response *response_empty(int status);
struct response *response_redirect(int status, const char *location);
/* RFC 9457 problem+json from the error's reason row; for an HTML page see the layer above. */
struct response *response_problem(const GError *error);
/* The same with a problem type of its own and members (taken over; NULL: none). */
struct response *response_problem_typed(const GError *error, const char *type, json_t *members);
/* A file by descriptor (taken over), answered by range: Range, If-Range, If-None-Match of the request are obeyed
 * (RFC 9110 §13, §14). `etag` is strong, with its quotes. */
struct response *response_file(const struct request *request, int fd, int64_t size, const char *type, const char *etag);
/* Several of one name may be added. Values are checked for control characters. */
void response_header(struct response *response, const char *name, const char *value);
void response_headerf(struct response *response, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* For a status that is no failure class of ours (tus: 460). */
void response_set_status(struct response *response, int status);
/* A page of ours that may also load scripts of this origin. */
void response_scripts_from(struct response *response, const char *origin);
void response_profile(struct response *response, enum profile profile);
/* Of a page with PROFILE_EMBED: who may frame it, beside ourselves. `origins`: host-sources of CSP, space between. */
void response_frame_ancestors(struct response *response, const char *origins);
int response_status(const struct response *response);
/* The coding that the client of this request gets; and the words of an answer whose bytes are in it already. */
enum coding response_coding(const struct request *request);
void response_coded(struct response *response, enum coding coding);
void response_free(struct response *response);
typedef struct response Response;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Response, response_free)
