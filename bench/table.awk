# SPDX-License-Identifier: GPL-2.0-only
# Prints the rows of all sides as one table in Markdown, then a verdict on each aim.
# Usage: awk -f bench/table.awk SIDE/rows.tsv... SIDE/rows-again.tsv...
# A call count that differs between the two runs is shown as FIRST/SECOND.  Instruction
# counts show the first value, and the last aim has the largest difference.

BEGIN { FS = "\t" }

FNR == 1 {
	side = FILENAME
	sub(/\/.*/, "", side)
	again = FILENAME ~ /again/
	if (!again) {
		sides[++nr_sides] = side
		have[side] = 1
	}
}
{
	key = $1 FS $2 FS $3
	if (again) {
		if ((side, key) in value && value[side, key] != $4)
			second[side, key] = $4
		next
	}
	value[side, key] = $4
	step = $2 FS $3
	if (!(step in seen)) {
		seen[step] = 1
		steps[++nr_steps] = step
	}
}

# figure SIDE MEASURE STEP: the text for the table
function figure(side, measure, step,    key) {
	key = measure FS step
	if (!((side, key) in value))
		return ""
	if (measure == "whole" || measure == "core")
		return sprintf("%.0f", value[side, key])
	if ((side, key) in second)
		return value[side, key] "/" second[side, key]
	return value[side, key]
}

function name(step) {
	sub(FS, ": ", step)
	return step
}

function heading(text,    i) {
	printf "| **%s** |", text
	for (i = 1; i <= nr_sides; i++)
		printf " |"
	print ""
}

# show MEASURE STEP LABEL: prints a row, unless all sides are empty or 0
function show(measure, step, label,    i, cell, line, some) {
	line = "| " label " |"
	for (i = 1; i <= nr_sides; i++) {
		cell = figure(sides[i], measure, step)
		if (measure == "whole" && cell != "" && figure(sides[i], "core", step) != "")
			cell = cell " (" figure(sides[i], "core", step) ")"
		if (cell != "" && cell != "0" && cell != "-1")
			some = 1
		line = line " " (cell == "" || cell == "-1" ? "–" : cell) " |"
	}
	if (some)
		print line
}

function number(side, measure, step) {
	return value[side, measure FS step] + 0
}

function verdict(met, text) {
	printf "- %s: %s\n", met ? "met" : "**missed**", text
}

# against QUEUE BASE MEASURE WHAT: counts the steps in which QUEUE takes at most 1 % more
# than BASE, and names the worst step
function against(queue, base, measure, what,    i, ratio, worst, where, over, n) {
	if (!have[queue] || !have[base])
		return
	for (i = 1; i <= nr_steps; i++) {
		if (!number(base, measure, steps[i]) || !number(queue, measure, steps[i]))
			continue
		n++
		ratio = number(queue, measure, steps[i]) / number(base, measure, steps[i])
		over += ratio > 1.01
		if (ratio > worst) {
			worst = ratio
			where = steps[i]
		}
	}
	verdict(worst <= 1.01, sprintf("%s, %s at most 1 %% more instructions than %s: met in %d of %d steps; %.2f times as many at the worst, %s",
		queue, what, base, n - over, n, worst, name(where)))
}

# plain STEP SCENE: the aim for a small page to the device, or back
function plain(step, scene,    ratio) {
	if (!number("7.3-base", "whole", scene FS step) || !have["7.3-queue"])
		return
	ratio = number("7.3-queue", "whole", scene FS step) / number("7.3-base", "whole", scene FS step)
	verdict(ratio <= 0.8, sprintf("7.3-queue, 0.8 of 7.3-base for a small page %s: %.2f, and %.2f in `migrate_vma_*()`",
		step, ratio, number("7.3-queue", "core", scene FS step) / number("7.3-base", "core", scene FS step)))
}

