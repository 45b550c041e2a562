/* The services of one database: each leaves a sign of life, and takes it away when it stops. Clocks are the database's. */
#pragma once

#include "service/database/database.h"

enum {
    NODE_GONE_MS = 30000, /* six signs of life were missed */
};

struct node {
    char *id; /* of its data folder */
    char *version;
    char *sandbox;   /* level of its sniffer, "off" when there is none */
    int64_t seen_ms; /* lease clock of the database */
};
extern const struct sql_map node_map;

/* By the clock of the database: seen_ms is not read. */
bool node_seen(struct sql *sql, const struct node *node, GError **error);
bool node_left(struct sql *sql, const char *id, GError **error);
/* Those that were seen in the last thirty seconds, by id; at most 1000. */
struct sql_rows *node_list(struct sql *sql, GError **error);
