/* A fresh database with schema and rules in a temporary folder, and short cuts that make works in a given state. */
#pragma once

#include "service/database/database.h"
#include "service/model/rendition.h"
#include "service/model/review.h"
#include "service/model/rules.h"
#include "service/model/secret.h"
#include "service/model/staff.h"

struct fixture {
    char *folder;
    char *address; /* of the database, to open it once more */
    struct database *database;
    struct rules *rules;
    struct secrets *secrets;
    int64_t now_ms;    /* the test's clock */
    const char *phone; /* digest of the device that the next works come from; NULL: "device" */
};

void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);

/* Runs work in a transaction and expects success. */
void fixture_transact(struct fixture *fixture, database_work *work, void *context);

/* A person; the caller clears it with sql_row_clear(&staff_map, …). */
void fixture_staff(struct fixture *fixture, const char *username, const char *scope, const char *stages,
                   struct staff *staff);
/* A complete upload row; the id is the caller's. */
char *fixture_upload(struct fixture *fixture, const char *state);
/* A received work over one complete upload; its id is the caller's. */
char *fixture_received(struct fixture *fixture, const char *region);
/* The same, prepared and in review at the first stage. */
char *fixture_in_review(struct fixture *fixture, const char *region);
