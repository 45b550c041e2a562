# Xuepai. `make run` and `make test` are for everybody; `make help` lists the rest.
#
# A program is its folder: every .c file below common/ and service/ makes xuepai-service, below common/ and
# worker/ (without worker/media/) xuepai-worker, below worker/media/ with worker/task.c, ladder.c and common/failure.c
# xuepai-media. So a new file needs no line here, and a file in the wrong folder does not link.

BUILD    ?= build
PREFIX   ?= /usr/local
DESTDIR  ?=
VERSION  := $(shell sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' CHANGELOG.md 2>/dev/null | head -n 1)
PATH     := $(CURDIR)/build/bin:$(PATH)
export PATH

JOBS     ?= -j$(shell nproc)
CC       ?= gcc
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wsign-compare -Wcast-qual -Wmissing-prototypes -Wstrict-prototypes \
            -Wold-style-definition -Wformat=2 -Wundef -Wvla -Wpointer-arith -Wwrite-strings -Wimplicit-fallthrough
ifndef SANITIZE
WARNINGS += -Wnull-dereference
HARDEN   := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection \
            -ftrivial-auto-var-init=zero
LDHARDEN := -pie -Wl,-z,relro,-z,now,--as-needed
else
HARDEN   := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -DXUEPAI_SANITIZE
LDHARDEN := -pie -fsanitize=address,undefined -Wl,--as-needed
endif
CFLAGS   ?= -g
CFLAGS   += -std=c17 -D_GNU_SOURCE -DXUEPAI_VERSION='"$(or $(VERSION),0)"' -I. $(WARNINGS) $(HARDEN) -fPIE -MMD -MP \
            -pthread $(EXTRA_CFLAGS)
LDFLAGS  += $(LDHARDEN) -pthread

# What each program may link; tests/unit/boundaries_test reads the result from the programs themselves.
service_packages := glib-2.0 gio-2.0 libmicrohttpd sqlite3 libpq libcurl libsodium liboath libcrypto jansson libbrotlienc libdeflate libarchive icu-i18n icu-uc libqrencode pangocairo cairo-pdf xlsxwriter
worker_packages  := glib-2.0 gio-2.0 libcurl libcrypto jansson
media_packages   := glib-2.0 jansson libavformat libavcodec libavfilter libavutil libswscale libswresample vips libseccomp
media_extra      := -lmagic -lchromaprint -lzbar -lm

flags = $(shell pkg-config --cflags $(1) 2>/dev/null | sed 's/-I/-isystem /g')
libs  = $(shell pkg-config --libs $(1) 2>/dev/null)

common_sources  := $(wildcard common/*.c)
service_sources := $(filter-out service/main.c,$(wildcard service/*.c service/*/*.c))
worker_sources  := $(filter-out worker/main.c,$(wildcard worker/*.c))
media_sources   := $(filter-out worker/media/main.c,$(wildcard worker/media/*.c))

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
programs := $(BUILD)/xuepai-service $(BUILD)/xuepai-worker $(BUILD)/xuepai-media

.PHONY: all help build run test units unit unit-postgres unit-verbose http browser media lint asan fuzz faults bench demo audit scale-demo install deps \
        deps-test programs web clean format

all: build

help:
	@sed -n 's/^## //p' Makefile

## make run          install what is missing, build, start service and worker on ./data
run: build
	scripts/run

## make test         install what is missing, build, run every test
test: deps-test
	@$(MAKE) --no-print-directory $(JOBS) programs units web
	scripts/test

## make build        the three programs and web/dist
build: deps
	@$(MAKE) --no-print-directory $(JOBS) programs web

deps:
	@scripts/deps build

deps-test:
	@scripts/deps test

programs: $(programs)

web: web/dist/.built
web/dist/.built: $(wildcard web/package.json web/*.ts web/public/*.ts web/public/*/*.ts web/public/css/* web/console/* web/console/*/*)
	@if [ -f web/package.json ]; then cd web && npm run --silent build && touch dist/.built; fi

$(BUILD)/xuepai-service: $(call objects,service/main.c $(service_sources) $(common_sources))
	@echo '  link $@'
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$(service_packages))

$(BUILD)/xuepai-worker: $(call objects,worker/main.c $(worker_sources) $(common_sources))
	@echo '  link $@'
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$(worker_packages)) -lm

$(BUILD)/xuepai-media: $(call objects,worker/media/main.c $(media_sources) worker/task.c worker/ladder.c common/failure.c)
	@echo '  link $@'
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$(media_packages)) $(media_extra)

# The same without its lock, for the bench of what the lock costs.
$(BUILD)/unlocked/xuepai-media: $(call objects,tests/bench/support/unlocked.c worker/media/main.c $(media_sources) worker/task.c worker/ladder.c common/failure.c)
	@mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$(media_packages)) $(media_extra)
$(BUILD)/unlocked/xuepai-worker: $(BUILD)/xuepai-worker
	@mkdir -p $(@D) && cp $< $@

