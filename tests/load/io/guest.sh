#!/bin/sh
# Prepares the virtual machine that holds 100,000 connections where this machine's limit of
# open files does not let one process do so: Debian's qemu, and the kernel out of Debian's
# image package, which is unpacked and not installed.
set -eu
to=/var/tmp/kring-guest
command -v qemu-system-x86_64 >/dev/null || apt-get install -y --no-install-recommends qemu-system-x86
mkdir -p "$to"
cd "$to"
package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
apt-get download "$package"
dpkg-deb --fsys-tarfile "$package"_*.deb | tar -xf - --wildcards --strip-components=2 './boot/vmlinuz*'
mv vmlinuz-* vmlinuz
rm -f "$package"_*.deb
ls -l "$to/vmlinuz"
