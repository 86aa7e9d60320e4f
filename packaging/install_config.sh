#!/bin/sh
# Installs the configuration, and leaves alone what an administrator has there already.
# usage: install_config.sh SOURCE-FOLDER CONFIG-FOLDER SCHEMA
set -eu
source=$1 folder=${DESTDIR:-}$2 schema=$3

put() {
  if [ -e "$folder/$2" ]; then
    echo "kept: $folder/$2"
    return
  fi
  # Editors find the schema where it is installed.
  sed "s|\"\\\$schema\": \"policy.schema.json\"|\"\$schema\": \"$schema\"|" "$1" >"$folder/$2"
  chmod 0644 "$folder/$2"
}
mkdir -p "$folder"
put "$source/packaging/chatgate.conf" chatgate.conf
put "$source/policy/chatgate.json" policy.json
