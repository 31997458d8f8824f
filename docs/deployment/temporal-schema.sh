#!/bin/sh
# Brings Temporal's two databases to the version of this image. Safe to run again; the password comes from SQL_PASSWORD.
set -eu

tool() {
    temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_HOST" -p "${POSTGRES_PORT:-5432}" -u "$POSTGRES_USER" "$@"
}

bring_up_to_date() {
    versions="/etc/temporal/schema/postgresql/v12/$2/versioned"
    # An empty database has no version yet and gets its first one here.
    if ! tool --db "$1" update-schema -d "$versions"; then
        tool --db "$1" setup-schema -v 0.0
        tool --db "$1" update-schema -d "$versions"
    fi
}

bring_up_to_date temporal temporal
bring_up_to_date temporal_visibility visibility