$(BUILD)/obj/tests/bench/%.o:  PACKAGES = libseccomp
$(BUILD)/obj/service/%.o:      PACKAGES = $(service_packages)
$(BUILD)/obj/worker/%.o:       PACKAGES = $(worker_packages)
$(BUILD)/obj/worker/media/%.o: PACKAGES = $(media_packages)
$(BUILD)/obj/common/%.o:       PACKAGES = glib-2.0 gio-2.0 jansson libcrypto
$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo '  cc $<'
	@$(CC) $(CFLAGS) $(call flags,$(PACKAGES)) -c -o $@ $<

# Unit tests: tests/unit/service/http/ranges_test.c tests service/http/ranges.c and is linked with that program.
unit_sources := $(shell find tests/unit -name '*_test.c' 2>/dev/null)
unit_programs := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(unit_sources))
# what runs on both engines
engine_programs := $(filter $(BUILD)/unit/service/database/% $(BUILD)/unit/service/model/%,$(unit_programs))
support_sources := $(wildcard tests/unit/support/*.c)

# Archives, so that a test is linked with what it uses and nothing else.
$(BUILD)/libservice.a: $(call objects,$(service_sources) $(common_sources) $(support_sources))
$(BUILD)/libworker.a:  $(call objects,$(worker_sources) $(common_sources))
$(BUILD)/libmedia.a:   $(call objects,$(media_sources) worker/task.c worker/ladder.c common/failure.c)
$(BUILD)/lib%.a:
	@rm -f $@ && ar rcs $@ $^

$(BUILD)/obj/tests/unit/%.o: PACKAGES = $(service_packages) $(media_packages)
$(BUILD)/unit/common/%:       $(BUILD)/obj/tests/unit/common/%.o $(BUILD)/libservice.a
	@mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$(service_packages))
$(BUILD)/unit/service/%:      $(BUILD)/obj/tests/unit/service/%.o $(BUILD)/libservice.a
	@mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$(service_packages))
$(BUILD)/unit/worker/media/%: $(BUILD)/obj/tests/unit/worker/media/%.o $(BUILD)/libmedia.a
	@mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$(media_packages)) $(media_extra)
$(BUILD)/unit/worker/%:       $(BUILD)/obj/tests/unit/worker/%.o $(BUILD)/libworker.a
	@mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$(worker_packages)) -lm
.SECONDARY:

units: $(unit_programs)

## make unit         the C unit tests alone (TAP under prove); `scripts/radosgw with make unit`: on an object store too
unit: programs $(unit_programs)
	@if [ -n "$(unit_programs)" ]; then \
	    G_DEBUG=fatal-criticals XUEPAI_BUILD=$(BUILD) prove --exec '' $(unit_programs); fi

## make unit-postgres  those of database and model once more, on a throw-away PostgreSQL
unit-postgres: programs $(engine_programs)
	@G_DEBUG=fatal-criticals XUEPAI_BUILD=$(BUILD) scripts/postgres run prove --verbose --exec '' $(engine_programs)

unit-verbose: programs $(unit_programs)
	@G_DEBUG=fatal-criticals XUEPAI_BUILD=$(BUILD) prove --verbose --exec '' $(unit_programs)

## make http         black-box tests of the programs (node:test)
http: programs
	scripts/node-tests tests/http

## make browser      the pages in Debian's Chromium
browser: programs web
	scripts/node-tests tests/browser

## make media        what the media program makes, on generated fixtures and on the corpus where it is
media: programs
	scripts/node-tests tests/media

## make faults       kill runs (FULL=1 for the large numbers)
faults: programs
	scripts/test faults faults-scale

## make lint         house rules: owners of libraries, folders, lengths, names
lint:
	scripts/lint

## make asan         unit, http and media tests under AddressSanitizer and UBSan
asan:
	$(MAKE) --no-print-directory BUILD=build/asan SANITIZE=1 programs unit
	XUEPAI_BUILD=build/asan scripts/node-tests tests/http tests/media

## make audit        the public pages by the W3C's HTML checker, axe and Lighthouse (minutes; wants a quiet machine)
audit: deps-test programs web
	@scripts/deps audit
	node tests/audit/audit.mjs

## make fuzz         every parser of outside bytes (FUZZ_SECONDS=30 each)
fuzz:
	scripts/fuzz

## make bench        side by side with ffmpeg and nginx; writes build/bench.json
bench:
	@scripts/deps bench
	@$(MAKE) --no-print-directory programs web
	node tests/bench/all.mjs

## make demo         a filled data folder
demo: build
	scripts/demo

## make scale-demo   two services, three workers, nginx, PostgreSQL and an object store here, until Ctrl-C
scale-demo:
	scripts/scale-demo

## make install      into DESTDIR/PREFIX, with systemd units
install: programs web
	scripts/install "$(DESTDIR)" "$(PREFIX)" "$(BUILD)"

## make format       clang-format over everything
format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build web/dist

$(BUILD)/obj/service/model/migrate.o: $(wildcard service/model/schema/*.sql)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
