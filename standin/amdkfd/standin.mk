# SPDX-License-Identifier: GPL-2.0-only
# For scripts/standin: the queues whose kernels have this driver, the architecture of the
# guest, and the files of the driver that run
QUEUES = 7.3
ARCH = x86_64
SOURCES = drivers/gpu/drm/amd/amdkfd/kfd_svm.c drivers/gpu/drm/amd/amdkfd/kfd_migrate.c drivers/gpu/drm/amd/amdgpu/amdgpu_hmm.c
# The module is compiled from the driver's sources and its own
LINKED = yes
# Without this name in the driver, the stand-in must not build
RENAMED = svm_range_restore_pages
