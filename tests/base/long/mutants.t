#!/usr/bin/env bash
# Each mutant alone: see tests/base/mutants.t.
exec env ALONE=1 "$(dirname "$0")/../mutants.t"
