// SPDX-License-Identifier: GPL-2.0-only
/*
 * A GPU in plain memory for nouveau's SVM: see README.md.
 *
 * nouveau_dmem.c and nouveau_svm.c are compiled into this module unchanged,
 * with nouveau's own headers. This file has what they call:
 *
 * - VRAM, and buffer objects in VRAM
 * - the channel with its copy engine, which decodes the methods that nouveau
 *   pushes
 * - fences
 * - the GPU's page table, as NVIF_VMM_V0_PFNMAP and _PFNCLR change it
 * - the fault buffer, and accesses of the GPU that raise faults
 */
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/xarray.h>
#include "nouveau_drv.h"
#include "nouveau_bo.h"
#include "nouveau_chan.h"
#include "nouveau_dmem.h"
#include "nouveau_fence.h"
#include "nouveau_svm.h"
#include <nvif/class.h>
#include <nvif/clb069.h>
#include <nvif/if000c.h>
#include <nvif/ifc00d.h>
#include <nvif/ioctl.h>
#include <nvif/push.h>
#include <nvif/vmm.h>
#include <nvhw/class/cla0b5.h>
#include "nvsim.h"

/* nouveau's interfaces are those of 5.10 or of 7.3 */
#define NVSIM_OLD	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 0, 0))
#if NVSIM_OLD
#include <nvif/notify.h>
#else
#include <core/device.h>
#include <nvif/event.h>
#endif

/* Words of the push buffer */
#define NVSIM_PUSH	(64u << 10)
#define NVSIM_FAULTS	64

/* The registers of the fault buffer */
#define NVSIM_FAULT_GET	0x10
#define NVSIM_FAULT_PUT	0x14

/* Values of nvsim_client.huge */
#define NVSIM_WHOLE	xa_mk_value(1)
#define NVSIM_IN_PARTS	xa_mk_value(2)

/* A process that shares its memory with the GPU */
struct nvsim_client {
	struct nouveau_cli	cli;
	struct drm_file		file;
	struct xarray		ptes;	/* page number: an entry of PFNMAP */
	struct xarray		huge;	/* number of 2 MiB: how it is mapped */
	u32			inst;
	bool			cancelled;
};

/* nouveau's own structures */
static struct platform_device *nvsim_pdev;
static struct drm_device nvsim_drm_dev;
static struct nouveau_drm nvsim_drm;
static struct nvif_client nvsim_nvif;
static struct nouveau_channel nvsim_chan;

static struct nvsim_counts nvsim_counts;
static struct nvsim_mode nvsim_mode;

/* The GPU does one thing at a time: protects VRAM, page tables and counts */
static DEFINE_MUTEX(nvsim_gpu);

/* VRAM by page number; a page that was never written is missing, and zero */
static DEFINE_XARRAY(nvsim_vram);
/* Address 0 is not used, so that a missing address is noticed */
static u64 nvsim_vram_end = 1 << 20;

static void *nvsim_vram_at(u64 addr)
{
	void *page = xa_load(&nvsim_vram, addr >> PAGE_SHIFT);

	if (!page) {
		/* MMU notifiers take nvsim_gpu, and reclaim calls them */
		const unsigned int flags = memalloc_noreclaim_save();

		page = (void *)get_zeroed_page(GFP_NOFS | __GFP_NOFAIL);
		xa_store(&nvsim_vram, addr >> PAGE_SHIFT, page,
			 GFP_NOFS | __GFP_NOFAIL);
		memalloc_noreclaim_restore(flags);
	}
	return page + offset_in_page(addr);
}

static int nvsim_bo_new(u64 size, struct nouveau_bo **pbo)
{
	struct nouveau_bo *bo = kzalloc(sizeof(*bo), GFP_KERNEL);

	if (!bo)
		return -ENOMEM;
	mutex_lock(&nvsim_gpu);
	bo->offset = nvsim_vram_end;
	nvsim_vram_end += size;
	mutex_unlock(&nvsim_gpu);
	*pbo = bo;
	return 0;
}

#if NVSIM_OLD
int nouveau_bo_new(struct nouveau_cli *cli, u64 size, int align, u32 domain,
		   u32 tile_mode, u32 tile_flags, struct sg_table *sg,
		   struct dma_resv *robj, struct nouveau_bo **pbo)
{
	return nvsim_bo_new(size, pbo);
}

