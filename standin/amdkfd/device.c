// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPUs in plain memory, for amdkfd's shared virtual memory: see README.md.
 *
 * The file has what kfd_svm.c, kfd_migrate.c and amdgpu_hmm.c call: buffers in
 * video memory, a copy engine with a GART, page tables with TLBs, queues that
 * stop, and processes. A page of a GPU is a page of the CPU.
 */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>
#include <drm/drm_exec.h>
#include "amdgpu.h"
#include "amdgpu_amdkfd.h"
#include "amdgpu_hmm.h"
#include "amdgpu_job.h"
#include "amdgpu_object.h"
#include "amdgpu_reset.h"
#include "amdgpu_vm.h"
#include "amdgpu_vram_mgr.h"
#include "amdgpu_xgmi.h"
#include "kfd_priv.h"
#include "kfd_svm.h"
#include "kfd_migrate.h"
#include "kfd_smi_events.h"
#include "kfdsim.h"

#define KFDSIM_SIZE	SZ_64M
#define KFDSIM_PAGES	(KFDSIM_SIZE >> PAGE_SHIFT)
/* A buffer is in blocks of at most so many pages */
#define KFDSIM_BLOCK	128UL
/* A GPU fault that loses so many races fails */
#define KFDSIM_TRIES	20000
/* A GPU fault that still finds a mapping which does not allow the access */
#define KFDSIM_REFUSALS	100

/*
 * What an address of a GPU means. In a hive each GPU's memory has an address of
 * its own.
 */
#define KFDSIM_VRAM(id)	(((u64)(id) + 1) << 40)
#define KFDSIM_GART	(16ULL << 40)
#define KFDSIM_TABLE	(17ULL << 40)	/* the GART's page table */
#define KFDSIM_IB	(18ULL << 40)	/* the indirect buffer of a job */
#define KFDSIM_WINDOW	SZ_16M

struct kfdsim_gpu {
	struct amdgpu_device	*adev;
	struct pci_dev		*pdev;
	struct kfd_dev		kfd;
	struct kfd_node		node;
	struct amdgpu_ring	ring;
	struct amdgpu_bo	table;
	struct amdgpu_reset_domain reset;
	u8			*memory;
	u64			*gart;	/* a PTE for each page of the window */
	spinlock_t		lock;	/* of the following three */
	unsigned long		*used;	/* a bit for each page of the memory */
	struct list_head	buffers;
	unsigned long		nbuffers;
	struct mutex		engine;	/* of the following */
	struct list_head	jobs;	/* not executed yet */
	atomic_long_t		to_device;
	atomic_long_t		from_device;
};

/* A buffer in video memory. The driver's struct svm_range_bo begins with its bo. */
struct kfdsim_buffer {
	struct amdgpu_vram_mgr_resource	res;
	struct kfdsim_gpu		*gpu;
	struct amdgpu_bo		*bo;
	struct list_head		link;
	struct gpu_buddy_block		blocks[];
};

/* A copy, or an update of the GART; or nothing but a fence */
struct kfdsim_job {
	struct dma_fence	fence;
	struct kfdsim_gpu	*gpu;
	struct list_head	link;
	bool			done;
	u64			src;
	u64			dst;
	size_t			size;
	u64			*ib;	/* frees it */
};

/* A process on a GPU */
struct kfdsim_pdd {
	struct kfd_process_device pdd;
	struct drm_file		file;
	struct amdgpu_fpriv	fpriv;
	struct amdgpu_bo	root;
	struct mutex		lock;		/* of the following two */
	struct xarray		table;		/* the PTEs */
	struct xarray		tlb;		/* copies of PTEs */
	atomic_t		flushes;
};

struct kfdsim_process {
	struct kfd_process	p;
	struct kfdsim_pdd	pdds[KFDSIM_GPUS];
	struct amdkfd_process_info info;
	struct list_head	link;
	struct rw_semaphore	running;	/* the GPUs read it while they run */
	int			stopped;
	wait_queue_head_t	resumed;
	atomic_t		nquiesced;
	atomic_t		nresumed;
};

static struct kfdsim_gpu *kfdsim_gpus[KFDSIM_GPUS];
static struct amdgpu_hive_info *kfdsim_hive;
static LIST_HEAD(kfdsim_processes);
static DEFINE_SPINLOCK(kfdsim_processes_lock);
static atomic_t kfdsim_fail_copies, kfdsim_fail_jobs, kfdsim_fail_buffers;
static bool kfdsim_late;
static atomic64_t kfdsim_reserved;
static DEFINE_WW_CLASS(kfdsim_ww_class);

int amdgpu_mtype_local;
uint amdgpu_svm_default_granularity = 9;

static bool kfdsim_fails(atomic_t *nth)
{
	return atomic_dec_if_positive(nth) == 0;
}

static struct kfdsim_gpu *kfdsim_gpu_of(struct amdgpu_device *adev)
{
	return container_of(adev->kfd.dev, struct kfdsim_gpu, kfd);
}

static u8 *kfdsim_vram(u64 addr)
{
	unsigned long id = (addr >> 40) - 1;
	u64 offset = addr & (BIT_ULL(40) - 1);

	if (WARN_ONCE(id >= KFDSIM_GPUS || offset >= KFDSIM_SIZE, "no video memory at %llx", addr))
		return NULL;
	return kfdsim_gpus[id]->memory + offset;
}

/* --- fences and the copy engine */

static struct kfdsim_job *kfdsim_job_new(struct kfdsim_gpu *gpu)
{
	struct kfdsim_job *job = kzalloc(sizeof(*job), GFP_KERNEL | __GFP_NOFAIL);

	kref_init(&job->fence.refcount);
	job->gpu = gpu;
	return job;
}

void dma_fence_release(struct kref *kref)
{
	struct kfdsim_job *job = container_of(kref, struct kfdsim_job, fence.refcount);

	kvfree(job->ib);
	kfree(job);
}

/* Where the copy engine finds the page at @addr, which it may want to write to */
static u8 *kfdsim_engine_page(struct kfdsim_gpu *gpu, u64 addr, bool write)
{
	u64 pte;

	if (addr < KFDSIM_GART)
		return kfdsim_vram(addr);
	if (WARN_ONCE(addr >= KFDSIM_GART + KFDSIM_WINDOW, "no page at %llx", addr))
		return NULL;
	pte = gpu->gart[(addr - KFDSIM_GART) >> PAGE_SHIFT];
	if (WARN_ONCE(!(pte & AMDGPU_PTE_VALID) || (write && !(pte & AMDGPU_PTE_WRITEABLE)),
		      "PTE %llx does not allow the copy", pte))
		return NULL;
	return phys_to_virt(pte & PAGE_MASK);
}

