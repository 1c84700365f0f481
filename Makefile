# The commands of the book. Each first makes .venv if there is none, or brings it up to date.
# To choose a Python: make book PYTHON=python3.12. Without a fitting one, uv fetches it (tools/bootstrap.py).
VENV_PYTHON := .venv/bin/python
PYTHON ?= $(if $(wildcard $(VENV_PYTHON)),$(VENV_PYTHON),python3)
# where there is no Python at all, into the folder where tools/bootstrap.py would have it
UV_PYTHON = UV_PYTHON_INSTALL_DIR=.python UV_CACHE_DIR=.python/cache UV_PYTHON_PREFERENCE=only-managed uv run --no-project --no-config --python 3.12.12

SUDO = $(shell command -v sudo 2>/dev/null)

.PHONY: help book serve test check browsers browser-packages pdf bench lint links install weights pictures data constraints references questions repository vendor colab-check next clean

help:
	@echo "make book    build the book into _build/html        make serve   look at it in a browser"
	@echo "make test    test everything                        make check   what your changes concern, style included"
	@echo "make pdf     the whole book as one PDF, with LaTeX  make lint    check style and spelling"
	@echo "make bench   measure how fast this machine trains (20 minutes; chapter 10)"
	@echo "For maintainers: browsers, links, weights, pictures, data, constraints, references, questions, repository, vendor, colab-check, next, clean (CONTRIBUTING.md)"

book: install
	@$(VENV_PYTHON) -m tools.build.pipeline book

serve: install
	@$(VENV_PYTHON) -m tools.build.pipeline serve

test: install
	@$(VENV_PYTHON) -m tools.build.pipeline test

check: install
	@$(VENV_PYTHON) -m tools.build.pipeline check

pdf: install
	@$(VENV_PYTHON) -m tools.build.pipeline pdf

bench: install
	@$(VENV_PYTHON) -m benchmarks

lint: install
	@$(VENV_PYTHON) -m pre_commit run --all-files

browsers: install
	@$(VENV_PYTHON) -m pytest -rs tests/built/test_other_browsers.py

browser-packages:
	$(SUDO) apt-get update -qq
	$(SUDO) apt-get install -y -qq --no-install-recommends webkit2gtk-driver xvfb $(if $(shell command -v firefox 2>/dev/null),,firefox-esr)

links: install
	@$(VENV_PYTHON) -m tools.build.pipeline links

install:
	@if "$(PYTHON)" -c "" 2>/dev/null; then "$(PYTHON)" tools/bootstrap.py; \
	elif [ "$(origin PYTHON)" = file ] && command -v uv >/dev/null; then $(UV_PYTHON) tools/bootstrap.py; \
	else echo "There is no working Python called $(PYTHON). Install Python 3.12 or uv (https://docs.astral.sh/uv/)," \
	  "or name the Python that you have: make book PYTHON=python3.12" >&2; exit 1; fi

weights: install
	@$(VENV_PYTHON) -m tools.recording.models
	@$(VENV_PYTHON) -m tools.recording.runs
	@$(VENV_PYTHON) -m tools.recording.bench

pictures: install
	@$(VENV_PYTHON) -m tools.recording.pictures

data: install
	@$(VENV_PYTHON) -m tools.fetch.mnist

constraints: install
	@$(VENV_PYTHON) -m tools.fetch.constraints

references: install
	@$(VENV_PYTHON) -m tools.build.references

questions: install
	@$(VENV_PYTHON) -m tools.build.questions

repository: install
	@$(VENV_PYTHON) -m tools.build.repository "$(URL)"

vendor: install
	@$(VENV_PYTHON) -m tools.fetch.vendor

colab-check: install
	@$(VENV_PYTHON) -m tools.check.colab_check $(CHAPTER)

next: install
	@$(VENV_PYTHON) -m tools.check.next_versions

clean:
	rm -rf _build .tested .executed
