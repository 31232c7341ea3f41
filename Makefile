# libraet: what SwiftPM cannot do by itself. It makes the archive; this links, checks, installs and tests the library.
# "make help" lists the targets.
PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR    ?=
SWIFT      ?= swift
# Where all of it goes: the results under $(BUILD), what SwiftPM keeps between runs under $(SCRATCH).
BUILD   := build
SCRATCH := .build

# The version stands in the header alone: major << 16 | minor << 8 | patch.
NUMBER    := $(shell sed -n 's/^.define RAET_VERSION_NUMBER \(0x[0-9a-f]*\)u$$/\1/p' Include/raet.h)
VERSION   := $(shell echo $$(( $(NUMBER) >> 16 )).$$(( $(NUMBER) >> 8 & 255 )).$$(( $(NUMBER) & 255 )))
SOVERSION := 0
SONAME    := libraet.so.$(SOVERSION)
SO        := libraet.so.$(VERSION)

# The toolchain's own llvm-objcopy: Debian's LLVM 14 cannot set the visibility of symbols.
target_info = $(shell swiftc -print-target-info | sed -n 's/.*"$(1)": *"\([^"]*\)".*/\1/p')
RESOURCES   = $(call target_info,runtimeResourcePath)
OBJCOPY     = $(RESOURCES)/../../bin/llvm-objcopy
UNICODE     = $(RESOURCES)/embedded/$(call target_info,unversionedTriple)/libswiftUnicodeDataTables.a

REQUIRES := libsodium msgpack jansson
LIBS      = $(shell pkg-config --libs $(REQUIRES)) -lm
COMPILE  := -c release --product raet -Xcc -DNDEBUG
EMBEDDED := -Xswiftc -enable-experimental-feature -Xswiftc Embedded -Xswiftc -wmo \
  -Xswiftc -Xfrontend -Xswiftc -function-sections \
  -Xswiftc -Xfrontend -Xswiftc -trap-function -Xswiftc -Xfrontend -Xswiftc libraet_internal_trap
LINK := -Wl,-soname,$(SONAME) -Wl,--version-script=Sources/RaetABI/raet.map -Wl,-z,defs -Wl,-z,relro -Wl,-z,now \
  -Wl,-z,noexecstack -Wl,--gc-sections -Wl,--build-id -Wl,--as-needed
# SwiftPM decides by itself what to compile again; an archive it leaves alone is not linked again.
ARCHIVE := $(SCRATCH)/embedded/release/libraet.a
REGULAR := $(SCRATCH)/regular/release/libraet.a

.PHONY: all regular install uninstall FORCE
.DELETE_ON_ERROR:
all: $(BUILD)/$(SO) ## the library as it ships (Embedded Swift), in build/

$(ARCHIVE): FORCE
	$(SWIFT) build --scratch-path $(SCRATCH)/embedded $(COMPILE) $(EMBEDDED)
$(REGULAR): FORCE
	$(SWIFT) build --scratch-path $(SCRATCH)/regular $(COMPILE)

# Swift gives exported functions protected visibility, and a C program that takes the address of one then fails to link:
# so objcopy makes it the default one, and cc links.
$(BUILD)/$(SO): $(ARCHIVE) Sources/RaetABI/raet.map Makefile
	mkdir -p $(@D)
	$(OBJCOPY) --wildcard --set-symbol-visibility='raet_*=default' $(ARCHIVE) $(BUILD)/libraet-pic.a
	$(CC) -shared -static-libgcc -fuse-ld=bfd -o $@.full \
	  -Wl,--whole-archive $(BUILD)/libraet-pic.a -Wl,--no-whole-archive $(UNICODE) $(LINK) $(LIBS)
	$(finish)

regular: $(BUILD)/regular/$(SO) ## the same in ordinary Swift, in build/regular/
$(BUILD)/regular/$(SO): $(REGULAR) Sources/RaetABI/raet.map Makefile
	mkdir -p $(@D)
	ld -r -o $(@D)/raet.o --whole-archive $(REGULAR)
	$(OBJCOPY) --wildcard --set-symbol-visibility='raet_*=default' $(@D)/raet.o
	swiftc -emit-library -static-stdlib -use-ld=lld -o $@.full $(@D)/raet.o \
	  $(addprefix -Xclang-linker ,-static-libgcc $(LINK)) $(LIBS)
	$(finish)

# Strips the linked library, keeps its debug information beside it, and makes the two links.
define finish
$(OBJCOPY) --only-keep-debug $@.full $@.debug
$(OBJCOPY) --strip-unneeded --add-gnu-debuglink=$@.debug $@.full $@
rm $@.full
ln -sf $(SO) $(@D)/$(SONAME)
ln -sf $(SONAME) $(@D)/libraet.so
endef

# Not built here: who installs may have no compiler in the path, as under sudo.
install: ## PREFIX=/usr/local LIBDIR=PREFIX/lib INCLUDEDIR=PREFIX/include DESTDIR=
	@[ -f $(BUILD)/$(SO) ] || { echo 'nothing to install: run make first'; exit 1; }
	install -d '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(INCLUDEDIR)'
	install -m 755 $(BUILD)/$(SO) '$(DESTDIR)$(LIBDIR)/'
	ln -sf $(SO) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sf $(SONAME) '$(DESTDIR)$(LIBDIR)/libraet.so'
	install -m 644 Include/raet.h '$(DESTDIR)$(INCLUDEDIR)/'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' \
	  -e 's|@LIBDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|' \
	  -e 's|@INCLUDEDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))|' \
	  pkgconfig/raet.pc.in > '$(DESTDIR)$(LIBDIR)/pkgconfig/raet.pc'
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi
uninstall: ## takes away what install put there (same PREFIX and so on)
	rm -f $(foreach file,$(SO) $(SONAME) libraet.so pkgconfig/raet.pc,'$(DESTDIR)$(LIBDIR)/$(file)')
	rm -f '$(DESTDIR)$(INCLUDEDIR)/raet.h'
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

