#!/usr/bin/env bash
# The buckets: sources come into one, variants and manifests go into the other.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"

for bucket in "$source_bucket" "$output_bucket"; do
  awslocal s3api head-bucket --bucket "$bucket" >/dev/null 2>&1 ||
    awslocal s3api create-bucket --bucket "$bucket" >/dev/null
done
say "buckets $source_bucket and $output_bucket"