void ttm_bo_put(struct ttm_buffer_object *bo)
{
	kfree(nouveau_bo(bo));
}
#else
int nouveau_bo_new_pin(struct nouveau_cli *cli, u32 domain, u32 size,
		       struct nouveau_bo **pbo)
{
	return nvsim_bo_new(size, pbo);
}

void nouveau_bo_unpin_del(struct nouveau_bo **pbo)
{
	kfree(*pbo);
	*pbo = NULL;
}
#endif

int nouveau_bo_pin(struct nouveau_bo *bo, u32 flags, bool contig)
{
	return 0;
}

int nouveau_bo_unpin(struct nouveau_bo *bo)
{
	return 0;
}

static u64 nvsim_address(const u32 *reg, u32 upper, u32 lower)
{
	return (u64)reg[upper / 4] << 32 | reg[lower / 4];
}

/* NVA0B5_LAUNCH_DMA with the value @launch */
static void nvsim_launch(const u32 *reg, u32 launch)
{
	const bool clear = NVVAL_GET(launch, NVA0B5, LAUNCH_DMA, REMAP_ENABLE);
	const bool dst_vram = !NVVAL_GET(reg[NVA0B5_SET_DST_PHYS_MODE / 4],
					 NVA0B5, SET_DST_PHYS_MODE, TARGET);
	const bool src_vram = !NVVAL_GET(reg[NVA0B5_SET_SRC_PHYS_MODE / 4],
					 NVA0B5, SET_SRC_PHYS_MODE, TARGET);
	u64 dst = nvsim_address(reg, NVA0B5_OFFSET_OUT_UPPER,
				NVA0B5_OFFSET_OUT_LOWER);
	u64 src = nvsim_address(reg, NVA0B5_OFFSET_IN_UPPER,
				NVA0B5_OFFSET_IN_LOWER);
	u64 size = reg[NVA0B5_LINE_LENGTH_IN / 4];
	u64 at;

	/* A clear has a line of elements of eight bytes */
	size *= clear ? 8 : reg[NVA0B5_LINE_COUNT / 4];
	for (at = 0; at < size; at += PAGE_SIZE) {
		void *to = dst_vram ? nvsim_vram_at(dst + at) :
				      phys_to_virt(dst + at);

		if (clear)
			memset(to, 0, PAGE_SIZE);
		else
			memcpy(to, src_vram ? nvsim_vram_at(src + at) :
					      phys_to_virt(src + at), PAGE_SIZE);
	}
	if (clear)
		nvsim_counts.clears++;
	else
		nvsim_counts.copies++;
}

/* Decodes the methods from @cmd to @end: "incrementing" ones and immediate data */
static void nvsim_engine(const u32 *cmd, const u32 *end)
{
	static u32 reg[0x800 / 4];

	mutex_lock(&nvsim_gpu);
	while (cmd < end) {
		u32 head = *cmd++, op = head >> 29, count = head >> 16 & 0x1fff;
		u32 method = (head & 0xfff) << 2, n = op == 4 ? 1 : count;

		for (; n; n--) {
			u32 data = op == 4 ? count : *cmd++;

			if (WARN_ON(method >= sizeof(reg)))
				goto out;
			reg[method / 4] = data;
			if (method == NVA0B5_LAUNCH_DMA)
				nvsim_launch(reg, data);
			if (op == 1)
				method += 4;
		}
	}
out:
	mutex_unlock(&nvsim_gpu);
}

/*
 * What has been pushed up to a fence, or until the push buffer was full. The
 * channel executes these in order.
 */
struct nvsim_batch {
	struct list_head	head;
	u64			seq;
	u32			words;
	u32			cmd[];
};

/* Protects the batches and the sequence counts */
static DEFINE_MUTEX(nvsim_batch_mutex);
static LIST_HEAD(nvsim_batches);
static u64 nvsim_seq, nvsim_executed;
static u32 *nvsim_push;

