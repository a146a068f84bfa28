# SPDX-License-Identifier: GPL-2.0-only
# For scripts/standin: the queues whose kernels have this driver, the architecture of the
# guest, and the files of the driver that run
QUEUES = 5.10 7.3
ARCH = x86_64
SOURCES = drivers/gpu/drm/nouveau/nouveau_dmem.c drivers/gpu/drm/nouveau/nouveau_svm.c
# The module is compiled from the driver's sources and its own
LINKED = yes
# Without this name in the driver, the stand-in must not build
RENAMED = nouveau_svmm_bind
