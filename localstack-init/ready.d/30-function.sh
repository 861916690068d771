#!/usr/bin/env bash
# The function, and the event source mapping that feeds it from the queue.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"

# compose.yaml mounts dist here; elsewhere the scripts stand beside it.
file=lambda.zip
if [[ $architecture == arm64 ]]; then file=lambda-arm64.zip; fi
zip=${PIXMILL_FUNCTION_ZIP:-/opt/pixmill/$file}
[[ -e $zip ]] || zip=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/dist/$file
[[ -e $zip ]] || stop "there is no $zip: make it with 'make lambda', or say with PIXMILL_FUNCTION_ZIP where it is"

# variable NAME VALUE: one variable of the function's environment, as JSON.
variable() {
  local value=${2//\\/\\\\}
  value=${value//\"/\\\"}
  printf '"%s":"%s"' "$1" "${value//$'\n'/\\n}"
}

settings=(
  --function-name "$name" --role "arn:aws:iam::$account:role/$name"
  --runtime provided.al2023 --handler bootstrap
  --memory-size "$memory_size" --timeout "$timeout" --ephemeral-storage "Size=$ephemeral_storage"
  --environment "{\"Variables\":{$(variable PIXMILL_SOURCE_BUCKET "$source_bucket"),$(variable PIXMILL_OUTPUT_BUCKET "$output_bucket"),$(variable PIXMILL_CONFIG "$config"),$(variable PIXMILL_NOTIFY "$notify"),$(variable PIXMILL_LOG_LEVEL "$log_level")}}"
)
if awslocal lambda get-function --function-name "$name" >/dev/null 2>&1; then
  awslocal lambda update-function-code --function-name "$name" --zip-file "fileb://$zip" \
    --architectures "$architecture" >/dev/null
  awslocal lambda wait function-updated-v2 --function-name "$name"
  awslocal lambda update-function-configuration "${settings[@]}" >/dev/null
  awslocal lambda wait function-updated-v2 --function-name "$name"
else
  awslocal lambda create-function "${settings[@]}" --zip-file "fileb://$zip" \
    --architectures "$architecture" >/dev/null
  awslocal lambda wait function-active-v2 --function-name "$name"
fi
awslocal logs create-log-group --log-group-name "/aws/lambda/$name" 2>/dev/null || true # it may be there
awslocal logs put-retention-policy --log-group-name "/aws/lambda/$name" --retention-in-days "$log_retention"

# What fails asynchronously (a direct notification, three attempts) is kept with
# the other dead letters.
awslocal lambda put-function-event-invoke-config --function-name "$name" --maximum-retry-attempts 2 \
  --destination-config "OnFailure={Destination=$dead_letters_arn}" >/dev/null

# Without ReportBatchItemFailures one bad message would bring all ten again.
mapping=(
  --function-name "$name" --batch-size "$batch_size"
  --function-response-types ReportBatchItemFailures
  --scaling-config "MaximumConcurrency=$max_concurrency"
  --enabled
)
read -r uuid old_size old_concurrency < <(awslocal lambda list-event-source-mappings --function-name "$name" \
  --event-source-arn "$queue_arn" --query 'EventSourceMappings[0].[UUID, BatchSize, ScalingConfig.MaximumConcurrency]' --output text)
if [[ $uuid == None ]]; then
  awslocal lambda create-event-source-mapping "${mapping[@]}" --event-source-arn "$queue_arn" >/dev/null
elif [[ $old_size/$old_concurrency != "$batch_size/$max_concurrency" ]]; then # LocalStack calls a mapping disabled after any update
  awslocal lambda update-event-source-mapping "${mapping[@]}" --uuid "$uuid" >/dev/null
fi
say "function $name from $zip, fed from queue $name"
