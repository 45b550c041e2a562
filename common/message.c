#include "common/message.h"

#include <string.h>
#include <sys/stat.h>

#include "common/failure.h"

#define PLACED_HEADERS_MOST 8

static bool misshapen(const json_error_t *cause, GError **error)
{
    g_set_error(error, MESSAGE_ERROR, REASON_JSON, "job message: %s", cause->text);
    return false;
}

static bool wrong(const char *what, GError **error)
{
    g_set_error(error, MESSAGE_ERROR, REASON_INPUT, "job message: %s", what);
    return false;
}

json_t *claim_message_json(const struct claim_message *claim)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:I}", "worker", claim->worker, "version", claim->version, "protocol",
                     (json_int_t)claim->protocol, "sandbox", claim->sandbox, "disk", claim->disk, "wait_ms",
                     (json_int_t)claim->wait_ms);
}

bool claim_message_read(json_t *json, struct claim_message *claim, GError **error)
{
    const char *worker;
    const char *version;
    const char *sandbox;
    const char *disk = "";
    json_int_t wait_ms = 0;
    json_int_t protocol = MESSAGE_PROTOCOL;
    json_error_t cause;

    if (json_unpack_ex(json, &cause, JSON_STRICT, "{s:s, s:s, s?I, s:s, s?s, s?I}", "worker", &worker, "version",
                       &version, "protocol", &protocol, "sandbox", &sandbox, "disk", &disk, "wait_ms", &wait_ms) != 0) {
        return misshapen(&cause, error);
    }
    if (strlen(worker) > 100 || strlen(version) > 40 || strlen(sandbox) > 40 || strlen(disk) > 200) {
        return wrong("a name is too long", error);
    }
    claim->worker = g_strdup(worker);
    claim->version = g_strdup(version);
    claim->protocol = protocol;
    claim->sandbox = g_strdup(sandbox);
    claim->disk = g_strdup(disk);
    claim->wait_ms = CLAMP(wait_ms, 0, CLAIM_WAIT_MS);
    return true;
}

void claim_message_clear(struct claim_message *claim)
{
    g_clear_pointer(&claim->worker, g_free);
    g_clear_pointer(&claim->version, g_free);
    g_clear_pointer(&claim->sandbox, g_free);
    g_clear_pointer(&claim->disk, g_free);
}

static json_t *file_json(const struct file_message *file)
{
    return json_pack("{s:I, s:s, s:s}", "bytes", (json_int_t)file->bytes, "path", file->path, "url", file->url);
}

const char *const MESSAGE_BRANDING_NAMES[MESSAGE_BRANDINGS] = {"intro", "outro", "watermark"};

static json_t *branding_json(const struct offer_message *offer)
{
    json_t *branding = json_object();

    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        if (offer->branding[i].key != NULL) {
            json_t *row = file_json(&offer->branding[i].file);
            json_object_set_new(row, "key", json_string(offer->branding[i].key));
            json_object_set_new(branding, MESSAGE_BRANDING_NAMES[i], row);
        }
    }
    return branding;
}

json_t *offer_message_json(const struct offer_message *offer)
{
    json_t *inputs = json_array();

    for (size_t i = 0; i < offer->input_count; i++) {
        const struct input_message *input = &offer->inputs[i];
        json_t *row = file_json(&input->file);
        json_object_set_new(row, "position", json_integer(input->position));
        json_object_set_new(row, "done", json_boolean(input->done));
        if (input->review.url != NULL) {
            json_object_set_new(row, "review", file_json(&input->review));
        }
        json_array_append_new(inputs, row);
    }
    return json_pack("{s:s, s:I, s:s, s:I, s:O, s:O?, s:s, s:o, s:o}", "job", offer->job, "token", (json_int_t)offer->token,
                     "kind", offer->kind, "lease_ms", (json_int_t)offer->lease_ms, "limits", offer->limits, "facts",
                     offer->facts, "folder", offer->folder, "inputs", inputs, "branding", branding_json(offer));
}