static void kfdsim_job_run(struct kfdsim_job *job)
{
	struct kfdsim_gpu *gpu = job->gpu;
	size_t at;

	if (job->dst >= KFDSIM_TABLE && job->ib) {
		if (!WARN_ON(job->dst - KFDSIM_TABLE + job->size >
			     (KFDSIM_WINDOW >> PAGE_SHIFT) * sizeof(u64)))
			memcpy((u8 *)gpu->gart + (job->dst - KFDSIM_TABLE),
			       (u8 *)job->ib + (job->src - KFDSIM_IB), job->size);
		return;
	}
	for (at = 0; at < job->size; at += PAGE_SIZE) {
		u8 *src = kfdsim_engine_page(gpu, job->src + at, false);
		u8 *dst = kfdsim_engine_page(gpu, job->dst + at, true);

		if (src && dst)
			memcpy(dst, src, PAGE_SIZE);
		atomic_long_inc(job->dst < KFDSIM_GART ? &gpu->to_device : &gpu->from_device);
	}
}

/* Jobs run in their order, up to @last, or all */
static void kfdsim_run_jobs(struct kfdsim_gpu *gpu, struct kfdsim_job *last)
{
	struct kfdsim_job *job;

	mutex_lock(&gpu->engine);
	while ((!last || !last->done) && !list_empty(&gpu->jobs)) {
		job = list_first_entry(&gpu->jobs, struct kfdsim_job, link);
		list_del(&job->link);
		kfdsim_job_run(job);
		job->done = true;
		dma_fence_put(&job->fence);
	}
	mutex_unlock(&gpu->engine);
}

static struct dma_fence *kfdsim_job_queue(struct kfdsim_job *job)
{
	struct kfdsim_gpu *gpu = job->gpu;

	mutex_lock(&gpu->engine);
	list_add_tail(&job->link, &gpu->jobs);
	dma_fence_get(&job->fence);
	mutex_unlock(&gpu->engine);
	if (!READ_ONCE(kfdsim_late))
		kfdsim_run_jobs(gpu, NULL);
	return &job->fence;
}

signed long dma_fence_wait_timeout(struct dma_fence *fence, bool intr, signed long timeout)
{
	struct kfdsim_job *job = container_of(fence, struct kfdsim_job, fence);

	if (job->gpu)
		kfdsim_run_jobs(job->gpu, job);
	return timeout;
}

int amdgpu_job_alloc_with_ib(struct amdgpu_device *adev, struct drm_sched_entity *entity,
			     void *owner, size_t size, enum amdgpu_ib_pool_type pool_type,
			     u64 k_job_id, struct amdgpu_job **job)
{
	if (kfdsim_fails(&kfdsim_fail_jobs))
		return -ENOMEM;
	*job = kzalloc(struct_size(*job, ibs, 1), GFP_KERNEL);
	if (!*job)
		return -ENOMEM;
	(*job)->num_ibs = 1;
	(*job)->ibs[0].gpu_addr = KFDSIM_IB;
	(*job)->ibs[0].ptr = kvzalloc(size, GFP_KERNEL);
	if (!(*job)->ibs[0].ptr) {
		kfree(*job);
		return -ENOMEM;
	}
	/* amdgpu_job_submit() finds the ring by it */
	(*job)->base.sched = adev->mman.buffer_funcs_scheds[0];
	return 0;
}

/* The one packet: from, to, size */
static void kfdsim_emit_copy_buffer(struct amdgpu_ib *ib, uint64_t src, uint64_t dst,
				    uint32_t size, uint32_t flags)
{
	u64 *packet = (u64 *)(ib->ptr + ib->length_dw);

	packet[0] = src;
	packet[1] = dst;
	packet[2] = size;
	ib->length_dw += 6;
}

static const struct amdgpu_buffer_funcs kfdsim_buffer_funcs = {
	.copy_num_dw		= 6,
	.emit_copy_buffer	= kfdsim_emit_copy_buffer,
};

static void kfdsim_pad_ib(struct amdgpu_ring *ring, struct amdgpu_ib *ib)
{
	ib->length_dw = ALIGN(ib->length_dw, 8);
}

static const struct amdgpu_ring_funcs kfdsim_ring_funcs = {
	.pad_ib = kfdsim_pad_ib,
};

struct dma_fence *amdgpu_job_submit(struct amdgpu_job *job)
{
	struct amdgpu_ring *ring = to_amdgpu_ring(job->base.sched);
	struct kfdsim_job *copy = kfdsim_job_new(kfdsim_gpu_of(ring->adev));
	u64 *packet = (u64 *)job->ibs[0].ptr;

	copy->src = packet[0];
	copy->dst = packet[1];
	copy->size = packet[2];
	copy->ib = packet;
	kfree(job);
	return kfdsim_job_queue(copy);
}

void amdgpu_gart_map(struct amdgpu_device *adev, uint64_t offset, int pages,
		     dma_addr_t *dma_addr, uint64_t flags, void *dst)
{
	u64 *ptes = dst;
	int i;

	for (i = 0; i < pages; i++)
		ptes[i] = dma_addr[i] | flags;
}

int amdgpu_copy_buffer(struct amdgpu_device *adev, struct amdgpu_ttm_buffer_entity *entity,
		       uint64_t src_offset, uint64_t dst_offset, uint32_t byte_count,
		       struct dma_resv *resv, struct dma_fence **fence, bool vm_needs_flush,
		       uint32_t copy_flags)
{
	struct kfdsim_job *job;

	lockdep_assert_held(&entity->lock);
	if (kfdsim_fails(&kfdsim_fail_copies))
		return -EIO;
	job = kfdsim_job_new(kfdsim_gpu_of(adev));
	job->src = src_offset;
	job->dst = dst_offset;
	job->size = byte_count;
	*fence = kfdsim_job_queue(job);
	return 0;
}

/* --- buffers */

/*
 * Pages that are freed give their buffers back in a work item, which the driver
 * queues where others do, too. No item there waits for the caller.
 */
