/* THE route table; see routes.c. */
#pragma once

#include "service/http/router.h"

const struct route *routes(size_t *count);
