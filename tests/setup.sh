#!/bin/sh
# Installs what the tests need and the system lacks: redis-server, redis-cli and
# redis-benchmark (the oracle; its service is never left running), the client libraries
# of other languages, a browser, and the Go and node modules.
# Idempotent; needs the network only when something is missing.
set -eu
cd "$(dirname "$0")/.."

have() { command -v "$1" >/dev/null 2>&1; }

# Whether a library of the system's interpreters is there, without loading it.
has_python() { /usr/bin/python3 -c 'import sys; from importlib.util import find_spec; sys.exit(find_spec(sys.argv[1]) is None)' "$1"; }
has_ruby() { /usr/bin/ruby -e 'gem ARGV[0]' "$1"; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The Debian packages that are missing, by what they bring.
missing=
want() { "$@" >/dev/null 2>&1 || missing="$missing $package"; }
package=redis-server; want have redis-server
package=redis-tools; want have redis-cli
package=python3-redis; want has_python redis
package=php-cli; want have php
package=php-redis; want php -r 'exit(class_exists("Redis") ? 0 : 1);'
package=ruby-redis; want has_ruby redis
package=python3-celery; want has_python celery
package=python3-rq; want has_python rq
package=ruby-sidekiq; want has_ruby sidekiq
package=libhiredis-dev; want test -e /usr/include/hiredis/hiredis.h
package=lua5.1; want have lua5.1
package=gcc; want have cc
package=nodejs; want have node
package=npm; want have npm
package=chromium; want have chromium

if [ -n "$missing" ]; then
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
		# shellcheck disable=SC2086 # a list of names
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
	}
	# Package lists may be missing or stale: then fetch them and try once more.
	install || { as_root apt-get update -qq && install; }
	if have systemctl && systemctl is-active --quiet redis-server 2>/dev/null; then
		as_root systemctl disable --now redis-server || true
	fi
fi

# The node modules, pinned by the lock file, while the Go modules come.
node_dir=tests/clients/node
npm=
if [ ! -e "$node_dir/node_modules/.package-lock.json" ] || [ "$node_dir/package-lock.json" -nt "$node_dir/node_modules/.package-lock.json" ]; then
	(cd "$node_dir" && exec npm ci --no-audit --no-fund --silent) &
	npm=$!
fi

go mod download
go -C tests mod download
go -C tests/etcd mod download
[ -z "$npm" ] || wait "$npm"