/* Returns: the sequence count of all that is in the push buffer */
static u64 nvsim_submit(struct nvif_push *push)
{
	u32 words = push->cur - push->bgn;
	struct nvsim_batch *batch;
	u64 seq;

	batch = kvmalloc(struct_size(batch, cmd, words), GFP_KERNEL | __GFP_NOFAIL);
	batch->words = words;
	memcpy(batch->cmd, push->bgn, words * 4);
	push->cur = push->bgn;
	mutex_lock(&nvsim_batch_mutex);
	seq = ++nvsim_seq;
	batch->seq = seq;
	list_add_tail(&batch->head, &nvsim_batches);
	mutex_unlock(&nvsim_batch_mutex);
	return seq;
}

static void nvsim_execute(u64 seq)
{
	struct nvsim_batch *batch;

	mutex_lock(&nvsim_batch_mutex);
	while ((batch = list_first_entry_or_null(&nvsim_batches, struct nvsim_batch,
						 head)) && batch->seq <= seq) {
		nvsim_engine(batch->cmd, batch->cmd + batch->words);
		list_del(&batch->head);
		nvsim_executed = batch->seq;
		kvfree(batch);
	}
	mutex_unlock(&nvsim_batch_mutex);
}

#if NVSIM_OLD
/*
 * nouveau does not lock the channel on each path that pushes. Here, a task has
 * the channel from its first PUSH_WAIT() to its fence.
 */
static DEFINE_MUTEX(nvsim_channel);
static struct task_struct *nvsim_pusher;

static void nvsim_lock_channel(void)
{
	if (READ_ONCE(nvsim_pusher) != current) {
		mutex_lock(&nvsim_channel);
		WRITE_ONCE(nvsim_pusher, current);
	}
}

/* Returns: whether the task has pushed */
static bool nvsim_has_channel(void)
{
	return READ_ONCE(nvsim_pusher) == current;
}

static void nvsim_unlock_channel(void)
{
	WRITE_ONCE(nvsim_pusher, NULL);
	mutex_unlock(&nvsim_channel);
}
#else
/* nouveau locks the channel */
static void nvsim_lock_channel(void)
{
}

static bool nvsim_has_channel(void)
{
	return true;
}

static void nvsim_unlock_channel(void)
{
}
#endif

static int nvsim_push_wait(struct nvif_push *push, u32 size)
{
	int ret = 0;

	mutex_lock(&nvsim_gpu);
	if (nvsim_mode.fail_copy && !--nvsim_mode.fail_copy)
		ret = -EBUSY;
	mutex_unlock(&nvsim_gpu);
	if (ret)
		return ret;
	nvsim_lock_channel();
	if (push->cur + size >= push->bgn + NVSIM_PUSH)
		nvsim_submit(push);
	return 0;
}

struct nvsim_fence {
	struct nouveau_fence	base;
	u64			seq;
};

static int nvsim_fence_new(struct nvif_push *push, struct nouveau_fence **pfence)
{
	struct nvsim_fence *fence;

	fence = kzalloc(sizeof(*fence), GFP_KERNEL | __GFP_NOFAIL);
	if (nvsim_has_channel()) {
		fence->seq = nvsim_submit(push);
		nvsim_unlock_channel();
		if (!READ_ONCE(nvsim_mode.late))
			nvsim_execute(fence->seq);
	}
	*pfence = &fence->base;
	return 0;
}

#if NVSIM_OLD
int nouveau_fence_new(struct nouveau_channel *chan, bool sysmem,
		      struct nouveau_fence **pfence)
{
	return nvsim_fence_new(chan->chan.push, pfence);
}
#else
int nouveau_fence_new(struct nouveau_fence **pfence, struct nouveau_channel *chan)
{
	return nvsim_fence_new(&chan->chan.push, pfence);
}
#endif

int nouveau_fence_wait(struct nouveau_fence *base, bool lazy, bool intr)
{
	nvsim_execute(container_of(base, struct nvsim_fence, base)->seq);
	return 0;
}

void nouveau_fence_unref(struct nouveau_fence **pbase)
{
	struct nvsim_fence *fence = container_of(*pbase, struct nvsim_fence, base);

	/* nouveau has to wait for its copies */
	WARN_ON(fence->seq > READ_ONCE(nvsim_executed));
	kfree(fence);
	*pbase = NULL;
}

