#!/bin/sh
# Runs golangci-lint in the version that this project is checked with. It is
# built once with this machine's Go and kept outside the tree.
set -eu

version=2.15.0
dir=${XDG_CACHE_HOME:-$HOME/.cache}/pixmill/tools
bin=$dir/golangci-lint

if ! "$bin" version 2>/dev/null | grep -qF "version $version "; then
	echo "pixmill: building golangci-lint $version into $dir (once, some minutes)" >&2
	# With the Go that this module asks for: a linter built with an older one refuses it.
	GOTOOLCHAIN=$(go env GOVERSION | cut -d ' ' -f 1)+auto GOBIN=$dir go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$version"
fi
exec "$bin" "$@"
