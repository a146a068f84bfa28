// SPDX-License-Identifier: GPL-2.0-only
/*
 * The part of the DRM core and of dma-buf that drm_pagemap and drm_gpusvm call.
 * The guest has neither. Linked to the driver's sources.
 */
#include <linux/dma-fence.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_print.h>

void drm_dev_get(struct drm_device *drm)
{
	kref_get(&drm->ref);
}

/* gpusim has the first reference, and drops it last */
static void drm_dev_unused(struct kref *ref)
{
	WARN_ON(1);
}

void drm_dev_put(struct drm_device *drm)
{
	kref_put(&drm->ref, drm_dev_unused);
}

bool drm_dev_enter(struct drm_device *drm, int *idx)
{
	*idx = 0;
	return !READ_ONCE(drm->unplugged);
}

void drm_dev_exit(int idx)
{
}

void __drm_dev_dbg(struct _ddebug *desc, const struct device *dev,
		   enum drm_debug_category category, const char *format, ...)
{
}

/* gpusim passes no fence to a migration */
void dma_fence_release(struct kref *kref)
{
	WARN_ON(1);
}

MODULE_DESCRIPTION("drm_pagemap and drm_gpusvm without the DRM core");
MODULE_LICENSE("Dual MIT/GPL");
