# Everything a fresh machine needs: `make demo` and `make test` set themselves up.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# The program without what developers need beside it.
ALONE  := $(VENV)/.alone

# The compiled build has a virtual environment of its own, and is installed there.
COMPILED_VENV  ?= .venv-compiled
COMPILED_BIN   := $(COMPILED_VENV)/bin
COMPILED_READY := $(COMPILED_VENV)/.ready
COMPILED_PIP   := $(COMPILED_BIN)/python -m pip --quiet --disable-pip-version-check

# What venv says, it says only of what went wrong.
define SET_UP
{ $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
  { echo "pop3spy needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }; } && \
echo "setting up pop3spy in $(VENV) ..." && \
{ said=$$($(PYTHON) -m venv $(VENV) 2>&1) || { echo "$$said" >&2; exit 1; }; } && \
$(BIN)/python -m pip --disable-pip-version-check install $(if $(MAKE_TERMOUT),,--quiet) -c constraints.txt -e . && \
touch $(ALONE)
endef

# What is handed on, and the Python of Debian, for which its package is.
DIST        ?= dist
SITE        ?= build/site
DEB_PYTHON  ?= /usr/bin/python3
DEB_EXTRAS  ?= dns,metrics,otlp,postgres,web
# What tests need beside the program.
FOR_TESTS   := dev,web,dns,metrics,otlp,postgres,parquet,mcp

.PHONY: demo test compiled fuzz soak mutate lint docs captures picture bench lab clean dist wheels site deb image packages-test
.DEFAULT_GOAL := test

# Ctrl-C is how it ends on a terminal; as a job of its own it gets that, and make does not, which
# would tell of an error.  So it sets up itself what is not there yet.
demo:
	@set -m 2>/dev/null; { $(MAKE) -q --no-print-directory $(ALONE) 2>/dev/null || (trap 'exit 130' INT; $(SET_UP)); } \
	  && $(BIN)/pop3spy demo || [ $$? = 130 ]

# Half of what a test takes is waiting, for a process or a peer, so there are two workers a core.
# A worker begins with a quarter of the files, so that what a file sets up is set up once.
# The many programs that tests start would be translated anew each time where no file may be written.
WORKERS ?= 4
test: export PYTHONDONTWRITEBYTECODE =

# make test COMPILED=1 runs them on the compiled build; the sources here are not on its path.
ifeq ($(COMPILED),1)
test: lab $(COMPILED_READY)
	PYTHONSAFEPATH=1 $(COMPILED_BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)
else
test: $(READY) lab
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(or $(ARGS),-m "not soak")
	$(if $(ARGS),,$(BIN)/python -m pytest -m soak tests/soak)
endif

compiled: $(COMPILED_READY)
	@$(COMPILED_BIN)/pop3spy --version

# The properties for as long as EXAMPLES takes: make fuzz EXAMPLES=20000 ARGS=tests/capture
# With INPUTS, so many mutated inputs at each door, or at some: make fuzz INPUTS=100000 ARGS=filter
# With TARGET, a search at one door that coverage guides: make fuzz TARGET=decoder SECONDS=600
# It goes on from what earlier ones found; SEEDS names a folder with more (Zeek's pop3 corpus, unpacked,
# for reading and the decoder), and KEEP=1 keeps the best in tests/fuzz/corpora, which CI reads.
ifdef TARGET
fuzz: $(READY)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	PYTHONPATH=tests $(BIN)/python -m fuzz.guided "$(TARGET)" $(if $(SECONDS),--seconds $(SECONDS)) \
	  $(if $(INPUTS),--inputs $(INPUTS)) $(if $(SEEDS),--seeds "$(SEEDS)") $(if $(KEEP),--keep)
else ifdef INPUTS
fuzz: $(READY)
	PYTHONPATH=tests $(BIN)/python -m fuzz --inputs $(INPUTS) --seed "$(or $(SEED),0)" $(ARGS)
else
fuzz: export HYPOTHESIS_PROFILE = deep
fuzz: export HYPOTHESIS_EXAMPLES = $(or $(EXAMPLES),5000)
fuzz: $(READY)
	$(BIN)/python -m pytest -n 2 --timeout 0 $(or $(ARGS),tests/protocol tests/capture tests/export)
endif

# A crowd at the program for minutes, and all that can go wrong: make soak MINUTES=30 SESSIONS=500
soak: $(READY) lab
	PYTHONPATH=tests $(BIN)/python -m soak --minutes "$(or $(MINUTES),30)" --sessions "$(or $(SESSIONS),500)" $(ARGS)

# Whether the tests notice small mistakes in a part of the program (docs/mutation.md):
# make mutate TARGET=redactor SAMPLE=300 SEED=1
mutate: $(READY)
	PYTHONPATH=tests $(BIN)/python -m mutation $(TARGET) $(if $(SAMPLE),--sample $(SAMPLE)) --seed "$(or $(SEED),0)"

docs: $(READY)
	POP3SPY_WRITE_DOCS=1 $(BIN)/python -m pytest -q -p no:randomly tests/test_docs.py tests/findings/test_page.py tests/findings/test_problems.py tests/lab/test_faults.py tests/report/test_docs.py tests/check/test_page.py tests/installing/test_completions.py

# The samples are recorded anew, on a machine that is called as the examples are.
captures: $(READY) lab
	PYTHONPATH=tests unshare --uts sh -c 'hostname mail.example.org && exec $(BIN)/python -m lab.samples'

# The pictures: a report and the inspector in a browser, and a real terminal on a machine of its own, so its names and ports are free.
picture: $(READY) lab
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[picture]'
	PYTHONPATH=tests $(BIN)/python -m report.picture
	printf '127.0.0.1 localhost mail.example.org\n' > $(VENV)/hosts
	PYTHONPATH=tests unshare --uts --net --mount sh -c 'hostname mail.example.org && ip link set lo up && \
	  mount --bind $(VENV)/hosts /etc/hosts && $(BIN)/python -m lab.picture && exec $(BIN)/python -m web.picture'

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Wheel and sdist; the wheel of pip is the same, to the octet, as the one that is made here.
dist: $(READY)
	$(BIN)/python -m hatchling build --directory $(DIST)

# A compiled wheel for every Python here that can build one: make wheels PYTHONS="python3.12 python3.13"
wheels: PYTHONS ?= $(shell sh packages/pythons.sh)
wheels: dist
	@for python in $(PYTHONS); do \
	  echo "compiling for $$python ..." && sh packages/compile.sh $$python $(DIST) || exit; \
	done

site: $(READY)
	$(BIN)/python -m sphinx --quiet --fail-on-warning --conf-dir docs/site --doctree-dir build/doctrees . $(SITE)
	@echo "the site begins at $(SITE)/index.html"

# For the Debian that this is run on; the program inside is compiled.
deb: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[packages]'
	@mkdir -p $(DIST)
	SBOM=$(abspath $(BIN))/cyclonedx-py EXTRAS=$(DEB_EXTRAS) sh packages/deb.sh $(DEB_PYTHON) $(DIST)

# Of the Debian package; BASE is another image of the same Debian.
image: deb
	buildah build --format docker --file packages/Containerfile $(if $(BASE),--build-arg BASE=$(BASE)) --tag pop3spy .

# Each package built twice, installed where nothing of this checkout is, used, and removed; as root on Debian.
packages-test: $(READY)
	PYTHONPATH=packages $(BIN)/python -m pytest --timeout 7200 packages/trial $(ARGS)

bench: $(READY) lab
	$(BIN)/python benchmarks/relay.py $(ARGS)
	$(BIN)/python -m benchmarks.reading $(if $(findstring --write,$(ARGS)),--write)
	$(BIN)/python -m benchmarks.recordings $(if $(findstring --write,$(ARGS)),--write)
	$(BIN)/python -m benchmarks.tls $(if $(findstring --write,$(ARGS)),--write)

# Real mail software for the tests; without root it is left out, and the tests that need it say so.
lab:
	@sh tests/lab/install.sh

$(ALONE): pyproject.toml constraints.txt
	@$(SET_UP)

$(READY): $(ALONE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(FOR_TESTS)]'
	@touch $@

$(COMPILED_READY): pyproject.toml constraints.txt $(shell find pop3spy -name '*.py')
	$(PYTHON) -m venv $(COMPILED_VENV)
	@rm -rf $@ $(COMPILED_VENV)/dist
	sh packages/compile.sh $(PYTHON) $(COMPILED_VENV)/dist
	$(COMPILED_PIP) install -c constraints.txt '.[$(FOR_TESTS)]'
	$(COMPILED_PIP) install --no-deps --force-reinstall $(COMPILED_VENV)/dist/pop3spy-*.whl
	@touch $@

clean:
	rm -rf $(VENV) $(COMPILED_VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz benchmarks/bin build
