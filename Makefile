# One command a task; each sets up what it needs. `make help` lists them.
BIN := .venv/bin
CENTRE ?= flows/sample-bank
NAME ?=

.PHONY: help setup demo run test check system fmt lint bench soak clean

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup:  ## tools, virtual environment and PBX; a second time takes a second
	@scripts/setup

demo: setup  ## one real call, from greeting to agent, survey and record
	@$(BIN)/ivr-engine demo $(CENTRE)

run: setup  ## keep the centre up until Ctrl-C
	@$(BIN)/ivr-engine run $(CENTRE) --host-service

test: setup lint check system  ## everything: style, types, unit and real-PBX tests

check:  ## tests without a PBX
	$(BIN)/pytest -q -n auto --dist worksteal -m "not system"

system:  ## tests on the real PBX with real SIP telephones (root, or SIPp with cap_net_raw)
	$(BIN)/pytest -q -n 3 --dist worksteal -m system

lint:  ## style, types, import rules, the sample bank and its conversation tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/ivr-engine check $(CENTRE)
	$(BIN)/ivr-engine test $(CENTRE) --require 100

fmt:  ## put the code into the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## make bench NAME=ivr_rate: figures, then a ratio against a baseline of the same run
	@test -n "$(NAME)" || { echo "usage: make bench NAME=x, x one of:"; ls benchmarks/*.py | sed 's,.*/,  ,;s/\.py//' | grep -v __init__; exit 2; }
	@$(BIN)/python -m benchmarks.$(NAME)

soak: setup  ## the long fault counts (hours; IVR_ENGINE_SOAK=10 for ten times as long)
	IVR_ENGINE_EXAMPLES=soak $(BIN)/pytest -q -s -m soak --timeout 3600 tests/soak tests/nemesis

clean:  ## forget the environment and everything the engine wrote here
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis
