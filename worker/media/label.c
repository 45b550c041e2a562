#include "worker/media/label.h"

#include <string.h>

#include <jansson.h>

#define NEAR_BYTES    64 /* from the name to its value: `":{`, `>{`, the headers of a box */
#define TRIES_MAX     64
#define XMP_BYTES_MAX (1 << 20)

#define XMP_SIGNATURE "http://ns.adobe.com/xap/1.0/" /* its final zero belongs to it */

bool label_is_named(const void *bytes, size_t length)
{
    return memmem(bytes, length, LABEL_NAME, strlen(LABEL_NAME)) != NULL;
}

static bool can_be_label(const char *text, size_t length)
{
    if (length == 0 || length > LABEL_BYTES_MAX || !g_utf8_validate(text, (gssize)length, NULL)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (g_ascii_iscntrl(text[i]) && !g_ascii_isspace(text[i])) {
            return false;
        }
    }
    return true;
}

/* Line ends would not come out of XML as they went in; in JSON no string holds one. */
static char *taken(const char *text, size_t length)
{
    return can_be_label(text, length) ? g_strdelimit(g_strndup(text, length), "\t\n\v\f\r", ' ') : NULL;
}

char *label_of_text(const char *text)
{
    g_autofree char *trimmed = g_strstrip(g_strdup(text));

    return taken(trimmed, strlen(trimmed));
}

/* -- as JSON, with whatever in front of it and behind --------------------------------------------------------- */

static char *object_at(const char *text, size_t length)
{
    json_error_t end;
    json_auto_t *object = json_loadb(text, MIN(length, LABEL_BYTES_MAX), JSON_DISABLE_EOF_CHECK, &end);

    return json_object_get(object, "Label") == NULL ? NULL : taken(text, (size_t)end.position);
}

static char *find_object(const char *at, const char *end)
{
    char *label = NULL;

    for (int tries = 0; label == NULL && tries < TRIES_MAX; tries++) {
        at = memmem(at, (size_t)(end - at), LABEL_NAME, strlen(LABEL_NAME));
        if (at == NULL) {
            break;
        }
        at += strlen(LABEL_NAME);
        const char *object = memchr(at, '{', (size_t)MIN(end - at, NEAR_BYTES));
        label = object == NULL ? NULL : object_at(object, (size_t)(end - object));
    }
    return label;
}

/* -- as a property of XMP: an element's text or an attribute ---------------------------------------------------- */

struct property {
    bool is_inside;
    char *label;
};

static bool is_name(const char *qualified)
{
    const char *colon = strrchr(qualified, ':');

    return strcmp(colon == NULL ? qualified : colon + 1, LABEL_NAME) == 0;
}

static void take(struct property *property, const char *text)
{
    if (property->label == NULL) {
        property->label = label_of_text(text);
    }
}

static void start_element(GMarkupParseContext *context, const char *element, const char **names, const char **values,
                          gpointer data, GError **error)
{
    struct property *property = data;

    (void)context, (void)error; /* of the callback's shape */
    property->is_inside = is_name(element);
    for (int i = 0; names[i] != NULL; i++) {
        if (is_name(names[i])) {
            take(property, values[i]);
        }
    }
}

static void end_element(GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
    (void)context, (void)element, (void)error; /* of the callback's shape */
    ((struct property *)data)->is_inside = false;
}

static void text(GMarkupParseContext *context, const char *bytes, gsize length, gpointer data, GError **error)
{
    struct property *property = data;

    (void)context, (void)length, (void)error; /* `bytes` ends with a zero */
    if (property->is_inside) {
        take(property, bytes);
    }
}

/* From the root to its end, without the padding behind; NULL where there is no such root. */
static const char *find_packet(const char *bytes, const char *end, size_t *length)
{
    static const struct {
        const char *open, *close;
    } ROOTS[] = {{"<x:xmpmeta", "</x:xmpmeta>"}, {"<rdf:RDF", "</rdf:RDF>"}};

    for (size_t i = 0; i < G_N_ELEMENTS(ROOTS); i++) {
        const char *open = memmem(bytes, (size_t)(end - bytes), ROOTS[i].open, strlen(ROOTS[i].open));
        const char *close =
            open == NULL ? NULL : memmem(open, (size_t)(end - open), ROOTS[i].close, strlen(ROOTS[i].close));
        if (close != NULL) {
            *length = (size_t)(close - open) + strlen(ROOTS[i].close);
            return open;
        }
    }
    return NULL;
}

static char *find_property(const char *bytes, const char *end)
{
    static const GMarkupParser PARSER = {start_element, end_element, text, NULL, NULL};
    size_t length = 0;
    const char *packet = find_packet(bytes, end, &length);
    struct property property = {0};
    GMarkupParseContext *context;

    if (packet == NULL || length > XMP_BYTES_MAX || !label_is_named(packet, length)) {
        return NULL;
    }
    context = g_markup_parse_context_new(&PARSER, G_MARKUP_TREAT_CDATA_AS_TEXT, &property, NULL);
    (void)g_markup_parse_context_parse(context, packet, (gssize)length, NULL); /* what came before an error counts */
    g_markup_parse_context_free(context);
    return property.label;
}

char *label_find(const void *bytes, size_t length)
{
    const char *end = (const char *)bytes + length;
    char *label = find_object(bytes, end);

    return label != NULL ? label : find_property(bytes, end);
}

/* -- written ---------------------------------------------------------------------------------------------------- */

char *label_to_xmp(const char *label)
{
    return g_markup_printf_escaped(
        "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
        "<rdf:Description rdf:about=\"\" xmlns:TC260=\"http://www.tc260.org.cn/ns/AIGC/1.0/\">"
        "<TC260:" LABEL_NAME ">%s</TC260:" LABEL_NAME "></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>",
        label);
}

void label_into_jpeg(void **bytes, size_t *length, const char *label)
{
    g_autofree char *xmp = label_to_xmp(label);
    const size_t says = 2 + sizeof XMP_SIGNATURE + strlen(xmp); /* a segment's length counts itself */
    const uint8_t head[] = {0xff, 0xe1, (uint8_t)(says >> 8), (uint8_t)says};
    uint8_t *at = *bytes;
    size_t before = 2; /* FF D8 */

    g_assert(says <= UINT16_MAX && *length > 6); /* LABEL_BYTES_MAX leaves room for every character escaped */
    if (at[2] == 0xff && at[3] == 0xe0) {
        before = 4 + (size_t)(at[4] << 8 | at[5]);
    }
    g_assert(before <= *length);
    at = *bytes = g_realloc(*bytes, *length + 2 + says);
    memmove(at + before + 2 + says, at + before, *length - before);
    *length += 2 + says;
    memcpy(at + before, head, sizeof head);
    memcpy(at + before + sizeof head, XMP_SIGNATURE, sizeof XMP_SIGNATURE);
    memcpy(at + before + sizeof head + sizeof XMP_SIGNATURE, xmp, strlen(xmp));
}
