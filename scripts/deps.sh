#!/bin/sh
# Makes sure that this machine can build Pixmill: Go, a C compiler, pkg-config
# and libvips with its headers. What apt-get has is installed, after saying so;
# anything else is explained. With everything in place it only looks, and that
# takes a moment.
#
#   scripts/deps.sh                for Pixmill itself
#   scripts/deps.sh lambda [ARCH]  for a Lambda zip, which needs no libvips of the
#                                  system, for another architecture (amd64, arm64)
#                                  with its C cross compiler
#   scripts/deps.sh image-small [ARCH]  for the small container image, likewise
#   scripts/deps.sh image-full     for Pixmill itself and the full image
#   scripts/deps.sh deploy         what scripts/deploy-tools.sh starts from, and
#                                  nothing else: Python with venv, and curl
#   scripts/deps.sh jmeter         what load/jmeter.sh starts from, and nothing
#                                  else: a Java runtime and Maven
#
# Plain sh, because it has to run where nothing is installed yet.
set -eu

vips_min=8.14
wanted=${1:-}
case $wanted in deploy | jmeter) builds=false ;; *) builds=true ;; esac
# The zip and the small image have a libvips of their own, which tools/libvips fetches.
case $wanted in lambda | image-small) system_vips=false ;; *) system_vips=$builds ;; esac
case ${2:-} in
amd64) cross=x86-64-linux-gnu cross_cc=x86_64-linux-gnu-gcc ;;
arm64) cross=aarch64-linux-gnu cross_cc=aarch64-linux-gnu-gcc ;;
*) cross='' ;;
esac
here=$(cd "$(dirname "$0")/.." && pwd)

say() { printf '%s\n' "$@" >&2; }
stop() {
	say "pixmill: $1"
	shift
	for line in "$@"; do say "  $line"; done
	exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# at_least A B: version A is B or newer, number by number ("1.27rc1" counts as 1.27).
at_least() {
	printf '%s\n%s\n' "$1" "$2" | awk -F. '
		NR == 1 { split($0, a, ".") }
		NR == 2 { for (i = 1; i <= 3; i++) if (a[i] + 0 != $i + 0) exit !(a[i] + 0 > $i + 0) }'
}

check_go() {
	want=$(awk '$1 == "go" { print $2; exit }' "$here/go.mod")
	has go || stop "Go is not installed, or not in PATH." \
		"Get Go $want or newer from https://go.dev/dl/ (Go 1.21 or newer will do:" \
		"it downloads the version that Pixmill needs by itself)."
	# In this directory a Go ≥ 1.21 answers with the version that go.mod makes it switch to.
	have=$(cd "$here" && go version) || stop "Go could not switch to the version that go.mod asks for ($want); its reason is above."
	have=$(printf '%s\n' "$have" | awk '{ sub(/^go/, "", $3); print $3 }')
	case $have in devel*) return ;; esac
	if at_least "$have" "$want"; then return; fi
	at_least "$have" 1.21 || stop "Go $have is too old: Pixmill needs $want or newer." \
		"Get it from https://go.dev/dl/ (Debian's and Ubuntu's own Go may be older)."
	stop "Go $have is too old, Pixmill needs $want or newer, and GOTOOLCHAIN=$(go env GOTOOLCHAIN)" \
		"keeps Go from fetching it. Either let it:   go env -w GOTOOLCHAIN=auto" \
		"(or for once: GOTOOLCHAIN=auto make …), or get it from https://go.dev/dl/."
}

check_cgo() {
	[ "$(go env CGO_ENABLED)" = 1 ] || ! has_cc || stop "CGO_ENABLED=$(go env CGO_ENABLED), but libvips is a C library." \
		"Unset it, or: go env -u CGO_ENABLED"
}

has_cc() { has "$(go env CC | awk '{ print $1 }')"; }
has_pkg_config() { has "${PKG_CONFIG:-pkg-config}"; }
vips_version() { "${PKG_CONFIG:-pkg-config}" --modversion vips 2>/dev/null; }
has_vips() { has_pkg_config && at_least "$(vips_version || echo 0)" "$vips_min"; }

# Newer Debian and Ubuntu have libheif's AVIF encoder in a package of its own,
# which libvips does not ask for.
needs_avif_encoder() {
	has dpkg-query || return 1
	v=$(dpkg-query -W -f '${Version}' libheif1 2>/dev/null) || return 1
	dpkg --compare-versions "$v" ge 1.17 && ! dpkg-query -W -f '${Status}' libheif-plugin-aomenc 2>/dev/null | grep -q ' installed$'
}

# Debian has ensurepip, without which there is no venv, in a package of its own.
has_python() { "${PYTHON:-python3}" -c 'import venv, ensurepip' 2>/dev/null; }