static struct nvsim_client *nvsim_object_client(struct nvif_object *object)
{
	return container_of(object, struct nvsim_client, cli.svm.vmm.object);
}

/* As strict as nvkm_uvmm_mthd_pfnmap() and nvkm_vmm_pfn_map() */
static int nvsim_pfnmap(struct nvsim_client *client,
			const struct nvif_vmm_pfnmap_v0 *args, u32 size)
{
	const bool huge = args->page == PMD_SHIFT;
	const unsigned long per = huge ? 1ul << (PMD_SHIFT - PAGE_SHIFT) : 1;
	unsigned long at = args->addr >> PAGE_SHIFT, n, i;

	if ((args->page != PAGE_SHIFT && !huge) || !args->size ||
	    !IS_ALIGNED(args->addr | args->size, 1ul << args->page) ||
	    size != (args->size >> args->page) * sizeof(args->phys[0])) {
		mutex_lock(&nvsim_gpu);
		nvsim_counts.refused++;
		mutex_unlock(&nvsim_gpu);
		return -EINVAL;
	}
	n = args->size >> PAGE_SHIFT;
	mutex_lock(&nvsim_gpu);
	for (i = 0; i < n; i++) {
		/* An entry for each page of 4 KiB, whatever the size that is mapped */
		u64 phys = args->phys[i / per] + ((i % per) << PAGE_SHIFT);

		if (phys & NVIF_VMM_PFNMAP_V0_V)
			xa_store(&client->ptes, at + i, xa_mk_value(phys),
				 GFP_NOFS | __GFP_NOFAIL);
		else
			xa_erase(&client->ptes, at + i);
	}
	for (i = 0; huge && i < n; i += per)
		xa_store(&client->huge, (at + i) / per, NVSIM_WHOLE,
			 GFP_NOFS | __GFP_NOFAIL);
	mutex_unlock(&nvsim_gpu);
	return 0;
}

/*
 * nvkm_vmm_pfn_unmap() clears no part of a mapping of 2 MiB, and nothing of it
 * once it has been asked for a part. Needs nvsim_gpu.
 */
static bool nvsim_clears(struct nvsim_client *client, unsigned long at,
			 unsigned long first, unsigned long last)
{
	const unsigned long per = 1ul << (PMD_SHIFT - PAGE_SHIFT);
	const unsigned long start = ALIGN_DOWN(at, per);
	void *huge = xa_load(&client->huge, at / per);

	return NVSIM_OLD || !huge ||
	       (huge == NVSIM_WHOLE && start >= first && start + per - 1 <= last);
}

static void nvsim_pfnclr(struct nvsim_client *client,
			 const struct nvif_vmm_pfnclr_v0 *args)
{
	const unsigned long first = args->addr >> PAGE_SHIFT;
	const unsigned long last = (args->addr + args->size - 1) >> PAGE_SHIFT;
	unsigned long i;
	void *pte;

	if (!args->size)
		return;
	mutex_lock(&nvsim_gpu);
	xa_for_each_range(&client->ptes, i, pte, first, last) {
		if (!nvsim_clears(client, i, first, last))
			continue;
		xa_erase(&client->ptes, i);
		nvsim_counts.cleared++;
	}
	xa_for_each_range(&client->huge, i, pte, first >> (PMD_SHIFT - PAGE_SHIFT),
			  last >> (PMD_SHIFT - PAGE_SHIFT))
		if (nvsim_clears(client, i << (PMD_SHIFT - PAGE_SHIFT), first, last))
			xa_erase(&client->huge, i);
		else
			xa_store(&client->huge, i, NVSIM_IN_PARTS,
				 GFP_NOFS | __GFP_NOFAIL);
	mutex_unlock(&nvsim_gpu);
}

int nvif_object_ioctl(struct nvif_object *object, void *data, u32 size,
		      void **hack)
{
	struct {
#if NVSIM_OLD
		struct nvif_ioctl_v0 i;
		struct nvif_ioctl_mthd_v0 m;
#else
		struct nvif_ioctl_v0_hdr i;
		struct nvif_ioctl_mthd_v0_hdr m;
#endif
		struct nvif_vmm_pfnmap_v0 p;
	} *args = data;

	if (WARN_ON(args->i.type != NVIF_IOCTL_V0_MTHD ||
		    args->m.method != NVIF_VMM_V0_PFNMAP))
		return -EINVAL;
	return nvsim_pfnmap(nvsim_object_client(object), &args->p,
			    size - sizeof(*args));
}