static void kfdsim_flush_work(void)
{
	__flush_workqueue(system_percpu_wq);
}

/*
 * Blocks are taken from both halves of the memory in turn. As in amdgpu, no buffer
 * begins at 0: the BIOS has its memory there.
 */
static int kfdsim_take_blocks(struct kfdsim_gpu *gpu, struct kfdsim_buffer *buffer,
			      unsigned long npages)
{
	unsigned long n, at, i;

	for (i = 0; npages; i++, npages -= n) {
		n = min(rounddown_pow_of_two(npages), KFDSIM_BLOCK);
		at = bitmap_find_next_zero_area(gpu->used, KFDSIM_PAGES,
						i & 1 ? KFDSIM_PAGES / 2 : KFDSIM_BLOCK,
						n, n - 1);
		if (at >= KFDSIM_PAGES)
			at = bitmap_find_next_zero_area(gpu->used, KFDSIM_PAGES, KFDSIM_BLOCK,
							n, n - 1);
		if (at >= KFDSIM_PAGES)
			return -ENOSPC;
		bitmap_set(gpu->used, at, n);
		buffer->blocks[i].header = at << PAGE_SHIFT | ilog2(n);
		list_add_tail(&buffer->blocks[i].link, &buffer->res.blocks);
	}
	return 0;
}

/* What the GPU or the CPU still reads afterwards is wrong */
static void kfdsim_free_blocks(struct kfdsim_gpu *gpu, struct kfdsim_buffer *buffer)
{
	struct gpu_buddy_block *block;

	list_for_each_entry(block, &buffer->res.blocks, link) {
		memset(gpu->memory + amdgpu_vram_mgr_block_start(block), 0x5a,
		       amdgpu_vram_mgr_block_size(block));
		bitmap_clear(gpu->used, amdgpu_vram_mgr_block_start(block) >> PAGE_SHIFT,
			     amdgpu_vram_mgr_block_size(block) >> PAGE_SHIFT);
	}
	INIT_LIST_HEAD(&buffer->res.blocks);
}

static void kfdsim_bo_init(struct kfdsim_gpu *gpu, struct amdgpu_bo *bo)
{
	kref_init(&bo->tbo.kref);
	bo->tbo.bdev = &gpu->adev->mman.bdev;
	bo->tbo.base.resv = &bo->tbo.base._resv;
	ww_mutex_init(&bo->tbo.base._resv.lock, &kfdsim_ww_class);
}

int amdgpu_bo_create(struct amdgpu_device *adev, struct amdgpu_bo_param *bp,
		     struct amdgpu_bo **bo_ptr)
{
	struct kfdsim_gpu *gpu = kfdsim_gpu_of(adev);
	unsigned long npages = bp->size >> PAGE_SHIFT;
	struct gpu_buddy_block *block;
	struct kfdsim_buffer *buffer;
	struct amdgpu_bo *bo;
	int err;

	if (kfdsim_fails(&kfdsim_fail_buffers))
		return -ENOMEM;
	bo = kvzalloc(bp->bo_ptr_size, GFP_KERNEL);
	buffer = kvzalloc(struct_size(buffer, blocks, npages / KFDSIM_BLOCK + ilog2(KFDSIM_BLOCK)),
			  GFP_KERNEL);
	if (!bo || !buffer) {
		err = -ENOMEM;
		goto free;
	}
	INIT_LIST_HEAD(&buffer->res.blocks);
	buffer->gpu = gpu;
	buffer->bo = bo;
	spin_lock_irq(&gpu->lock);
	err = kfdsim_take_blocks(gpu, buffer, npages);
	if (err) {
		kfdsim_free_blocks(gpu, buffer);
		spin_unlock_irq(&gpu->lock);
		goto free;
	}
	gpu->nbuffers++;
	list_add_tail(&buffer->link, &gpu->buffers);
	kfdsim_bo_init(gpu, bo);
	spin_unlock_irq(&gpu->lock);

	block = list_first_entry(&buffer->res.blocks, struct gpu_buddy_block, link);
	buffer->res.base.start = amdgpu_vram_mgr_block_start(block) >> PAGE_SHIFT;
	buffer->res.base.size = bp->size;
	buffer->res.base.mem_type = TTM_PL_VRAM;
	bo->tbo.resource = &buffer->res.base;
	bo->tbo.destroy = bp->destroy;
	bo->tbo.base.size = bp->size;
	if (bp->flags & AMDGPU_GEM_CREATE_VRAM_CLEARED)
		list_for_each_entry(block, &buffer->res.blocks, link)
			memset(gpu->memory + amdgpu_vram_mgr_block_start(block), 0,
			       amdgpu_vram_mgr_block_size(block));
	*bo_ptr = bo;
	return 0;
free:
	kvfree(buffer);
	kvfree(bo);
	return err;
}

static void kfdsim_bo_release(struct kref *kref)
{
	struct amdgpu_bo *bo = container_of(kref, struct amdgpu_bo, tbo.kref);
	struct kfdsim_buffer *buffer = container_of(bo->tbo.resource, struct kfdsim_buffer,
						    res.base);
	struct kfdsim_gpu *gpu = buffer->gpu;

	/* A copy that is still to come would hit the next user of the memory */
	kfdsim_run_jobs(gpu, NULL);
	spin_lock_irq(&gpu->lock);
	kfdsim_free_blocks(gpu, buffer);
	list_del(&buffer->link);
	gpu->nbuffers--;
	spin_unlock_irq(&gpu->lock);
	kvfree(buffer);
	bo->tbo.destroy(&bo->tbo);
}

struct amdgpu_bo *amdgpu_bo_ref(struct amdgpu_bo *bo)
{
	if (bo)
		kref_get(&bo->tbo.kref);
	return bo;
}

void amdgpu_bo_unref(struct amdgpu_bo **bo)
{
	if (*bo)
		kref_put(&(*bo)->tbo.kref, kfdsim_bo_release);
	*bo = NULL;
}

int amdgpu_bo_sync_wait(struct amdgpu_bo *bo, void *owner, bool intr)
{
	dma_resv_assert_held(bo->tbo.base.resv);
	return 0;
}

void drm_gem_object_release(struct drm_gem_object *obj)
{
}

void ttm_bo_move_to_lru_tail(struct ttm_buffer_object *bo)
{
	dma_resv_assert_held(bo->base.resv);
}

