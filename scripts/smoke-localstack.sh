#!/usr/bin/env bash
# What somebody does by hand to see that Pixmill works in LocalStack, each command
# shown before it runs: put an image, invoke the function with awslocal and with
# sam, compare what came out, delete the image. Where no function is deployed yet, the scripts
# of localstack-init do that first.
#
# Needs a LocalStack at $AWS_ENDPOINT_URL and dist/lambda.zip; awslocal and sam are
# installed by scripts/deploy-tools.sh where they are missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

: "${AWS_ENDPOINT_URL:?it has to name a LocalStack, like http://127.0.0.1:4566}"
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export SAM_CLI_TELEMETRY=0
# shellcheck source-path=SCRIPTDIR source=../localstack-init/settings.sh
source localstack-init/settings.sh
photo=${1:-internal/cli/sample/seeding.jpg}
key=smoke-$$/photo.jpg # of this run
answers=$(mktemp -d)
trap 'rm -rf "$answers"' EXIT

for tool in sam awslocal aws curl; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    tools=$(scripts/deploy-tools.sh) # not within PATH=…, where its failure would be lost
    PATH=$PATH:$tools
  fi
done
curl -sf "$AWS_ENDPOINT_URL/_localstack/health" >/dev/null || stop "$AWS_ENDPOINT_URL is no LocalStack that answers"

show() {
  printf '\n$' >&2
  printf ' %q' "$@" >&2
  printf '\n' >&2
  "$@"
}

# variants: name and ETag of what stands in the output, but for the manifest.
variants() {
  awslocal s3api list-objects-v2 --bucket "$output_bucket" --prefix "$key/" --query 'Contents[].[Key,ETag]' --output text |
    sed "s|^$key/||" | grep -v '^manifest.json' | sort
}

# compare STEP: the same variants as after the put.
compare() {
  grep -q '"result":"written"' "$answers/$1" || stop "the function did not answer that it has written"
  variants >"$answers/list"
  diff "$answers/put.list" "$answers/list" >&2 || stop "the variants are not those of the put"
  say "the same variants, byte for byte"
}

# await QUERY: until the answer of list-objects-v2 is what the query asks for.
await() {
  local i
  for ((i = 0; i < 300; i++)); do
    if [[ $(awslocal s3api list-objects-v2 --bucket "$output_bucket" --prefix "$key/" --query "$1") == true ]]; then return; fi
    sleep 0.2
  done
  stop "waited a minute; what the function says: awslocal logs filter-log-events --log-group-name /aws/lambda/$name"
}

if ! awslocal lambda get-function --function-name "$name" >/dev/null 2>&1; then
  for script in localstack-init/ready.d/*.sh; do show "$script"; done
fi

say "1. A put: the bucket tells the function, and the variants appear"
show awslocal s3 cp --no-progress "$photo" "s3://$source_bucket/$key"
await "contains(Contents[].Key || '', '$key/manifest.json')"
show awslocal s3 ls "s3://$output_bucket/$key/"
variants >"$answers/put.list"

say "2. Somebody removes them; awslocal invokes the function, and they are back"
show awslocal s3 rm --recursive --quiet "s3://$output_bucket/$key/"
show tee "$answers/request.json" <<<'{"bucket": "'"$source_bucket"'", "key": "'"$key"'"}'
# fileb:// because the two versions of the CLI read JSON here in two ways.
show awslocal lambda invoke --function-name "$name" --payload "fileb://$answers/request.json" "$answers/awslocal"
cat "$answers/awslocal" && echo
compare awslocal

say "3. The same with sam"
show awslocal s3 rm --recursive --quiet "s3://$output_bucket/$key/"
show sam remote invoke "$function_arn" --event-file "$answers/request.json" | tee "$answers/sam"
echo
compare sam

say "4. The image is deleted, and its variants go"
show awslocal s3 rm "s3://$source_bucket/$key"
await "!Contents"
say "all of it works"
