#!/bin/sh
# The programs that tests drive but pip cannot install. As root on Debian or Ubuntu they are
# installed; elsewhere they are named, and the tests that need them say so. Words: further programs.
set -u
missing=""
need() { # command, package
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need chromium chromium
need nginx nginx-light
need transmission-daemon transmission-daemon
need ip iproute2
need unshare util-linux
for program in "$@"; do need "$program" "$program"; done
ldconfig -p | grep -q libgomp.so.1 || missing="$missing libgomp1"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need initdb postgresql
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing$missing ..."
    export DEBIAN_FRONTEND=noninteractive
    # The package must not start a service of its own.
    log=$(mktemp)
    if (apt-get update && apt-get install -y --no-install-recommends $missing) >"$log" 2>&1; then
        rm -f "$log"
        exit 0
    fi
    tail -n 20 "$log"
    rm -f "$log"
    echo "Installing$missing failed; the tests that need them will say so."
    exit 0
fi
echo "Not installed:$missing. The tests that need them will say so. As root: apt-get install$missing"
