# SPDX-License-Identifier: GPL-2.0-only
# points.tsv, from bench/points.awk, as figures.svg
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
plot "points.tsv" using 2:xtic(1) title "5.10 base" lc "#b8b8b8", \
	"" using 3 title "5.10, Debian's" lc "#7f7f7f", \
	"" using 4 title "5.10 queue" lc "#2a7fbf", \
	"" using 5 title "7.3.4" lc "#e0a458", \
	"" using 6 title "7.3 queue" lc "#2f8f4e"
set title "TLB shootdowns for each page table of 512 pages, logarithmic; where there is no bar, none"
set logscale y
set yrange [0.2:1000]
plot "points.tsv" using 7:xtic(1) title "5.10 base" lc "#b8b8b8", \
	"" using 8 title "5.10, Debian's" lc "#7f7f7f", \
	"" using 9 title "5.10 queue" lc "#2a7fbf", \
	"" using 10 title "7.3.4" lc "#e0a458", \
	"" using 11 title "7.3 queue" lc "#2f8f4e"