static DEFINE_XARRAY_ALLOC1(nvsim_clients);
static DECLARE_COMPLETION(nvsim_handled);

int nvif_object_mthd(struct nvif_object *object, u32 method, void *data,
		     u32 size)
{
	struct gp100_vmm_fault_cancel_v0 *cancel = data;
	struct nvsim_client *client;

	switch (method) {
	case NVIF_VMM_V0_PFNCLR:
		nvsim_pfnclr(nvsim_object_client(object), data);
		return 0;
	case GP100_VMM_VN_FAULT_REPLAY:
		complete(&nvsim_handled);
		return 0;
	case GP100_VMM_VN_FAULT_CANCEL:
		mutex_lock(&nvsim_gpu);
		client = xa_load(&nvsim_clients, cancel->inst);
		if (client)
			client->cancelled = true;
		nvsim_counts.cancels++;
		mutex_unlock(&nvsim_gpu);
		complete(&nvsim_handled);
		return 0;
	}
	WARN(1, "nvsim: nouveau calls the unknown method %x\n", method);
	return -EINVAL;
}

int nvif_vmm_ctor(struct nvif_mmu *mmu, const char *name, s32 oclass,
#if NVSIM_OLD
		  bool type,
#else
		  enum nvif_vmm_type type,
#endif
		  u64 addr, u64 size, void *argv, u32 argc,
		  struct nvif_vmm *vmm)
{
	vmm->object.client = &nvsim_nvif;
	return 0;
}

/* The fault buffer: its registers, and eight words for each fault */
static u32 nvsim_registers[64];
static u32 nvsim_fault_memory[NVSIM_FAULTS * 8];
static DEFINE_MUTEX(nvsim_faulting);

int nvif_object_ctor(struct nvif_object *parent, const char *name, u32 handle,
		     s32 oclass, void *data, u32 size,
		     struct nvif_object *object)
{
	struct nvif_clb069_v0 *args = data;

	args->entries = NVSIM_FAULTS;
	args->get = NVSIM_FAULT_GET;
	args->put = NVSIM_FAULT_PUT;
	object->client = &nvsim_nvif;
	return 0;
}

void nvif_object_dtor(struct nvif_object *object)
{
}

int nvif_object_map(struct nvif_object *object, void *argv, u32 argc)
{
	object->map.ptr = (void __iomem *)nvsim_fault_memory;
	return 0;
}

int nvif_object_sclass_get(struct nvif_object *object,
			   struct nvif_sclass **psclass)
{
	static struct nvif_sclass sclass = { .oclass = MAXWELL_FAULT_BUFFER_A };

	*psclass = &sclass;
	return 1;
}

void nvif_object_sclass_put(struct nvif_sclass **psclass)
{
}

#if NVSIM_OLD
/* Everything that nouveau reads and writes is mapped */
u32 nvif_object_rd(struct nvif_object *object, int size, u64 addr)
{
	WARN_ON(1);
	return 0;
}

void nvif_object_wr(struct nvif_object *object, int size, u64 addr, u32 data)
{
	WARN_ON(1);
}

static struct nvif_notify *nvsim_notify;

/* nouveau handles the fault before this returns */
static void nvsim_interrupt(void)
{
	nvsim_notify->func(nvsim_notify);
}

int nvif_notify_ctor(struct nvif_object *object, const char *name,
		     int (*func)(struct nvif_notify *), bool work, u8 type,
		     void *data, u32 size, u32 reply,
		     struct nvif_notify *notify)
{
	notify->func = func;
	return 0;
}

int nvif_notify_dtor(struct nvif_notify *notify)
{
	return 0;
}

int nvif_notify_get(struct nvif_notify *notify)
{
	nvsim_notify = notify;
	return 0;
}

int nvif_notify_put(struct nvif_notify *notify)
{
	nvsim_notify = NULL;
	return 0;
}
#else
static struct nvif_event *nvsim_event;

