/* What the ledger's names of actions, states, stages and roles are called on sheets and in the console. */
#pragma once

/* The name itself when there is no word for it. */
const char *ledger_word(const char *name);
