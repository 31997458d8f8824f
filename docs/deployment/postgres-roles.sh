#!/bin/sh
# Runs once, when the database volume is empty: one role and its databases for the desk, one for Temporal, neither may touch the other's.
set -eu

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    -v desk_password="$HOLDFAST_DATABASE_PASSWORD" -v temporal_password="$TEMPORAL_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE holdfast LOGIN PASSWORD :'desk_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE holdfast OWNER holdfast;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE ALL ON DATABASE holdfast, temporal, temporal_visibility FROM PUBLIC;
SQL

# The visibility schema uses an extension only the administrator may install.
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname temporal_visibility -c 'CREATE EXTENSION IF NOT EXISTS btree_gin'
