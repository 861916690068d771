#!/usr/bin/env bash
# Runs a command with AWS_ENDPOINT_URL at a LocalStack: the one that it names
# already, else that of compose.yaml, which is started and taken down if it is not
# up.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -n ${AWS_ENDPOINT_URL:-} ]]; then
  exec "$@"
fi
if ! docker compose version >/dev/null 2>&1; then
  echo 'e2e: AWS_ENDPOINT_URL names no LocalStack, and there is no docker compose to start one' >&2
  exit 1
fi
if [[ -z $(docker compose ps --quiet) ]]; then
  trap 'docker compose down --volumes' EXIT
fi
docker compose up --detach --wait
export AWS_ENDPOINT_URL=http://127.0.0.1:${LOCALSTACK_PORT:-4566}
# The functions run in containers, in the network of compose.yaml: this machine is
# its gateway, and there they reach the proxies of the suite.
PIXMILL_E2E_HOST=$(docker network inspect pixmill_default --format '{{(index .IPAM.Config 0).Gateway}}')
export PIXMILL_E2E_HOST
"$@"
