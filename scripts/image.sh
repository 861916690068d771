#!/usr/bin/env bash
# Builds a container image of the HTTP function for this machine's architecture or
# another one: libvips, then the program with it, then the image.
#
#   scripts/image.sh small NAME:TAG [ARCH]   dist/image.tar or dist/image-ARCH.tar, with
#                                            the libvips of the Lambda zip
#   scripts/image.sh full NAME:TAG           dist/image-full.tar, with the distribution's
#
# An empty NAME:TAG is dev.local/pixmill:dev, or dev.local/pixmill:dev-full. $STAMP is what
# the program and the image say of their version; make sets it, and may leave it empty.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

variant=$1 name=$2
export STAMP=${STAMP-} # make, for the program, takes it from here
case $variant in
small) name=${name:-dev.local/pixmill:dev} ;;
full) name=${name:-dev.local/pixmill:dev-full} ;;
*)
  echo "pixmill: $variant is not small or full" >&2
  exit 1
  ;;
esac
if [[ ! -e /etc/debian_version ]]; then
  echo "pixmill: the image is put together on Debian or Ubuntu; elsewhere, docker build makes the same (docs/image.md)" >&2
  exit 1
fi
own=$(go env GOHOSTARCH 2>/dev/null || dpkg --print-architecture)
arch=${3:-$own}
if [[ $arch == "$own" ]]; then
  scripts/deps.sh "image-$variant"
  cc=$(go env CC) out=dist/image.tar
else
  scripts/deps.sh "image-$variant" "$arch"
  cc=$([[ $arch == arm64 ]] && echo aarch64-linux-gnu-gcc || echo x86_64-linux-gnu-gcc)
  out=dist/image-$arch.tar
fi

# commit FORMAT prints something of the commit, or nothing outside a git repository.
commit() { git log -1 --format="$1" 2>/dev/null || true; }

# assemble OPTIONS…: the image, with what it says of itself.
assemble() {
  local created=${SOURCE_DATE_EPOCH:-$(commit %ct)}
  go run ./tools/ociimage -arch "$arch" -cc "$cc" -name "$name" -created "${created:-0}" \
    -version "$STAMP" -revision "$(commit %H)" "$@"
}

case $variant in
small)
  libvips=$(go run ./tools/libvips -arch "$arch" -cc "$cc")
  "${MAKE:-make}" --no-print-directory LIBVIPS_PREFIX="$libvips" CC="$cc" "dist/$arch/function"
  assemble -function "dist/$arch/function" -libvips "$libvips" -o "$out"
  ;;
full)
  "${MAKE:-make}" --no-print-directory "dist/$arch/function-full"
  scripts/image-root.sh "dist/$arch/root.tar"
  assemble -function "dist/$arch/function-full" -root "dist/$arch/root.tar" -o dist/image-full.tar
  ;;
esac
