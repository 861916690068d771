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

# What all programs of one tree say of their version; it is in every manifest. Empty, as
# outside a git repository: what Go finds.
STAMP ?= $(shell git describe --tags --always --dirty 2>/dev/null)
STAMPED = $(if $(STAMP),-X pixmill/internal/app.stamped=$(STAMP))

# Packages with files behind the tag bimg. bimg sets libvips up for the whole
# process as soon as it is linked in, so nothing else is tested with it.
BIMG_PACKAGES := ./internal/imaging/bimgengine/...
LINT := scripts/golangci-lint.sh

# -- targets ----------------------------------------------------------------

.PHONY: help
help: ## list the targets
	@echo 'Pixmill: drop an image into a bucket and get every variant of it.'
	@echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build, then start the local runtime and put a sample photograph through it
	bin/pixmill run --sample

# What needs limits of memory, which do not hold under the race detector, or starts many processes.
UNRACED = ^Test(Run_|Hostile|SVG|PDF|Drawing)

.PHONY: test
test: deps ## all tests under the race detector, bimg's too
	go test -race -timeout 20m ./...
	go test -timeout 10m -run '$(UNRACED)' ./internal/imaging/sandbox ./internal/imaging/vips
	go test -race -timeout 20m -tags bimg $(BIMG_PACKAGES)

# In the packages whose tests know PIXMILL_LONG.
.PHONY: test-long
test-long: deps ## the long tests: 100,000 schedules for the handler, 50 kills of the runtime
	PIXMILL_LONG=1 go test -count=1 -timeout 90m \
		$$(grep -rl --include='*_test.go' PIXMILL_LONG . | xargs -n 1 dirname | sort -u)

# The scenarios wait more than they work, so there may be more at once than cores.
E2E := go test -count=1 -timeout 10m -parallel 6 ./e2e

.PHONY: e2e
e2e: build lambda ## end-to-end tests on the local runtime, with the Lambda function's zip
	PIXMILL_E2E=local $(E2E)

.PHONY: e2e-localstack
e2e-localstack: build lambda ## the same there and on LocalStack: at $AWS_ENDPOINT_URL, or else started from compose.yaml
	PIXMILL_E2E=local,localstack e2e/localstack.sh $(E2E)

# One after the other: the cluster is one, and small.
.PHONY: e2e-knative
e2e-knative: cluster build lambda image image-full ## the same on the local runtime and on Knative, and what only a cluster can show: at $KUBECONFIG
	PIXMILL_E2E=local,knative $(E2E)
	PIXMILL_E2E=knative go test -count=1 -timeout 10m ./e2e/kube ./e2e/manifests
	PIXMILL_E2E=knative go test -count=1 -timeout 15m -parallel 3 ./e2e/cluster

# Before anything is built for it.
.PHONY: cluster
cluster: ## look whether $KUBECONFIG is set, or explain how Minikube's cluster is found
	@[ -n "$$KUBECONFIG" ] || { printf '%s\n' \
		'pixmill: KUBECONFIG names no cluster. With Minikube and Knative Serving (docs/knative.md):' \
		'  export KUBECONFIG=~/.kube/config' \
		'and, where they are not these,' \
		'  KNATIVE_INGRESS  http://NODE:PORT of Kourier, which kubectl is asked for' \
		'  KNATIVE_DOMAIN   the domain of the ConfigMap config-domain' \
		'  HOST_FROM_PODS   192.168.49.1, this machine as pods reach it' \
		'  LOAD_IMAGE       minikube image load' \
		'  KUBECTL          kubectl' >&2; exit 1; }

# Tests beside the code that skip where there is no LocalStack. Its account, and the
# region that the tests write into ARNs, go before what the user has.
LOCALSTACK_TESTS := go test -count=1 -timeout 5m ./internal/doctor ./internal/notify ./internal/queue/sqs

.PHONY: test-localstack
test-localstack: deps ## the packages that talk to more of AWS than S3, on the LocalStack of e2e-localstack
	AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 \
		e2e/localstack.sh $(LOCALSTACK_TESTS)

# sam, osls and awslocal are installed outside the tree. All three deploy at once: they wait
# for LocalStack half of the time.
.PHONY: e2e-deploys
e2e-deploys: build lambda ## deploy with localstack-init, SAM and osls, on the LocalStack of e2e-localstack, and compare
	tools=$$(scripts/deploy-tools.sh) && PATH=$$tools:$$PATH PIXMILL_E2E=deploys e2e/localstack.sh go test -count=1 -timeout 30m -parallel 3 ./e2e/deploy

.PHONY: smoke-localstack
smoke-localstack: ## what you would do by hand in LocalStack, each command shown: put, invoke, compare, delete
	@[ -e dist/lambda.zip ] || $(MAKE) lambda
	@e2e/localstack.sh scripts/smoke-localstack.sh

.PHONY: bench
bench: deps lambda ## measure against bimg, from PUT to manifest, and cold starts; writes docs/benchmarks.md
	go run ./bench
	go run ./bench/latency
	go run ./bench/coldstart

# The images are those that are there, and made if there are none.
.PHONY: bench-knative
bench-knative: deps ## measure in the cluster of $KUBECONFIG: starts from zero, further cores, the autoscaler; half an hour
	@[ -e dist/image.tar ] || $(MAKE) image
	@[ -e dist/image-full.tar ] || $(MAKE) image-full
	go run ./bench/podstart
	go run ./bench/cores
	go run ./bench/autoscale

