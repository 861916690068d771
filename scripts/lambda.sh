#!/bin/sh
# Builds dist/lambda.zip (linux/amd64) or dist/lambda-arm64.zip: libvips, then the
# program with it, then the zip.
#
#   scripts/lambda.sh ARCH [CONFIG]   for ARCH, amd64 or arm64
#   scripts/lambda.sh all [CONFIG]    for this machine's, and for the other one
#                                     if its C compiler is here
#
# CONFIG is a pixmill.yaml that goes into the zip.
set -eu
cd "$(dirname "$0")/.."

if [ "$(uname -s)" != Linux ]; then
	echo "pixmill: a Lambda zip is built on Linux; a container with Go in it will do (docs/lambda-zip.md)" >&2
	exit 1
fi
scripts/deps.sh lambda
own=$(go env GOHOSTARCH)
config=${2:-}
if [ -n "$config" ] && [ ! -r "$config" ]; then
	echo "pixmill: CONFIG=$config: there is no such file, or it may not be read" >&2
	exit 1
fi

# compiler ARCH prints the C compiler for it.
compiler() {
	case $1 in
	"$own") go env CC ;;
	amd64) echo x86_64-linux-gnu-gcc ;;
	arm64) echo aarch64-linux-gnu-gcc ;;
	*)
		printf 'pixmill: %s is not amd64 or arm64\n' "$1" >&2
		exit 1
		;;
	esac
}

build() {
	cc=$(compiler "$1")
	[ "$1" = "$own" ] || scripts/deps.sh lambda "$1"
	vips=$(go run ./tools/libvips -arch "$1" -cc "$cc")
	"${MAKE:-make}" --no-print-directory LIBVIPS_PREFIX="$vips" CC="$cc" "dist/$1/bootstrap"
	case $1 in amd64) zip=dist/lambda.zip ;; *) zip=dist/lambda-$1.zip ;; esac
	go run ./tools/lambdazip -bootstrap "dist/$1/bootstrap" -libvips "$vips" -config "$config" -o "$zip"
}

if [ "$1" != all ]; then
	build "$1"
	exit
fi
for arch in amd64 arm64; do
	cc=$(compiler "$arch")
	if command -v "${cc%% *}" >/dev/null 2>&1; then
		build "$arch"
	else
		echo "pixmill: no zip for $arch, because there is no $cc; \`scripts/lambda.sh $arch\` installs it"
	fi
done