# missing prints the Debian names of the packages that are not here yet.
missing() {
	if [ "$wanted" = deploy ]; then
		has_python || echo python3 python3-venv
		has curl || echo curl
		[ -e /etc/ssl/certs/ca-certificates.crt ] || ! has apt-get || echo ca-certificates
		return
	fi
	if [ "$wanted" = jmeter ]; then
		has java || echo default-jre-headless
		has mvn || echo maven
		return
	fi
	has_cc || echo gcc libc6-dev
	has_pkg_config || echo pkg-config
	! $system_vips || [ -n "$(vips_version)" ] || echo libvips-dev
	if [ "$wanted" = lambda ]; then
		has xz || echo xz-utils
		has libdeflate-gzip || echo libdeflate-tools
	fi
	case $wanted in
	image-small)
		has xz || echo xz-utils
		[ -d /usr/share/ca-certificates/mozilla ] || echo ca-certificates
		;;
	image-full)
		has mmdebstrap || echo mmdebstrap
		# With it mmdebstrap does without root.
		[ "$(id -u)" = 0 ] || has newuidmap || echo uidmap
		;;
	esac
	[ -z "$cross" ] || has "$cross_cc" || echo "gcc-$cross libc6-dev-$2-cross"
	has apt-get || return 0
	if $system_vips && needs_avif_encoder; then echo libheif-plugin-aomenc; fi
	# Go fetches its modules over HTTPS.
	[ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
}

# as_root CMD…: as root directly, or through sudo where it asks for no password
# or can ask for one.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif has sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
		sudo "$@"
	else
		return 1
	fi
}

install_with_apt() {
	line="apt-get update && apt-get install -y --no-install-recommends $*"
	if has sudo; then by_hand="sudo sh -c '$line'"; else by_hand="su -c '$line'"; fi
	say "pixmill: missing here: $*"
	as_root true || stop "installing that needs root. Run this, then make again:" "$by_hand"
	say "pixmill: installing with: $line"
	as_root apt-get update -q >&2 || stop "apt-get update failed; its reason is above."
	case " $* " in *" libvips-dev "*) check_candidate ;; esac
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2 ||
		stop "apt-get could not install them; its reason is above."
}

# check_candidate stops before half a gigabyte is installed that is too old.
check_candidate() {
	candidate=$(apt-cache policy libvips-dev | awk '$1 == "Candidate:" { print $2 }')
	at_least "$candidate" "$vips_min" || stop_old_vips "this system's libvips is $candidate"
}

stop_old_vips() {
	stop "$1, Pixmill needs $vips_min or newer" \
		"(Debian 12, Ubuntu 24.04 and later have it). With a newer one in a directory of its own:" \
		"make … LIBVIPS_PREFIX=/opt/vips"
}

explain() {
	if [ "$wanted" = deploy ]; then
		stop "the tools that deploy need Python 3.11 or newer with venv, and curl. Missing here, by their names in Debian:" "$packages"
	fi
	if [ "$wanted" = jmeter ]; then
		stop "JMeter needs Java 8 or newer, and Maven to fetch it. Missing here, by their names in Debian:" "$packages"
	fi
	case $(uname -s) in
	Darwin) stop "libvips $vips_min or newer and pkg-config are needed. Run this, then make again:" "brew install vips pkg-config" ;;
	esac
	if [ "$wanted" = lambda ]; then
		stop "a Lambda zip needs xz, libdeflate-gzip and a C compiler for its architecture. Missing here, by their names in Debian:" "$packages"
	fi
	case $wanted in
	image-*) stop "an image is made of Debian's or Ubuntu's packages; elsewhere docker build makes it (docs/image.md). Missing here:" "$packages" ;;
	esac
	for pair in "dnf:sudo dnf install gcc pkgconf-pkg-config vips-devel" \
		"apk:apk add build-base pkgconf vips-dev vips-heif" \
		"pacman:sudo pacman -S --needed gcc pkgconf libvips libheif" \
		"zypper:sudo zypper install gcc pkgconf libvips-devel"; do
		if has "${pair%%:*}"; then stop "libvips $vips_min or newer, pkg-config and a C compiler are needed. Run this, then make again:" "${pair#*:}"; fi
	done
	stop "libvips $vips_min or newer with its headers, pkg-config and a C compiler are needed: https://www.libvips.org/install.html"
}

if $builds; then
	check_go
	check_cgo
fi
# Twice, because only an installed libheif says that its encoder is elsewhere.
for _ in 1 2; do
	packages=$(missing "$@" | tr '\n' ' ')
	[ -n "$packages" ] || break
	has apt-get || explain
	# shellcheck disable=SC2086 # a list of words
	install_with_apt $packages
done
! $system_vips || has_vips || stop_old_vips "libvips is $(vips_version || echo missing)"
