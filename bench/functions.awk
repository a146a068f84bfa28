# SPDX-License-Identifier: GPL-2.0-only
# Prints a table in Markdown: instructions of each function in a step, on two sides.
# Functions below ten instructions a page on both sides share a row; the smallest growth
# comes first.
# Usage: awk -v scene=SCENE -v step=STEP -f bench/functions.awk OUT TSV OUT TSV

BEGIN { FS = "\t" }
FNR == 1 && FILENAME ~ /\.out$/ { side++ }
$1 == "interval" {
	if ($3 == scene && $4 == step) {
		of[side, $2] = $5 == "-" ? -1 : 1
		pages = $6
	}
	next
}
(side, $2) in of && $1 == "total" { total[side] += of[side, $2] * $3 }
(side, $2) in of && $1 == "function" {
	# the compiler's clones of a function count for the function
	name = $3
	sub(/\.(isra|constprop|part|cold).*/, "", name)
	all[side, name] += of[side, $2] * $4
	names[name]
}
END {
	if (!pages) {
		print "no such step: " scene ": " step >"/dev/stderr"
		exit 1
	}
	printf "| %s, %s | 7.3.4 | the queue | |\n|---|---:|---:|---:|\n", scene, step
	printf "| **all** | **%.0f** | **%.0f** | **%+.0f** |\n", total[1] / pages, total[2] / pages, (total[2] - total[1]) / pages
	for (name in names) {
		a = all[1, name] / pages
		b = all[2, name] / pages
		if (a < 9.5 && b < 9.5) {
			rest[1] += a
			rest[2] += b
			continue
		}
		line = sprintf("| `%s` | %.0f | %.0f | %+.0f |", name, a, b, b - a)
		# sorted by change, then by size
		n++
		for (i = n; i > 1 && (b - a < change[i - 1] || (b - a == change[i - 1] && a > size[i - 1])); i--) {
			lines[i] = lines[i - 1]
			change[i] = change[i - 1]
			size[i] = size[i - 1]
		}
		lines[i] = line
		change[i] = b - a
		size[i] = a
	}
	for (i = 1; i <= n; i++)
		print lines[i]
	printf "| other functions, fewer than ten instructions each | %.0f | %.0f | %+.0f |\n", rest[1], rest[2], rest[2] - rest[1]
}