static bool read_file(json_t *json, struct file_message *file, GError **error)
{
    json_int_t bytes;
    const char *path;
    const char *url;
    json_error_t cause;

    if (json_unpack_ex(json, &cause, JSON_STRICT, "{s:I, s:s, s:s}", "bytes", &bytes, "path", &path, "url", &url) !=
        0) {
        return misshapen(&cause, error);
    }
    *file = (struct file_message){.bytes = bytes, .path = g_strdup(path), .url = g_strdup(url)};
    return true;
}

static bool read_inputs(const json_t *inputs, struct offer_message *offer, GError **error)
{
    if (!json_is_array(inputs) || json_array_size(inputs) < 1 || json_array_size(inputs) > MESSAGE_INPUTS_MOST) {
        return wrong("number of inputs", error);
    }
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        struct input_message *input = &offer->inputs[offer->input_count++];
        json_auto_t *file = json_copy(json_array_get(inputs, i)); /* shallow: what is no file is taken off */
        json_auto_t *review = json_incref(json_object_get(file, "review"));

        input->position = json_integer_value(json_object_get(file, "position"));
        input->done = json_is_true(json_object_get(file, "done"));
        (void)json_object_del(file, "position"); /* missing: 0 then */
        (void)json_object_del(file, "done");
        (void)json_object_del(file, "review");
        if (!read_file(file, &input->file, error) || (review != NULL && !read_file(review, &input->review, error))) {
            return false;
        }
        if (input->position < 1) {
            return wrong("a position", error);
        }
    }
    return true;
}

static bool read_branding(json_t *branding, struct offer_message *offer, GError **error)
{
    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        json_auto_t *row = json_copy(json_object_get(branding, MESSAGE_BRANDING_NAMES[i]));
        if (row == NULL) {
            continue;
        }
        offer->branding[i].key = g_strdup(json_string_value(json_object_get(row, "key")));
        (void)json_object_del(row, "key"); /* missing: NULL above */
        if (!read_file(row, &offer->branding[i].file, error)) {
            return false;
        }
        if (offer->branding[i].key == NULL) {
            return wrong("a key", error);
        }
    }
    return true;
}

bool offer_message_read(json_t *json, struct offer_message *offer, GError **error)
{
    const char *job;
    const char *kind;
    const char *folder;
    json_int_t token;
    json_int_t lease_ms;
    json_t *limits;
    json_t *facts = NULL;
    json_t *inputs, *branding;
    json_error_t cause;

    if (json_unpack_ex(json, &cause, JSON_STRICT, "{s:s, s:I, s:s, s:I, s:o, s?o, s:s, s:o, s:o}", "job", &job, "token",
                       &token, "kind", &kind, "lease_ms", &lease_ms, "limits", &limits, "facts", &facts, "folder",
                       &folder, "inputs", &inputs, "branding", &branding) != 0) {
        return misshapen(&cause, error);
    }
    offer->job = g_strdup(job);
    offer->token = token;
    offer->kind = g_strdup(kind);
    offer->lease_ms = lease_ms;
    offer->limits = json_incref(limits);
    offer->facts = json_is_object(facts) ? json_incref(facts) : NULL;
    offer->folder = g_strdup(folder);
    if (!read_inputs(inputs, offer, error) || !read_branding(branding, offer, error)) {
        offer_message_clear(offer);
        return false;
    }
    return true;
}

void file_message_clear(struct file_message *file)
{
    g_clear_pointer(&file->path, g_free);
    g_clear_pointer(&file->url, g_free);
}

