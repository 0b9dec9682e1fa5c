/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host CPU has (CPUID). */
#include <cpuid.h>

#include "engine/dbt/vm.h"

void host_cpu_detect(struct host_cpu *h)
{
	unsigned a, b, c, d, xcr0 = 0;

	*h = (struct host_cpu){ 0 };
	if (!__get_cpuid(1, &a, &b, &c, &d))
		return;
	if (c & bit_OSXSAVE)
		__asm__("xgetbv" : "=a"(xcr0) : "c"(0) : "edx");
	h->avx = (c & bit_AVX) && (xcr0 & 6) == 6;
	h->fma = h->avx && (c & bit_FMA);
	h->f16c = h->avx && (c & bit_F16C);
	h->movbe = c & bit_MOVBE;
	h->popcnt = c & bit_POPCNT;
	h->sse42 = c & bit_SSE4_2;
	h->aes = h->avx && (c & bit_AES);
	h->pclmul = h->avx && (c & bit_PCLMUL);
	if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
		h->avx2 = h->avx && (b & bit_AVX2);
		h->bmi1 = h->avx && (b & bit_BMI);
		h->bmi2 = h->avx && (b & bit_BMI2);
		h->sha = b & bit_SHA;
		h->avx512 = (xcr0 & 0xe6) == 0xe6 && (b & bit_AVX512F) && (b & bit_AVX512VL) && (b & bit_AVX512BW) &&
			    (b & bit_AVX512DQ);
	}
	if (__get_cpuid(0x80000001, &a, &b, &c, &d))
		h->lzcnt = c & bit_LZCNT;
}
