/* Compiles a template into one flat array of nodes, in which a section knows where it ends, and
 * renders by walking it. Tags that stand alone on a line take the whole line with them; the spaces
 * before a partial that stands alone are put before each line of the partial (never before lines
 * that come from data). */
#include "service/site/template.h"

#include <string.h>

#include "common/failure.h"
#include "service/site/markup.h"

enum node_kind {
    NODE_TEXT,
    NODE_VALUE,
    NODE_RAW,
    NODE_SECTION,
    NODE_INVERTED,
    NODE_END,
    NODE_PARTIAL,
    NODE_COMMENT,
};

struct node {
    enum node_kind kind;
    bool starts_line;
    char *text;   /* TEXT: what to write; otherwise the name */
    char **parts; /* of a dotted name; NULL where no value is looked up */
    char *indent; /* PARTIAL alone on its line: the spaces before it */
    guint end;    /* SECTION, INVERTED: index of its END */
};

struct template_set {
    GHashTable *templates; /* name → GArray of struct node */
};

/* Where the compiler is. */
struct source {
    const char *name;
    const char *text;
    size_t length;
    size_t at;
};

struct tag {
    enum node_kind kind;
    char name[TEMPLATE_NAME_BYTES_MAX + 1];
    size_t start;
    size_t end;
};

struct render {
    const struct template_set *set;
    const json_t *stack[TEMPLATE_DEPTH_MAX];
    size_t depth;
    size_t nesting;
    size_t steps;
    GString *indent;
    GString *out;
    size_t bytes_max; /* of `out` with what it held before */
};

static bool fail(GError **error, const char *name, const char *what)
{
    g_set_error(error, SITE_ERROR, REASON_INTERNAL, "template %s: %s", name, what);
    return false;
}

static void node_clear(void *data)
{
    struct node *node = data;

    g_free(node->text);
    g_strfreev(node->parts);
    g_free(node->indent);
}

struct template_set *template_set_new(void)
{
    struct template_set *set = g_new0(struct template_set, 1);

    set->templates = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    return set;
}

void template_set_free(struct template_set *set)
{
    if (set == NULL) {
        return;
    }
    g_hash_table_unref(set->templates);
    g_free(set);
}

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t';
}

static size_t line_start(const struct source *source, size_t at)
{
    while (at > 0 && source->text[at - 1] != '\n') {
        at--;
    }
    return at;
}

/* True when nothing but blanks shares the tag's lines; then `first` and `after` enclose those
 * lines. */
static bool stands_alone(const struct source *source, const struct tag *tag, size_t *first, size_t *after)
{
    size_t from = tag->start;
    size_t to = tag->end;

    if (tag->kind == NODE_VALUE || tag->kind == NODE_RAW) {
        return false;
    }
    while (from > 0 && is_blank(source->text[from - 1])) {
        from--;
    }
    if (from > 0 && source->text[from - 1] != '\n') {
        return false;
    }
    while (to < source->length && is_blank(source->text[to])) {
        to++;
    }
    if (to + 1 < source->length && source->text[to] == '\r' && source->text[to + 1] == '\n') {
        to++;
    }
    if (to < source->length && source->text[to] != '\n') {
        return false;
    }
    *first = from;
    *after = to < source->length ? to + 1 : to;
    return true;
}

/* Text is kept line by line, so that an indented partial can put its spaces before each. */
static void add_text(GArray *nodes, const struct source *source, size_t from, size_t to)
{
    while (from < to) {
        const char *newline = memchr(source->text + from, '\n', to - from);
        const size_t end = newline != NULL ? (size_t)(newline - source->text) + 1 : to;
        const struct node node = {.kind = NODE_TEXT,
                                  .starts_line = line_start(source, from) == from,
                                  .text = g_strndup(source->text + from, end - from)};

        g_array_append_val(nodes, node);
        from = end;
    }
}

static bool tag_name(const struct source *source, struct tag *tag, const char *text, size_t length, GError **error)
{
    g_autofree char *name = g_strstrip(g_strndup(text, length));

    if (tag->kind == NODE_COMMENT) {
        tag->name[0] = '\0';
        return true;
    }
    if (name[0] == '\0' || strlen(name) > TEMPLATE_NAME_BYTES_MAX || strpbrk(name, " \t\r\n{}\"'<>=") != NULL) {
        return fail(error, source->name, "a tag without a proper name");
    }
    (void)g_strlcpy(tag->name, name, sizeof tag->name); /* the length was checked */
    return true;
}