.PHONY: evaluate
evaluate: cluster deps image ## a rising load on four deployments in a cluster, with JMeter; writes docs/evaluation.md. EVALUATE_SHORT=1: a trial
	load/jmeter.sh --install
	go run ./load/evaluate

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
build: deps ## build bin/pixmill, the Lambda function bin/bootstrap and the HTTP function bin/knative
	@[ -e bin/pixmill ] || echo 'pixmill: building; the first time takes some minutes'
	$(GO_BUILD) -ldflags '$(STAMPED)' -o bin/pixmill ./functions/pixmill
	$(GO_BUILD) -ldflags '-s -w $(STAMPED)' -o bin/bootstrap ./functions/lambda
	$(GO_BUILD) -ldflags '-s -w $(STAMPED)' -o bin/knative ./functions/knative

.PHONY: build-bimg
build-bimg: deps ## build bin/pixmill-bimg, which has the engine bimg as well
	$(GO_BUILD),bimg -ldflags '$(STAMPED)' -o bin/pixmill-bimg ./functions/pixmill

# What a Lambda function does without: HTTP/2, which S3 does not speak, and glibc's
# name resolver and user database. Of the code that runs a few times for each image the
# compiler makes no second copies. Together that is a fifth of the program.
LAMBDA_TAGS := lambda.norpc,nethttpomithttp2,netgo,osusergo
LAMBDA_GCFLAGS := -gcflags=all=-l -gcflags=std= -gcflags=net/...=-l -gcflags=vendor/...=-l \
	-gcflags=encoding/...=-l -gcflags=crypto/tls=-l -gcflags=crypto/x509=-l -gcflags=pixmill/...=

.PHONY: lambda
lambda: ## the Lambda function as dist/lambda.zip, and for arm64 where its C compiler is; CONFIG=pixmill.yaml goes in
	@scripts/lambda.sh all '$(CONFIG)'

.PHONY: lambda-arm64
lambda-arm64: ## dist/lambda-arm64.zip; installs or explains the C cross compiler
	@scripts/lambda.sh arm64 '$(CONFIG)'

comma := ,

# For the scripts, which set LIBVIPS_PREFIX and CC. The programs look for libvips beside
# themselves.
BUNDLED_BUILD = CGO_ENABLED=1 GOOS=linux GOARCH=$* CC='$(CC)' go build -trimpath $(LAMBDA_GCFLAGS) \
	-ldflags "-s -w -buildid= -B none $(STAMPED) -extldflags '-Wl,-rpath,\$$ORIGIN/libvips$(if $(filter amd64,$*), -Wl$(comma)-z$(comma)nopack-relative-relocs)'" -o $@

dist/%/bootstrap: FORCE
	@echo 'pixmill: building the function for $*; the first time takes some minutes'
	@$(BUNDLED_BUILD) -tags $(LAMBDA_TAGS) ./functions/lambda

# With HTTP/2, which Knative's queue-proxy may speak to it.
dist/%/function: FORCE
	@echo 'pixmill: building the HTTP function for $*; the first time takes some minutes'
	@$(BUNDLED_BUILD) -tags netgo,osusergo ./functions/knative

# With the system's libvips, for the full image and for Lambda's. netgo, osusergo: no part of
# glibc that reads files which a small image lacks.
SYSTEM_BUILD = go build -trimpath -ldflags '-s -w -buildid= -B none $(STAMPED)' -o $@

dist/%/function-full: FORCE
	@$(SYSTEM_BUILD) -tags netgo,osusergo ./functions/knative

dist/%/bootstrap-full: FORCE
	@$(SYSTEM_BUILD) -tags lambda.norpc,netgo,osusergo ./functions/lambda

# The images' name and tag; scripts/image.sh has a default for each.
IMAGE ?=

.PHONY: image
image: ## the HTTP function as a container image, dist/image.tar; IMAGE=name:tag names it
	@STAMP='$(STAMP)' scripts/image.sh small '$(IMAGE)'

.PHONY: image-arm64
image-arm64: ## dist/image-arm64.tar; installs or explains the C cross compiler
	@STAMP='$(STAMP)' scripts/image.sh small '$(IMAGE)' arm64

.PHONY: image-full
image-full: ## the HTTP function with the distribution's libvips, for HEIC and JPEG XL: dist/image-full.tar; installs mmdebstrap
	@STAMP='$(STAMP)' scripts/image.sh full '$(IMAGE)'

.PHONY: sbom
sbom: image ## what is in the image, dist/image.cdx.json (CycloneDX); and in the other images and zips that are in dist
	@go run ./tools/sbom $$(ls dist/image*.tar dist/lambda*.zip 2>/dev/null)

.PHONY: FORCE
FORCE:

.PHONY: deps
deps: ## look for Go, a C compiler and libvips; install or explain what is missing
	@scripts/deps.sh

.PHONY: licences
licences: deps ## write THIRD_PARTY.md, the licences of the modules that are linked in
	go run ./tools/licences

.PHONY: clean
clean: ## remove what was built; data of `pixmill run` stays
	rm -rf bin dist