#ifdef CONFIG_DEBUG_MUTEXES
void dma_resv_reset_max_fences(struct dma_resv *obj)
{
}
#endif

/* As TTM does when another user wants the memory. Returns: how many buffers stay */
static long kfdsim_evict(struct kfdsim_gpu *gpu)
{
	struct kfdsim_buffer *buffer;
	struct amdgpu_bo *bo;
	LIST_HEAD(tried);
	long stay = 0;

	for (;;) {
		spin_lock_irq(&gpu->lock);
		buffer = list_first_entry_or_null(&gpu->buffers, struct kfdsim_buffer, link);
		if (!buffer)
			break;
		bo = buffer->bo;
		list_move(&buffer->link, &tried);
		if (!kref_get_unless_zero(&bo->tbo.kref)) {
			spin_unlock_irq(&gpu->lock);
			continue;
		}
		spin_unlock_irq(&gpu->lock);
		if (!amdgpu_bo_reserve(bo, true)) {
			stay += svm_range_evict_svm_bo(bo) < 0;
			amdgpu_bo_unreserve(bo);
		}
		amdgpu_bo_unref(&bo);
	}
	list_splice(&tried, &gpu->buffers);
	spin_unlock_irq(&gpu->lock);
	return stay;
}

/* --- page tables and TLBs */

static struct kfdsim_pdd *kfdsim_pdd_of(struct amdgpu_vm *vm)
{
	return container_of(vm, struct kfdsim_pdd, fpriv.vm);
}

bool amdgpu_vm_ready(struct amdgpu_vm *vm)
{
	return true;
}

int amdgpu_vm_lock_pd(struct amdgpu_vm *vm, struct drm_exec *exec, unsigned int num_fences)
{
	return 0;
}

int amdgpu_vm_validate(struct amdgpu_device *adev, struct amdgpu_vm *vm,
		       struct ww_acquire_ctx *ticket,
		       int (*validate)(void *param, struct amdgpu_bo *bo), void *param)
{
	return 0;
}

int amdgpu_vm_update_pdes(struct amdgpu_device *adev, struct amdgpu_vm *vm, bool immediate)
{
	return 0;
}

static void kfdsim_get_vm_pte(struct amdgpu_device *adev, struct amdgpu_vm *vm,
			      struct amdgpu_bo *bo, uint32_t vm_flags, uint64_t *pte_flags)
{
}

static const struct amdgpu_gmc_funcs kfdsim_gmc_funcs = {
	.get_vm_pte = kfdsim_get_vm_pte,
};

/* The CPU writes the PTEs at once: there is nothing to wait for */
int amdgpu_vm_update_range(struct amdgpu_device *adev, struct amdgpu_vm *vm, bool immediate,
			   bool unlocked, bool flush_tlb, bool allow_override,
			   struct amdgpu_sync *sync, uint64_t start, uint64_t last,
			   uint64_t flags, uint64_t offset, uint64_t vram_base,
			   struct ttm_resource *res, dma_addr_t *pages_addr,
			   struct dma_fence **fence)
{
	struct kfdsim_pdd *pdd = kfdsim_pdd_of(vm);
	struct dma_fence *old = *fence;
	struct kfdsim_job *job;
	u64 page;
	int err = 0;

	if (WARN_ON(last < start || ((flags & AMDGPU_PTE_VALID) && !pages_addr)))
		return -EINVAL;
	mutex_lock(&pdd->lock);
	for (page = start; page <= last && !err; page++) {
		u64 addr;

		if (!(flags & AMDGPU_PTE_VALID)) {
			xa_erase(&pdd->table, page);
			continue;
		}
		addr = pages_addr[(offset >> PAGE_SHIFT) + (page - start)];
		WARN_ON(addr & ~PAGE_MASK);
		err = xa_err(xa_store(&pdd->table, page, xa_mk_value(addr | flags),
				      GFP_NOWAIT | __GFP_MEMALLOC));
	}
	if (flush_tlb)
		atomic64_inc(&vm->tlb_seq);
	mutex_unlock(&pdd->lock);
	if (err)
		return err;
	job = kfdsim_job_new(NULL);
	*fence = &job->fence;
	dma_fence_put(old);
	return 0;
}

static void kfdsim_flush_tlb(struct kfdsim_pdd *pdd)
{
	mutex_lock(&pdd->lock);
	xa_destroy(&pdd->tlb);
	mutex_unlock(&pdd->lock);
	atomic_inc(&pdd->flushes);
}

/* As amdgpu does: only a range that asked for it needs the flush */
int amdgpu_vm_flush_compute_tlb(struct amdgpu_device *adev, struct amdgpu_vm *vm,
				uint32_t flush_type, uint32_t xcc_mask)
{
	u64 seq = atomic64_read(&vm->tlb_seq);

	if (atomic64_xchg(&vm->kfd_last_flushed_seq, seq) != seq)
		kfdsim_flush_tlb(kfdsim_pdd_of(vm));
	return 0;
}

/* --- processes */

static struct kfdsim_process *kfdsim_process_of(struct kfd_process *p)
{
	return container_of(p, struct kfdsim_process, p);
}

static struct kfd_process *kfdsim_lookup(const struct mm_struct *mm, u32 pasid)
{
	struct kfdsim_process *found = NULL, *each;

	spin_lock(&kfdsim_processes_lock);
	list_for_each_entry(each, &kfdsim_processes, link)
		if (each->p.mm == mm || (pasid && each->pdds[0].pdd.pasid == pasid)) {
			found = each;
			kref_get(&found->p.ref);
			break;
		}
	spin_unlock(&kfdsim_processes_lock);
	return found ? &found->p : NULL;
}

struct kfd_process *kfd_lookup_process_by_mm(const struct mm_struct *mm)
{
	return kfdsim_lookup(mm, 0);
}

struct kfd_process *kfd_lookup_process_by_pasid(u32 pasid, struct kfd_process_device **pdd)
{
	return kfdsim_lookup(NULL, pasid);
}

static void kfdsim_process_free(struct kref *kref)
{
	struct kfd_process *p = container_of(kref, struct kfd_process, ref);
	struct kfdsim_process *process = kfdsim_process_of(p);
	int i;

	svm_range_list_fini(p);
	for (i = 0; i < KFDSIM_GPUS; i++) {
		xa_destroy(&process->pdds[i].table);
		xa_destroy(&process->pdds[i].tlb);
		dma_fence_put(process->pdds[i].fpriv.vm.last_update);
	}
	put_task_struct(p->lead_thread);
	mmdrop(p->mm);
	kvfree(process);
}

void kfd_unref_process(struct kfd_process *p)
{
	kref_put(&p->ref, kfdsim_process_free);
}

struct kfd_process_device *kfd_get_process_device_data(struct kfd_node *node,
							struct kfd_process *p)
{
	int i;

	for (i = 0; i < p->n_pdds; i++)
		if (p->pdds[i]->dev == node)
			return p->pdds[i];
	return NULL;
}

struct kfd_process_device *kfd_bind_process_to_device(struct kfd_node *node,
						      struct kfd_process *p)
{
	return kfd_get_process_device_data(node, p) ?: ERR_PTR(-ENOMEM);
}

int kfd_process_gpuidx_from_gpuid(struct kfd_process *p, uint32_t gpu_id)
{
	int i;

	for (i = 0; i < p->n_pdds; i++)
		if (p->pdds[i]->user_gpu_id == gpu_id)
			return i;
	return -EINVAL;
}

struct kfd_process_device *kfd_process_device_data_by_id(struct kfd_process *p, uint32_t gpu_id)
{
	int i = kfd_process_gpuidx_from_gpuid(p, gpu_id);

	return i < 0 ? NULL : p->pdds[i];
}

int kfd_process_gpuid_from_node(struct kfd_process *p, struct kfd_node *node,
				uint32_t *gpuid, uint32_t *gpuidx)
{
	int i;

	for (i = 0; i < p->n_pdds; i++)
		if (p->pdds[i]->dev == node) {
			*gpuid = p->pdds[i]->user_gpu_id;
			*gpuidx = i;
			return 0;
		}
	return -EINVAL;
}

/* The queues stop as soon as no GPU is in the middle of an access */
int kgd2kfd_quiesce_mm(struct mm_struct *mm, uint32_t trigger)
{
	struct kfd_process *p = kfd_lookup_process_by_mm(mm);
	struct kfdsim_process *process;

	if (!p)
		return -ESRCH;
	process = kfdsim_process_of(p);
	down_write(&process->running);
	process->stopped++;
	up_write(&process->running);
	atomic_inc(&process->nquiesced);
	kfd_unref_process(p);
	return 0;
}

/* The firmware flushes the TLBs as it maps the queues */
int kgd2kfd_resume_mm(struct mm_struct *mm)
{
	struct kfd_process *p = kfd_lookup_process_by_mm(mm);
	struct kfdsim_process *process;
	int i;

	if (!p)
		return -ESRCH;
	process = kfdsim_process_of(p);
	for (i = 0; i < KFDSIM_GPUS; i++)
		kfdsim_flush_tlb(&process->pdds[i]);
	down_write(&process->running);
	WARN_ON(!process->stopped);
	process->stopped--;
	up_write(&process->running);
	atomic_inc(&process->nresumed);
	wake_up_all(&process->resumed);
	kfd_unref_process(p);
	return 0;
}

/* --- the rest of amdgpu and of the DRM core */

void __drm_err(const char *format, ...)
{
	WARN_ON(1);
}

void drm_exec_init(struct drm_exec *exec, u32 flags, unsigned int nr)
{
	memset(exec, 0, sizeof(*exec));
	exec->contended = (void *)~0ul;
}

/* No page directory is ever contended: the loop is run once */
bool drm_exec_cleanup(struct drm_exec *exec)
{
	const bool first = exec->contended;

	exec->contended = NULL;
	return first;
}

void drm_exec_fini(struct drm_exec *exec)
{
}

u64 amdgpu_bo_gpu_offset(struct amdgpu_bo *bo)
{
	return KFDSIM_TABLE;
}

uint64_t amdgpu_ttm_domain_start(struct amdgpu_device *adev, uint32_t type)
{
	return adev->vm_manager.vram_base_offset;
}

u64 amdgpu_amdkfd_xcp_memory_size(struct amdgpu_device *adev, int xcp_id)
{
	return adev->gmc.real_vram_size;
}

int amdgpu_amdkfd_reserve_mem_limit(struct amdgpu_device *adev, uint64_t size, u32 alloc_flag,
				    int8_t xcp_id)
{
	atomic64_add(size, &kfdsim_reserved);
	return 0;
}

void amdgpu_amdkfd_unreserve_mem_limit(struct amdgpu_device *adev, uint64_t size,
				       u32 alloc_flag, int8_t xcp_id)
{
	atomic64_sub(size, &kfdsim_reserved);
}

void amdgpu_amdkfd_reserve_system_mem(uint64_t size)
{
}

bool amdgpu_xgmi_same_hive(struct amdgpu_device *adev, struct amdgpu_device *bo_adev)
{
	return adev->hive && adev->hive == bo_adev->hive;
}

static u32 kfdsim_ih_get_wptr(struct amdgpu_device *adev, struct amdgpu_ih_ring *ih)
{
	return ih->rptr;
}

static const struct amdgpu_ih_funcs kfdsim_ih_funcs = {
	.get_wptr = kfdsim_ih_get_wptr,
};

int amdgpu_ih_wait_on_checkpoint_process_ts(struct amdgpu_device *adev, struct amdgpu_ih_ring *ih)
{
	return 0;
}

void amdgpu_gmc_filter_faults_remove(struct amdgpu_device *adev, uint64_t addr, uint16_t pasid)
{
}

void kfd_smi_event_migration_start(struct kfd_node *node, struct task_struct *task,
				   unsigned long start, unsigned long end, uint32_t from,
				   uint32_t to, uint32_t prefetch_loc, uint32_t preferred_loc,
				   uint32_t trigger)
{
}

void kfd_smi_event_migration_end(struct kfd_node *node, struct task_struct *task,
				 unsigned long start, unsigned long end, uint32_t from,
				 uint32_t to, uint32_t trigger, int error_code)
{
}

void kfd_smi_event_page_fault_start(struct kfd_node *node, struct task_struct *task,
				    unsigned long address, bool write_fault, ktime_t ts)
{
}

void kfd_smi_event_page_fault_end(struct kfd_node *node, struct task_struct *task,
				  unsigned long address, bool migration)
{
}

void kfd_smi_event_queue_restore_rescheduled(struct mm_struct *mm)
{
}

