# What the scripts in ready.d have in common: their settings, with the defaults
# that template.yaml and serverless.yml have, too (docs/lambda.md, "Settings").
# Sourced by them; sets variables and functions and changes nothing.
# shellcheck shell=bash disable=SC2034

name=${PIXMILL_NAME:-pixmill} # of the function; the queues are called after it
source_bucket=${PIXMILL_SOURCE_BUCKET:-uploads}
output_bucket=${PIXMILL_OUTPUT_BUCKET:-variants}
trigger=${PIXMILL_TRIGGER:-queue} # queue, eventbridge, topic or direct
config=${PIXMILL_CONFIG:-}        # a path within the zip, or the text of a pixmill.yaml
notify=${PIXMILL_NOTIFY:-}        # where completion events go, as the function takes it
log_level=${PIXMILL_LOG_LEVEL:-info}
architecture=${PIXMILL_ARCHITECTURE:-$(case $(uname -m) in aarch64 | arm64) echo arm64 ;; *) echo x86_64 ;; esac)}
memory_size=${PIXMILL_MEMORY_SIZE:-1769} # MB; Lambda gives one vCPU at 1769
timeout=${PIXMILL_TIMEOUT:-60}           # seconds
ephemeral_storage=${PIXMILL_EPHEMERAL_STORAGE:-512} # MB of /tmp
batch_size=${PIXMILL_BATCH_SIZE:-10}
max_concurrency=${PIXMILL_MAX_CONCURRENCY:-10}
visibility_timeout=${PIXMILL_VISIBILITY_TIMEOUT:-$((6 * timeout))} # seconds; AWS advises six times the time-out
max_receive_count=${PIXMILL_MAX_RECEIVE_COUNT:-5}
log_retention=${PIXMILL_LOG_RETENTION:-14} # days

region=${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}
account=000000000000 # LocalStack's
function_arn=arn:aws:lambda:$region:$account:function:$name
queue_arn=arn:aws:sqs:$region:$account:$name
dead_letters_arn=$queue_arn-dead
topic_arn=arn:aws:sns:$region:$account:$name
source_arn=arn:aws:s3:::$source_bucket
output_arn=arn:aws:s3:::$output_bucket
rule_arn=arn:aws:events:$region:$account:rule/$name

say() { echo "pixmill: $*"; }
stop() {
  echo "pixmill: $*" >&2
  exit 1
}

case $trigger in
queue | eventbridge | topic | direct) ;;
*) stop "PIXMILL_TRIGGER is '$trigger'; it can be queue, eventbridge, topic or direct" ;;
esac
case $notify in
'' | none | eventbridge=* | sns=* | sqs=*) ;;
*) stop "PIXMILL_NOTIFY is '$notify'; it can be eventbridge=BUS, sns=ARN, sqs=URL or none" ;;
esac