void offer_message_clear(struct offer_message *offer)
{
    for (size_t i = 0; i < offer->input_count; i++) {
        file_message_clear(&offer->inputs[i].file);
        file_message_clear(&offer->inputs[i].review);
    }
    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        file_message_clear(&offer->branding[i].file);
        g_free(offer->branding[i].key);
    }
    g_free(offer->job);
    g_free(offer->kind);
    g_free(offer->folder);
    json_decref(offer->limits);
    json_decref(offer->facts);
    *offer = (struct offer_message){0};
}

/* At most `most` printable ASCII characters, none of which ends a header, a text of JSON, or a line of schema/0035. */
static bool is_plain(const char *text, size_t most)
{
    const size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isprint(text[i]) || text[i] == '"' || text[i] == '\\') {
            return false;
        }
    }
    return length <= most;
}

static bool is_digest(const char *text)
{
    return text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

json_t *place_message_json(const struct place_message *place)
{
    return json_pack("{s:I, s:s, s:s}", "token", (json_int_t)place->token, "name", place->name, "sha256",
                     place->sha256);
}

bool place_message_read(json_t *json, struct place_message *place, GError **error)
{
    json_int_t token;
    const char *name;
    const char *sha256;
    json_error_t cause;

    if (json_unpack_ex(json, &cause, JSON_STRICT, "{s:I, s:s, s:s}", "token", &token, "name", &name, "sha256",
                       &sha256) != 0) {
        return misshapen(&cause, error);
    }
    if (!is_digest(sha256)) {
        return wrong("a digest", error);
    }
    *place = (struct place_message){.token = token, .name = g_strdup(name), .sha256 = g_strdup(sha256)};
    return true;
}

void place_message_clear(struct place_message *place)
{
    g_clear_pointer(&place->name, g_free);
    g_clear_pointer(&place->sha256, g_free);
}

json_t *placed_message_json(const struct placed_message *placed)
{
    json_t *headers = json_array();

    for (char **header = placed->headers; header != NULL && *header != NULL; header++) {
        json_array_append_new(headers, json_string(*header));
    }
    return json_pack("{s:s, s:o}", "url", placed->url, "headers", headers);
}

bool placed_message_read(json_t *json, struct placed_message *placed, GError **error)
{
    const char *url;
    json_t *headers;
    json_error_t cause;

    if (json_unpack_ex(json, &cause, JSON_STRICT, "{s:s, s:o}", "url", &url, "headers", &headers) != 0) {
        return misshapen(&cause, error);
    }
    if (!json_is_array(headers) || json_array_size(headers) > PLACED_HEADERS_MOST) {
        return wrong("headers", error);
    }
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    for (size_t i = 0; i < json_array_size(headers); i++) {
        const char *line = json_string_value(json_array_get(headers, i));
        if (line == NULL || strpbrk(line, "\r\n") != NULL || strchr(line, ':') == NULL) {
            return wrong("a header", error);
        }
        g_strv_builder_add(lines, line);
    }
    *placed = (struct placed_message){.url = g_strdup(url), .headers = g_strv_builder_end(lines)};
    return true;
}

void placed_message_clear(struct placed_message *placed)
{
    g_clear_pointer(&placed->url, g_free);
    g_clear_pointer(&placed->headers, g_strfreev);
}

static void output_free(gpointer data)
{
    struct output_message *output = data;

    g_free(output->name);
    g_free(output->kind);
    g_free(output->type);
    g_free(output->sha256);
    json_decref(output->facts);
    g_free(output);
}

GPtrArray *finish_message_outputs_new(void)
{
    return g_ptr_array_new_with_free_func(output_free);
}

struct output_message *output_message_new(const char *name, const char *kind, const char *type)
{
    struct output_message *output = g_new0(struct output_message, 1);

    output->name = g_strdup(name);
    output->kind = g_strdup(kind);
    output->type = g_strdup(type);
    return output;
}

json_t *finish_message_json(const struct finish_message *finish)
{
    json_t *outputs = json_array();
    json_t *digests = json_array();

    for (guint i = 0; i < finish->outputs->len; i++) {
        const struct output_message *output = g_ptr_array_index(finish->outputs, i);
        json_array_append_new(outputs, json_pack("{s:s, s:s, s:s, s:I, s:s, s:O}", "name", output->name, "kind",
                                                 output->kind, "type", output->type, "bytes", (json_int_t)output->bytes,
                                                 "sha256", output->sha256, "facts", output->facts));
    }
    for (guint i = 0; i < finish->input_digests->len; i++) {
        json_array_append_new(digests, json_string(g_ptr_array_index(finish->input_digests, i)));
    }
    return json_pack("{s:I, s:O, s:o, s:o, s:o*}", "token", (json_int_t)finish->token, "facts", finish->facts, "inputs",
                     digests, "outputs", outputs, "next",
                     finish->next == NULL ? NULL : claim_message_json(finish->next));
}

static bool read_outputs(const json_t *outputs, struct finish_message *finish, GError **error)
{
    if (!json_is_array(outputs) || json_array_size(outputs) > MESSAGE_OUTPUTS_MOST) {
        return wrong("number of outputs", error);
    }
    for (size_t i = 0; i < json_array_size(outputs); i++) {
        const char *name;
        const char *kind;
        const char *type;
        const char *sha256;
        json_int_t bytes;
        json_t *facts;
        json_error_t cause;

        if (json_unpack_ex(json_array_get(outputs, i), &cause, JSON_STRICT, "{s:s, s:s, s:s, s:I, s:s, s:o}", "name",
                           &name, "kind", &kind, "type", &type, "bytes", &bytes, "sha256", &sha256, "facts",
                           &facts) != 0) {
            return misshapen(&cause, error);
        }
        if (!is_digest(sha256) || bytes < 1 || !is_plain(kind, 40) || !is_plain(type, 80) || !json_is_object(facts)) {
            return wrong("an output", error);
        }
        struct output_message *output = output_message_new(name, kind, type);
        output->bytes = bytes;
        output->sha256 = g_strdup(sha256);
        output->facts = json_incref(facts);
        g_ptr_array_add(finish->outputs, output);
    }
    return true;
}

static bool read_digests(const json_t *inputs, struct finish_message *finish, GError **error)
{
    if (!json_is_array(inputs) || json_array_size(inputs) > MESSAGE_INPUTS_MOST) {
        return wrong("number of input digests", error);
    }
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const char *digest = json_string_value(json_array_get(inputs, i));
        if (!is_digest(digest)) {
            return wrong("an input digest", error);
        }
        g_ptr_array_add(finish->input_digests, g_strdup(digest));
    }
    return true;
}

