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
/* What OPTIONS of a resource that takes such creations has to say; `limit`: the largest file. */
void rufh_offer(struct response *response, int64_t limit);
struct response *rufh_create(struct app *app, struct request *request, GError **error);