void kfd_smi_event_unmap_from_gpu(struct kfd_node *node, struct task_struct *task,
				  unsigned long address, unsigned long last, uint32_t trigger)
{
}

/* Of buffers with memory of the process, which the stand-in has none of */
bool amdgpu_ttm_tt_affect_userptr(struct ttm_tt *ttm, unsigned long start, unsigned long end,
				  unsigned long *userptr)
{
	WARN_ON(1);
	return false;
}

int amdgpu_amdkfd_evict_userptr(struct mmu_interval_notifier *mni, unsigned long cur_seq,
				struct kgd_mem *mem)
{
	WARN_ON(1);
	return -EINVAL;
}

void amdgpu_vm_bo_invalidate(struct amdgpu_bo *bo, bool evicted)
{
	WARN_ON(1);
}

long dma_resv_wait_timeout(struct dma_resv *obj, enum dma_resv_usage usage, bool intr,
			   unsigned long timeout)
{
	WARN_ON(1);
	return 0;
}

/* amdgpu_vm_validate() calls no callback, as page tables are always there */
void amdgpu_bo_placement_from_domain(struct amdgpu_bo *abo, u32 domain)
{
	WARN_ON(1);
}

int ttm_bo_validate(struct ttm_buffer_object *bo, struct ttm_placement *placement,
		    struct ttm_operation_ctx *ctx)
{
	WARN_ON(1);
	return -EINVAL;
}

/* --- accesses of a GPU */

/* The caller holds pdd->lock. Returns: the PTE, or 0 */
static u64 kfdsim_translate(struct kfdsim_pdd *pdd, unsigned long page, bool write)
{
	const u64 need = AMDGPU_PTE_VALID | (write ? AMDGPU_PTE_WRITEABLE : AMDGPU_PTE_READABLE);
	void *entry = xa_load(&pdd->tlb, page);

	/* An entry that does not do is fetched again, as after a fault */
	if (!entry || (xa_to_value(entry) & need) != need) {
		entry = xa_load(&pdd->table, page);
		if (!entry || (xa_to_value(entry) & need) != need)
			return 0;
		/* Without memory, the next access fetches it again */
		xa_store(&pdd->tlb, page, entry, GFP_NOWAIT);
	}
	return xa_to_value(entry);
}

/*
 * Access a part of a page. Returns: 0; or -EFAULT without a mapping, and -EPERM if
 * the mapping does not allow the access.
 */
static int kfdsim_access_page(struct kfdsim_access *a, struct kfdsim_pdd *pdd,
			       unsigned long addr, size_t size, u8 *buffer)
{
	u8 *memory;
	u64 pte;

	mutex_lock(&pdd->lock);
	pte = kfdsim_translate(pdd, addr >> PAGE_SHIFT, a->write);
	if (!pte) {
		const bool mapped = xa_load(&pdd->table, addr >> PAGE_SHIFT);

		mutex_unlock(&pdd->lock);
		return mapped ? -EPERM : -EFAULT;
	}
	if (pte & AMDGPU_PTE_SYSTEM) {
		memory = phys_to_virt(pte & PAGE_MASK);
	} else {
		memory = kfdsim_vram(pte & PAGE_MASK);
		if ((pte & PAGE_MASK) >> 40 == a->gpu + 1)
			a->local++;
		else
			a->remote++;
	}
	if (memory && a->write)
		memcpy(memory + offset_in_page(addr), buffer, size);
	else if (memory)
		memcpy(buffer, memory + offset_in_page(addr), size);
	mutex_unlock(&pdd->lock);
	return 0;
}

static long kfdsim_gpu_access(struct kfdsim_process *process, struct kfdsim_access *a, u8 *buffer)
{
	struct kfdsim_pdd *pdd = &process->pdds[a->gpu];
	struct amdgpu_device *adev = pdd->pdd.dev->adev;
	unsigned long at = a->start, end = a->start + a->size, n;
	unsigned int tries = KFDSIM_TRIES, refusals = KFDSIM_REFUSALS;
	long err;

	while (at < end) {
		err = wait_event_killable(process->resumed, !READ_ONCE(process->stopped));
		if (err)
			return err;
		down_read(&process->running);
		if (process->stopped) {
			up_read(&process->running);
			continue;
		}
		n = min(end - at, PAGE_SIZE - offset_in_page(at));
		err = kfdsim_access_page(a, pdd, at, n, buffer + (at - a->start));
		up_read(&process->running);
		if (!err) {
			at += n;
			continue;
		}
		if (!process->p.xnack_enabled || (err == -EPERM && !--refusals))
			return err;
		a->faults++;
		err = svm_range_restore_pages(adev, pdd->pdd.pasid, 1, 0, at >> PAGE_SHIFT,
					      ktime_get_ns(), a->write);
		if (err)
			return err;
		if (!--tries)
			return -EAGAIN;
		if (fatal_signal_pending(current))
			return -EINTR;
		/* The driver drops a fault that comes too soon after the last */
		usleep_range(100, 200);
	}
	return 0;
}

/* --- /dev/kfdsim */

static_assert(KFDSIM_SYSTEM == KFD_IOCTL_SVM_LOCATION_SYSMEM);
static_assert(KFDSIM_READ_ONLY == KFD_IOCTL_SVM_FLAG_GPU_RO);
static_assert(KFDSIM_PREFETCH_LOC == (int)KFD_IOCTL_SVM_ATTR_PREFETCH_LOC);
static_assert(KFDSIM_ACCESS_OK == (int)KFD_IOCTL_SVM_ATTR_ACCESS);
static_assert(KFDSIM_ACCESS_IN_PLACE == (int)KFD_IOCTL_SVM_ATTR_ACCESS_IN_PLACE);
static_assert(KFDSIM_NO_ACCESS == (int)KFD_IOCTL_SVM_ATTR_NO_ACCESS);
static_assert(KFDSIM_SET_FLAGS == (int)KFD_IOCTL_SVM_ATTR_SET_FLAGS);

static long kfdsim_ioctl_svm(struct kfdsim_process *process, struct kfdsim_svm *svm)
{
	struct kfd_ioctl_svm_attribute attrs[KFDSIM_ATTRS];
	unsigned int i;

	if (svm->nattrs > KFDSIM_ATTRS || current->mm != process->p.mm)
		return -EINVAL;
	for (i = 0; i < svm->nattrs; i++) {
		attrs[i].type = svm->attrs[i].type;
		attrs[i].value = svm->attrs[i].value;
	}
	return svm_ioctl(&process->p, KFD_IOCTL_SVM_OP_SET_ATTR, svm->start, svm->size,
			 svm->nattrs, attrs);
}

