#!/bin/sh
# Run when the main branch changes. Needs DATABASE_URL. Ends with dbwarden's exit code, so that whoever started it
# can tell what to do next.
set -eu
cd "$(dirname "$0")"

# The log of the pipeline keeps what is about to run.
dbwarden migrate --dry-run

attempt=1
while :; do
    code=0
    dbwarden migrate --wait-for-db 60s || code=$?
    case $code in
        0) break ;;
        # Locked, blocked or not connected: nothing is half done, and trying again can help.
        4 | 5 | 9) [ "$attempt" -lt 3 ] || exit "$code" ;;
        *) exit "$code" ;;
    esac
    attempt=$((attempt + 1))
    sleep "${RETRY_SECONDS:-10}"
done

# 3 here would mean that something is still pending.
dbwarden status --exit-code
