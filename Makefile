# The commands of the book. Each first makes .venv if there is none, or brings it up to date.
# To choose a Python: make book PYTHON=python3.12
VENV_PYTHON := .venv/bin/python
PYTHON ?= $(if $(wildcard $(VENV_PYTHON)),$(VENV_PYTHON),python3)

.PHONY: help book serve test pdf bench lint links install weights data constraints references repository vendor colab-check clean

help:
	@echo "make book    build the book into _build/html        make serve   look at it in a browser"
	@echo "make test    test everything                        make lint    check style and spelling"
	@echo "make pdf     the whole book as one PDF, where LaTeX is installed"
	@echo "make bench   measure how fast this machine trains (20 minutes; chapter 10)"
	@echo "For maintainers: links, weights, data, constraints, references, repository, vendor, colab-check, clean (CONTRIBUTING.md)"

book: install
	@$(VENV_PYTHON) -m tools.pipeline book

serve: install
	@$(VENV_PYTHON) -m tools.pipeline serve

test: install
	@$(VENV_PYTHON) -m tools.pipeline test

pdf: install
	@$(VENV_PYTHON) -m tools.pipeline pdf

bench: install
	@$(VENV_PYTHON) -m benchmarks

lint: install
	@$(VENV_PYTHON) -m pre_commit run --all-files

links: install
	@$(VENV_PYTHON) -m tools.pipeline links

install:
	@"$(PYTHON)" -c "" 2>/dev/null || { echo "There is no working Python called $(PYTHON). Install Python 3.11, 3.12 or 3.13," \
	  "or name it: make book PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" tools/bootstrap.py

weights: install
	@$(VENV_PYTHON) -m tools.make_weights
	@$(VENV_PYTHON) -m tools.make_league
	@$(VENV_PYTHON) -m tools.make_sweep
	@$(VENV_PYTHON) -m tools.make_photocopier
	@$(VENV_PYTHON) -m tools.make_collapse

data: install
	@$(VENV_PYTHON) -m tools.fetch_mnist

constraints: install
	@$(VENV_PYTHON) -m tools.make_constraints

references: install
	@$(VENV_PYTHON) -m tools.references

repository: install
	@$(VENV_PYTHON) -m tools.repository "$(URL)"

vendor: install
	@$(VENV_PYTHON) -m tools.vendor

colab-check: install
	@$(VENV_PYTHON) -m tools.colab_check $(CHAPTER)

clean:
	rm -rf _build .tested
