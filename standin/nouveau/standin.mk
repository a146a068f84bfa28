# SPDX-License-Identifier: GPL-2.0-only
# What scripts/standin needs to know of this stand-in
QUEUES = 5.10
ARCH = x86_64
SOURCES = drivers/gpu/drm/nouveau/nouveau_dmem.c drivers/gpu/drm/nouveau/nouveau_svm.c
# The module is compiled from the driver's sources and its own
LINKED = yes
# Without this name in the driver, the stand-in must not build
RENAMED = nouveau_svmm_bind