/* nouveau handles the fault in a work item */
static void nvsim_interrupt(void)
{
	nvsim_event->func(nvsim_event, NULL, 0);
}

int nvif_event_ctor_(struct nvif_object *object, const char *name, u32 handle,
		     nvif_event_func func, bool wait, struct nvif_event_v0 *args,
		     u32 argc, bool warn, struct nvif_event *event)
{
	event->func = func;
	return 0;
}

void nvif_event_dtor(struct nvif_event *event)
{
}

int nvif_event_allow(struct nvif_event *event)
{
	nvsim_event = event;
	return 0;
}

int nvif_event_block(struct nvif_event *event)
{
	nvsim_event = NULL;
	return 0;
}
#endif

/* Has nouveau_svm_fault() handle one fault */
static void nvsim_raise_fault(struct nvsim_client *client, u64 addr, bool write)
{
	u32 put, *entry;

	mutex_lock(&nvsim_faulting);
	put = nvsim_registers[NVSIM_FAULT_PUT / 4];
	entry = &nvsim_fault_memory[put * 8];
	entry[0] = client->inst;
	entry[1] = 0;
	entry[2] = lower_32_bits(addr & PAGE_MASK);
	entry[3] = upper_32_bits(addr);
	entry[7] = 0x80000000 | (write ? 1 : 0) << 16;
	nvsim_registers[NVSIM_FAULT_PUT / 4] = (put + 1) % NVSIM_FAULTS;
	mutex_lock(&nvsim_gpu);
	nvsim_counts.faults++;
	mutex_unlock(&nvsim_gpu);
	reinit_completion(&nvsim_handled);
	nvsim_interrupt();
	if (!wait_for_completion_timeout(&nvsim_handled, 10 * HZ))
		WARN(1, "nvsim: nouveau neither replays nor cancels a fault\n");
	mutex_unlock(&nvsim_faulting);
}

/* Accesses as much of a page as the GPU maps. Returns: whether it maps the page */
static bool nvsim_access_page(struct nvsim_client *client,
			      struct nvsim_access *a, u64 addr, u64 next,
			      void *data)
{
	const u64 need = NVIF_VMM_PFNMAP_V0_V |
			 (a->write ? NVIF_VMM_PFNMAP_V0_W : 0);
	bool mapped = false;
	u64 pte = 0, phys;
	void *entry, *memory;

	mutex_lock(&nvsim_gpu);
	entry = xa_load(&client->ptes, addr >> PAGE_SHIFT);
	if (entry)
		pte = xa_to_value(entry);
	if ((pte & need) == need) {
		phys = (pte & PAGE_MASK) + offset_in_page(addr);
		if ((pte & NVIF_VMM_PFNMAP_V0_APER) == NVIF_VMM_PFNMAP_V0_VRAM) {
			memory = nvsim_vram_at(phys);
			a->vram++;
		} else {
			memory = phys_to_virt(phys);
		}
		if (a->write)
			memcpy(memory, data, next - addr);
		else
			memcpy(data, memory, next - addr);
		mapped = true;
	}
	mutex_unlock(&nvsim_gpu);
	return mapped;
}

static int nvsim_access(struct nvsim_client *client, struct nvsim_access *a,
			void *data)
{
	const u64 end = a->start + a->size;
	u64 addr = a->start, next;
	unsigned int tries = 0;

	WRITE_ONCE(client->cancelled, false);
	while (addr < end) {
		next = min(end, ALIGN_DOWN(addr, PAGE_SIZE) + PAGE_SIZE);
		if (nvsim_access_page(client, a, addr, next,
				      data + (addr - a->start))) {
			addr = next;
			tries = 0;
			continue;
		}
		/* Another thread can unmap the page again and again */
		if (!a->fault || READ_ONCE(client->cancelled) || tries++ > 1000)
			return -EFAULT;
		nvsim_raise_fault(client, addr, a->write);
	}
	return 0;
}

static long nvsim_ioctl_access(struct nvsim_client *client,
			       struct nvsim_access *a)
{
	void __user *buffer = u64_to_user_ptr(a->buffer);
	long ret = 0;
	void *data;