/* Reads the next tag. False without error when there is none. */
static bool next_tag(const struct source *source, struct tag *tag, GError **error)
{
    static const struct {
        char sign;
        enum node_kind kind;
    } SIGNS[] = {{'#', NODE_SECTION}, {'^', NODE_INVERTED}, {'/', NODE_END}, {'>', NODE_PARTIAL},
                 {'!', NODE_COMMENT}, {'&', NODE_RAW},      {'{', NODE_RAW}};
    const char *open = strstr(source->text + source->at, "{{");
    const char *name = NULL;
    const char *close = NULL;
    const char *closing = "}}";

    if (open == NULL) {
        return false;
    }
    name = open + 2;
    tag->kind = NODE_VALUE;
    if (*name == '=') {
        return fail(error, source->name, "other delimiters are not supported");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(SIGNS); i++) {
        if (*name == SIGNS[i].sign) {
            tag->kind = SIGNS[i].kind;
            closing = *name == '{' ? "}}}" : closing;
            name++;
            break;
        }
    }
    close = strstr(name, closing);
    if (close == NULL) {
        return fail(error, source->name, "a tag is not closed");
    }
    tag->start = (size_t)(open - source->text);
    tag->end = (size_t)(close - source->text) + strlen(closing);
    return tag_name(source, tag, name, (size_t)(close - name), error);
}

/* Keeps the stack of open sections; an END must close the last one by its name. */
static bool match_section(GArray *nodes, GArray *open, const struct source *source, GError **error)
{
    const guint last = nodes->len - 1;
    const struct node *node = &g_array_index(nodes, struct node, last);

    if (node->kind == NODE_SECTION || node->kind == NODE_INVERTED) {
        if (open->len == TEMPLATE_SECTIONS_MAX) {
            return fail(error, source->name, "too many sections inside each other");
        }
        g_array_append_val(open, last);
    } else if (node->kind == NODE_END) {
        struct node *start =
            open->len == 0 ? NULL : &g_array_index(nodes, struct node, g_array_index(open, guint, open->len - 1));

        if (start == NULL || strcmp(start->text, node->text) != 0) {
            return fail(error, source->name, "a section is closed that is not open");
        }
        start->end = last;
        g_array_set_size(open, open->len - 1);
    }
    return true;
}

static bool names_value(enum node_kind kind)
{
    return kind == NODE_VALUE || kind == NODE_RAW || kind == NODE_SECTION || kind == NODE_INVERTED;
}

static bool compile(struct source *source, GArray *nodes, GError **error)
{
    g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(guint));
    GError *failure = NULL;
    struct tag tag;

    while (next_tag(source, &tag, &failure)) {
        size_t first = tag.start;
        size_t after = tag.end;
        const bool alone = stands_alone(source, &tag, &first, &after);
        const struct node node = {.kind = tag.kind,
                                  .starts_line = !alone && line_start(source, tag.start) == tag.start,
                                  .text = g_strdup(tag.name),
                                  .parts = names_value(tag.kind) ? g_strsplit(tag.name, ".", -1) : NULL,
                                  .indent = alone && tag.kind == NODE_PARTIAL
                                                ? g_strndup(source->text + first, tag.start - first)
                                                : NULL};

        add_text(nodes, source, source->at, first);
        g_array_append_val(nodes, node);
        if (!match_section(nodes, open, source, error)) {
            return false;
        }
        source->at = after;
    }
    if (failure != NULL) {
        g_propagate_error(error, failure);
        return false;
    }
    add_text(nodes, source, source->at, source->length);
    return open->len == 0 || fail(error, source->name, "a section is not closed");
}

bool template_set_add(struct template_set *set, const char *name, const char *source, GError **error)
{
    struct source reader = {.name = name, .text = source, .length = strlen(source)};
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(struct node));

    g_array_set_clear_func(nodes, node_clear);
    if (reader.length > TEMPLATE_SOURCE_BYTES_MAX) {
        return fail(error, name, "too long");
    }
    if (!compile(&reader, nodes, error)) {
        return false;
    }
    g_hash_table_insert(set->templates, g_strdup(name), g_steal_pointer(&nodes));
    return true;
}

