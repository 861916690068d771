#!/usr/bin/env bash
# Installs what the tests of the deploys need, in the versions that they are tested
# with, outside the tree: sam into a Python environment of its own, osls from the
# npm lock file. Prints the directory to put on PATH:
#   PATH=$(scripts/deploy-tools.sh):$PATH
# A second call finds everything and does nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=${XDG_CACHE_HOME:-$HOME/.cache}/pixmill/deploy-tools
pins=e2e/deploy/requirements.txt
python=${PYTHON:-python3}
say() { echo "pixmill: $*" >&2; }

stop() {
  say "$1"
  exit 1
}

"$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  stop "sam needs Python 3.11 or newer with venv (Debian: apt-get install python3-venv; PYTHON names another)"
command -v npm >/dev/null 2>&1 || stop "osls needs Node.js 20 or newer with npm: https://nodejs.org/"

# installed FILE STAMP: whether STAMP says that what FILE asks for is there.
installed() { cmp -s "$1" "$2"; }

mkdir -p "$tools/bin"
exec 9>"$tools/lock" # two calls at once install once
flock 9

if ! installed "$pins" "$tools/sam/installed"; then
  say "installing $(grep ^aws-sam-cli "$pins") into $tools/sam"
  "$python" -m venv --clear "$tools/sam"
  "$tools/sam/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$pins" >&2
  cp "$pins" "$tools/sam/installed"
fi
if ! installed package-lock.json "$tools/osls/installed"; then
  say "installing osls into $tools/osls"
  mkdir -p "$tools/osls"
  cp package.json package-lock.json "$tools/osls"
  (cd "$tools/osls" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
  cp package-lock.json "$tools/osls/installed"
fi
ln -sfn "$tools/sam/bin/sam" "$tools/osls/node_modules/.bin/osls" "$tools/bin"
echo "$tools/bin"
