# What a person at a checkout does: each target sets up all it needs by itself.
#
#   make demo              a real campaign through simulated modems (ARGS="--modems 8", ARGS=--exit …)
#   make test              the whole test suite (ARGS="tests/unit -k money", ARGS="-n 0 --cpu-report" …)
#   make check             ruff, mypy strict, and the shape of the tree
#   make bench             measure; the figures of docs/benchmarks.md (ARGS="first idle", ARGS=--help …)
#   make faults            long fault runs: kills, unplugs, power cuts
#   make messages          brings the Spanish catalogues up to date with the code
#   make pictures          takes the pictures of the Spanish manual anew, in a browser
#   make manpage           writes docs/gatewayd.1 from the help of the commands
#   make rights            writes the table of rights into docs/people.md
#   make clean             removes what was built here

PYTHON ?= python3
# Test files at once. Most of them wait for modems and telephones, not for the processor, so that there are more than it
# has cores. In the order of the folders: those of the unit tests, the short ones, come last, so that all end together.
JOBS ?= 5
# A shell may forbid it: then each of a thousand processes of the tests would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet

.PHONY: demo test check bench faults messages pictures manpage rights clean

demo: $(VENV)/run.stamp
	@$(BIN)/gatewayd demo $(ARGS)

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -m "not bench and not fault" -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases tests .ci
	$(BIN)/python .ci/tree.py

bench: $(VENV)/dev.stamp
	$(BIN)/python -m tests.benchmarks $(ARGS)

faults: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -m fault $(ARGS)

# A catalogue a room: its name, its folder, and the rooms that speak through it. The template is not kept; both .po (to
# edit) and .mo (to run) are. A catalogue without a header counts as fuzzy to Babel; no sentence is.
# The web has one of its own, with templates: what the core says is not looked for below it.
define catalogue
$(BIN)/pybabel -q extract --no-location --sort-output --project $(1) -k spoken -k phrase -o $(2)/$(1).pot $(3)
$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --omit-header -D $(1) -i $(2)/$(1).pot -d $(2) -l es
$(BIN)/pybabel -q compile --use-fuzzy -D $(1) -d $(2)
@rm $(2)/$(1).pot
endef

messages: $(VENV)/dev.stamp
	$(call catalogue,gatewayd,gatewayd/locale,--ignore-dirs=".* _* web" gatewayd drivers)
	$(call catalogue,spool,spool/locale,spool)
	$(call catalogue,web,gatewayd/web/locale,--mapping=.ci/templates.cfg gatewayd/web)

rights: $(VENV)/run.stamp
	$(BIN)/python .ci/rights_table.py --write

pictures: $(VENV)/dev.stamp
	$(BIN)/python -m tests.panel.pictures

manpage: $(VENV)/run.stamp
	$(BIN)/python .ci/manpage.py

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two steps, so that a first look at the demo need not wait for the test tools.
$(VENV)/run.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "gatewayd needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; about a minute) …" >&2
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "Python cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@echo "Adding the test tools to $(VENV) (once) …" >&2
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@
