/* The second dialect of POST /files. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

struct app;
struct request;
struct response;

/* A creation of RUFH, not of tus. */
bool rufh_is_creation(const struct request *request);
/* 400: the lengths that were told, or came, contradict each other. */
struct response *rufh_inconsistent(void);
/* 104 while a body is under way: so much of it need not be kept any more. Server thread of the request. */
void rufh_tell_progress(const struct request *request, int64_t offset);
/* What OPTIONS of a resource that takes such creations has to say; `limit`: the largest file. */
void rufh_offer(struct response *response, int64_t limit);
struct response *rufh_create(struct app *app, struct request *request, GError **error);
