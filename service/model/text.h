/* Texts of people: cleaned once on the way in, counted in characters. */
#pragma once

#include <glib.h>

/* NFC; control characters, marks of direction, zero-width characters and marks of nothing removed; runs of what shows
 * nothing become one blank; trimmed. NULL for invalid UTF-8. The caller's. */
char *text_clean(const char *text);
/* Digits of a mainland mobile number (11, from 13 to 19), "+86" and blanks removed; NULL when it is none. */
char *text_phone(const char *phone);
/* 138****1234 */
char *text_phone_masked(const char *phone);
/* 李*梅: first and last character stay. */
char *text_name_masked(const char *name);