static long kfdsim_ioctl_access(struct kfdsim_process *process, struct kfdsim_access *a)
{
	void __user *user = u64_to_user_ptr(a->buffer);
	u8 *buffer;
	long ret;

	if (a->gpu >= KFDSIM_GPUS || !a->size || a->size > KFDSIM_SIZE ||
	    a->start > TASK_SIZE - a->size)
		return -EINVAL;
	buffer = kvmalloc(a->size, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	a->local = 0;
	a->remote = 0;
	a->faults = 0;
	ret = a->write && copy_from_user(buffer, user, a->size) ? -EFAULT : 0;
	if (!ret)
		ret = kfdsim_gpu_access(process, a, buffer);
	if (!ret && !a->write && copy_to_user(user, buffer, a->size))
		ret = -EFAULT;
	kvfree(buffer);
	return ret;
}

static long kfdsim_ioctl_counts(struct kfdsim_process *process, struct kfdsim_counts *counts)
{
	struct kfdsim_gpu *gpu;
	struct kfdsim_pdd *pdd;
	unsigned long page;
	void *entry;

	if (counts->gpu >= KFDSIM_GPUS)
		return -EINVAL;
	gpu = kfdsim_gpus[counts->gpu];
	pdd = &process->pdds[counts->gpu];
	kfdsim_flush_work();
	spin_lock_irq(&gpu->lock);
	counts->pages = bitmap_weight(gpu->used, KFDSIM_PAGES);
	counts->buffers = gpu->nbuffers;
	spin_unlock_irq(&gpu->lock);
	counts->mapped = 0;
	mutex_lock(&pdd->lock);
	xa_for_each(&pdd->table, page, entry)
		counts->mapped++;
	mutex_unlock(&pdd->lock);
	counts->quiesced = atomic_read(&process->nquiesced);
	counts->resumed = atomic_read(&process->nresumed);
	counts->flushes = atomic_read(&pdd->flushes);
	counts->to_device = atomic_long_read(&gpu->to_device);
	counts->from_device = atomic_long_read(&gpu->from_device);
	counts->reserved = atomic64_read(&kfdsim_reserved);
	counts->usage = atomic64_read(&pdd->pdd.vram_usage);
	return 0;
}

static long kfdsim_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct kfdsim_process *process = filp->private_data;
	void __user *user = (void __user *)arg;
	union {
		struct kfdsim_svm	svm;
		struct kfdsim_access	access;
		struct kfdsim_counts	counts;
		struct kfdsim_fail	fail;
	} u;
	long ret = 0;

	switch (cmd) {
	case KFDSIM_EVICT:
		return arg < KFDSIM_GPUS ? kfdsim_evict(kfdsim_gpus[arg]) : -EINVAL;
	case KFDSIM_XNACK:
		return svm_range_switch_xnack_reserve_mem(&process->p, arg);
	}
	if (_IOC_SIZE(cmd) > sizeof(u))
		return -ENOTTY;
	if (copy_from_user(&u, user, _IOC_SIZE(cmd)))
		return -EFAULT;
	switch (cmd) {
	case KFDSIM_SVM:
		return kfdsim_ioctl_svm(process, &u.svm);
	case KFDSIM_ACCESS:
		ret = kfdsim_ioctl_access(process, &u.access);
		break;
	case KFDSIM_COUNTS:
		ret = kfdsim_ioctl_counts(process, &u.counts);
		break;
	case KFDSIM_FAIL:
		atomic_set(&kfdsim_fail_copies, u.fail.copies);
		atomic_set(&kfdsim_fail_jobs, u.fail.jobs);
		atomic_set(&kfdsim_fail_buffers, u.fail.buffers);
		WRITE_ONCE(kfdsim_late, u.fail.late);
		break;
	default:
		return -ENOTTY;
	}
	/* Also after an error: how many faults there were */
	if (_IOC_DIR(cmd) & _IOC_READ && copy_to_user(user, &u, _IOC_SIZE(cmd)))
		ret = ret ?: -EFAULT;
	return ret;
}

static int kfdsim_open(struct inode *inode, struct file *filp)
{
	struct kfdsim_process *process = kvzalloc(sizeof(*process), GFP_KERNEL);
	static atomic_t pasid;
	struct kfd_process *p;
	int i, err;

	if (!process)
		return -ENOMEM;
	p = &process->p;
	kref_init(&p->ref);
	init_rwsem(&process->running);
	init_waitqueue_head(&process->resumed);
	mutex_init(&process->info.lock);
	p->kgd_process_info = &process->info;
	p->n_pdds = KFDSIM_GPUS;
	atomic_inc(&pasid);
	for (i = 0; i < KFDSIM_GPUS; i++) {
		struct kfdsim_pdd *pdd = &process->pdds[i];

		mutex_init(&pdd->lock);
		xa_init(&pdd->table);
		xa_init(&pdd->tlb);
		kfdsim_bo_init(kfdsim_gpus[i], &pdd->root);
		pdd->fpriv.vm.root.bo = &pdd->root;
		pdd->fpriv.vm.va = RB_ROOT_CACHED;
		pdd->fpriv.vm.is_compute_context = true;
		pdd->file.driver_priv = &pdd->fpriv;
		pdd->pdd.drm_priv = &pdd->file;
		pdd->pdd.dev = &kfdsim_gpus[i]->node;
		pdd->pdd.process = p;
		pdd->pdd.user_gpu_id = KFDSIM_GPU_ID(i);
		pdd->pdd.pasid = atomic_read(&pasid);
		p->pdds[i] = &pdd->pdd;
	}
	p->mm = current->mm;
	err = svm_range_list_init(p);
	if (err) {
		kvfree(process);
		return err;
	}
	mmgrab(p->mm);
	p->lead_thread = current->group_leader;
	get_task_struct(p->lead_thread);
	spin_lock(&kfdsim_processes_lock);
	list_add(&process->link, &kfdsim_processes);
	spin_unlock(&kfdsim_processes_lock);
	filp->private_data = process;
	return 0;
}