	if (!a->size || a->size > NVSIM_ACCESS_MAX || a->start + a->size < a->start)
		return -EINVAL;
	data = kvmalloc(a->size, GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	a->vram = 0;
	if (a->write && copy_from_user(data, buffer, a->size))
		ret = -EFAULT;
	if (!ret)
		ret = nvsim_access(client, a, data);
	if (!ret && !a->write && copy_to_user(buffer, data, a->size))
		ret = -EFAULT;
	kvfree(data);
	return ret;
}

static long nvsim_ioctl_bind(struct nvsim_client *client,
			     const struct nvsim_range *range)
{
	struct drm_nouveau_svm_bind bind = {
		.va_start = range->start,
		.va_end = range->end,
		.header = (u64)NOUVEAU_SVM_BIND_COMMAND__MIGRATE <<
				NOUVEAU_SVM_BIND_COMMAND_SHIFT |
			  (u64)NOUVEAU_SVM_BIND_TARGET__GPU_VRAM <<
				NOUVEAU_SVM_BIND_TARGET_SHIFT,
	};

	return nouveau_svmm_bind(&nvsim_drm_dev, &bind, &client->file);
}

static void nvsim_count(struct nvsim_client *client, struct nvsim_counts *counts)
{
	unsigned long i;
	void *pte;

	mutex_lock(&nvsim_gpu);
	*counts = nvsim_counts;
	xa_for_each(&client->ptes, i, pte) {
		counts->mapped++;
		counts->mapped_vram += (xa_to_value(pte) & NVIF_VMM_PFNMAP_V0_APER) ==
				       NVIF_VMM_PFNMAP_V0_VRAM;
	}
	mutex_unlock(&nvsim_gpu);
}

static long nvsim_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct nvsim_client *client = filp->private_data;
	void __user *user = (void __user *)arg;
	union {
		struct nvsim_range	range;
		struct nvsim_access	access;
		struct nvsim_counts	counts;
		struct nvsim_mode	mode;
	} u = {};
	long ret = 0;

	if (_IOC_SIZE(cmd) > sizeof(u))
		return -ENOTTY;
	if (_IOC_DIR(cmd) & _IOC_WRITE &&
	    copy_from_user(&u, user, _IOC_SIZE(cmd)))
		return -EFAULT;
	switch (cmd) {
	case NVSIM_BIND:
		ret = nvsim_ioctl_bind(client, &u.range);
		break;
	case NVSIM_ACCESS:
		ret = nvsim_ioctl_access(client, &u.access);
		break;
	case NVSIM_COUNTS:
		nvsim_count(client, &u.counts);
		break;
	case NVSIM_MODE:
		mutex_lock(&nvsim_gpu);
		nvsim_mode = u.mode;
		mutex_unlock(&nvsim_gpu);
		break;
	default:
		return -ENOTTY;
	}
	if (!ret && _IOC_DIR(cmd) & _IOC_READ &&
	    copy_to_user(user, &u, _IOC_SIZE(cmd)))
		ret = -EFAULT;
	return ret;
}

static int nvsim_open(struct inode *inode, struct file *filp)
{
	struct nvsim_client *client = kzalloc(sizeof(*client), GFP_KERNEL);
	struct drm_nouveau_svm_init init = {};
	int ret;

	if (!client)
		return -ENOMEM;
	xa_init(&client->ptes);
	xa_init(&client->huge);
	mutex_init(&client->cli.mutex);
	client->cli.drm = &nvsim_drm;
	client->file.driver_priv = &client->cli;
	ret = xa_alloc(&nvsim_clients, &client->inst, client, xa_limit_31b,
		       GFP_KERNEL);
	if (ret)
		goto free;
	ret = nouveau_svmm_init(&nvsim_drm_dev, &init, &client->file);
	if (ret)
		goto erase;
	ret = nouveau_svmm_join(client->cli.svm.svmm, client->inst);
	if (ret)
		goto fini;
	filp->private_data = client;
	return 0;

fini:
	nouveau_svmm_fini(&client->cli.svm.svmm);
	mmu_notifier_synchronize();
erase:
	xa_erase(&nvsim_clients, client->inst);
free:
	kfree(client);
	return ret;
}

