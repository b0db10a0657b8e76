#!/bin/sh
# deb.sh PYTHON FOLDER: a Debian package for PYTHON, that of this Debian, into FOLDER; run where
# pyproject.toml is.  EXTRAS are in it, and the program SBOM lists what is.
# What it is made of is fetched first, in the versions of constraints.txt.
set -eu
python=$1 to=$(realpath "$2")

for tool in dh dpkg-buildpackage; do
	command -v "$tool" >/dev/null || {
		echo "a Debian package needs $tool; on Debian: apt install debhelper gcc python3-dev python3-venv" >&2
		exit 1
	}
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/pop3spy"
cp -r packages/debian "$work/pop3spy/debian"
cp -r CHANGELOG.md pyproject.toml docs/systemd "$work/pop3spy"
sh packages/compile.sh "$python" "$work"
"$python" -m venv "$work/venv"
export PIP="$work/venv/bin/python -m pip --quiet --disable-pip-version-check"
$PIP wheel -c constraints.txt --wheel-dir "$work/pop3spy/wheels" "$(echo "$work"/pop3spy-*.whl)[$EXTRAS]"
cd "$work/pop3spy"
dpkg-buildpackage --build=binary --no-sign >"$work/said" 2>&1 || {
	cat "$work/said" >&2
	exit 1
}
cp ../pop3spy_*.deb "$to"
