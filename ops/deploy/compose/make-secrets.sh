#!/usr/bin/env bash
# Makes what is secret of this installation, once, below /secrets, each file for the user who needs it: 10001 are the nodes, 999 is
# PostgreSQL's server, 10002 is Prometheus. The authority's own key is thrown away: to renew, remove the volume.
set -euo pipefail
cd /secrets
[[ ! -e done ]] || exit 0
rm -rf node postgres prometheus operator.token
umask 077
mkdir node postgres prometheus

random() { openssl rand -hex 32; }

authority=$(mktemp -d)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=spendwatch compose" \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout "$authority/ca.key" -out "$authority/ca.crt" 2>/dev/null

# certificate FILE COMMON-NAME NAMES USAGES
certificate() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1.key" 2>/dev/null
  openssl req -new -key "$1.key" -subj "/CN=$2" -out "$authority/request"
  openssl x509 -req -in "$authority/request" -CA "$authority/ca.crt" -CAkey "$authority/ca.key" -set_serial "0x$(openssl rand -hex 8)" -days 3650 \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=%s\nbasicConstraints=CA:FALSE\n' "$3" "$4") -out "$1.crt" 2>/dev/null
}
# All nodes have the first name in common, by which they know each other.
certificate node/tls spendwatch-node DNS:spendwatch-node,DNS:node-1,DNS:node-2,DNS:node-3,DNS:localhost serverAuth,clientAuth
certificate postgres/server postgres DNS:postgres,DNS:localhost serverAuth
cp "$authority/ca.crt" node/ca.crt
# For psql on this machine; it is no secret.
cp "$authority/ca.crt" ca.crt && chmod 644 ca.crt
rm -rf "$authority"

random > postgres/superuser.password
random > node/postgres.password
cp node/postgres.password postgres/spendwatch.password

# Nodes know tokens by their hashes alone.
random > operator.token
random > prometheus/token
printf 'operator operator %s\nprometheus viewer %s\n' \
  "$(tr -d '\n' < operator.token | sha256sum | cut -d' ' -f1)" \
  "$(tr -d '\n' < prometheus/token | sha256sum | cut -d' ' -f1)" > node/access

chown -R 10001:10001 node
chown -R 999:999 postgres
chown -R 10002:10002 prometheus
chmod 755 .
touch done
