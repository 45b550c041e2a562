#include "service/site/webvtt.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/failure.h"

#define HOUR_MS INT64_C(3600000)

struct cue {
    int64_t begin_ms;
    int64_t end_ms;
};

static GString *refuse_text(GError **error, const char *message)
{
    g_set_error_literal(error, SITE_ERROR, REASON_SUBTITLES, message);
    return NULL;
}

/* `digits` at *at; false when something else stands there. */
static bool read_digits(const char **at, int least, int most, int64_t *number)
{
    int count = 0;

    *number = 0;
    while (g_ascii_isdigit(**at) && count < most) {
        *number = *number * 10 + g_ascii_digit_value(**at);
        (*at)++;
        count++;
    }
    return count >= least && !g_ascii_isdigit(**at);
}

/* "01:02:03.450", "02:03.450", or with a comma as SubRip has it. */
static bool read_time(const char **at, int64_t *ms)
{
    int64_t part[3] = {0};
    int64_t fraction;
    int parts = 0;

    do {
        if (!read_digits(at, 1, 3, &part[parts])) {
            return false;
        }
        parts++;
    } while (**at == ':' && parts < 3 && (*at)++ != NULL);
    if (parts < 2 || (**at != '.' && **at != ',') || ((*at)++, !read_digits(at, 3, 3, &fraction))) {
        return false;
    }
    const int64_t hours = parts == 3 ? part[0] : 0;
    const int64_t minutes = part[parts - 2];
    const int64_t seconds = part[parts - 1];
    *ms = hours * HOUR_MS + minutes * 60000 + seconds * 1000 + fraction;
    return minutes < 60 && seconds < 60;
}

static void skip_blanks(const char **at)
{
    while (**at == ' ' || **at == '\t') {
        (*at)++;
    }
}

/* "begin --> end settings" */
static bool read_timing(const char *line, struct cue *cue)
{
    skip_blanks(&line);
    if (!read_time(&line, &cue->begin_ms)) {
        return false;
    }
    skip_blanks(&line);
    if (strncmp(line, "-->", 3) != 0) {
        return false;
    }
    line += 3;
    skip_blanks(&line);
    return read_time(&line, &cue->end_ms);
}

/* A line of text without tags, entities resolved. */
static void add_plain(GString *out, const char *line)
{
    static const struct {
        const char *entity;
        const char *text;
    } ENTITIES[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&nbsp;", " "}, {"&lrm;", ""}, {"&rlm;", ""}};

    while (*line != '\0') {
        const char *close = *line == '<' ? strchr(line, '>') : NULL;
        size_t i = 0;
        if (close != NULL) {
            line = close + 1;
            continue;
        }
        while (i < G_N_ELEMENTS(ENTITIES) && !g_str_has_prefix(line, ENTITIES[i].entity)) {
            i++;
        }
        if (i < G_N_ELEMENTS(ENTITIES)) {
            g_string_append(out, ENTITIES[i].text);
            line += strlen(ENTITIES[i].entity);
        } else if ((guchar)*line < 0x20 || *line == 0x7f) {
            line++; /* nothing that a control character says is meant to be read */
        } else {
            g_string_append_c(out, *line++);
        }
    }
    while (out->len > 0 && out->str[out->len - 1] == ' ') {
        g_string_truncate(out, out->len - 1);
    }
}

static void write_time(GString *out, int64_t ms)
{
    g_string_append_printf(out,
                           "%02" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT ".%03" G_GINT64_FORMAT,
                           ms / HOUR_MS, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

/* Cue text, WebVTT §4.2.2; an arrow of the text is no timing either, because > is escaped. */
static void write_text(GString *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *entity = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : NULL;
        if (entity != NULL) {
            g_string_append(out, entity);
        } else {
            g_string_append_c(out, *text);
        }
    }
}

/* Lines up to an empty one, from lines[*index] on. False when the text is too long. */
static bool write_cue(GString *out, char *const *lines, size_t *index, const struct cue *cue)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (; lines[*index] != NULL && lines[*index][0] != '\0'; (*index)++) {
        g_autoptr(GString) plain = g_string_new(NULL);
        add_plain(plain, lines[*index]);
        if (plain->len > 0) {
            g_string_append_printf(text, "%s%s", text->len > 0 ? "\n" : "", plain->str);
        }
    }
    if (g_utf8_strlen(text->str, -1) > WEBVTT_CUE_CHARACTERS) {
        return false;
    }
    if (text->len > 0) {
        write_time(out, cue->begin_ms);
        g_string_append(out, " --> ");
        write_time(out, cue->end_ms);
        g_string_append_c(out, '\n');
        write_text(out, text->str);
        g_string_append(out, "\n\n");
    }
    return true;
}

/* One kind of line ends, no byte order mark, no NUL. */
static char **lines_of(const char *text, size_t length)
{
    const char *begin = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text;
    g_autofree char *copy = g_strndup(begin, length - (size_t)(begin - text));
    g_auto(GStrv) parts = g_strsplit(copy, "\r\n", -1);
    g_autofree char *joined = g_strjoinv("\n", parts);

    return g_strsplit(g_strdelimit(joined, "\r", '\n'), "\n", -1);
}

GString *webvtt_clean(const char *text, size_t length, GError **error)
{
    if (length > WEBVTT_BYTES_MOST || !g_utf8_validate_len(text, length, NULL)) {
        return refuse_text(error, "no UTF-8, or too long");
    }
    g_auto(GStrv) lines = lines_of(text, length);
    GString *out = g_string_new("WEBVTT\n\n");
    int64_t last_ms = 0;
    int cues = 0;

    for (size_t i = 0; lines[i] != NULL;) {
        struct cue cue;
        if (strstr(lines[i], "-->") == NULL) {
            i++; /* numbers, headers, notes and styles; blocks without times have no cue */
            continue;
        }
        const bool is_good = read_timing(lines[i++], &cue) && cue.end_ms > cue.begin_ms && cue.begin_ms >= last_ms &&
                             ++cues <= WEBVTT_CUES_MOST && write_cue(out, lines, &i, &cue);
        if (!is_good) {
            g_string_free(out, TRUE);
            return refuse_text(error, "a time or a text that cannot be");
        }
        last_ms = cue.begin_ms;
    }
    if (out->len == strlen("WEBVTT\n\n")) {
        g_string_free(out, TRUE);
        return refuse_text(error, "no cue");
    }
    return out;
}
