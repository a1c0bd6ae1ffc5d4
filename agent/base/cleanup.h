/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scope-bound cleanup.
 *
 * A variable declared with cleanup_* is released when its scope ends, unless
 * TAKE_PTR or TAKE_FD moved the value out first.
 */
#ifndef PLUMBLINE_BASE_CLEANUP_H
#define PLUMBLINE_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define cleanup_with(fn) __attribute__((cleanup(fn)))

/* Defines `fnp`, the form that cleanup_with() wants, for a destructor `type fn(type)`. */
#define DEFINE_CLEANUP(type, fn)          \
	static inline void fn##p(type *p) \
	{                                 \
		if (*p)                   \
			fn(*p);           \
	}

#define TAKE_PTR(p)                                 \
	({                                          \
		__typeof__(p) *take_from_ = &(p);   \
		__typeof__(p) taken_ = *take_from_; \
		*take_from_ = NULL;                 \
		taken_;                             \
	})

#define TAKE_FD(fd)                       \
	({                                \
		int *take_from_ = &(fd);  \
		int taken_ = *take_from_; \
		*take_from_ = -1;         \
		taken_;                   \
	})

static inline void cleanup_freep(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define cleanup_free	 cleanup_with(cleanup_freep)
#define cleanup_close	 cleanup_with(cleanup_closep)
#define cleanup_fclose	 cleanup_with(cleanup_fclosep)
#define cleanup_closedir cleanup_with(cleanup_closedirp)

#define SWAP(a, b)                       \
	do {                             \
		__typeof__(a) swap_ = a; \
		a = b;                   \
		b = swap_;               \
	} while (0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