END {
	printf "| |"
	for (i = 1; i <= nr_sides; i++)
		printf " %s |", sides[i]
	printf "\n|---|"
	for (i = 1; i <= nr_sides; i++)
		printf "---:|"
	print ""

	heading("instructions a page (of these in `migrate_vma_*()`)")
	for (i = 1; i <= nr_steps; i++)
		show("whole", steps[i], name(steps[i]))

	# Counts that do not depend on the size are shown for one size
	n = split("calls,shootdowns,delivered,acted,selected,moved,isolated,unmapped,unlocked,put back,pages split,PMDs split", measures, ",")
	split("calls of the driver,TLB shootdowns,invalidations that reach the device,invalidations that drop a mirror,pages that `migrate_vma_setup()` selects,pages that move,pages isolated,pages unmapped,pages unlocked,pages isolated; locked; unmapped and put back for nothing,huge pages split,PMDs split", titles, ",")
	for (m = 1; m <= n; m++) {
		gsub(/;/, ",", titles[m])
		heading(titles[m])
		for (i = 1; i <= nr_steps; i++) {
			if (steps[i] ~ /^(2|512) MiB|threads/)
				continue
			if (measures[m] ~ /calls|moved/ && steps[i] !~ /swapped|page by page/)
				continue
			show(measures[m], steps[i], name(steps[i]))
		}
	}

	heading("time, as a multiple of the time to copy as much memory")
	for (i = 1; i <= nr_steps; i++)
		show("time", steps[i], name(steps[i]))

	print "\nAims:\n"
	nr_queues = 0
	for (i = 1; i <= nr_sides; i++) {
		queue = sides[i]
		if (sub(/-queue$/, "", queue))
			queues[++nr_queues] = queue
	}
	for (q = 1; q <= nr_queues; q++) {
		against(queues[q] "-queue", queues[q] "-debian", "core", "in `migrate_vma_*()`")
		against(queues[q] "-queue", queues[q] "-base", "core", "in `migrate_vma_*()`")
	}
	for (q = 1; q <= nr_queues; q++)
		against(queues[q] "-queue", queues[q] "-base", "whole", "in the driver's whole call,")
	if (have["7.3-queue"]) {
		step = "all on the wanted node, small" FS "to node"
		if (have["7.3-base"]) {
			ratio = number("7.3-queue", "whole", step) / number("7.3-base", "whole", step)
			verdict(ratio <= 0.1, sprintf("7.3-queue, a tenth of 7.3-base for memory that is on the wanted node: %.3f", ratio))
		}
		total = 0
		for (i = 1; i <= nr_steps; i++)
			if (steps[i] ~ /^(all on the wanted node|device only)/)
				total += number("7.3-queue", "isolated", steps[i]) + number("7.3-queue", "unmapped", steps[i]) + \
					number("7.3-queue", "delivered", steps[i]) + number("7.3-queue", "pages split", steps[i]) + \
					number("7.3-queue", "PMDs split", steps[i])
		verdict(total == 0, "7.3-queue, pages that are isolated, unmapped, invalidated or split without a selection: " total)
		step = "32 MiB, small, 1 thread" FS "to device"
		verdict(number("7.3-queue", "shootdowns", step) == 16, "7.3-queue, a TLB shootdown a page table: " \
			number("7.3-queue", "shootdowns", step) " for 16")
		step = "swapped out" FS "to device"
		verdict(number("7.3-queue", "calls", step) == 1, "7.3-queue, swapped-out memory in one call: " \
			number("7.3-queue", "calls", step))
		plain("to device", "32 MiB, small, 1 thread")
		plain("back", "32 MiB, small, 1 thread")
	}
	for (i = 1; i <= nr_sides; i++)
		for (j = 1; j <= nr_steps; j++)
			for (m = 1; m <= split("whole core calls shootdowns delivered acted isolated unmapped unlocked", counted, " "); m++) {
				key = sides[i] SUBSEP counted[m] FS steps[j]
				differ += key in second
				count += key in value
			}
	printf "- %d of %d counts differ between two runs", differ, count
	worst = 0
	for (key in second) {
		split(key, part, SUBSEP)
		if (part[2] ~ /^(whole|core)/ && value[key]) {
			ratio = second[key] / value[key]
			ratio = ratio > 1 ? ratio - 1 : 1 - ratio
			worst = ratio > worst ? ratio : worst
		}
	}
	printf "%s\n", worst ? sprintf("; of the instructions, none by more than %.2f %%", 100 * worst) : ""
}
