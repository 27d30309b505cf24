#!/bin/sh
# Make the passwords of docker-compose.yml at its first start: make-secrets.sh [DIRECTORY]
# A password is made once. Each reader gets a copy that only its own user can read.
set -eu
umask 077
cd "${1:-/secrets}"

password() { # NAME: make it unless it is there
  [ -s "made/$1" ] && return
  mkdir -p made
  head -c 24 /dev/urandom | base64 | tr '+/' 'ab' >"made/$1.new"
  mv "made/$1.new" "made/$1"
}

give() { # USER READER NAME...: copies for a reader that runs as this user
  user=$1 reader=$2
  shift 2
  mkdir -p "$reader"
  chmod 711 . "$reader"
  for name in "$@"; do
    password "$name"
    [ -e "$reader/$name" ] && continue
    cp "made/$name" "$reader/$name.new"
    chmod 400 "$reader/$name.new"
    chown "$user" "$reader/$name.new"
    mv "$reader/$name.new" "$reader/$name"
  done
}

give 999 postgres owner
give 10002 dialler owner campaign_monitor campaign_grafana
give 10001 exporter campaign_monitor
give 472 grafana campaign_grafana admin
