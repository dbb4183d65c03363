# Hongyan 鸿雁. Each target does its own set-up: begin with `make dev`.

.DEFAULT_GOAL := help
BIN := .venv/bin
WORKERS ?= 2
DURATION ?= 1800

.PHONY: help setup dev test check bench chaos docs clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: .venv/.ready ## Make .venv/ with the command .venv/bin/hongyan

.venv/.ready: pyproject.toml uv.lock scripts/setup
	@scripts/setup

dev: setup ## Open a seeded house with the sandbox phone on http://127.0.0.1:8080
	@$(BIN)/hongyan dev $(ARGS)

test: setup ## Run all tests (ARGS for pytest)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: setup ## Lint, types, and the layers of the house
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: setup ## Measure this machine: prints rates, latencies, CPU, memory, losses
	@$(BIN)/python -m bench $(ARGS)

chaos: setup ## Hurt a fleet on PostgreSQL for DURATION seconds (1800); prints what came of it
	@cd tests && ../$(BIN)/python -m support.chaos --seconds $(DURATION) $(ARGS)

docs: setup ## Write the parts of docs/ that are made from the code
	@$(BIN)/python scripts/documents.py

clean: ## Remove what the other targets made, but never a data directory
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