bool finish_message_read(json_t *json, struct finish_message *finish, GError **error)
{
    json_int_t token;
    json_t *facts;
    json_t *inputs;
    json_t *outputs;
    json_t *next = NULL;
    json_error_t cause;

    if (json_unpack_ex(json, &cause, JSON_STRICT, "{s:I, s:o, s:o, s:o, s?o}", "token", &token, "facts", &facts,
                       "inputs", &inputs, "outputs", &outputs, "next", &next) != 0) {
        return misshapen(&cause, error);
    }
    if (!json_is_object(facts)) {
        return wrong("facts", error);
    }
    finish->token = token;
    finish->facts = json_incref(facts);
    finish->input_digests = g_ptr_array_new_with_free_func(g_free);
    finish->outputs = finish_message_outputs_new();
    finish->next = next == NULL ? NULL : g_new0(struct claim_message, 1);
    if ((next != NULL && !claim_message_read(next, finish->next, error)) || !read_digests(inputs, finish, error) ||
        !read_outputs(outputs, finish, error)) {
        finish_message_clear(finish);
        return false;
    }
    return true;
}

void finish_message_clear(struct finish_message *finish)
{
    json_decref(finish->facts);
    g_clear_pointer(&finish->input_digests, g_ptr_array_unref);
    g_clear_pointer(&finish->outputs, g_ptr_array_unref);
    if (finish->next != NULL) {
        claim_message_clear(finish->next);
        g_clear_pointer(&finish->next, g_free);
    }
    finish->facts = NULL;
}

