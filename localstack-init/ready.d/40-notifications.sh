#!/usr/bin/env bash
# How the source bucket tells the function of a change. Each of the four
# ways replaces whatever notifications the bucket had.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"

# Deletions by a lifecycle rule are events of their own.
events='["s3:ObjectCreated:*","s3:ObjectRemoved:*","s3:LifecycleExpiration:*","s3:ObjectRestore:Completed"]'

# S3 writes to the queue.
by_queue() { notify '{"QueueConfigurations":[{"Id":"'"$name"'","QueueArn":"'"$queue_arn"'","Events":'"$events"'}]}'; }

# EventBridge has every event of the bucket; a rule takes those that matter to the queue.
by_eventbridge() {
  awslocal events put-rule --name "$name" --event-pattern '{
    "source": ["aws.s3"],
    "detail-type": ["Object Created", "Object Deleted", "Object Restore Completed"],
    "detail": {"bucket": {"name": ["'"$source_bucket"'"]}}
  }' >/dev/null
  awslocal events put-targets --rule "$name" --targets "Id=queue,Arn=$queue_arn" >/dev/null
  notify '{"EventBridgeConfiguration":{}}'
}

# S3 publishes to a topic, where others can listen, too; the queue has subscribed.
by_topic() {
  awslocal sns create-topic --name "$name" >/dev/null
  awslocal sns set-topic-attributes --topic-arn "$topic_arn" --attribute-name Policy --attribute-value '{
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish",
      "Resource": "'"$topic_arn"'", "Condition": {"ArnEquals": {"aws:SourceArn": "'"$source_arn"'"}}}]
  }'
  awslocal sns subscribe --topic-arn "$topic_arn" --protocol sqs --notification-endpoint "$queue_arn" >/dev/null
  notify '{"TopicConfigurations":[{"Id":"'"$name"'","TopicArn":"'"$topic_arn"'","Events":'"$events"'}]}'
}

# S3 calls the function itself, without a queue.
by_direct() {
  awslocal lambda remove-permission --function-name "$name" --statement-id s3 >/dev/null 2>&1 || true # of an earlier run
  awslocal lambda add-permission --function-name "$name" --statement-id s3 --action lambda:InvokeFunction \
    --principal s3.amazonaws.com --source-arn "$source_arn" --source-account "$account" >/dev/null
  notify '{"LambdaFunctionConfigurations":[{"Id":"'"$name"'","LambdaFunctionArn":"'"$function_arn"'","Events":'"$events"'}]}'
}

notify() { awslocal s3api put-bucket-notification-configuration --bucket "$source_bucket" --notification-configuration "$1"; }

"by_$trigger"
say "a change in s3://$source_bucket reaches the function by $trigger; variants go to s3://$output_bucket"
