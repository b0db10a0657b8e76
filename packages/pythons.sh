#!/bin/sh
# pythons.sh: the Pythons of this machine that pop3spy runs on, one a minor version.
for minor in 11 12 13 14 15; do
	for python in "python3.$minor" "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor".*/bin/python3; do
		if "$python" -c 'import ensurepip' 2>/dev/null; then
			echo "$python"
			break
		fi
	done
done
