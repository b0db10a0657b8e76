#!/bin/sh
# Install the real mail software that the lab tests and benchmarks run, where that is possible.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
lab=$root/.venv/lab
cyrus=$lab/cyrus
python=$root/.venv/bin/python
[ -x "$python" ] || python=python3
PATH=$PATH:/usr/sbin:/sbin

missing=
for pair in dovecot:dovecot-pop3d curl:curl fetchmail:fetchmail mpop:mpop haproxy:haproxy socat:socat stunnel:stunnel4 cc:gcc tmux:tmux openssl:openssl tshark:tshark tcpdump:tcpdump ip:iproute2 nft:nftables iptables:iptables systemd-socket-activate:systemd groff:groff-base pop3d:mailutils-pop3d perdition:perdition nginx:nginx-light couriertls:courier-base userdbpw:courier-authlib-userdb authdaemond:courier-authdaemon chromium:chromium; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
# What is no program, or not on the path.
[ -n "$(find /usr/lib/postgresql -name initdb 2>/dev/null)" ] || missing="$missing postgresql"
[ -e /usr/lib/nginx/modules/ngx_mail_module.so ] || missing="$missing libnginx-mod-mail"
[ -n "$(find /usr/lib -maxdepth 2 -name liblockfile.so.1)" ] || missing="$missing liblockfile1"
# What a browser draws is as wide as its letters, and it comes without any.
case "$missing" in *chromium*) missing="$missing fonts-dejavu-core" ;; esac
# Python's own tests, of which those of poplib are run, are not in Debian's package of Python.
testsuite=$("$python" -c '
import importlib.util, sys
if sys.base_prefix == "/usr" and not all(map(importlib.util.find_spec, ("test", "test.test_poplib"))):
    print("libpython%d.%d-testsuite" % sys.version_info[:2])')
missing="$missing${testsuite:+ $testsuite}"
# The compiled build is tested too, and the headers for that are not in Debian's package of Python.
headers=$("$python" -c '
import pathlib, sys, sysconfig
if sys.base_prefix == "/usr" and not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists():
    print("libpython%d.%d-dev" % sys.version_info[:2])')
missing="$missing${headers:+ $headers}"
unpacked=
for package in popa3d solid-pop3d; do
    command -v "$package" >/dev/null 2>&1 || [ -x "$lab/$package/usr/sbin/$package" ] || unpacked="$unpacked $package"
done
[ -d "$lab/courier-pop" ] || unpacked="$unpacked courier-pop"
[ -x "$cyrus/usr/lib/cyrus/bin/pop3d" ] || unpacked="$unpacked cyrus"

[ -n "$missing$unpacked" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "lab: not installed:$missing$unpacked (the tests that need them are skipped; as root on Debian they install themselves)" >&2
    exit 0
fi
echo "lab: installing$missing$unpacked"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
if [ -n "$missing" ]; then
    # Services must not start by themselves: the tests run their own on loopback.
    RUNLEVEL=1 apt-get install -qq -y --no-install-recommends $missing >/dev/null
fi
# These conflict with dovecot-pop3d, so they are put beside the tests and not into the system.
unpack() {
    folder=$1
    shift
    download=$(mktemp -d)
    (cd "$download" && apt-get download -qq -o APT::Sandbox::User=root "$@")
    mkdir -p "${folder%/*}"
    rm -rf "$folder" "$folder.new"
    for package in "$download"/*.deb; do
        dpkg-deb -x "$package" "$folder.new"
    done
    mv "$folder.new" "$folder"
    rm -rf "$download"
}
for each in $unpacked; do
    case $each in
    cyrus)
        # Its libraries conflict with nothing; that against viruses is not used.
        libraries=$(apt-cache depends cyrus-common cyrus-pop3d sasl2-bin |
            sed -n 's/^ *|\{0,1\}Depends: \(lib[^<>]*\)$/\1/p' | grep -v clamav | sort -u)
        apt-get install -qq -y --no-upgrade --no-install-recommends $libraries >/dev/null
        unpack "$cyrus" cyrus-pop3d cyrus-common sasl2-bin
        ;;
    *) unpack "$lab/$each" "$each" ;;
    esac
done
