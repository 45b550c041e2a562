/* What main.c builds once and handlers get: every long-lived object of the service. No other globals exist. */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "common/log.h"

struct app {
    struct log log;
    const struct settings *settings;
    struct database *database;
    struct store *store;
    struct server *server;
    struct uploads *uploads; /* who writes which upload, and the folder of their bytes */
    struct site *site;
    struct embed_counts *embed_counts; /* frames of other sites, not yet written */
    struct webhooks *webhooks;         /* tells other systems */
    struct view_counts *view_counts;   /* who watches, for an hour; not yet written */
    struct wechat *wechat;             /* may be off, wechat_is_on */
    struct sniffer *sniffer;           /* NULL when xuepai-media is not there; uploads then go on unsniffed */
    char *worker_token;                /* what workers of this installation show */
    char *node;                        /* id of this data folder among the services of one database */
    gint nodes;              /* atomic: services of the database that were heard of lately, this one among them */
    gint sandbox;            /* atomic: the lowest level of the machines heard of lately, see model/sandbox.h */
    bool unlocked_is_noted;  /* housekeeping's: the ledger has a record of this service's unlocked sniffer */
    char *data;              /* folder of everything, absolute */
    char *web;               /* folder of templates/ and dist/ */
    struct rules *rules;     /* editions, tracks and regions as read from config/ */
    struct branding *branding; /* what the edition puts into every clip */
    struct secrets *secrets; /* keys of this installation */
};