# Tests. Each of these is a step of scripts/test.sh, too.
.PHONY: check test asan tsan coverage c-tests valgrind python-tests interop library-check install-check abi abi-baseline
check: ## all tests (scripts/test.sh)
	scripts/test.sh
test: ## unit tests
	$(SWIFT) test --disable-xctest --scratch-path $(SCRATCH)/test
asan: export LSAN_OPTIONS = suppressions=$(CURDIR)/scripts/lib/asan.supp:print_suppressions=0
asan tsan: ## unit tests under the address or thread sanitizer
	$(SWIFT) test --disable-xctest --scratch-path $(SCRATCH)/$@ --sanitize=$(if $(filter asan,$@),address,thread)
coverage: ## unit tests, and how much of each source file they reach
	$(SWIFT) test --disable-xctest --scratch-path $(SCRATCH)/coverage --enable-code-coverage
	$(RESOURCES)/../../bin/llvm-cov report $(SCRATCH)/coverage/debug/raetPackageTests.xctest \
	  -instr-profile $(SCRATCH)/coverage/debug/codecov/default.profdata -ignore-filename-regex='(Tests|\.build)/'

# The promises under faults, each run from a printed seed (docs/TESTING.md).
.PHONY: sim mutants fuzz
sim: ## the simulator: SEEDS=2000 FIRST=1, or SEED=n for one run with a trace
	scripts/sim.sh
mutants: ## deliberate bugs, each of which must be caught: MUTANT=name for one, AGAIN=1 those caught before
	scripts/mutants.sh $(if $(AGAIN),--again) $(MUTANT)
fuzz: ## all fuzzers, SECONDS=60 each: TARGET=name for one
	scripts/fuzz.sh $(or $(SECONDS),60) $(TARGET)

# C programs against the shipped library. The C++ one shows that the header is C++ as well.
WARNINGS  := -Wall -Wextra -Werror
C_TESTS   := $(patsubst Tests/c/%.c,$(BUILD)/tests/%,$(wildcard Tests/c/*.c))
CXX_TESTS := $(patsubst Tests/c/%.cpp,$(BUILD)/tests/%,$(wildcard Tests/c/*.cpp))
# libsodium: for the peer in forge.h, which shares no code with the library.
TEST_LINK  = -IInclude -L$(BUILD) -lraet -Wl,-rpath,'$$ORIGIN/..' -Wl,--as-needed -lsodium
TEST_DEPS := $(wildcard Tests/c/*.h) Include/raet.h
$(C_TESTS): $(BUILD)/tests/%: Tests/c/%.c $(TEST_DEPS) $(BUILD)/$(SO)
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARNINGS) -pedantic -pthread -g -O1 $< -o $@ $(TEST_LINK)
$(CXX_TESTS): $(BUILD)/tests/%: Tests/c/%.cpp $(TEST_DEPS) $(BUILD)/$(SO)
	@mkdir -p $(@D)
	$(CXX) -std=c++17 $(WARNINGS) -pedantic -pthread -g -O1 $< -o $@ $(TEST_LINK)
# Valgrind is slow: garbage.c makes do with less there, and there are always as many at once as there are processors.
c-tests: $(C_TESTS) $(CXX_TESTS) ## C and C++ programs
	@failed=; for test in $^; do $$test || failed="$$failed $$test"; done; \
	  test -z "$$failed" || { echo "failed:$$failed"; exit 1; }
VALGRIND  := valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible
valgrind: export RAET_TEST_COUNT = 1000
valgrind: $(C_TESTS) $(CXX_TESTS) ## the same under valgrind
	@printf '%s\n' $^ | xargs -P "$$(nproc)" -I TEST sh -c '$(VALGRIND) TEST || { echo "failed: TEST"; exit 1; }'

python-tests: all ## the Python binding
	scripts/python-tests.sh
interop: all ## against the reference peer
	Tests/interop/run.sh
library-check: all ## exports, needed libraries, size and hardening of the shipped library
	Tests/abi/library.sh $(BUILD)/$(SO)
install-check: all ## installs into a temporary folder and builds C and C++ programs there
	scripts/install-check.sh
abi: all ## compares the interface with the baseline in Tests/abi/
	Tests/abi/compare.sh $(BUILD)/$(SO)
abi-baseline: all ## makes the present interface the baseline
	Tests/abi/compare.sh --update $(BUILD)/$(SO)

.PHONY: lint docs check-docs examples flow bench demo version clean help
lint: ## formatting and house rules
	scripts/lint.sh
docs: ## the header's documentation as HTML, in build/docs/
	mkdir -p $(BUILD)/docs
	doxygen Doxyfile
check-docs: ## the examples of the specification against recorded conversations, limits against the sources
	python3 scripts/check-protocol.py
	python3 scripts/check-limits.py
examples: all ## builds the examples, and runs those that need no one else
	$(MAKE) -C Examples check
flow: ## the example of a message flow of one's own, in the simulator
	$(MAKE) -C Examples flow
bench: all ## the table of speeds
	Benchmarks/run.sh
demo: ## two programs that talk to each other
	scripts/demo.sh
version: ## prints the version
	@echo $(VERSION)
clean: ## removes what was built
	rm -rf $(BUILD) $(SCRATCH)
help:
	@sed -n 's/^\([a-z -]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
