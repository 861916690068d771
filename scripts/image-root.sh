#!/usr/bin/env bash
# Writes a system with the distribution's libvips as a tarball, for the full image.
# The packages come from the mirrors that apt-get uses here, and are unpacked and not
# installed: of their programs only ldconfig runs.
#
#   scripts/image-root.sh FILE
set -euo pipefail

# shellcheck source=/dev/null
distribution=$(. /etc/os-release && echo "${NAME%% *}")
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

# base-files has the licences that many packages only name. Newer distributions have libheif's
# AVIF encoder in a package of its own; scripts/deps.sh has installed it here, too.
packages=base-files,libvips42,ca-certificates
if dpkg-query --show --showformat '${Status}' libheif-plugin-aomenc 2>/dev/null | grep -q ' installed$'; then
  packages+=,libheif-plugin-aomenc
fi

# What mmdebstrap does when all is unpacked, with the new system as $1: the cache of libraries, and
# a list of the packages for scanners, as distroless images have it.
# shellcheck disable=SC2016
hook='
  ldconfig -r "$1"
  mkdir -p "$1/var/lib/dpkg/status.d"
  for deb in "$1"/var/cache/apt/archives/*.deb; do
    { dpkg-deb --field "$deb" && echo "Status: install ok installed"; } >"$1/var/lib/dpkg/status.d/$(dpkg-deb --field "$deb" Package)"
  done'

# shellcheck disable=SC2016 # what is in $() is apt-get's
apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' "Origin: $distribution" | sort -u |
  mmdebstrap --quiet --variant=extract --include="$packages" \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --extract-hook="$hook" "$suite" "$1" - >/dev/null
