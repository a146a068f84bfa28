# SPDX-License-Identifier: GPL-2.0-only
# Prints the input of bench/figures.gp, a line for each scene: NAME and, for each side,
# the instructions a page, then the TLB shootdowns a page table.
# Usage: awk -f bench/points.awk SIDE/rows.tsv...

BEGIN {
	FS = OFS = "\t"
	n = split("32 MiB, small, 1 thread|to device|to device;32 MiB, small, 1 thread|back|back;device faults, small|faults|faults;half on the wanted node, small|to node|half there;all on the wanted node, small|to node|all there;second half on the device, small|to device|half on device;swapped out|to device|swapped out;device only, over system THPs|select|not selected", scenes, ";")
}
FNR == 1 { nr++ }
{ value[nr, $1, $2, $3] = $4 }
END {
	for (i = 1; i <= n; i++) {
		split(scenes[i], part, "|")
		line = part[3]
		for (s = 1; s <= nr; s++)
			line = line OFS value[s, "whole", part[1], part[2]]
		for (s = 1; s <= nr; s++)
			line = line OFS value[s, "shootdowns", part[1], part[2]] / 16
		print line
	}
}
