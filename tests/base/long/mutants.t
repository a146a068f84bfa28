#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Each mutant alone: see tests/base/mutants.t.
exec env ALONE=1 "$(dirname "$0")/../mutants.t"
