/* The second dialect of POST /files. */
#pragma once

#include <stdbool.h>

#include <glib.h>

struct app;
struct request;
struct response;

/* A creation of RUFH, not of tus. */
bool rufh_is_creation(const struct request *request);
struct response *rufh_create(struct app *app, struct request *request, GError **error);
