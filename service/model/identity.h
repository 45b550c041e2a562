/* Whose a work is beyond the cookie of the phone that sent it: a telephone number shown by a code, an openid of WeChat.
 * An identity is a keyed digest; the caller makes it by identity_of. */
#pragma once

#include "service/database/database.h"
#include "service/model/secret.h"

#define IDENTITY_MS (INT64_C(180) * 24 * 3600 * 1000) /* a number may belong to somebody else after that */

enum identity_kind {
    IDENTITY_PHONE,
    IDENTITY_WECHAT,
};

/* This device has shown it now. */
bool identity_bind_device(struct sql *sql, const char *device, enum identity_kind kind, const char *identity,
                          int64_t now_ms, GError **error);
/* The caller's. */
char *identity_of(const struct secrets *secrets, enum identity_kind kind, const char *value);
/* *has: it has, within IDENTITY_MS. */
bool identity_is_bound(struct sql *sql, const char *device, const char *identity, int64_t now_ms, bool *has,
                       GError **error);
/* *has: it has shown some openid, within IDENTITY_MS. */
bool identity_has_wechat(struct sql *sql, const char *device, int64_t now_ms, bool *has, GError **error);

/* The work is of this identity. */
bool identity_bind_work(struct sql *sql, const char *identity, const char *submission, int64_t now_ms, GError **error);
/* And of the openids that the device has shown: a device is of one WeChat account, but writes many numbers. */
bool identity_bind_work_wechat(struct sql *sql, const char *device, const char *submission, int64_t now_ms,
                               GError **error);
/* *may: the device has shown an identity that the work is of. */
bool identity_may(struct sql *sql, const char *device, const char *submission, int64_t now_ms, bool *may,
                  GError **error);
/* Works of one identity, newest first, at most 50. */
struct sql_rows *identity_list_works_of(struct sql *sql, const char *identity, GError **error);
/* Works of what the device has shown, sent by others or by itself; newest first, at most 50, as struct submission. */
struct sql_rows *identity_list_works(struct sql *sql, const char *device, int64_t now_ms, GError **error);
