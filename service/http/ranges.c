#include "service/http/ranges.h"

#include <string.h>

#include <glib.h>

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, " \t");
}

/* Digits into a number that saturates: a position beyond 2^63 is beyond every file. */
static const char *read_number(const char *at, int64_t *number)
{
    const char *start = at;
    int64_t value = 0;

    for (; g_ascii_isdigit(*at); at++) {
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *at - '0', &value)) {
            value = INT64_MAX;
            at += strspn(at, "0123456789");
            break;
        }
    }
    *number = value;
    return at == start ? NULL : at;
}

struct spec {
    bool has_first;
    bool has_last;
    int64_t first;
    int64_t last; /* or the length of a suffix */
};

/* "bytes=" first "-" [last] | "bytes=" "-" suffix; exactly one. */
static bool read_spec(const char *text, struct spec *spec)
{
    if (g_ascii_strncasecmp(text, "bytes=", 6) != 0) {
        return false;
    }
    const char *at = skip_spaces(text + 6);
    const char *after = read_number(at, &spec->first);

    spec->has_first = after != NULL;
    at = skip_spaces(spec->has_first ? after : at);
    if (*at != '-') {
        return false;
    }
    at = skip_spaces(at + 1);
    after = read_number(at, &spec->last);
    spec->has_last = after != NULL;
    at = skip_spaces(spec->has_last ? after : at);
    return *at == '\0' && (spec->has_first || spec->has_last) &&
           !(spec->has_first && spec->has_last && spec->last < spec->first);
}

static enum range_answer resolve(const struct spec *spec, int64_t size, struct range *part)
{
    if (!spec->has_first) {
        if (spec->last == 0 || size == 0) {
            return RANGE_UNSATISFIABLE;
        }
        part->length = MIN(spec->last, size);
        part->first = size - part->length;
        return RANGE_PART;
    }
    if (spec->first >= size) {
        return RANGE_UNSATISFIABLE;
    }
    const int64_t last = spec->has_last ? MIN(spec->last, size - 1) : size - 1;
    *part = (struct range){spec->first, last - spec->first + 1};
    return RANGE_PART;
}

static bool tags_match(const char *tag, size_t length, const char *etag, bool is_weak_allowed)
{
    const bool is_weak = length > 2 && tag[0] == 'W' && tag[1] == '/';
    const bool own_is_weak = etag[0] == 'W' && etag[1] == '/';

    if ((is_weak || own_is_weak) && !is_weak_allowed) {
        return false;
    }
    const char *left = is_weak ? tag + 2 : tag;
    const char *right = own_is_weak ? etag + 2 : etag;
    const size_t left_length = is_weak ? length - 2 : length;
    return strlen(right) == left_length && memcmp(left, right, left_length) == 0;
}

bool etag_list_has(const char *list, const char *etag, bool is_weak_allowed)
{
    const char *at = skip_spaces(list);

    if (at[0] == '*' && *skip_spaces(at + 1) == '\0') {
        return true;
    }
    while (*at != '\0') {
        const char *start = at;

        if (at[0] == 'W' && at[1] == '/') {
            at += 2;
        }
        if (*at != '"') {
            return false; /* no list of tags */
        }
        at++;
        at += strcspn(at, "\"");
        if (*at != '"') {
            return false;
        }
        at++;
        if (tags_match(start, (size_t)(at - start), etag, is_weak_allowed)) {
            return true;
        }
        at += strspn(at, " \t,");
    }
    return false;
}

enum range_answer ranges_answer(const struct range_query *query, int64_t size, const char *etag, struct range *part)
{
    struct spec spec = {0};

    *part = (struct range){0, size};
    if (query->if_match != NULL && !etag_list_has(query->if_match, etag, false)) {
        return RANGE_PRECONDITION;
    }
    if (query->if_none_match != NULL && etag_list_has(query->if_none_match, etag, true)) {
        return RANGE_UNCHANGED;
    }
    if (query->range == NULL || !read_spec(query->range, &spec)) {
        return RANGE_WHOLE;
    }
    if (query->if_range != NULL && !tags_match(query->if_range, strlen(query->if_range), etag, false)) {
        return RANGE_WHOLE;
    }
    return resolve(&spec, size, part);
}
