#!/bin/sh
# Installs what the tests need and the system lacks: redis-server, redis-cli and
# redis-benchmark (the oracle; its service is never left running) and the Go modules.
# Idempotent; needs the network only when something is missing.
set -eu
cd "$(dirname "$0")/.."

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

if ! have redis-server || ! have redis-cli || ! have redis-benchmark; then
	# policy-rc.d keeps the package from starting its service; an own policy stays.
	policy=/usr/sbin/policy-rc.d
	made=
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		as_root chmod 755 "$policy"
		made=1
	fi
	trap '[ -z "$made" ] || as_root rm -f "$policy"' EXIT
	install() {
		as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends redis-server redis-tools
	}
	# Package lists may be missing or stale: then fetch them and try once more.
	install || { as_root apt-get update -qq && install; }
	if have systemctl && systemctl is-active --quiet redis-server 2>/dev/null; then
		as_root systemctl disable --now redis-server || true
	fi
fi

go mod download
