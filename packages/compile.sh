#!/bin/sh
# compile.sh PYTHON FOLDER: a compiled wheel for PYTHON, into FOLDER; run where pyproject.toml is.
# It is made of an sdist, so that nothing that mypyc makes comes to lie beside the sources.
set -eu
python=$1 to=$2

printf '#include <Python.h>\n' |
	${CC:-cc} -E -I"$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')" - >/dev/null 2>&1 || {
	echo "the compiled build needs a C compiler and Python's headers; on Debian: apt install gcc python3-dev" >&2
	exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
pip="$work/venv/bin/python -m pip --quiet --disable-pip-version-check"
$pip install -c constraints.txt '.[compiled]'
"$work/venv/bin/python" -m hatchling build --target sdist --directory "$work" >/dev/null

# The folders that this Python was made in are no part of the wheel.
if [ "$(uname)" = Linux ]; then
	export LDSHARED="${CC:-cc} -shared"
fi
export HATCH_BUILD_HOOK_ENABLE_MYPYC=1
$pip wheel --no-deps --no-build-isolation --wheel-dir "$to" "$work"/pop3spy-*.tar.gz
