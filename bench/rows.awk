# SPDX-License-Identifier: GPL-2.0-only
# Turns the output of hmm-bench and the counts of bench/insns.c into rows with tabs
# between fields: MEASURE SCENE STEP VALUE.  Usage: awk -f bench/rows.awk OUT [TSV]

BEGIN {
	FS = OFS = "\t"
	# Calls of a function count for its measure; function names differ between kernels
	of["smp_call_function_many_cond"] = "shootdowns"
	# subtracted from the shootdowns below: flushes of kernel addresses
	of["flush_tlb_kernel_range"] = "kernel shootdowns"
	of["dmirror_interval_invalidate"] = "delivered"
	of["isolate_lru_page"] = of["folio_isolate_lru"] = "isolated"
	of["page_remove_rmap"] = of["folio_remove_rmap_ptes"] = of["folio_remove_rmap_pmd"] = "unmapped"
	of["unlock_page"] = of["folio_unlock"] = "unlocked"
}

$1 == "interval" {
	key = $3 OFS $4
	if (!(key in pages)) {
		pages[key] = $6
		order[n++] = key
	}
	step[$2] = key
	sign[$2] = $5 == "-" ? -1 : 1
	if ($5 == "+") {
		sum["calls", key] += $7
		sum["selected", key] = $8
		sum["moved", key] = $9
		sum["pages split", key] += $10
		sum["PMDs split", key] += $11
	}
}

$1 == "time" { print "time", $2, $3, $4 }

$1 == "total" {
	sum["whole", step[$2]] += sign[$2] * $3
	sum["core", step[$2]] += sign[$2] * $5
	sum["acted", step[$2]] += sign[$2] * $6
}

# unlock_page() of newer kernels calls folio_unlock(): do not count both
$1 == "function" && $3 == "folio_unlock" { folios = 1 }
$1 == "function" && $3 in of {
	if ($3 == "unlock_page")
		pageunlocks[step[$2]] += sign[$2] * $6
	else
		sum[of[$3], step[$2]] += sign[$2] * $6
}

END {
	split("whole core calls selected moved shootdowns delivered acted isolated unmapped unlocked", measures, " ")
	measures[12] = "put back"
	measures[13] = "pages split"
	measures[14] = "PMDs split"
	for (i = 0; i < n; i++) {
		key = order[i]
		sum["shootdowns", key] -= sum["kernel shootdowns", key]
		if (!folios)
			sum["unlocked", key] += pageunlocks[key]
		# Isolation counts a whole huge page once, moved counts its 512 pages
		unit = key ~ /huge/ && sum["isolated", key] <= pages[key] / 512 ? 512 : 1
		if (key ~ /to node$/)
			sum["put back", key] = sum["isolated", key] - sum["moved", key] / unit
		for (m = 1; m <= 14; m++) {
			value = sum[measures[m], key] + 0
			if (m <= 2)
				value = sprintf("%.1f", value / pages[key])
			# A waiting thread leaves the CPU to a thread outside of migrate_vma_*()
			if (m == 2 && key ~ /threads/)
				continue
			print measures[m], key, value
		}
	}
}
