#!/bin/sh
# Makes the desk's namespace once Temporal answers, and sets how long closed histories are kept. Safe to run again.
set -eu

tries=60
until temporal operator cluster health --address "$TEMPORAL_ADDRESS" >/dev/null 2>&1; do
    tries=$((tries - 1))
    if [ "$tries" -le 0 ]; then
        echo "Temporal does not answer at $TEMPORAL_ADDRESS" >&2
        exit 1
    fi
    sleep 2
done

namespace() {
    temporal operator namespace "$1" --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION" --address "$TEMPORAL_ADDRESS"
}

namespace update 2>/dev/null || namespace create
