#!/usr/bin/env bash
# On the first start of PostgreSQL: a login that owns the database, may make the roles of `migrate`, and is no superuser.
set -euo pipefail
psql --username postgres --no-password --quiet -v ON_ERROR_STOP=1 \
  -v password="$(cat /secrets/postgres/spendwatch.password)" <<'SQL'
CREATE USER spendwatch CREATEROLE PASSWORD :'password';
CREATE DATABASE spendwatch OWNER spendwatch ENCODING 'UTF8' TEMPLATE template0;
SQL
