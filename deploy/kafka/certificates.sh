#!/usr/bin/env bash
# A certificate authority of one's own, and a certificate for each broker. Where a company has an authority, that one
# signs the brokers' requests instead; what the brokers need is the same: <broker>.pem and ca.pem.
#
#   certificates.sh <folder> <broker>=<host>[,<host>...] ...
#
# <folder>/ca.pem        whom clients and brokers believe (KAFKA_SSL_CA_LOCATION, ssl.truststore.location)
# <folder>/ca.key        signs: kept away from the brokers
# <folder>/<broker>.pem  key and certificate of a broker (ssl.keystore.location)
set -euo pipefail
umask 077

if [ $# -lt 2 ]; then
  echo "usage: $0 <folder> <broker>=<host>[,<host>...] ..." >&2
  exit 2
fi
folder=$1
shift
mkdir -p "$folder"
cd "$folder"

new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
if [ ! -e ca.key ]; then
  openssl req -x509 "${new_key[@]}" -days 3650 -subj "/CN=bourse-authority" -keyout ca.key -out ca.pem 2>/dev/null
fi
for broker in "$@"; do
  name=${broker%%=*}
  names=""
  IFS=, read -ra hosts <<<"${broker#*=}"
  for host in "${hosts[@]}"; do
    case $host in
    *[!0-9.]*) names+=",DNS:$host" ;;
    *) names+=",IP:$host" ;;
    esac
  done
  # All brokers are one principal, User:bourse-broker: they may do everything (super.users).
  openssl req "${new_key[@]}" -subj "/CN=bourse-broker" -keyout "$name.key" -out "$name.request" 2>/dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "${names#,}" >"$name.extensions"
  openssl x509 -req -in "$name.request" -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 \
    -extfile "$name.extensions" -out "$name.certificate" 2>/dev/null
  cat "$name.key" "$name.certificate" ca.pem >"$name.pem"
  rm "$name.key" "$name.request" "$name.extensions" "$name.certificate"
done
