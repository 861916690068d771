#!/usr/bin/env bash
# The queue that the function works on, and the one for what failed every time.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"

# queue NAME ATTRIBUTES: makes the queue or gives an old one these attributes.
queue() {
  local url
  url=$(awslocal sqs create-queue --queue-name "$1" --query QueueUrl --output text)
  awslocal sqs set-queue-attributes --queue-url "$url" --attributes "$2"
}

# json TEXT: the text as a JSON string, for a document within a document.
json() { local text=${1//\\/\\\\}; printf '"%s"' "${text//\"/\\\"}"; }

queue "$name-dead" '{"MessageRetentionPeriod": "1209600"}' # 14 days, the longest

redrive='{"deadLetterTargetArn":"'$dead_letters_arn'","maxReceiveCount":'$max_receive_count'}'
# Who may put messages in: this bucket, this topic, this rule.
policy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
  "Principal":{"Service":["s3.amazonaws.com","sns.amazonaws.com","events.amazonaws.com"]},
  "Action":"sqs:SendMessage","Resource":"'$queue_arn'",
  "Condition":{"ArnEquals":{"aws:SourceArn":["'$source_arn'","'$topic_arn'","'$rule_arn'"]}}}]}'
queue "$name" '{
  "VisibilityTimeout": "'"$visibility_timeout"'",
  "MessageRetentionPeriod": "345600",
  "RedrivePolicy": '"$(json "$redrive")"',
  "Policy": '"$(json "$(tr -d '\n' <<<"$policy")")"'
}'
say "queues $name and $name-dead"