static int nvsim_release(struct inode *inode, struct file *filp)
{
	struct nvsim_client *client = filp->private_data;

	nouveau_svmm_part(client->cli.svm.svmm, client->inst);
	nouveau_svmm_fini(&client->cli.svm.svmm);
	mmu_notifier_synchronize();
	xa_erase(&nvsim_clients, client->inst);
	xa_destroy(&client->ptes);
	xa_destroy(&client->huge);
	kfree(client);
	return 0;
}

static const struct file_operations nvsim_fops = {
	.owner		= THIS_MODULE,
	.open		= nvsim_open,
	.release	= nvsim_release,
	.unlocked_ioctl	= nvsim_ioctl,
};

static struct miscdevice nvsim_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "nvsim",
	.fops	= &nvsim_fops,
};

/* DRM's, which the guest's kernel does not have */
#if NVSIM_OLD
unsigned int __drm_debug;
#else
unsigned long __drm_debug;
#endif

static struct nvif_push *nvsim_push_init(void)
{
#if NVSIM_OLD
	nvsim_chan.chan.push = &nvsim_chan.chan._push;
	return nvsim_chan.chan.push;
#else
	/* nouveau's messages name the device */
	static struct nvkm_device nvkm;

	nvkm.dev = &nvsim_pdev->dev;
	nvsim_drm.nvkm = &nvkm;
	return &nvsim_chan.chan.push;
#endif
}

static void nvsim_drm_init(void)
{
	struct nvif_push *push = nvsim_push_init();


	nvsim_drm_dev.dev = &nvsim_pdev->dev;
	nvsim_drm.dev = &nvsim_drm_dev;
	nvsim_drm.client.drm = &nvsim_drm;
	strscpy(nvsim_drm.client.name, "nvsim", sizeof(nvsim_drm.client.name));
	nvsim_drm.client.device.info.family = NV_DEVICE_INFO_V0_PASCAL;
	nvsim_drm.client.device.object.map.ptr = (void __iomem *)nvsim_registers;
	nvsim_drm.ttm.copy.oclass = PASCAL_DMA_COPY_A;
	nvsim_drm.ttm.chan = &nvsim_chan;
	push->wait = nvsim_push_wait;
	push->bgn = nvsim_push;
	/* No room, so that each PUSH_WAIT() calls nvsim_push_wait() */
	push->cur = push->bgn;
	push->end = push->bgn;
	nouveau_svm_init(&nvsim_drm);
	nouveau_dmem_init(&nvsim_drm);
}

static void nvsim_drm_fini(void)
{
	nouveau_dmem_fini(&nvsim_drm);
	nouveau_svm_fini(&nvsim_drm);
}

static int __init nvsim_init(void)
{
	int ret = -ENOMEM;

	nvsim_push = kvmalloc_array(NVSIM_PUSH, sizeof(*nvsim_push), GFP_KERNEL);
	if (!nvsim_push)
		return -ENOMEM;
	nvsim_pdev = platform_device_register_simple("nvsim", -1, NULL, 0);
	if (IS_ERR(nvsim_pdev)) {
		ret = PTR_ERR(nvsim_pdev);
		goto free;
	}
	ret = dma_coerce_mask_and_coherent(&nvsim_pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		goto unregister;
	nvsim_drm_init();
	ret = -ENODEV;
	if (!nvsim_drm.svm || !nvsim_drm.dmem)
		goto fini;
	ret = misc_register(&nvsim_misc);
	if (!ret)
		return 0;

fini:
	nvsim_drm_fini();
unregister:
	platform_device_unregister(nvsim_pdev);
free:
	kvfree(nvsim_push);
	return ret;
}

static void __exit nvsim_exit(void)
{
	unsigned long i;
	void *page;

	misc_deregister(&nvsim_misc);
	nvsim_drm_fini();
	xa_for_each(&nvsim_vram, i, page)
		free_page((unsigned long)page);
	xa_destroy(&nvsim_vram);
	platform_device_unregister(nvsim_pdev);
	kvfree(nvsim_push);
}

module_init(nvsim_init);
module_exit(nvsim_exit);
MODULE_DESCRIPTION("A GPU in plain memory, to test nouveau's SVM");
MODULE_LICENSE("GPL");
