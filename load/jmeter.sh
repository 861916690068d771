#!/usr/bin/env bash
# Runs Apache JMeter without a window, with the arguments that it gets:
#   load/jmeter.sh -t load/pixmill.jmx -l out.jtl -Jhost=192.168.49.2 -Jport=31080
# JMeter itself is fetched once with Maven, kept outside the tree, and compared with
# the checksums beside this file. Java and Maven come from scripts/deps.sh. With
# --install it is fetched and not run.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# By the checksums: another set of programs is another directory.
sum() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }
name=jmeter-$(cat "$here/jmeter/pom.xml" "$here/jmeter/sha256" | sum | cut -c 1-12)
home=${XDG_CACHE_HOME:-$HOME/.cache}/pixmill/$name
say() { echo "pixmill: $*" >&2; }

if ! command -v java >/dev/null || [ ! -d "$home" ]; then "$here/../scripts/deps.sh" jmeter; fi
if [ ! -d "$home" ]; then
  mkdir -p "$(dirname "$home")"
  new=$(mktemp -d "$home.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  say "fetching JMeter with Maven into $home (once, 70 MB)"
  mvn --batch-mode --quiet -Dstyle.color=never --strict-checksums --file "$here/jmeter/pom.xml" package -Djmeter.home="$new" >&2
  # Not only is each file the expected one: there is no other.
  if ! (cd "$new/lib" && find . -name '*.jar' | LC_ALL=C sort | while read -r jar; do sum "$jar"; done) |
    diff "$here/jmeter/sha256" - >&2; then
    say "what Maven brought (>) is not what load/jmeter/sha256 says (<)"
    exit 1
  fi
  mkdir "$new/lib/junit" # JMeter complains without it
  # Log4j warns of JMeter's own configuration of it.
  sed 's/ status="WARN"/ status="ERROR"/' "$new/bin/log4j2.xml" >"$new/log4j2.xml"
  mv "$new/log4j2.xml" "$new/bin/log4j2.xml"
  [ -d "$home" ] || mv "$new" "$home" # unless somebody else was faster
fi
if [ "${1:-}" = --install ]; then exit; fi

# The generator shares its machine with what it measures: one collector thread, and the
# quick compiler only.
exec java -Xms128m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
  -Djmeter.home="$home" -jar "$home/lib/ApacheJMeter-5.6.3.jar" \
  --nongui --addprop "$here/jmeter/pixmill.properties" --jmeterlogfile "${JMETER_LOG:-/dev/null}" "$@"
