/* One-time codes of staff: TOTP (RFC 6238: SHA-1, 30 s, six digits, one step of clock drift either way), each code good
 * once, and ten recovery codes for a lost phone. Secrets lie sealed in the staff row. The only owner of liboath. */
#pragma once

#include "service/model/staff.h"

enum { RECOVERY_CODES = 10 };

/* Before the first call of the others. */
bool otp_init(GError **error);

/* A new secret, shown and waiting for its first code: base32, 160 bits. REASON_STATE when codes are in use already.
 * *secret is the caller's. */
bool otp_begin(struct sql *sql, const struct secrets *secrets, const struct staff *staff, char **secret,
               GError **error);
/* otpauth://totp/… for the QR code; the caller's. */
char *otp_uri(const char *issuer, const char *username, const char *secret);
/* The first code makes the pending secret the one in force; *codes gets RECOVERY_CODES new recovery codes, told once.
 * REASON_OTP_WRONG otherwise. */
bool otp_confirm(struct sql *sql, const struct secrets *secrets, const struct staff *staff, const char *code,
                 const struct actor *actor, int64_t now_ms, char ***codes, GError **error);
/* Spends a code or a recovery code: REASON_OTP without one, REASON_OTP_WRONG when it is wrong or spent. Nothing is asked
 * of a person without a secret. */
bool otp_spend(struct sql *sql, const struct secrets *secrets, const struct staff *staff, const char *code,
               int64_t now_ms, GError **error);
/* Back to none, for a lost phone without recovery codes; ends all logins. */
bool otp_reset(struct sql *sql, const char *staff, const struct actor *actor, int64_t now_ms, GError **error);

/* The code of a step, for tests and for the check: *step counts 30 s since 1970. NULL for a secret that is no base32. */
char *otp_code(const char *secret, int64_t step);
