// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU's TCG: counts the instructions that the first CPU of a guest
 * executes between two marks, for each function of the kernel, and how often each
 * function is entered. A block that an exception ends early counts as a whole.
 *
 * Arguments, all needed:
 *   begin=ADDRESS end=ADDRESS  functions of a program in the guest: an interval lasts
 *                              from a call of the first to a call of the second
 *   symbols=FILE               System.map of the kernel, which must have no modules
 *                              and not be relocated (nokaslr)
 *   core=FILE                  code to count apart: from an "enter ADDRESS" to a
 *                              "leave ADDRESS", except excursions, each from an
 *                              "out ADDRESS" to the next block of a "back FUNCTION";
 *                              ACTS counts excursions that enter an "act FUNCTION"
 *   out=FILE                   the results, with tabs between:
 *     total INTERVAL KERNEL USER CORE ACTS
 *     function INTERVAL NAME ALL CORE CALLS OUT
 *   KERNEL, USER, CORE and ALL are instructions, ACTS excursions, CALLS and OUT the
 *   entries of a function, in all and on excursions
 *
 * The guest's CPUs must take turns (thread=single).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The used part of QEMU's plugin interface, as Debian does not package the header.
 * This part is the same in all versions.
 */
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
typedef void (*trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*exec_cb)(unsigned int cpu, void *data);
typedef void (*exit_cb)(qemu_plugin_id_t id, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, trans_cb cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, exec_cb cb,
					  int flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_cb cb, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

#define EXPORT __attribute__((visibility("default")))

/* A QEMU loads plugins of a few versions only. */
#ifndef VERSION
#define VERSION 1
#endif
EXPORT int qemu_plugin_version = VERSION;

enum what { CODE, BEGIN, END, ENTER, LEAVE, OUT };

struct point {
	uint64_t address;
	enum what what;
};

struct symbol {
	uint64_t address;
	char *name;
	uint64_t all, core, calls, out;
	bool back, act;
};

/* A translated block; an address may have several blocks */
struct block {
	struct symbol *symbol;
	uint64_t insns;
	enum what what;
	bool kernel, first;
};

static struct point points[64];
static unsigned int nr_points;
static struct symbol *symbols;
static size_t nr_symbols;
static FILE *out;

static unsigned int interval;
static bool counting, in_core, went_out;
static bool acted;
static uint64_t kernel_insns, user_insns, core_insns, acts;

static void stop(const char *why, const char *what)
{
	fprintf(stderr, "insns: %s%s\n", why, what);
	exit(2);
}

static void report(void)
{
	size_t i;

	fprintf(out, "total\t%u\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
		interval, kernel_insns, user_insns, core_insns, acts);
	kernel_insns = user_insns = core_insns = acts = 0;
	for (i = 0; i < nr_symbols; i++) {
		struct symbol *symbol = symbols + i;

		if (!symbol->all)
			continue;
		fprintf(out, "function\t%u\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
			"\t%" PRIu64 "\n", interval, symbol->name, symbol->all, symbol->core,
			symbol->calls, symbol->out);
		symbol->all = symbol->core = symbol->calls = symbol->out = 0;
	}
	interval++;
}

static void executed(unsigned int cpu, void *data)
{
	struct block *block = data;

	if (cpu)
		return;
	switch (block->what) {
	case CODE:
		break;
	case BEGIN:
		counting = true;
		return;
	case END:
		if (counting)
			report();
		counting = false;
		return;
	case ENTER:
		in_core = true;
		break;
	case LEAVE:
		in_core = went_out = false;
		break;
	case OUT:
		went_out = in_core;
		in_core = acted = false;
		break;
	}
	if (went_out && block->kernel && block->symbol->back) {
		in_core = true;
		went_out = false;
	}
	if (!counting)
		return;
	if (!block->kernel) {
		user_insns += block->insns;
		return;
	}
	kernel_insns += block->insns;
	block->symbol->all += block->insns;
	block->symbol->calls += block->first;
	if (went_out && block->first) {
		block->symbol->out++;
		if (block->symbol->act && !acted) {
			acted = true;
			acts++;
		}
	}
	if (in_core) {
		core_insns += block->insns;
		block->symbol->core += block->insns;
	}
}

/* The last symbol that does not begin behind the address */
static struct symbol *symbol_of(uint64_t address)
{
	size_t low = 0, high = nr_symbols;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (symbols[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	return symbols + low;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = calloc(1, sizeof(*block));
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	unsigned int i;

	(void)id;
	if (!block)
		stop("no memory", "");
	block->insns = qemu_plugin_tb_n_insns(tb);
	block->kernel = address >> 63;
	if (block->kernel) {
		block->symbol = symbol_of(address);
		block->first = block->symbol->address == address;
	}
	for (i = 0; i < nr_points; i++)
		if (points[i].address == address)
			block->what = points[i].what;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, block);
}

static void ended(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	if (fclose(out))
		stop("the counts could not be written", "");
}

static void add_point(const char *address, enum what what)
{
	if (nr_points == sizeof(points) / sizeof(*points))
		stop("too many points", "");
	points[nr_points].address = strtoull(address, NULL, 16);
	points[nr_points++].what = what;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

/* Symbols of one address are one function, so their order does not matter. */
static void read_symbols(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t room = 0;
	uint64_t address;
	char name[256], type;

	if (!file)
		stop("cannot read ", path);
	while (fscanf(file, "%" SCNx64 " %c %255s", &address, &type, name) == 3) {
		if (!strchr("tTwW", type))
			continue;
		if (nr_symbols == room) {
			room = room ? 2 * room : 65536;
			symbols = realloc(symbols, room * sizeof(*symbols));
			if (!symbols)
				stop("no memory", "");
		}
		memset(symbols + nr_symbols, 0, sizeof(*symbols));
		symbols[nr_symbols].address = address;
		symbols[nr_symbols].name = strdup(name);
		if (!symbols[nr_symbols++].name)
			stop("no memory", "");
	}
	fclose(file);
	if (!nr_symbols)
		stop("no symbols in ", path);
	qsort(symbols, nr_symbols, sizeof(*symbols), by_address);
}

static void read_core(const char *path)
{
	FILE *file = fopen(path, "r");
	char what[16], where[256];
	size_t i;

	if (!file)
		stop("cannot read ", path);
	while (fscanf(file, "%15s %255s", what, where) == 2) {
		if (!strcmp(what, "enter"))
			add_point(where, ENTER);
		else if (!strcmp(what, "leave"))
			add_point(where, LEAVE);
		else if (!strcmp(what, "out"))
			add_point(where, OUT);
		else if (strcmp(what, "back") && strcmp(what, "act"))
			stop("neither enter, leave, out, back nor act: ", what);
		else
			for (i = 0; i < nr_symbols; i++)
				if (!strcmp(symbols[i].name, where))
					*(*what == 'b' ? &symbols[i].back : &symbols[i].act) = true;
	}
	fclose(file);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	unsigned int given = 0;
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			stop("no such argument: ", argv[i]);
		*value++ = '\0';
		given++;
		if (!strcmp(argv[i], "begin"))
			add_point(value, BEGIN);
		else if (!strcmp(argv[i], "end"))
			add_point(value, END);
		else if (!strcmp(argv[i], "symbols"))
			read_symbols(value);
		else if (!strcmp(argv[i], "core"))
			read_core(value);
		else if (!strcmp(argv[i], "out"))
			out = fopen(value, "w");
		else
			stop("no such argument: ", argv[i]);
	}
	if (given != 5 || !out || !nr_symbols)
		stop("begin=, end=, symbols=, core= and out= are needed", "");
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
