#!/bin/sh
# Run for every pull request. Connects to nothing.
set -eu
cd "$(dirname "$0")"
dbwarden check --offline
