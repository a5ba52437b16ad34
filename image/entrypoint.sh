#!/bin/sh
# The command jobsite of the image: runs it as the user whose files the volume holds, also for
# docker exec, which begins as root.
# PUID, PGID: user and group for a container that is started as root (default: 1000).
# UMASK: the permissions that new files of the library do not get (default: 022).
set -eu
umask "${UMASK:-022}"
if [ "$(id -u)" != 0 ]; then
    exec /opt/jobsite/bin/jobsite "$@"
fi
user=${PUID:-1000}
group=${PGID:-$user}
# Only what is new: files that are there already keep their owner.
for folder in "$JOBSITE_DATA_DIR" "$DOWNLOAD_DIR"; do
    [ -e "$folder" ] || { mkdir -p "$folder" && chown "$user:$group" "$folder"; }
done
exec setpriv --reuid="$user" --regid="$group" --clear-groups /opt/jobsite/bin/jobsite "$@"
