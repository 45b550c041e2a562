/* The object store that scripts/radosgw started beside the tests, and requests to it that are not the store driver's. */
#pragma once

#include <stdbool.h>

#include <glib.h>

#define GATEWAY_KEY    "testkey"
#define GATEWAY_SECRET "testsecret"

/* XUEPAI_TEST_STORE is set; else the caller leaves its cases out and says so. */
bool gateway_is_there(void);
/* "http://127.0.0.1:PORT" */
const char *gateway_endpoint(void);
/* s3://… with a bucket of a new name and `more` parameters ("&part=5242880"); the caller's. */
char *gateway_address(bool is_virtual, const char *more);
/* The status of one request; 0 when none came. */
int gateway_send(const char *method, const char *url, char *const *headers, const char *body);