static int kfdsim_release(struct inode *inode, struct file *filp)
{
	struct kfdsim_process *process = filp->private_data;

	spin_lock(&kfdsim_processes_lock);
	list_del(&process->link);
	spin_unlock(&kfdsim_processes_lock);
	kfd_unref_process(&process->p);
	return 0;
}

static const struct file_operations kfdsim_fops = {
	.owner		= THIS_MODULE,
	.open		= kfdsim_open,
	.release	= kfdsim_release,
	.unlocked_ioctl	= kfdsim_ioctl,
};

static struct miscdevice kfdsim_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "kfdsim",
	.fops	= &kfdsim_fops,
};

/* --- the GPUs */

static void kfdsim_gpu_free(struct kfdsim_gpu *gpu)
{
	vfree(gpu->memory);
	kvfree(gpu->gart);
	bitmap_free(gpu->used);
	kvfree(gpu->adev);
	kfree(gpu);
}

static void kfdsim_pdev_free(struct device *dev)
{
	kfree(to_pci_dev(dev));
}

/* A PCI device that no bus knows: amdgpu finds its struct device there */
static struct pci_dev *kfdsim_pdev_new(int id)
{
	struct pci_dev *pdev = kzalloc(sizeof(*pdev), GFP_KERNEL);
	int err;

	if (!pdev)
		return ERR_PTR(-ENOMEM);
	device_initialize(&pdev->dev);
	pdev->dev.release = kfdsim_pdev_free;
	err = dev_set_name(&pdev->dev, "kfdsim.%d", id);
	if (!err)
		err = dma_coerce_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (!err)
		err = device_add(&pdev->dev);
	if (err) {
		put_device(&pdev->dev);
		return ERR_PTR(err);
	}
	return pdev;
}

static struct kfdsim_gpu *kfdsim_gpu_new(int id)
{
	struct kfdsim_gpu *gpu = kzalloc(sizeof(*gpu), GFP_KERNEL);
	struct amdgpu_device *adev;
	int err = -ENOMEM;

	if (!gpu)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&gpu->lock);
	mutex_init(&gpu->engine);
	INIT_LIST_HEAD(&gpu->buffers);
	INIT_LIST_HEAD(&gpu->jobs);
	adev = kvzalloc(sizeof(*adev), GFP_KERNEL);
	gpu->adev = adev;
	gpu->memory = vzalloc(KFDSIM_SIZE);
	gpu->gart = kvzalloc((KFDSIM_WINDOW >> PAGE_SHIFT) * sizeof(u64), GFP_KERNEL);
	gpu->used = bitmap_zalloc(KFDSIM_PAGES, GFP_KERNEL);
	if (!adev || !gpu->memory || !gpu->gart || !gpu->used)
		goto free;
	gpu->pdev = kfdsim_pdev_new(id);
	if (IS_ERR(gpu->pdev)) {
		err = PTR_ERR(gpu->pdev);
		goto free;
	}
	adev->pdev = gpu->pdev;
	adev->dev = &gpu->pdev->dev;
	adev->ip_versions[GC_HWIP][0] = IP_VERSION(9, 4, 2);
	adev->gmc.real_vram_size = KFDSIM_SIZE;
	adev->gmc.gmc_funcs = &kfdsim_gmc_funcs;
	adev->gmc.gart_start = KFDSIM_GART;
	adev->gart.bo = &gpu->table;
	adev->vm_manager.vram_base_offset = KFDSIM_VRAM(id);
	adev->irq.ih_funcs = &kfdsim_ih_funcs;
	init_rwsem(&gpu->reset.sem);
	adev->reset_domain = &gpu->reset;
	spin_lock_init(&adev->mman.bdev.lru_lock);
	mutex_init(&adev->mman.move_entities[0].lock);
	adev->mman.buffer_funcs = &kfdsim_buffer_funcs;
	gpu->ring.adev = adev;
	gpu->ring.funcs = &kfdsim_ring_funcs;
	adev->mman.buffer_funcs_scheds[0] = &gpu->ring.sched;
	gpu->kfd.adev = adev;
	gpu->kfd.num_nodes = 1;
	gpu->kfd.nodes[0] = &gpu->node;
	gpu->node.adev = adev;
	gpu->node.kfd = &gpu->kfd;
	gpu->node.id = KFDSIM_GPU_ID(id);
	gpu->node.xcc_mask = 1;
	adev->kfd.dev = &gpu->kfd;
	if (id < 2)
		adev->hive = kfdsim_hive;
	err = kgd2kfd_init_zone_device(adev);
	if (!err) {
		svm_range_set_max_pages(adev);
		return gpu;
	}
	device_unregister(&gpu->pdev->dev);
free:
	kfdsim_gpu_free(gpu);
	return ERR_PTR(err);
}

/* No file is open, so that no process has memory there */
static void kfdsim_gpu_remove(struct kfdsim_gpu *gpu)
{
	kfdsim_flush_work();
	WARN_ON(gpu->nbuffers || !list_empty(&gpu->jobs));
	device_unregister(&gpu->pdev->dev);
	kfdsim_gpu_free(gpu);
}

static int __init kfdsim_init(void)
{
	int i, err;

	kfdsim_hive = kzalloc(sizeof(*kfdsim_hive), GFP_KERNEL);
	if (!kfdsim_hive)
		return -ENOMEM;
	for (i = 0; i < KFDSIM_GPUS; i++) {
		kfdsim_gpus[i] = kfdsim_gpu_new(i);
		if (IS_ERR(kfdsim_gpus[i])) {
			err = PTR_ERR(kfdsim_gpus[i]);
			goto remove;
		}
	}
	err = misc_register(&kfdsim_misc);
	if (!err)
		return 0;
remove:
	while (i--)
		kfdsim_gpu_remove(kfdsim_gpus[i]);
	kfree(kfdsim_hive);
	return err;
}

static void __exit kfdsim_exit(void)
{
	int i;

	misc_deregister(&kfdsim_misc);
	for (i = 0; i < KFDSIM_GPUS; i++)
		kfdsim_gpu_remove(kfdsim_gpus[i]);
	kfree(kfdsim_hive);
}

module_init(kfdsim_init);
module_exit(kfdsim_exit);
MODULE_DESCRIPTION("GPUs in plain memory, to test amdkfd");
MODULE_LICENSE("Dual MIT/GPL");
