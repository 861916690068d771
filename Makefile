# Pixmill. `make help` lists the targets; `make run` is the main one.
# Kept to what GNU make 3.81 understands, which is what macOS has.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# -- settings ---------------------------------------------------------------

# Another libvips than the system's: the directory that it was installed into.
# Go's build cache remembers the linker flags that pkg-config gave it, so each
# libvips gets a build cache of its own.
LIBVIPS_PREFIX ?=
ifneq ($(LIBVIPS_PREFIX),)
export PKG_CONFIG_PATH := $(LIBVIPS_PREFIX)/lib/pkgconfig:$(LIBVIPS_PREFIX)/lib64/pkgconfig$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))
export LD_LIBRARY_PATH := $(LIBVIPS_PREFIX)/lib:$(LIBVIPS_PREFIX)/lib64$(if $(LD_LIBRARY_PATH),:$(LD_LIBRARY_PATH))
export GOCACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pixmill/go-build$(subst /,-,$(abspath $(LIBVIPS_PREFIX)))
endif

# Outside a git repository that may be read (a tarball, somebody else's clone)
# Go cannot stamp the commit into a program and would stop; build without it.
ifneq ($(shell git rev-parse --quiet --verify HEAD >/dev/null 2>&1 && echo yes),yes)
export GOFLAGS := $(shell go env GOFLAGS 2>/dev/null) -buildvcs=false
endif

# lambda.norpc leaves out the RPC server of the retired go1.x Lambda runtime. The
# flags are those of the tests that build programs: they find it all in Go's cache.
GO_BUILD := go build -tags lambda.norpc
# Packages with files behind the tag bimg. bimg sets libvips up for the whole
# process as soon as it is linked in, so nothing else is tested with it.
BIMG_PACKAGES := ./internal/imaging/bimgengine/...
LINT := scripts/golangci-lint.sh

# -- targets ----------------------------------------------------------------

.PHONY: help
help: ## list the targets
	@echo 'Pixmill: drop an image into a bucket and get every variant of it.'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build, then start the local runtime and put a sample photograph through it
	bin/pixmill run --sample

.PHONY: test
test: deps ## all tests under the race detector, bimg's too
	go test -race -timeout 20m ./...
	go test -race -timeout 20m -tags bimg $(BIMG_PACKAGES)

# In the packages whose tests know PIXMILL_LONG.
.PHONY: test-long
test-long: deps ## the long tests: 100,000 schedules for the handler, 50 kills of the runtime
	PIXMILL_LONG=1 go test -count=1 -timeout 90m \
		$$(grep -rl --include='*_test.go' PIXMILL_LONG . | xargs -n 1 dirname | sort -u)

.PHONY: bench
bench: deps ## measure against bimg and the way from PUT to manifest; writes docs/benchmarks.md
	go run ./bench
	go run ./bench/latency

.PHONY: lint
lint: deps ## go vet, golangci-lint, the import rules, the documents' links, licences
	go mod tidy -diff
	go run ./tools/importcheck
	go run ./tools/doccheck
	go run ./tools/licences -check
	go vet ./...
	go vet -tags bimg $(BIMG_PACKAGES) ./bench/bimgworker
	$(LINT) run ./...
	$(LINT) run --build-tags bimg $(BIMG_PACKAGES) ./bench/bimgworker

.PHONY: fmt
fmt: deps ## format the Go code
	$(LINT) fmt ./...

.PHONY: build
build: deps ## build bin/pixmill and the Lambda function bin/bootstrap
	@[ -e bin/pixmill ] || echo 'pixmill: building; the first time takes some minutes'
	$(GO_BUILD) -o bin/pixmill ./functions/pixmill
	$(GO_BUILD) -ldflags '-s -w' -o bin/bootstrap ./functions/lambda

.PHONY: build-bimg
build-bimg: deps ## build bin/pixmill-bimg, which has the engine bimg as well
	$(GO_BUILD),bimg -o bin/pixmill-bimg ./functions/pixmill

.PHONY: deps
deps: ## look for Go, a C compiler and libvips; install or explain what is missing
	@scripts/deps.sh

.PHONY: licences
licences: deps ## write THIRD_PARTY.md, the licences of the modules that are linked in
	go run ./tools/licences

.PHONY: clean
clean: ## remove what was built; data of `pixmill run` stays
	rm -rf bin