static const GArray *find_template(const struct template_set *set, const char *name)
{
    const GArray *nodes = g_hash_table_lookup(set->templates, name);
    g_autofree char *file = NULL;

    if (nodes == NULL) {
        file = g_strconcat(name, ".html", NULL);
        nodes = g_hash_table_lookup(set->templates, file);
    }
    return nodes;
}

static bool load_file(struct template_set *set, const char *path, const char *name, GError **error)
{
    g_autofree char *source = NULL;
    GError *failure = NULL;

    if (!g_file_get_contents(path, &source, NULL, &failure)) {
        (void)fail(error, name, failure->message);
        g_error_free(failure);
        return false;
    }
    return template_set_add(set, name, source, error);
}

/* One level of folders (the partials) is enough; `prefix` is "" or that folder's name with its
 * slash. */
static bool load_folder(struct template_set *set, const char *folder, const char *prefix, GError **error)
{
    g_autofree char *here = g_build_filename(folder, prefix, NULL);
    g_autoptr(GDir) dir = g_dir_open(here, 0, NULL);
    const char *entry = NULL;

    if (dir == NULL) {
        return fail(error, here, "the folder cannot be read");
    }
    while ((entry = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(here, entry, NULL);
        g_autofree char *name = g_strconcat(prefix, entry, NULL);

        if (*prefix == '\0' && g_file_test(path, G_FILE_TEST_IS_DIR)) {
            g_autofree char *inner = g_strconcat(entry, "/", NULL);

            if (!load_folder(set, folder, inner, error)) {
                return false;
            }
        } else if (g_str_has_suffix(entry, ".html") && !load_file(set, path, name, error)) {
            return false;
        }
    }
    return true;
}

bool template_set_load(struct template_set *set, const char *folder, GError **error)
{
    GHashTableIter each;
    void *name = NULL;
    void *value = NULL;

    if (!load_folder(set, folder, "", error)) {
        return false;
    }
    g_hash_table_iter_init(&each, set->templates);
    while (g_hash_table_iter_next(&each, &name, &value)) {
        const GArray *nodes = value;

        for (guint i = 0; i < nodes->len; i++) {
            const struct node *node = &g_array_index(nodes, struct node, i);

            if (node->kind == NODE_PARTIAL && find_template(set, node->text) == NULL) {
                return fail(error, name, "names a partial that does not exist");
            }
        }
    }
    return true;
}

/* The value of the first part of a dotted name, from the innermost object that has it. */
static const json_t *look_outwards(const struct render *render, const char *part)
{
    for (size_t i = render->depth; i-- > 0;) {
        const json_t *found = json_object_get(render->stack[i], part);

        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static const json_t *find_value(const struct render *render, const struct node *node)
{
    if (strcmp(node->text, ".") == 0) {
        return render->stack[render->depth - 1];
    }
    const json_t *value = look_outwards(render, node->parts[0]);
    for (size_t i = 1; value != NULL && node->parts[i] != NULL; i++) {
        value = json_object_get(value, node->parts[i]);
    }
    return value;
}

static bool is_true(const json_t *value)
{
    switch (value == NULL ? JSON_NULL : json_typeof(value)) {
    case JSON_NULL:
    case JSON_FALSE:
        return false;
    case JSON_STRING:
        return json_string_length(value) > 0;
    case JSON_INTEGER:
        return json_integer_value(value) != 0;
    case JSON_REAL:
        return json_real_value(value) < 0 || json_real_value(value) > 0;
    case JSON_ARRAY:
        return json_array_size(value) > 0;
    default:
        return true;
    }
}

static void write_value(GString *out, const json_t *value, bool escaped)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    switch (value == NULL ? JSON_NULL : json_typeof(value)) {
    case JSON_STRING:
        if (escaped) {
            markup_escape(out, json_string_value(value));
        } else {
            g_string_append(out, json_string_value(value));
        }
        break;
    case JSON_INTEGER:
        g_string_append_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        g_string_append(out, g_ascii_formatd(number, sizeof number, "%.15g", json_real_value(value)));
        break;
    case JSON_TRUE:
        g_string_append(out, "true");
        break;
    case JSON_FALSE:
        g_string_append(out, "false");
        break;
    default: /* absent, null, and what has no text */
        break;
    }
}

static bool render_nodes(struct render *render, const GArray *nodes, guint from, guint to, GError **error);

static bool render_with(struct render *render, const json_t *item, const GArray *nodes, guint at, GError **error)
{
    bool done = false;

    if (render->depth == TEMPLATE_DEPTH_MAX) {
        return fail(error, "section", "nested too deeply");
    }
    render->stack[render->depth++] = item;
    done = render_nodes(render, nodes, at + 1, g_array_index(nodes, struct node, at).end, error);
    render->depth--;
    return done;
}

static bool render_section(struct render *render, const GArray *nodes, guint at, GError **error)
{
    const struct node *node = &g_array_index(nodes, struct node, at);
    const json_t *value = find_value(render, node);
    const json_t *item = NULL;
    size_t i = 0;

    if (node->kind == NODE_INVERTED) {
        return is_true(value) || render_nodes(render, nodes, at + 1, node->end, error);
    }
    if (!is_true(value)) {
        return true;
    }
    if (!json_is_array(value)) {
        return render_with(render, value, nodes, at, error);
    }
    json_array_foreach(value, i, item) {
        if (!render_with(render, item, nodes, at, error)) {
            return false;
        }
    }
    return true;
}

static bool render_partial(struct render *render, const struct node *node, GError **error)
{
    const GArray *nodes = find_template(render->set, node->text);
    const size_t indent_before = render->indent->len;
    bool done = false;

    if (nodes == NULL) {
        return true;
    }
    if (node->indent != NULL) {
        g_string_append(render->indent, node->indent);
    }
    done = render_nodes(render, nodes, 0, nodes->len, error);
    g_string_truncate(render->indent, indent_before);
    return done;
}

static bool render_node(struct render *render, const GArray *nodes, guint at, GError **error)
{
    const struct node *node = &g_array_index(nodes, struct node, at);
    const bool is_empty_line = node->kind == NODE_TEXT && (*node->text == '\n' || *node->text == '\r');

    if (node->starts_line && !is_empty_line) {
        g_string_append_len(render->out, render->indent->str, (gssize)render->indent->len);
    }
    switch (node->kind) {
    case NODE_TEXT:
        g_string_append(render->out, node->text);
        return true;
    case NODE_VALUE:
    case NODE_RAW:
        write_value(render->out, find_value(render, node), node->kind == NODE_VALUE);
        return true;
    case NODE_SECTION:
    case NODE_INVERTED:
        return render_section(render, nodes, at, error);
    case NODE_PARTIAL:
        return render_partial(render, node, error);
    case NODE_END:
    case NODE_COMMENT:
        break;
    }
    return true;
}

static bool render_nodes(struct render *render, const GArray *nodes, guint from, guint to, GError **error)
{
    bool done = true;

    if (render->nesting == TEMPLATE_DEPTH_MAX) {
        return fail(error, "partial", "nested too deeply");
    }
    render->nesting++;
    for (guint i = from; done && i < to; i++) {
        const struct node *node = &g_array_index(nodes, struct node, i);

        done = render_node(render, nodes, i, error);
        if (done && (render->out->len > render->bytes_max || ++render->steps > TEMPLATE_STEPS_MAX)) {
            done = fail(error, "page", "longer than its limit");
        }
        if (node->kind == NODE_SECTION || node->kind == NODE_INVERTED) {
            i = node->end;
        }
    }
    render->nesting--;
    return done;
}

bool template_set_render(const struct template_set *set, const char *name, const json_t *data, size_t bytes_max,
                         GString *out, GError **error)
{
    const GArray *nodes = find_template(set, name);
    g_autoptr(GString) indent = g_string_new(NULL);
    const size_t length_before = out->len;
    struct render render = {
        .set = set, .stack = {data}, .depth = 1, .indent = indent, .out = out, .bytes_max = length_before + bytes_max};

    if (nodes == NULL) {
        return fail(error, name, "does not exist");
    }
    if (!render_nodes(&render, nodes, 0, nodes->len, error)) {
        g_string_truncate(out, length_before);
        return false;
    }
    return true;
}
