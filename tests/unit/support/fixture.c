#include "tests/unit/support/fixture.h"

#include <glib/gstdio.h>

#include "service/model/job.h"
#include "service/model/migrate.h"
#include "tests/unit/support/engine.h"

struct call {
    struct fixture *fixture;
    const struct staff_new *person;
    const struct submission_form *form;
    struct submission_receipt receipt;
    char *id;
    const char *state;
};

void fixture_open(struct fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    fixture->folder = g_dir_make_tmp("xuepai-test-XXXXXX", &error);
    g_assert_no_error(error);
    fixture->address = engine_address(fixture->folder);
    fixture->now_ms = 1790000000000; /* 2026-09-21, inside the edition */
    fixture->database = database_open(fixture->address, &error);
    g_assert_no_error(error);
    g_assert_true(migrate(fixture->database, fixture->now_ms, &error));
    g_assert_no_error(error);
    fixture->rules = rules_load("config", &error);
    g_assert_no_error(error);
    g_assert_true(rules_mirror(fixture->rules, fixture->database, &error));
    fixture->secrets = secrets_open(fixture->folder, "", &error);
    g_assert_no_error(error);
}

void fixture_close(struct fixture *fixture)
{
    g_autoptr(GDir) folder = g_dir_open(fixture->folder, 0, NULL);

    database_free(fixture->database);
    engine_drop(fixture->address);
    g_free(fixture->address);
    rules_free(fixture->rules);
    secrets_free(fixture->secrets);
    for (const char *name; (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
        g_remove(path);
    }
    g_rmdir(fixture->folder);
    g_free(fixture->folder);
}

void fixture_transact(struct fixture *fixture, database_work *work, void *context)
{
    g_autoptr(GError) error = NULL;
    const bool good = database_transact(fixture->database, "test", work, context, &error);

    g_assert_no_error(error);
    g_assert_true(good);
}

static bool add_staff(struct sql *sql, void *context, GError **error)
{
    static const struct actor TEST = {"test", "system", ""};
    struct call *call = context;

    return staff_add(sql, call->fixture->rules, call->person, &TEST, call->fixture->now_ms, &call->id, error);
}

struct find {
    const char *username;
    struct staff *staff;
};

static bool find_staff(struct sql *sql, void *context, GError **error)
{
    struct find *find = context;
    bool found = false;

    return staff_find_username(sql, find->username, find->staff, &found, error) && found;
}

void fixture_staff(struct fixture *fixture, const char *username, const char *scope, const char *stages,
                   struct staff *staff)
{
    const struct staff_new person = {
        .username = username,
        .name = username,
        .role = "reviewer",
        .scope = scope,
        .stages = stages,
        .password_hash = "none",
    };
    struct call call = {.fixture = fixture, .person = &person};
    struct find find = {username, staff};

    fixture_transact(fixture, add_staff, &call);
    g_free(call.id);
    fixture_transact(fixture, find_staff, &find);
}

static bool add_upload(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return sql_run(
        sql,
        "INSERT INTO upload (id, state, length_bytes, offset_bytes, metadata, track, fingerprint, created_ms,"
        " updated_ms, expires_ms) VALUES ($1, $2, 1000, 1000, '', '', '', $3, $3, $3)",
        SQL_VALUES(SQL_T(call->id), SQL_T(call->state), SQL_I(call->fixture->now_ms)), NULL, error);
}

char *fixture_upload(struct fixture *fixture, const char *state)
{
    struct call call = {.fixture = fixture, .id = secret_id(), .state = state};

    fixture_transact(fixture, add_upload, &call);
    return call.id;
}

static bool create(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return submission_create(sql, call->fixture->rules, call->fixture->secrets, call->form, call->fixture->now_ms,
                             &call->receipt, error);
}

char *fixture_received(struct fixture *fixture, const char *region)
{
    g_autofree char *upload = fixture_upload(fixture, "complete");
    const char *const uploads[] = {upload, NULL};
    const struct submission_form form = {
        .track = "family-video",
        .region = region,
        .title = "和奶奶一起读家书",
        .words = "每晚二十分钟",
        .name = "李小梅",
        .phone = "13800001234",
        .licence = true,
        .scopes = "[\"site\"]",
        .uploads = uploads,
        .device_digest = fixture->phone == NULL ? "device" : fixture->phone,
        .peer = "127.0.0.1",
    };
    struct call call = {.fixture = fixture, .form = &form};

    fixture_transact(fixture, create, &call);
    g_assert_cmpstr(call.receipt.state, ==, "received");
    char *id = g_steal_pointer(&call.receipt.id);
    submission_receipt_clear(&call.receipt);
    return id;
}

static bool prepare(struct sql *sql, void *context, GError **error)
{
    static const char SHA[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct call *call = context;
    const struct move started = {.event = EVENT_STARTED};
    const struct move prepared = {.event = EVENT_PREPARED, .stage = 1};
    g_auto(Submission) submission = {0};
    g_autofree char *digest = NULL;

    return submission_get(sql, call->id, &submission, error) &&
           submission_move(sql, &submission, &DOER_WORKER, &started, call->fixture->now_ms, error) &&
           original_set_digest(sql, &submission, 1, SHA, error) &&
           rendition_content_digest(sql, &submission, &digest, error) &&
           submission_set_facts(sql, &submission, "{\"duration_ms\":10000}", " portrait ", digest, error) &&
           submission_move(sql, &submission, &DOER_WORKER, &prepared, call->fixture->now_ms, error);
}

char *fixture_in_review(struct fixture *fixture, const char *region)
{
    struct call call = {.fixture = fixture, .id = fixture_received(fixture, region)};

    fixture_transact(fixture, prepare, &call);
    return call.id;
}