static const char *const NEXTS[FAIL_COUNT] = {
    [FAIL_RETRY] = "retry",
    [FAIL_REFUSE] = "refuse",
    [FAIL_QUARANTINE] = "quarantine",
    [FAIL_INFRASTRUCTURE] = "infrastructure",
};

json_t *fail_message_json(const struct fail_message *fail)
{
    json_t *others = json_array();

    for (size_t i = 0; i < fail->other_count; i++) {
        json_array_append_new(others, json_pack("{s:I, s:s}", "position", (json_int_t)fail->others[i].position, "reason",
                                                fail->others[i].reason));
    }
    return json_pack("{s:I, s:s, s:s, s:I, s:o}", "token", (json_int_t)fail->token, "reason", fail->reason, "next",
                     NEXTS[fail->next], "position", (json_int_t)fail->position, "others", others);
}

void fail_message_add(struct fail_message *fail, int64_t position, const char *reason)
{
    g_assert(fail->other_count < MESSAGE_INPUTS_MOST);
    fail->others[fail->other_count++] = (struct refused_input){position, g_strdup(reason)};
}

static bool read_others(const json_t *others, struct fail_message *fail, GError **error)
{
    size_t i;
    json_t *one;

    if (others != NULL && (!json_is_array(others) || json_array_size(others) > MESSAGE_INPUTS_MOST)) {
        return wrong("others", error);
    }
    json_array_foreach(others, i, one) {
        const char *reason;
        json_int_t position;
        json_error_t cause;
        enum reason known;
        if (json_unpack_ex(one, &cause, JSON_STRICT, "{s:I, s:s}", "position", &position, "reason", &reason) != 0) {
            return misshapen(&cause, error);
        }
        if (position < 1 || position > MESSAGE_INPUTS_MOST || !reason_find(reason, &known)) {
            return wrong("others", error);
        }
        fail_message_add(fail, position, reason);
    }
    return true;
}

bool fail_message_read(json_t *json, struct fail_message *fail, GError **error)
{
    const char *reason;
    const char *next;
    json_int_t token;
    json_int_t position = 0;
    const json_t *others = NULL;
    json_error_t cause;
    enum reason known;

    if (json_unpack_ex(json, &cause, JSON_STRICT, "{s:I, s:s, s:s, s?I, s?o}", "token", &token, "reason", &reason,
                       "next", &next, "position", &position, "others", &others) != 0) {
        return misshapen(&cause, error);
    }
    if (position < 0 || position > MESSAGE_INPUTS_MOST) {
        return wrong("position", error);
    }
    if (!reason_find(reason, &known)) {
        return wrong("no such reason", error);
    }
    for (int i = 0; i < FAIL_COUNT; i++) {
        if (strcmp(NEXTS[i], next) == 0) {
            struct fail_message read = {
                .token = token, .reason = g_strdup(reason), .next = (enum fail_next)i, .position = position};
            if (!read_others(others, &read, error)) {
                fail_message_clear(&read);
                return false;
            }
            *fail = read;
            return true;
        }
    }
    return wrong("next", error);
}

void fail_message_clear(struct fail_message *fail)
{
    g_clear_pointer(&fail->reason, g_free);
    for (size_t i = 0; i < fail->other_count; i++) {
        g_clear_pointer(&fail->others[i].reason, g_free);
    }
    fail->other_count = 0;
}

char *message_disk_id(const char *folder)
{
    g_autofree char *boot = NULL;
    struct stat status;

    if (stat(folder, &status) != 0 || !g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL)) {
        return g_strdup("");
    }
    return g_strdup_printf("%s:%ju:%ju", g_strstrip(boot), (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
}
