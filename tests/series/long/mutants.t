#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tries each mutant alone: see tests/series/mutants.t.
QUEUE=${QUEUE:-$(basename "$(dirname "$0")")}
export QUEUE
exec env ALONE=1 "$(dirname "$(realpath "$0")")/../mutants.t"
