# SPDX-License-Identifier: GPL-2.0-only
# Draws figures.svg from points.tsv of bench/points.awk.  The variable sides has the sides
# in the order of the columns: gnuplot -e 'sides="5.10-base 5.10-queue"' figures.gp
colours = "#b8b8b8 #7f7f7f #2a7fbf #e0a458 #2f8f4e #8c6bb1 #d98fb8 #5f5f5f"
n = words(sides)
set terminal svg size 1080,620 font "sans-serif,12" background "white" noenhanced
set output "figures.svg"
set datafile separator "\t"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9
set grid y lc "#dddddd"
set border 3
set xtics nomirror scale 0
set ytics nomirror
set key outside top right
set multiplot layout 2,1
set title "Instructions for each 4 KiB page of 32 MiB, the driver's and the copy included"
plot for [i = 1:n] "points.tsv" using i + 1:xtic(1) title word(sides, i) lc rgb word(colours, (i - 1) % words(colours) + 1)
set title "TLB shootdowns for each page table of 512 pages, logarithmic; where there is no bar, none"
set logscale y
set yrange [0.2:1000]
plot for [i = 1:n] "points.tsv" using i + n + 1:xtic(1) title word(sides, i) lc rgb word(colours, (i - 1) % words(colours) + 1)
